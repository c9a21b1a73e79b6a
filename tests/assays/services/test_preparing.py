"""Preparation: moisture, route, sieve check, and what leaves the sample."""

from __future__ import annotations

from decimal import Decimal

import pytest

from assays.models import Preparation
from assays.services.preparing import ROUTES, PreparationRecord, record_preparations
from lims.core.errors import Blocked, DomainError, Forbidden, Invalid
from samples.custody.models import CustodyEvent
from samples.services.holding import hold_sample
from tests.factories.bench import make_prepared, make_received_samples, nothing_changes
from tests.factories.consignments import make_discrepancy
from tests.factories.samples import make_samples


def record(sample, **more):
    """A right record of a sample."""
    fields = {"route": "pulp", "drying_c": 105, "wet_mass_g": Decimal("50.0125"), "dry_mass_g": Decimal("49.7609")}
    return PreparationRecord(sample=sample, **(fields | more))


def test_moisture_is_on_the_wet_basis_and_its_aliquot_leaves_the_sample(cast):
    [sample] = make_received_samples(cast)
    [made] = record_preparations(records=[record(sample)], by=cast.technician)
    assert made.moisture_percent == pytest.approx(0.5030742314, rel=1e-9)  # worked example moisture_2
    before = sample.mass_g
    sample.refresh_from_db()
    assert (sample.state, before - sample.mass_g) == ("in_preparation", Decimal("50.012"))
    event = CustodyEvent.objects.filter(sample=sample).latest("seq")
    assert event.kind == "consumed"
    assert b'"purpose":"moisture aliquot"' in bytes(event.canonical)
    assert (made.prepared_by, made.laboratory) == (cast.technician, cast.organisations["lab"])


@pytest.mark.parametrize(("dried", "left"), [(None, 20.0), (40, 20.0), (105, 0.0), (110, 0.0)])
def test_a_portion_keeps_its_moisture_unless_dried_as_hot_as_the_aliquot(cast, dried, left):
    [made] = make_prepared(cast, make_received_samples(cast), portion_dried_c=dried)
    assert made.portion_moisture_percent == pytest.approx(left)


def test_usual_routes_dry_a_leach_split_gently():
    assert ROUTES["pulp"].portion_dried_c == 105
    assert {ROUTES[code].portion_dried_c for code in ("moist", "air_dry")} == {None, 40}


@pytest.mark.parametrize(
    ("change", "pointer", "code"),
    [
        ({"dry_mass_g": Decimal("50.5")}, "/0/dry_mass_g", "dry_heavier_than_wet"),
        ({"wet_mass_g": Decimal("-1")}, "/0/wet_mass_g", "mass_not_positive"),
        ({"dry_mass_g": Decimal("0")}, "/0/dry_mass_g", "mass_not_positive"),
        ({"wet_mass_g": Decimal("NaN")}, "/0/wet_mass_g", "mass_not_positive"),
        ({"wet_mass_g": Decimal("50.01251")}, "/0/wet_mass_g", "too_precise"),
        ({"wet_mass_g": Decimal("5000")}, "/0/mass_g", "not_enough_mass"),
        ({"drying_c": 0}, "/0/drying_c", "impossible"),
        ({"portion_dried_c": 5000}, "/0/portion_dried_c", "impossible"),
        ({"sieve_passing_percent": Decimal("101")}, "/0/sieve_passing_percent", "impossible"),
        ({"route": " "}, "/0/route", "missing"),
        ({"route": "x" * 121}, "/0/route", "too_long"),
    ],
)
def test_an_impossible_record_is_refused(cast, change, pointer, code):
    [sample] = make_received_samples(cast)
    with nothing_changes(), pytest.raises(Invalid) as refusal:
        record_preparations(records=[record(sample, **change)], by=cast.technician)
    assert [(problem.pointer, problem.code) for problem in refusal.value.problems] == [(pointer, code)]


def test_one_wrong_row_keeps_all_out(cast):
    first, second, third = make_received_samples(cast, 3)
    rows = [record(first), record(second, dry_mass_g=Decimal("60")), record(third, wet_mass_g=Decimal("0"))]
    with nothing_changes(), pytest.raises(Invalid, match=r"Row 2: .*\(1 more\.\)") as refusal:
        record_preparations(records=rows, by=cast.technician)
    assert [problem.pointer for problem in refusal.value.problems] == ["/1/dry_mass_g", "/2/wet_mass_g"]


def test_a_held_sample_and_one_with_a_discrepancy_are_conflicts(cast):
    [held] = make_received_samples(cast)
    hold_sample(sample=held, kind="safety", reason="dose rate", by=cast.technician)
    broken = make_discrepancy(cast).sample
    with nothing_changes(), pytest.raises(DomainError) as refusal:
        record_preparations(records=[record(held), record(broken)], by=cast.technician)
    assert refusal.value.kind == "conflict"
    assert [(problem.pointer, problem.code) for problem in refusal.value.problems] == [("/0", "on_hold"), ("/1", "open_discrepancy")]


def test_what_is_not_at_the_laboratory_is_not_found(cast):
    [elsewhere] = make_samples(cast)
    with nothing_changes(), pytest.raises(DomainError) as refusal:
        record_preparations(records=[record(elsewhere)], by=cast.technician)
    assert refusal.value.problems[0].code == "not_found"


@pytest.mark.parametrize(
    "role", ["collector", "custodian", "receptionist", "reviewer", "signatory", "quality_manager", "official", "administrator"]
)
def test_only_technician_and_analyst_prepare(cast, role):
    [sample] = make_received_samples(cast)
    with nothing_changes(), pytest.raises(Forbidden):
        record_preparations(records=[record(sample)], by=cast.people[role])


def test_the_analyst_may_prepare_too(cast):
    record_preparations(records=[record(make_received_samples(cast)[0])], by=cast.analyst)
    assert Preparation.objects.get().prepared_by == cast.analyst


def test_a_hold_alone_is_told_as_such(cast):
    [held] = make_received_samples(cast)
    hold_sample(sample=held, kind="quality", reason="x", by=cast.technician)
    with pytest.raises(DomainError) as refusal:
        make_prepared(cast, [held])
    assert (refusal.value.code, isinstance(refusal.value, Blocked)) == ("on_hold", False)
    assert refusal.value.kind == "conflict"
