"""Planning runs: the proposed tray, explicit positions, and every refusal with nothing changed."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from assays.models import CertifiedValue, ControlRequirement, ReferenceMaterial, SubmissionTest
from assays.selectors.tray_plan import PlannedPosition
from assays.selectors.trays import propose_tray
from assays.services.planning import cancel_run, plan_run
from assays.services.submitting import hold_submission
from assays.services.tray_faults import LARGEST_TRAY
from lims.core import clock
from lims.core.errors import Blocked, Forbidden, Invalid, NotFound
from samples.services.holding import hold_sample
from tests.factories.bench import (
    grant_competence,
    make_instrument,
    make_planned_run,
    make_prepared,
    make_received_samples,
    make_submission,
    make_weighed,
    method_version,
    nothing_changes,
)


@pytest.fixture
def aliquots(cast):
    """Three fusion aliquots and a duplicate of the first; the analyst may measure."""
    return make_aliquots(cast, 3, duplicates=1)


def make_aliquots(cast, n, method="FUS-MS", duplicates=0, **more):
    """Weighed aliquots that wait for a run of a method."""
    samples = make_received_samples(cast, n)
    submission = make_submission(cast, samples, [method], **more)
    make_prepared(cast, samples)
    if not cast.analyst.competences.filter(method_code=method).exists():
        grant_competence(cast, cast.analyst, "measure", method)
    return make_weighed(cast, submission, duplicates=duplicates)


def plan(cast, **more):
    """A fusion run by the analyst on the laboratory's instrument."""
    fields = {"instrument": make_instrument(cast), "method_version": method_version(), "by": cast.analyst}
    return plan_run(**(fields | more))


def test_what_waits_fills_the_tray_with_its_controls(cast, aliquots):
    run = plan(cast)
    rows = [(p.number, p.kind, p.label) for p in run.positions.all()]
    assert rows == [
        (1, "blank", "BLK-1"),
        (2, "reference", "OREAS 100a"),
        *((number, "sample", one.code) for number, one in enumerate(aliquots[:3], start=3)),
        (6, "duplicate", aliquots[3].code),
    ]
    assert run.positions.get(number=6).duplicate_of.number == 3
    assert (run.state, run.laboratory, run.planned_by) == ("planned", cast.organisations["lab"], cast.analyst)
    assert run.code.startswith("RUN-")
    assert set(SubmissionTest.objects.values_list("state", flat=True)) == {"in_run"}


def test_a_second_portion_of_the_same_pulp_is_a_pulp_duplicate_where_the_method_asks_for_both_stages(cast, aliquots):
    version = method_version()
    pulp = version.controls.get(kind="pulp_duplicate")
    ControlRequirement.objects.create(
        method_version=version, kind="coarse_duplicate", rule=pulp.rule, limits=pulp.limits, order=9, minimum_count=1
    )
    tray = propose_tray(version=version, viewer=cast.analyst, day=clock.today())
    assert [one.control for one in tray.positions if one.kind == "duplicate"] == ["pulp_duplicate"]
    assert [note.partition(";")[0] for note in tray.notes] == ["Duplicates of a second preparation asked for: 1"]


def test_controls_carry_the_methods_amounts(cast, aliquots):
    blank = plan(cast).positions.get(kind="blank")
    assert (blank.mass_g, blank.volume_ml, blank.dilution) == (Decimal("0.1"), Decimal(100), Decimal(20))


def test_due_day_decides_who_comes_first(cast):
    later = make_aliquots(cast, 1)
    sooner = make_aliquots(cast, 1, turnaround="rush")
    run = plan(cast)
    assert list(run.positions.filter(kind="sample").values_list("aliquot", flat=True)) == [sooner[0].pk, later[0].pk]


def test_chosen_aliquots_alone_are_loaded_with_their_duplicates(cast, aliquots):
    run = plan(cast, aliquots=[aliquots[0]])
    assert [p.aliquot_id for p in run.positions.exclude(aliquot=None)] == [aliquots[0].pk, aliquots[3].pk]
    assert SubmissionTest.objects.filter(state="prepared").count() == 2


def test_a_tray_of_sixty_takes_the_samples_that_fit_beside_five_percent_of_each_control(cast):
    make_aliquots(cast, 56, duplicates=2)
    proposed = propose_tray(version=method_version(), viewer=cast.analyst, day=clock.today())
    kinds = [one.kind for one in proposed.positions]
    assert (kinds.count("sample"), kinds.count("duplicate"), kinds.count("blank"), kinds.count("reference")) == (52, 2, 3, 3)
    assert (len(kinds), proposed.left_over) == (60, 4)
    assert (kinds[0], kinds[1], kinds[-1]) == ("blank", "reference", "reference")
    assert [one.label for one in proposed.positions if one.kind == "reference"] == ["OREAS 100a", "OREAS 100a-2", "OREAS 100a-3"]
    assert [one.number for one in proposed.positions] == list(range(1, 61))
    assert proposed.notes == [
        "Duplicates asked for: 3; weighed: 2. Without them quality control will block the run. Weigh a duplicate first."
    ]


