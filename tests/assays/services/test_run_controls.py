"""Controls beyond blank, material and duplicate, from the method's data through the planner and an export to verdicts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from assays.control_charts.models import ControlPoint
from assays.instruments.writers import BatchRow, BatchValues, write_batch_table
from assays.models import ControlRequirement, MethodVersion, ReferenceMaterial, Result, ResultVersion, Run, Verdict
from assays.selectors.attempts import attempts_of
from assays.selectors.bench_rows import run_detail, sample_list, worklist_data
from assays.selectors.judgements import judgement_data, judgement_of
from assays.selectors.retests import find_retests
from assays.selectors.runs import run_list, tray_of
from assays.selectors.tray_materials import choose_materials, expected_grade, grade_distance, usable_materials
from assays.selectors.tray_plan import PlannedPosition
from assays.selectors.trays import propose_tray
from assays.services.blind_controls import insert_blind_control
from assays.services.evaluating import BLIND_FAILED
from assays.services.layouts import add_layout
from assays.services.planning import plan_run
from assays.services.retesting import plan_retests
from assays.tray_layout import Placement
from lims.core import clock
from lims.core.errors import Blocked, Forbidden, Invalid
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
from tests.factories.measurement import make_calibration, make_headings, make_rows, upload_run
from tests.factories.people import Cast

pytestmark = pytest.mark.django_db

WINDOW = {"low_percent": 90, "high_percent": 110}


def ask_for(kind: str, rule: str, limits: Mapping[str, float], **more: Any) -> MethodVersion:
    """The fusion method, asking for one more control."""
    version = method_version()
    ControlRequirement.objects.create(method_version=version, kind=kind, rule=rule, limits=limits, order=9, **more)
    return version


def read(run: Run, changes: Mapping[str, Mapping[str, Decimal | None]] | None = None) -> list[BatchRow]:
    """The run's batch: checks and standards at what they hold, spikes at native plus added, and `changes` by label and symbol."""
    rows, contents = [], {position.label: position for position in tray_of(run, None)}
    symbols = [heading.symbol for heading in make_headings(run)]
    made = {row.sample: row for row in make_rows(run)}
    for label, position in contents.items():
        row = made[label]
        if position.kind in {"drift", "calibration"}:
            level = Decimal(str(position.nominal.get("*", 0)))
            values = {one: BatchValues(level, None, level * 25_000 + 12, None) for one in symbols}
            kind = "Sample" if position.kind == "drift" else "CalStd" if level else "CalBlk"
            row = replace(row, type=kind, values=values, total_dilution=Decimal(1))
        elif position.kind == "spike" and position.duplicate_of is not None:
            native = made[position.duplicate_of.label]
            volume = position.volume_ml or Decimal(100)
            added = {one: Decimal(str(position.nominal.get(one, position.nominal.get("*", 0)))) / volume * 1000 for one in symbols}
            values = {
                one: BatchValues(value.concentration + added[one], None, None, None) for one, value in native.values.items() if one in added
            }
            row = replace(row, values=values)
        found = (changes or {}).get(label, {})
        values = dict(row.values) | {one: BatchValues(value) for one, value in found.items()}
        rows.append(replace(row, values=values))
    return rows


def measure(cast: Cast, run: Run, changes: Mapping[str, Mapping[str, Decimal | None]] | None = None) -> Run:
    upload_run(cast, run, write_batch_table([*make_calibration(run), *read(run, changes)], make_headings(run)))
    run.refresh_from_db()
    return run


def test_a_calibration_check_goes_from_the_method_to_its_verdict(cast: Cast) -> None:
    ask_for(
        "continuing_calibration_verification",
        "recovery_window",
        WINDOW,
        placement={"every": 2, "nominal": {"*": 10}},
        source="EPA 6020B: ten samples",
    )
    run = make_planned_run(cast, 4)
    assert [one.label for one in tray_of(run, None) if one.kind == "drift"] == ["CCV-1", "CCV-2", "CCV-3"]
    assert [one.kind for one in tray_of(run, None)][:5] == ["blank", "reference", "sample", "sample", "drift"]
    measure(cast, run, {"CCV-2": {"Dy": Decimal("12.5")}})
    verdict = Verdict.objects.get(evaluation__run=run, outcome="fail")
    assert (verdict.control, verdict.statistic, verdict.rule) == (
        f"position {verdict.position.number}, CCV-2",
        "recovery_percent",
        "recovery_window",
    )  # type: ignore[union-attr]
    assert (verdict.found, verdict.expected, verdict.limit) == ("12.50", "10", "90-110 %")
    assert verdict.sentence == "Dy: continuing calibration verification recovers 125.0 %."
    assert run.state == "qc_failed"
    data = judgement_data(run, judgement_of(run, cast.analyst), tray_of(run, None))
    # Between CCV-1 at 5 and CCV-3 at the end stand the samples at 6 and 7; those at 3 and 4 were passed by CCV-1.
    assert {(one["position"], one["analyte"], one["control"]) for one in data["condemned"]} == {(6, "Dy", 8), (7, "Dy", 8)}


