"""Leaches and dilution series: recorded with their limits, asked for before a run, used by the result and told beside it."""

from __future__ import annotations

import json
from datetime import timedelta
from decimal import Decimal

import pytest

from assays.chemistry.dilution import DilutionStep, combine_dilution_steps
from assays.chemistry.leach import compute_leachate_ml
from assays.models import Aliquot, Leach, Lot, Result, Use
from assays.reports.remarks import find_remarks
from assays.selectors.leaches import aliquots_to_leach
from assays.selectors.run_page import explain_result
from assays.selectors.tray_plan import PlannedPosition
from assays.selectors.worklists import waiting_aliquots
from assays.services.diluting import PipettedStep, record_dilution
from assays.services.leaching import leach_blockers, record_leach, record_leaches
from assays.services.lots import Delivery, register_lot
from assays.services.planning import plan_run
from assays.services.weighing import weigh_aliquot
from lims.core import clock
from lims.core.errors import Blocked, DomainError, Forbidden, Invalid
from tests.factories import bench
from tests.factories.bench import grant_competence
from tests.factories.measurement import upload_run


def weigh(cast, n=1):
    """Portions of 10 g with 20 % moisture, weighed for the leach."""
    samples = bench.make_received_samples(cast, n)
    submission = bench.make_submission(cast, samples, ["LCH-MS"])
    bench.make_prepared(cast, samples)
    return [weigh_aliquot(test=test, mass_g=Decimal(10), by=cast.technician) for test in submission.tests.order_by("sample__code")]


def test_leachate_holds_the_pore_water_of_a_moist_portion():
    assert compute_leachate_ml(250, 10, 20) == pytest.approx(252)
    with pytest.raises(ValueError, match="positive volume"):
        compute_leachate_ml(0, 10, 20)


def test_factor_of_a_series_is_the_product_and_its_relative_variances_add_up():
    factor, relative = combine_dilution_steps([DilutionStep(1, 50, 0.005, 0.03), DilutionStep(2, 20, 0.008, 0.02)])
    assert factor == pytest.approx(500)
    assert relative == pytest.approx((0.005**2 + 0.0006**2 + 0.004**2 + 0.001**2) ** 0.5)


def test_a_leach_is_asked_for_before_its_portion_stands_on_a_tray(cast, django_assert_num_queries):
    first, second = weigh(cast, 2)
    version = first.test.method_version
    assert list(aliquots_to_leach(cast.technician)) == [first, second]
    assert waiting_aliquots(cast.technician, version) == []
    assert [one.code for one in leach_blockers([first], version)] == ["leach_missing"]
    lot = register_lot(delivery=Delivery("reagent", "(NH4)2SO4", "A-1", clock.today()), by=cast.technician)
    with django_assert_num_queries(8):
        made = record_leaches(rows=[(first, bench.leaching()), (second, bench.leaching(ph_start="4.9"))], lot=lot, by=cast.technician)
    assert (made[0].pore_water_ml, made[0].liquid_to_solid, made[0].fault) == (Decimal(2), Decimal("31.25"), "")
    assert made[1].fault == "pH at the start 4.9 is above 4.2"
    assert waiting_aliquots(cast.technician, version) == [first]
    assert [one.code for one in leach_blockers([first, second], version)] == ["leach_out_of_limits"]
    assert {use.aliquot for use in Use.objects.filter(lot=lot)} == {first, second}
    with pytest.raises(DomainError, match="Correct it with a reason"):
        record_leach(aliquot=second, leaching=bench.leaching(), by=cast.technician)
    with django_assert_num_queries(8):  # as for two rows
        record_leach(aliquot=second, leaching=bench.leaching(), lot=lot, reason="typed 4.9 for 4.0", by=cast.technician)
    assert Leach.objects.filter(aliquot=second).count() == 2
    assert waiting_aliquots(cast.technician, version) == [first, second]


@pytest.mark.parametrize(
    ("change", "code"), [({"ph_end": "15"}, "impossible"), ({"minutes": "-1"}, "impossible"), ({"ph_start": "4.001"}, "too_precise")]
)
def test_an_impossible_leach_is_refused_at_its_number(cast, change, code):
    [aliquot] = weigh(cast)
    with bench.nothing_changes(), pytest.raises(Invalid) as refusal:
        record_leach(aliquot=aliquot, leaching=bench.leaching(**change), by=cast.technician)
    assert [(one.pointer, one.code) for one in refusal.value.problems] == [(f"/0/{next(iter(change))}", code)]
    assert not Leach.objects.exists()