def test_materials_together_cover_every_required_analyte(cast, aliquots):
    """No single material has them all: the fewest that do are chosen."""
    keep = {"OREAS 100a": ["La", "Ce", "Pr", "Nd", "Sm", "Eu", "Gd", "Tb"], "OREAS 461": None}
    values = CertifiedValue.objects.filter(method_group="borate_or_peroxide_fusion_icp")
    values.exclude(material__code__in=keep).update(sd=None)
    values.filter(material__code="OREAS 461", analyte__symbol="Tb").update(sd=None)
    values.filter(material__code="OREAS 100a").exclude(analyte__symbol__in=keep["OREAS 100a"]).update(sd=None)
    run = plan(cast)
    assert list(run.positions.filter(kind="reference").values_list("material__code", flat=True)) == ["OREAS 461", "OREAS 100a"]


def test_expired_retired_and_foreign_materials_are_not_used(cast, aliquots):
    yesterday = clock.today() - timedelta(days=1)
    ReferenceMaterial.objects.filter(code="OREAS 100a").update(expires_on=yesterday)
    ReferenceMaterial.objects.filter(code="OREAS 101a").update(active=False)
    ReferenceMaterial.objects.filter(code="OREAS 101b").update(kind="in_house", laboratory=cast.organisations["other_lab"])
    assert plan(cast).positions.get(kind="reference").material.code == "OREAS 102a"


def test_a_method_without_a_reference_material_is_not_planned(cast):
    make_aliquots(cast, 1, "LCH-MS")
    with nothing_changes(), pytest.raises(Blocked, match=r"for La, Ce, Pr, .* Establish an in-house material") as refusal:
        plan(cast, method_version=method_version("LCH-MS"))
    assert refusal.value.code == "no_reference_material"


def test_held_work_stays_out_of_the_tray(cast):
    kept, held = make_aliquots(cast, 2)
    other = make_aliquots(cast, 1)
    hold_sample(sample=held.test.sample, kind="quality", reason="x", by=cast.technician)
    hold_submission(submission=other[0].test.submission, reason="x", by=cast.receptionist)
    assert [p.aliquot_id for p in plan(cast).positions.filter(kind="sample")] == [kept.pk]


def test_an_empty_bench_gives_no_run(cast):
    grant_competence(cast, cast.analyst)
    with nothing_changes(), pytest.raises(Blocked, match="No aliquot waits for FUS-MS"):
        plan(cast)


def explicit(aliquots):
    """A right tray of one's own."""
    return [
        PlannedPosition(kind="blank", label="Blank A"),
        PlannedPosition(kind="reference", material=ReferenceMaterial.objects.get(code="OREAS 461"), mass_g=Decimal("0.1003")),
        PlannedPosition(kind="sample", number=10, aliquot=aliquots[0]),
        PlannedPosition(kind="duplicate", number=11, aliquot=aliquots[3], duplicate_of=10),
        PlannedPosition(kind="calibration", label="10 ppb"),
    ]


def test_explicit_positions_stand_as_given(cast, aliquots):
    run = plan(cast, positions=explicit(aliquots))
    assert [(p.number, p.kind, p.label) for p in run.positions.all()] == [
        (1, "blank", "Blank A"),
        (2, "reference", "OREAS 461"),
        (3, "calibration", "10 ppb"),
        (10, "sample", aliquots[0].code),
        (11, "duplicate", aliquots[3].code),
    ]
    assert run.positions.get(number=2).mass_g == Decimal("0.1003")


FAULTY = [
    (1, {"number": 10}, "number", "repeated"),
    (1, {"label": "Blank A"}, "label", "repeated"),
    (0, {"label": ""}, "label", "missing"),
    (0, {"label": "x" * 81}, "label", "too_long"),
    (0, {"number": 0}, "number", "impossible"),
    (0, {"number": LARGEST_TRAY + 1}, "number", "impossible"),
    (0, {"kind": "sandwich"}, "kind", "unknown_choice"),
    (2, {"aliquot": None, "label": "x"}, "aliquot", "misplaced"),
    (1, {"material": None, "label": "x"}, "material", "misplaced"),
    (1, {"mass_g": Decimal("-1")}, "mass_g", "mass_not_positive"),
    (1, {"dilution": Decimal("0.1")}, "dilution", "impossible"),
    (1, {"dilution": Decimal("1e12")}, "dilution", "impossible"),
    (1, {"volume_ml": Decimal("NaN")}, "volume_ml", "impossible"),
    (3, {"duplicate_of": None}, "duplicate_of", "not_the_original"),
    (3, {"duplicate_of": 1}, "duplicate_of", "not_the_original"),
]