def test_a_check_without_a_known_amount_blocks(cast: Cast) -> None:
    ask_for("continuing_calibration_verification", "recovery_window", WINDOW, placement={"every": 10})
    run = measure(cast, make_planned_run(cast, 2))
    assert run.state == "blocked"
    assert "No continuing calibration verification was measured; the method asks for 1." in run.verdict_text


def test_a_whole_set_of_controls_is_planned_measured_and_judged(cast: Cast) -> None:
    ask_for("initial_calibration_verification", "recovery_window", WINDOW, placement={"nominal": {"*": 20}})
    ask_for("instrument_duplicate", "duplicate_hard", {"hard_percent": 5, "loq_multiple": 1})
    limits = {"low_percent": 75, "high_percent": 125, "minimum_added_percent": 25}
    ask_for("matrix_spike", "spike_recovery", limits, placement={"added_ug": {"Dy": 5, "Tb": 1}}, analytes=["Dy", "Tb"])
    back = {"lowest_percent": 30, "other_percent": 10}
    ask_for("calibration", "calibration_back_calculation", back, placement={"levels": [0, 1, 10, 100]})
    ask_for("pulp_blank", "blank_lod", {"multiple": 5})
    ask_for("ree_pattern", "ree_pattern_smoothness", {"warn_percent": 900, "fail_percent": 1000}, analytes=[])
    ask_for("sum_of_oxides", "sum_of_oxides", {"low_percent": 0, "high_percent": 102}, analytes=[])
    ask_for("internal_standard", "recovery_window", {"low_percent": 80, "high_percent": 120}, analytes=[])
    run = make_planned_run(cast, 2)
    tray = tray_of(run, None)
    kinds = [(one.kind, one.control) for one in tray]
    assert kinds[:5] == [("calibration", "calibration")] * 4 + [("drift", "initial_calibration_verification")]
    assert {control for _, control in kinds} >= {"pulp_blank", "instrument_duplicate", "matrix_spike", "pulp_duplicate"}
    rhodium = IstdHeading("Rh", 103)
    first = next(one.label for one in tray if one.kind == "sample")
    rows = [with_rhodium(row, 700_000 if row.sample == first else 1_000_000) for row in [*make_calibration(run), *read(run)]]
    upload = upload_run(cast, run, write_batch_table(rows, [*make_headings(run), rhodium])).upload
    assert upload.state == "recorded", [*upload.notes, *upload.rows.exclude(reason="").values_list("label", "reason")]
    run.refresh_from_db()
    verdicts = list(Verdict.objects.filter(evaluation__run=run).select_related("position", "analyte"))
    assert run.state == "qc_failed", run.verdict_text
    failed = [one for one in verdicts if one.outcome == "fail"]
    assert [(one.analyte, one.found, one.expected) for one in failed] == [(None, "700000", "1000000")]
    assert failed[0].sentence == "Rh: internal standard recovers 70.0 %."
    spikes = {one.analyte.symbol: one for one in verdicts if one.rule == "spike_recovery" and one.analyte}
    assert set(spikes) == {"Dy", "Tb"}
    assert float(spikes["Dy"].value) == pytest.approx(100, abs=2)
    assert all(len(one.expected.replace(".", "").lstrip("0")) == 4 for one in spikes.values())
    assert {one.rule for one in verdicts} >= {"calibration_back_calculation", "ree_pattern_smoothness", "sum_of_oxides", "duplicate_hard"}
    # A tube whose internal standard was suppressed is condemned in every element, and no other.
    condemned = judgement_data(run, judgement_of(run, cast.analyst), tray)["condemned"]
    assert {one["position"] for one in condemned} == {failed[0].position.number}  # type: ignore[union-attr]
    assert {one["analyte"] for one in condemned} == {heading.symbol for heading in make_headings(run)}