def test_an_expired_lot_a_reviewer_and_a_method_that_does_not_leach_are_refused(cast):
    [aliquot] = weigh(cast)
    lot = register_lot(delivery=Delivery("reagent", "(NH4)2SO4", "A-1", clock.today()), by=cast.technician)
    Lot.objects.update(expires_on=clock.today() - timedelta(days=1))
    lot.refresh_from_db()
    with pytest.raises(Blocked, match="expired on"):
        record_leach(aliquot=aliquot, leaching=bench.leaching(), lot=lot, by=cast.technician)
    with pytest.raises(Forbidden):
        record_leach(aliquot=aliquot, leaching=bench.leaching(), by=cast.reviewer)
    with pytest.raises(DomainError):
        record_leach(aliquot=aliquot, leaching=bench.leaching(), by=cast.outsiders["technician"])
    assert not Leach.objects.exists()


def test_a_dilution_series_replaces_the_factor_once_and_is_corrected_only_with_a_reason(cast):
    [aliquot] = weigh(cast)
    steps = [PipettedStep(taken=Decimal(1), final=Decimal(50), u_taken=Decimal("0.005")), PipettedStep(taken=Decimal(2), final=Decimal(20))]
    series = record_dilution(aliquot=aliquot, steps=steps, by=cast.technician)
    assert (series.factor, series.relative_u_percent, Aliquot.objects.get().dilution) == (Decimal(500), Decimal("0.5"), Decimal(500))
    with pytest.raises(Blocked, match="Say why"):
        record_dilution(aliquot=aliquot, steps=steps[:1], by=cast.technician)
    record_dilution(aliquot=aliquot, steps=steps[:1], reason="second step not made", by=cast.technician)
    assert Aliquot.objects.get().dilution == Decimal(50)
    with bench.nothing_changes(), pytest.raises(Invalid) as refusal:
        record_dilution(aliquot=aliquot, steps=[PipettedStep(taken=Decimal(5), final=Decimal(1))], reason="x", by=cast.technician)
    assert [one.pointer for one in refusal.value.problems] == ["/steps/0/final"]


def test_a_result_is_made_with_the_leachate_and_tells_its_leach_and_dilution(cast):
    samples = bench.make_received_samples(cast)
    submission = bench.make_submission(cast, samples, ["FUS-MS", "LCH-MS"])
    bench.make_prepared(cast, samples)
    aliquots = bench.make_weighed(cast, submission)
    leached = next(one for one in aliquots if one.test.method_version.method.code == "LCH-MS")
    record_dilution(aliquot=leached, steps=[PipettedStep(taken=Decimal(1), final=Decimal(10), u_taken=Decimal("0.08"))], by=cast.technician)
    grant_competence(cast, cast.analyst, "measure", "LCH-MS")
    position = PlannedPosition(kind="sample", aliquot=leached)
    run = plan_run(
        instrument=bench.make_instrument(cast), method_version=leached.test.method_version, positions=[position], by=cast.analyst
    )
    cell = {"position": 1, "analyte": "Dy", "isotope_or_line": "163Dy", "value": "80", "unit": "ug/L"}
    upload_run(cast, run, json.dumps({"run": run.code, "readings": [cell]}).encode(), file_name="readings.json")
    version = Result.objects.get(test=leached.test, analyte__symbol="Dy").versions.get()
    used = version.inputs
    assert float(used["volume_ml"]) == pytest.approx(252)
    assert float(version.value) == pytest.approx(float(used["solution_ug_l"]) * 252 * float(used["dilution"]) / 10 / 1000 / 0.8, rel=1e-6)
    assert float(version.uncertainty / version.value) == pytest.approx((0.15**2 + 0.16**2) ** 0.5)
    told = {label: number for label, number, _source in explain_result(version).steps}
    assert told["pH of the leach"] == "4 → 4.6"
    assert told["Dilution series"] == "u = 8 %"
    result = version.result
    result.authorised = version
    [sentence] = find_remarks([(samples[0], [result])])
    assert "was leached with (NH4)2SO4, 0.5 mol/L, 250 mL of leachant (31.25 mL per g of dry solid, pore water 2 mL counted)" in sentence
