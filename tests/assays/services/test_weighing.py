"""Test portions: within the method's tolerance, from a suitable preparation, out of the sample's mass."""

from __future__ import annotations

from decimal import Decimal

import pytest

from assays.models import Aliquot, Preparation
from assays.services.submitting import hold_submission
from assays.services.weighing import Portion, portion_limits, weigh_aliquot, weigh_aliquots
from lims.core.errors import DomainError, Forbidden, Invalid
from samples.custody.models import CustodyEvent
from samples.services.holding import hold_sample
from tests.factories.bench import (
    make_planned_run,
    make_prepared,
    make_received_samples,
    make_submission,
    make_weighed,
    method_version,
    nothing_changes,
)


@pytest.fixture
def tests(cast):
    """Two requested fusion tests of prepared samples."""
    samples = make_received_samples(cast, 2)
    submission = make_submission(cast, samples)
    make_prepared(cast, samples)
    return list(submission.tests.order_by("sample__code"))


def test_a_portion_leaves_the_sample_and_weighs_its_test_in(cast, tests):
    sample = tests[0].sample
    sample.refresh_from_db()
    before = sample.mass_g
    aliquot = weigh_aliquot(test=tests[0], mass_g=Decimal("0.10123"), by=cast.technician)
    assert aliquot.code.startswith("A-")
    assert (aliquot.volume_ml, aliquot.dilution) == (Decimal(100), Decimal(20))
    tests[0].refresh_from_db()
    sample.refresh_from_db()
    assert (tests[0].state, sample.state) == ("prepared", "in_analysis")
    assert before - sample.mass_g == Decimal("0.101")  # the ledger keeps milligrams
    event = CustodyEvent.objects.filter(sample=sample).latest("seq")
    assert b'"purpose":"test portion, FUS-MS"' in bytes(event.canonical)


def test_amounts_other_than_the_methods_are_kept(cast, tests):
    aliquot = weigh_aliquot(test=tests[0], mass_g=Decimal("0.1"), volume_ml=Decimal("50"), dilution=Decimal("200"), by=cast.analyst)
    assert (aliquot.volume_ml, aliquot.dilution) == (Decimal(50), Decimal(200))


def test_the_tolerance_is_the_methods():
    class Version:
        test_portion_g, test_portion_tolerance_percent = Decimal("0.25"), Decimal(10)

    assert portion_limits(Version) == (Decimal("0.225"), Decimal("0.275"))


@pytest.mark.parametrize("mass", ["0.09", "0.1", "0.11"])
def test_the_limits_themselves_are_within(cast, tests, mass):
    assert weigh_aliquot(test=tests[0], mass_g=Decimal(mass), by=cast.technician).mass_g == Decimal(mass)


@pytest.mark.parametrize(
    ("change", "pointer", "code"),
    [
        ({"mass_g": Decimal("0.11001")}, "/0/mass_g", "test_portion"),
        ({"mass_g": Decimal("0.08999")}, "/0/mass_g", "test_portion"),
        ({"mass_g": Decimal("100")}, "/0/mass_g", "test_portion"),
        ({"mass_g": Decimal("-0.1")}, "/0/mass_g", "mass_not_positive"),
        ({"mass_g": Decimal("0.1000001")}, "/0/mass_g", "too_precise"),
        ({"volume_ml": Decimal("0")}, "/0/volume_ml", "impossible"),
        ({"volume_ml": Decimal("1e9")}, "/0/volume_ml", "impossible"),
        ({"dilution": Decimal("0.5")}, "/0/dilution", "impossible"),
    ],
)
def test_an_impossible_portion_is_refused(cast, tests, change, pointer, code):
    with nothing_changes(), pytest.raises(Invalid) as refusal:
        weigh_aliquot(**({"test": tests[0], "mass_g": Decimal("0.1"), "by": cast.technician} | change))
    assert [(problem.pointer, problem.code) for problem in refusal.value.problems] == [(pointer, code)]