class IstdHeading:
    """A heading that says internal standard."""

    def __init__(self, symbol: str, mass: int) -> None:
        self.symbol, self.heading = symbol, f"{mass}  {symbol} ( ISTD )  [ He ] "


def with_rhodium(row: BatchRow, counts: int) -> BatchRow:
    return replace(row, values=dict(row.values) | {"Rh": BatchValues(None, None, Decimal(counts), None)})


def test_what_was_over_range_is_measured_again_diluted_and_the_rest_is_carried_over(cast: Cast) -> None:
    run = make_planned_run(cast, 2)
    tubes = [one for one in tray_of(run, None) if one.kind == "sample"]
    limit = run.method_version.analytes.get(analyte__symbol="Dy").upper_limit
    per_litre = tubes[0].aliquot.mass_g / tubes[0].aliquot.volume_ml * 1000  # type: ignore[union-attr]
    over = limit * Decimal("1.5") * Decimal("0.8") * per_litre
    measure(cast, run, {tubes[1].label: {"Dy": over}})
    assert run.state == "qc_passed", run.verdict_text
    [row] = find_retests(run).rows
    assert (row.position.number, row.over_range, row.everything, row.dilution) == (tubes[1].number, ["Dy"], False, Decimal(40))
    before = {one.pk: one.text for one in ResultVersion.objects.all()}
    with nothing_changes(), pytest.raises(Forbidden):
        plan_retests(run=run, by=cast.reviewer)
    again = plan_retests(run=run, by=cast.analyst)
    tube = again.positions.get(kind="sample")
    assert (tube.retest_of, tube.analytes, tube.dilution) == (row.position, ["Dy"], Decimal(40))
    with nothing_changes(), pytest.raises(Blocked, match="Nothing of run"):
        plan_retests(run=run, by=cast.analyst)
    assert [attempt.run for attempt in attempts_of(again, cast.reviewer)] == [run, again]
    # Read at the dilution it stands in; the method's other controls are new.
    rows = [
        replace(one, total_dilution=Decimal(40)) if one.sample == tube.label else one for one in read(again, {tube.label: {"Dy": over}})
    ]
    upload_run(cast, again, write_batch_table([*make_calibration(again), *rows], make_headings(again)))
    again.refresh_from_db()
    assert again.state == "blocked"  # the method asks for a duplicate, and none was weighed of this sample
    heads = Result.objects.filter(test=tube.aliquot.test).select_related("current__reduction", "analyte")  # type: ignore[union-attr]
    current = {one.analyte.symbol: one.current for one in heads}
    assert {one.reduction.run_id for one in current.values() if one} == {again.pk}
    assert current["Dy"] is not None
    assert current["Dy"].qualifier == "="
    assert float(current["Dy"].value) == pytest.approx(float(limit) * 1.5, rel=0.02)
    tb = current["Tb"]
    assert tb is not None
    assert before[UUID(tb.inputs["carried_from"])] == tb.text
    assert {one.pk: one.text for one in ResultVersion.objects.filter(pk__in=before)} == before