def test_a_faulty_position_is_named(cast, aliquots, subtests):
    for index, change, member, code in FAULTY:
        positions = explicit(aliquots)
        positions[index] = replace(positions[index], **change)
        with subtests.test(member, index=index, change=change):
            with nothing_changes(), pytest.raises(Invalid) as refusal:
                plan(cast, positions=positions)
            problems = {(problem.pointer.rsplit("/", 1)[1], problem.code) for problem in refusal.value.problems}
            assert (member, code) in problems


def test_an_aliquot_stands_once_and_only_in_its_own_method(cast, aliquots):
    [leach] = make_aliquots(cast, 1, "LCH-MS")
    twice = [*explicit(aliquots), PlannedPosition(kind="sample", label="again", aliquot=aliquots[0])]
    with nothing_changes(), pytest.raises(Invalid, match="stands at two positions"):
        plan(cast, positions=twice)
    with nothing_changes(), pytest.raises(Invalid, match="was weighed for LCH-MS v1, not for FUS-MS v1"):
        plan(cast, positions=[PlannedPosition(kind="sample", aliquot=leach)])
    with nothing_changes(), pytest.raises(Invalid, match="at least one position"):
        plan(cast, positions=[])


def test_two_aliquots_of_one_test_are_an_original_and_its_duplicate(cast, aliquots):
    both = [PlannedPosition(kind="sample", aliquot=one) for one in (aliquots[0], aliquots[3])]
    with nothing_changes(), pytest.raises(Invalid, match=r"The test .* stands at two positions"):
        plan(cast, positions=both)


def test_an_aliquot_cannot_be_in_two_runs(cast, aliquots):
    plan(cast, aliquots=[aliquots[0]])
    with nothing_changes(), pytest.raises(Blocked, match=f"Aliquot {aliquots[0].code}: This test stands at “in a run”"):
        plan(cast, aliquots=[aliquots[0]])


def test_competence_to_measure_is_on_record_and_valid(cast, aliquots):
    cast.analyst.competences.update(activity="review")
    with nothing_changes(), pytest.raises(Blocked, match="Your competence to measure by FUS-MS is not on record"):
        plan(cast)
    today = clock.today()
    grant_competence(cast, cast.analyst, valid_from=today - timedelta(days=60), valid_until=today - timedelta(days=1))
    with nothing_changes(), pytest.raises(Blocked, match="expired on"):
        plan(cast)


def test_an_instrument_measures_only_calibrated_and_in_use(cast, aliquots):
    today = clock.today()
    instrument = make_instrument(cast)
    instrument.calibration_due = today - timedelta(days=1)
    instrument.active = False
    instrument.save()
    with nothing_changes(), pytest.raises(Blocked) as refusal:
        plan(cast, instrument=instrument)
    assert [blocker.code for blocker in refusal.value.blockers] == ["instrument_out_of_use", "calibration_due"]
    instrument.calibration_due, instrument.active = today, True
    instrument.save()
    assert plan(cast, instrument=instrument).instrument == instrument


def test_another_laboratorys_instrument_and_aliquots_do_not_exist(cast, aliquots):
    outsider = cast.outsiders["analyst"]
    grant_competence(cast, outsider)
    theirs = make_instrument(cast, "ICPMS-9", laboratory=cast.organisations["other_lab"])
    with nothing_changes(), pytest.raises(NotFound):
        plan(cast, by=outsider)
    with nothing_changes(), pytest.raises(Invalid, match=r"no aliquot .* in your laboratory"):
        plan(cast, by=outsider, instrument=theirs, positions=[PlannedPosition(kind="sample", aliquot=aliquots[0])])


@pytest.mark.parametrize(
    "role", ["collector", "custodian", "receptionist", "reviewer", "signatory", "quality_manager", "official", "administrator"]
)
def test_only_technician_and_analyst_plan(cast, aliquots, role):
    with nothing_changes(), pytest.raises(Forbidden):
        plan(cast, by=cast.people[role])


def test_a_cancelled_run_gives_its_aliquots_back(cast):
    run = make_planned_run(cast, 2)
    with nothing_changes(), pytest.raises(Invalid, match="Say why"):
        cancel_run(run=run, reason="", by=cast.analyst)
    cancelled = cancel_run(run=run, reason="tray dropped", by=cast.technician)
    assert (cancelled.state, cancelled.verdict_text) == ("cancelled", "Cancelled: tray dropped")
    assert set(SubmissionTest.objects.values_list("state", flat=True)) == {"prepared"}
    assert plan(cast).positions.filter(kind="sample").count() == 2
    with nothing_changes(), pytest.raises(Blocked):
        cancel_run(run=cancelled, reason="again", by=cast.analyst)


def test_planning_a_full_tray_takes_few_queries(cast, django_assert_max_num_queries):
    aliquots = make_aliquots(cast, 20, duplicates=1)
    instrument = make_instrument(cast)
    with django_assert_max_num_queries(32):
        plan(cast, instrument=instrument)
    assert len(aliquots) == 21