def test_a_portion_outside_says_what_the_method_wants(cast, tests):
    with pytest.raises(Invalid, match=r"0\.15 g is outside 0\.09 to 0\.11 g, the test portion of FUS-MS v1\. Weigh again"):
        weigh_aliquot(test=tests[0], mass_g=Decimal("0.15"), by=cast.technician)


def test_all_rows_or_none(cast, tests):
    rows = [Portion(test=tests[0], mass_g=Decimal("0.1")), Portion(test=tests[1], mass_g=Decimal("1.0"))]
    with nothing_changes(), pytest.raises(Invalid, match="Row 2"):
        weigh_aliquots(portions=rows, by=cast.technician)
    done = weigh_aliquots(portions=[rows[0], Portion(test=tests[1], mass_g=Decimal("0.1"))], by=cast.technician)
    assert [one.test for one in done] == tests


def test_a_duplicate_repeats_an_aliquot_of_its_own_test(cast, tests):
    original, other = weigh_aliquots(portions=[Portion(test=one, mass_g=Decimal("0.1")) for one in tests], by=cast.technician)
    duplicate = weigh_aliquot(test=tests[0], mass_g=Decimal("0.102"), duplicate_of=original, by=cast.technician)
    assert duplicate.duplicate_of == original
    for wrong in (other, duplicate):
        with nothing_changes(), pytest.raises(Invalid) as refusal:
            weigh_aliquot(test=tests[0], mass_g=Decimal("0.1"), duplicate_of=wrong, by=cast.technician)
        assert refusal.value.problems[0].code == "not_the_original"


def test_twenty_rows_ask_the_database_as_often_as_two(cast, django_assert_num_queries):
    for number in (2, 20):
        samples = make_received_samples(cast, number)
        submission = make_submission(cast, samples)
        rows = [Portion(test=one, mass_g=Decimal("0.1")) for one in submission.tests.order_by("sample__code")]
        with django_assert_num_queries(10):
            prepared = make_prepared(cast, samples)
        with django_assert_num_queries(15):
            weighed = weigh_aliquots(portions=rows, by=cast.technician)
        # Written at one moment, they still sort as they were entered.
        assert [one.sample for one in Preparation.objects.filter(sample__in=samples).order_by("pk")] == samples
        assert [one.pk for one in weighed] == sorted(one.pk for one in weighed)
        assert [one.preparation for one in weighed] == prepared
        assert [one.code for one in weighed] == sorted(one.code for one in weighed)


def refusal_of(cast, test, mass="0.1"):
    """The first problem of a refused portion, with nothing changed."""
    with nothing_changes(), pytest.raises(DomainError) as refusal:
        weigh_aliquot(test=test, mass_g=Decimal(mass), by=cast.technician)
    return refusal.value.kind, refusal.value.problems[0].code


def test_a_sample_is_prepared_before_it_is_weighed(cast):
    [test] = make_submission(cast, make_received_samples(cast)).tests.all()
    assert refusal_of(cast, test) == ("conflict", "not_prepared")


def test_what_was_dried_hot_is_never_leached(cast):
    [sample] = make_received_samples(cast)
    [test] = make_submission(cast, [sample], ["LCH-MS"]).tests.all()
    make_prepared(cast, [sample], portion_dried_c=105)
    assert refusal_of(cast, test, "10") == ("conflict", "preparation_unsuitable")
    [gentle] = make_prepared(cast, [sample], portion_dried_c=40)
    make_prepared(cast, [sample], portion_dried_c=105)
    assert weigh_aliquot(test=test, mass_g=Decimal("10"), by=cast.technician).preparation == gentle