def test_a_blind_control_is_a_sample_to_who_measures_and_a_material_to_who_judges(cast: Cast) -> None:
    material = ReferenceMaterial.objects.get(code="OREAS 461")
    fields = {"method_version": method_version(), "material": material, "mass_g": Decimal("0.1012")}
    with pytest.raises(Forbidden):
        insert_blind_control(**fields, by=cast.analyst)  # type: ignore[arg-type]
    blind = insert_blind_control(**fields, by=cast.quality_manager)  # type: ignore[arg-type]
    run = make_planned_run(cast, 3)
    number = run.positions.get(blind=blind).number
    seen = {one["position"]: one for one in worklist_data(run, cast.analyst)["positions"]}[number]
    assert (seen["kind"], seen["control"], seen["material"]) == ("sample", "", None)
    assert (seen["label"], seen["aliquot"], seen["sample"]) == (blind.code, blind.code, blind.sample_code)
    known = {one["position"]: one for one in worklist_data(run, cast.reviewer)["positions"]}[number]
    assert (known["kind"], known["control"], known["material"]) == ("reference", "blind_control", "OREAS 461")
    dysprosium = next(row.values["Dy"].concentration for row in make_rows(run) if row.sample == blind.code)
    assert isinstance(dysprosium, Decimal)
    measure(cast, run, {blind.code: {"Dy": dysprosium * 2}})
    assert (run.state, run.verdict_text) == ("qc_failed", BLIND_FAILED)
    assert all(one.position is None or one.position.number != number for one in judgement_of(run, cast.analyst).verdicts)
    [failed] = [one for one in judgement_of(run, cast.reviewer).verdicts if one.outcome == "fail"]
    assert (failed.position.number, failed.rule, "OREAS 461" in failed.sentence) == (number, "reference_material_z", True)  # type: ignore[union-attr]
    # Everybody reads a control chart: its points would tell the tube.
    assert not ControlPoint.objects.filter(position__number=number, run=run).exists()
    assert ControlPoint.objects.filter(run=run).exists()


def test_a_rack_and_a_random_order_are_kept_and_come_back(cast: Cast) -> None:
    version = method_version()
    version.randomised = True
    version.save()
    rack = add_layout(code="R-24", name="Small rack", rows=2, columns=12, reserved=[1, 13], by=cast.quality_manager)
    with pytest.raises(Invalid, match="240 places"):
        add_layout(code="X", name="Too large", rows=20, columns=20, by=cast.quality_manager)
    samples = make_received_samples(cast, 25)
    submission = make_submission(cast, samples, ["FUS-MS"])
    make_prepared(cast, samples)
    make_weighed(cast, submission, duplicates=1)
    grant_competence(cast, cast.analyst)
    proposed = propose_tray(version=version, viewer=cast.analyst, day=clock.today(), layout=rack)
    labels = [one.label for one in proposed.positions]
    assert len(labels) == 22
    assert {1, 13} & {one.number for one in proposed.positions} == set()
    same = propose_tray(version=version, viewer=cast.analyst, day=clock.today(), layout=rack, seed=proposed.seed)
    assert [one.label for one in same.positions] == labels
    other = propose_tray(version=version, viewer=cast.analyst, day=clock.today(), layout=rack, seed=(proposed.seed or 0) ^ 1)
    assert sorted(one.label for one in other.positions) == sorted(labels)
    assert [one.label for one in other.positions] != labels
    assert {one.kind: (one.count, one.needed) for one in proposed.reasons} == {
        "reagent_blank": (1, 1), "reference_material": (1, 1), "pulp_duplicate": (1, 1),
    }  # fmt: skip
    run = plan_run(instrument=make_instrument(cast), method_version=version, layout=rack, seed=proposed.seed, by=cast.analyst)
    assert (run.layout, run.seed) == (rack, proposed.seed)
    told = run_detail(run_list(cast.analyst).get(), cast.analyst)
    assert (told["layout"], told["seed"]) == ("R-24", proposed.seed)
    assert [one.label for one in tray_of(run, cast.analyst)] == labels
    lines = sample_list(run, cast.analyst).decode("utf-8-sig").splitlines()
    assert lines[0] == "Type,Sample Name,Vial#,Data File,Level,Total Dil.,Comment"
    assert lines[1] == "Blank,BLK-1,2,002SMPL.d,,20,"
    assert len(lines) == 23


def test_the_nearest_grade_is_chosen_and_materials_take_turns(cast: Cast) -> None:
    version = method_version()
    version.controls.filter(kind="reference_material").update(placement={"nearest_grade": True, "different": 2})
    laboratory = cast.organisations["lab"].pk
    placement = Placement(nearest_grade=True, different=2)
    first = make_planned_run(cast, 2)
    assert first.positions.filter(kind="reference").count() == 2
    measure(cast, first)
    expected = expected_grade(version, laboratory, [])
    chosen = choose_materials(version, laboratory, clock.today(), placement)
    distances = [
        grade_distance({value.analyte.symbol: float(value.value) for value in material.values.all()}, expected)
        for material, _ in usable_materials(version, laboratory, clock.today())
    ]
    own = {value.analyte.symbol: float(value.value) for value in chosen[0].values.filter(method_group=version.method.method_group)}
    assert grade_distance(own, expected) == min(distances)
    assert len({material.code for material in chosen}) == 2