def test_beside_a_moist_split_a_total_is_weighed_from_the_dried_pulp(cast):
    """Else the split's moisture would be taken off a portion that holds none."""
    [sample] = make_received_samples(cast)
    fusion, leach = make_submission(cast, [sample], ["FUS-MS", "LCH-MS"]).tests.order_by("method_version__method__code")
    [pulp] = make_prepared(cast, [sample], portion_dried_c=105)
    [split] = make_prepared(cast, [sample])
    total = weigh_aliquot(test=fusion, mass_g=Decimal("0.1"), by=cast.technician)
    assert (total.preparation, total.preparation.portion_moisture_percent) == (pulp, 0.0)
    assert weigh_aliquot(test=leach, mass_g=Decimal("10"), by=cast.technician).preparation == split


def test_a_duplicate_may_be_weighed_beside_its_original(cast, tests):
    rows = [Portion(test=tests[0], mass_g=Decimal("0.1"), duplicate_mass_g=Decimal("0.101")), Portion(test=tests[1], mass_g=Decimal("0.1"))]
    original, duplicate, other = weigh_aliquots(portions=rows, by=cast.technician)
    assert (duplicate.duplicate_of, duplicate.mass_g, other.duplicate_of) == (original, Decimal("0.101"), None)
    with nothing_changes(), pytest.raises(Invalid) as refusal:
        weigh_aliquots(portions=[Portion(test=tests[1], mass_g=Decimal("0.1"), duplicate_mass_g=Decimal("1"))], by=cast.technician)
    assert refusal.value.problems[0].pointer == "/0/duplicate_mass_g"


def test_moisture_taken_at_another_temperature_does_not_serve(cast):
    [sample] = make_received_samples(cast)
    [test] = make_submission(cast, [sample]).tests.all()
    make_prepared(cast, [sample], drying_c=60)
    assert refusal_of(cast, test) == ("conflict", "preparation_unsuitable")


def test_a_coarse_pulp_is_pulverised_again(cast):
    [sample] = make_received_samples(cast)
    [test] = make_submission(cast, [sample]).tests.all()
    make_prepared(cast, [sample], sieve_passing_percent=Decimal("84.9"))
    assert refusal_of(cast, test) == ("conflict", "too_coarse")
    make_prepared(cast, [sample], sieve_passing_percent=Decimal("85.0"))
    weigh_aliquot(test=test, mass_g=Decimal("0.1"), by=cast.technician)


def test_work_stands_while_sample_or_submission_is_held(cast, tests):
    hold_sample(sample=tests[0].sample, kind="quality", reason="x", by=cast.technician)
    assert refusal_of(cast, tests[0]) == ("conflict", "on_hold")
    hold_submission(submission=tests[1].submission, reason="x", by=cast.receptionist)
    assert refusal_of(cast, tests[1]) == ("conflict", "submission_on_hold")


def test_a_test_in_a_run_is_not_weighed_again(cast):
    run = make_planned_run(cast, 1)
    test = run.positions.filter(kind="sample").get().aliquot.test
    assert refusal_of(cast, test) == ("conflict", "wrong_state")


def test_another_laboratorys_test_does_not_exist(cast, tests):
    with nothing_changes(), pytest.raises(DomainError) as refusal:
        weigh_aliquot(test=tests[0], mass_g=Decimal("0.1"), by=cast.outsiders["technician"])
    assert refusal.value.problems[0].code == "not_found"


@pytest.mark.parametrize(
    "role", ["collector", "custodian", "receptionist", "reviewer", "signatory", "quality_manager", "official", "administrator"]
)
def test_only_technician_and_analyst_weigh(cast, tests, role):
    with nothing_changes(), pytest.raises(Forbidden):
        weigh_aliquot(test=tests[0], mass_g=Decimal("0.1"), by=cast.people[role])


def test_factories_weigh_every_method(cast):
    samples = make_received_samples(cast)
    submission = make_submission(cast, samples, ["FUS-MS", "FAD-MS", "LCH-MS"])
    make_prepared(cast, samples)
    assert len(make_weighed(cast, submission, duplicates=1)) == 4
    assert Aliquot.objects.get(test__method_version=method_version("LCH-MS")).mass_g == Decimal(10)