def test_a_faulty_control_is_named_and_nothing_is_planned(cast: Cast) -> None:
    samples = make_received_samples(cast, 1)
    make_prepared(cast, samples)
    [aliquot] = make_weighed(cast, make_submission(cast, samples, ["FUS-MS"]))
    grant_competence(cast, cast.analyst)
    tray = [
        PlannedPosition(kind="sample", number=1, aliquot=aliquot),
        PlannedPosition(kind="spike", number=2, label="S", duplicate_of=9),
        PlannedPosition(kind="drift", number=3, label="CCV", control="reagent_blank", nominal={"Xx": Decimal(1), "Dy": Decimal(-1)}),
        PlannedPosition(kind="blank", number=4, label="B", nominal={"Dy": Decimal(1)}),
    ]
    with nothing_changes(), pytest.raises(Invalid) as refusal:
        plan_run(instrument=make_instrument(cast), method_version=method_version(), positions=tray, by=cast.analyst)
    assert [(one.pointer, one.code) for one in refusal.value.problems] == [
        ("/positions/1/duplicate_of", "not_the_original"),
        ("/positions/1/nominal", "missing"),
        ("/positions/2/control", "unknown_choice"),
        ("/positions/2/nominal", "unknown_analyte"),
        ("/positions/2/nominal", "impossible"),
        ("/positions/3/nominal", "misplaced"),
    ]


def test_field_duplicates_are_a_pair_to_who_judges_and_samples_to_who_measures(cast: Cast) -> None:
    """Three bags of one place and one of another, in random order among pulp duplicates, checks and what else the method asks for."""
    version = ask_for("continuing_calibration_verification", "recovery_window", WINDOW, placement={"every": 3, "nominal": {"*": 10}})
    version.randomised = True
    version.save()
    single, first = make_received_samples(cast, 2)
    samples = [first, *make_received_samples(cast, 2, duplicate_of=first.code), single]
    make_prepared(cast, samples)
    aliquots = make_weighed(cast, make_submission(cast, samples), duplicates=1)
    grant_competence(cast, cast.analyst)
    run = plan_run(instrument=make_instrument(cast), method_version=version, by=cast.analyst)
    tubes = {one.aliquot.test.sample_id: one for one in tray_of(run, cast.reviewer) if one.kind == "sample" and one.aliquot}
    original, *repeats = (tubes[one.pk] for one in samples[:3])
    assert [(one.control, one.duplicate_of) for one in repeats] == [("field_duplicate", original)] * 2
    assert {one.control for one in (original, tubes[single.pk])} == {""}
    controls = [one.control for one in tray_of(run, cast.reviewer)]
    assert [controls.count(one) for one in ("pulp_duplicate", "reagent_blank", "reference_material")] == [1, 1, 1]
    assert controls.count("continuing_calibration_verification") == 2
    # Who measures, and every file an instrument gets, sees four samples.
    seen = [one for one in worklist_data(run, cast.analyst)["positions"] if one["kind"] == "sample"]
    assert [(one["control"], one["duplicate_of"]) for one in seen] == [("", None)] * 4
    proposed = propose_tray(version=version, viewer=cast.analyst, day=clock.today(), aliquots=aliquots[:4], seed=run.seed)
    assert all(one.kind != "field_duplicate" for one in proposed.reasons)
    dysprosium = next(row.values["Dy"].concentration for row in make_rows(run) if row.sample == repeats[0].label)
    assert isinstance(dysprosium, Decimal)
    measure(cast, run, {repeats[0].label: {"Dy": dysprosium * 2}})
    assert run.state == "qc_passed", run.verdict_text
    judged = [one for one in judgement_of(run, cast.reviewer).verdicts if one.position in repeats]
    assert {one.rule for one in judged} == {"duplicate_hard"}
    assert [(one.position, one.analyte.symbol) for one in judged if one.outcome == "warn"] == [(repeats[0], "Dy")]  # type: ignore[union-attr]
    assert not [one for one in judgement_of(run, cast.analyst).verdicts if one.position in repeats]
    data = judgement_data(run, judgement_of(run, cast.reviewer), tray_of(run, cast.reviewer))
    assert data["condemned"] == []
