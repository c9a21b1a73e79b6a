"""Judging a run's controls: plain values to the pure rules, verdicts back into the database, the run moved accordingly."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, Max, OuterRef

from assays.chemistry.rounding import round_significant
from assays.control_charts.keeping import JudgedControl, keep_points
from assays.lifecycle import RUN, RunState
from assays.models import CertifiedValue, Evaluation, MethodAnalyte, Reduction, Run, RunPosition, Verdict
from assays.models.runs import PositionKind
from assays.qc.evaluate import Blocker, MethodRequirements, RunMeasurements, evaluate_controls
from assays.qc.evaluate import Evaluation as Judgement
from assays.qc.measurements import (
    BlankMeasurement,
    ControlKind,
    ControlMeasurement,
    DuplicateMeasurement,
    ReferenceMeasurement,
)
from assays.qc.verdicts import Outcome, Reading, find_worst
from assays.qc.verdicts import Verdict as PureVerdict
from assays.selectors.trays import requirement_of
from assays.services.reducing import ReducedRun, compute_run
from lims.core import clock
from lims.core.copying import copy_rows
from lims.core.ids import uuid7_series

_STEP_OF = {Outcome.PASS: "pass", Outcome.WARN: "pass", Outcome.FAIL: "fail", Outcome.BLOCKED: "block"}
_STORED = {Outcome.PASS: "passed", Outcome.WARN: "passed", Outcome.FAIL: "failed", Outcome.BLOCKED: "blocked"}
# Ten points in a row are the most a rule looks at.
_EARLIER = 9


def evaluate_run(*, run: Run, by: Any, at: datetime | None = None) -> Evaluation:
    """Judge the run as it is reduced now and move it to passed, failed or blocked. The caller holds the run's lock."""
    with transaction.atomic():
        return store_evaluation(run, compute_run(run), run.reductions.latest("number"), at or clock.now())


def store_evaluation(run: Run, reduced: ReducedRun, reduction: Reduction, moment: datetime) -> Evaluation:
    """Keep a judgement with its verdicts and move the run accordingly. Part of the caller's transaction."""
    requirements = requirements_of(run, reduced)
    controls = gather_controls(run, reduced, requirements)
    measured = RunMeasurements(
        controls=controls.measurements,
        measured_analytes=reduced.analytes_read,
        sample_count=sum(position.kind == PositionKind.SAMPLE for position in reduced.positions.values()),
        internal_standards=reduced.internal_standards,
    )
    judgement = _block_unreduced(evaluate_controls(requirements, measured), reduced)
    evaluation = Evaluation.objects.create(
        run=run,
        number=(run.evaluations.aggregate(last=Max("number"))["last"] or 0) + 1,
        reduction=reduction,
        rule_set=f"{run.method_version.method.code}/{run.method_version.rule_set}, rules {judgement.rules_version}"[:40],
        rules=_as_data(requirements),
        outcome=_STORED[judgement.outcome],
        blockers=[asdict(blocker) for blocker in judgement.blockers],
        evaluated_at=moment,
    )
    ids = uuid7_series(len(judgement.verdicts))
    copy_rows(
        "assays_verdict",
        _VERDICT_COLUMNS,
        [_verdict_row(pk, evaluation, one, controls, reduced) for pk, one in zip(ids, judgement.verdicts, strict=True)],
    )
    keep_points(run, evaluation, list(_judged_materials(controls, reduced, dict(zip(ids, judgement.verdicts, strict=True)))))
    run.state = RUN.target(run, _STEP_OF[judgement.outcome])
    run.verdict_text = _in_words(judgement)
    run.save(update_fields=["state", "verdict_text"])
    return evaluation


def _judged_materials(controls: Controls, reduced: ReducedRun, verdicts: Mapping[UUID, PureVerdict]) -> Iterator[JudgedControl]:
    """What was read on every tube that holds a reference material, with the worst of its verdicts, as control charts keep it."""
    worst: dict[tuple[str, str], tuple[UUID, PureVerdict]] = {}
    for pk, verdict in verdicts.items():
        key = (verdict.control, verdict.analyte)
        if key not in worst or find_worst([worst[key][1].outcome, verdict.outcome]) != worst[key][1].outcome:
            worst[key] = pk, verdict
    for name, tube in controls.tubes.items():
        for symbol, analyte in reduced.analytes.items() if tube.material_id else ():
            reading = _content(reduced, tube.number, symbol)
            if reading.value is not None:
                judged = worst.get((name, symbol))
                verdict_id, outcome = (judged[0], str(judged[1].outcome)) if judged else (None, "missing")
                certified = controls.certified.get((tube.number, symbol))
                yield JudgedControl(tube, analyte.analyte_id, reading.value, reading.qualifier, certified, verdict_id, outcome)


def _block_unreduced(judgement: Judgement, reduced: ReducedRun) -> Judgement:
    """A position without results because of its dilution blocks the run: its readings mean something else than the tray says."""
    if not reduced.mismatches:
        return judgement
    by_clause: dict[str, list[int]] = {}
    for number, clause in reduced.mismatches.items():
        by_clause.setdefault(clause, []).append(number)
    blockers = tuple(
        Blocker("dilution_differs", "", "", f"Position {', '.join(map(str, sorted(numbers)))}: {clause}; nothing was computed there.")
        for clause, numbers in by_clause.items()
    )
    return replace(judgement, outcome=Outcome.BLOCKED, blockers=judgement.blockers + blockers)


def requirements_of(run: Run, reduced: ReducedRun) -> MethodRequirements:
    """What the run's method version asks for, as the pure rules take it."""
    return MethodRequirements(
        analytes=tuple(symbol for symbol, one in reduced.analytes.items() if one.required),
        controls=tuple(requirement_of(control) for control in run.method_version.controls.all()),
    )


@dataclass(frozen=True)
class Controls:
    """A run's controls as the rules take them, with what leads back from a verdict: the tube by the control's name, and the value a
    material is certified for by (tube, symbol)."""

    measurements: tuple[ControlMeasurement, ...]
    tubes: dict[str, RunPosition]
    certified: dict[tuple[int, str], CertifiedValue]


def gather_controls(run: Run, reduced: ReducedRun, requirements: MethodRequirements) -> Controls:
    """One measurement per control and analyte, in run order, also where nothing was read."""
    tubes = {_name_control(position): position for _, position in sorted(reduced.positions.items())}
    certified = _certified_values(run, tubes.values())
    earlier = _earlier_scores(run, {position.material_id for position in tubes.values()} - {None})
    duplicate_kind = _duplicate_kind(requirements)
    measurements: list[ControlMeasurement] = []
    for name, position in tubes.items():
        for symbol, analyte in reduced.analytes.items():
            reading = _content(reduced, position.number, symbol)
            if position.kind == PositionKind.BLANK:
                measurements.append(_blank(name, symbol, reading, analyte))
            elif position.kind == PositionKind.REFERENCE and position.material is not None:
                value, scores = certified.get((position.number, symbol)), earlier.get((position.material_id, symbol), ())
                measurements.append(_reference(name, symbol, reading, position.material.code, value, scores))
            elif position.kind == PositionKind.DUPLICATE and position.duplicate_of is not None:
                original = _content(reduced, position.duplicate_of.number, symbol)
                measurements.append(_duplicate(duplicate_kind, name, symbol, original, reading, analyte))
    return Controls(tuple(measurements), tubes, certified)


def _name_control(position: RunPosition) -> str:
    """What a person calls a control: `position 12, OREAS 461`, `positions 3 and 9, A-26-00007-K`."""
    if position.kind == PositionKind.DUPLICATE and position.duplicate_of is not None:
        return f"positions {position.duplicate_of.number} and {position.number}, {position.label}"
    return f"position {position.number}, {position.label}"


def _content(reduced: ReducedRun, number: int, symbol: str) -> Reading:
    """The content at a position, uncensored where the reading was a number: quality control judges what was read."""
    found = reduced.results.get((number, symbol))
    if found is None:
        return Reading(None)
    return Reading(found.value, found.qualifier) if found.net is None else Reading(found.net)


def _blank(name: str, symbol: str, reading: Reading, analyte: MethodAnalyte) -> BlankMeasurement:
    kind, lod, loq = ControlKind.REAGENT_BLANK, float(analyte.lod), float(analyte.loq)
    return BlankMeasurement(kind=kind, control=name, analyte=symbol, reading=reading, lod=lod, loq=loq)


def _reference(
    name: str, symbol: str, reading: Reading, material: str, certified: CertifiedValue | None, scores: tuple[float, ...]
) -> ReferenceMeasurement:
    return ReferenceMeasurement(
        kind=ControlKind.REFERENCE_MATERIAL,
        control=name,
        analyte=symbol,
        material=material,
        reading=reading,
        certified_value=float(certified.value) if certified else None,
        between_lab_sd=float(certified.sd) if certified and certified.sd else None,
        previous_z=scores,
    )


def _duplicate(kind: ControlKind, name: str, symbol: str, first: Reading, second: Reading, analyte: MethodAnalyte) -> DuplicateMeasurement:
    return DuplicateMeasurement(kind=kind, control=name, analyte=symbol, first=first, second=second, loq=float(analyte.loq))


def _duplicate_kind(requirements: MethodRequirements) -> ControlKind:
    """The sort of duplicate the method asks for, which those of its trays are."""
    return min((one.kind for one in requirements.controls if one.kind.endswith("_duplicate")), default=ControlKind.PULP_DUPLICATE)


def _certified_values(run: Run, tubes: Iterable[RunPosition]) -> dict[tuple[int, str], CertifiedValue]:
    """The values certified for the method's own group: another digestion's would be another quantity."""
    placed = [position for position in tubes if position.material_id is not None]
    values = CertifiedValue.objects.filter(
        material__in={position.material_id for position in placed}, method_group=run.method_version.method.method_group
    ).select_related("analyte")
    found = {(value.material_id, value.analyte.symbol): value for value in values}
    return {(tube.number, symbol): value for tube in placed for (material, symbol), value in found.items() if material == tube.material_id}


def _earlier_scores(run: Run, materials: Collection[Any]) -> dict[tuple[Any, str], tuple[float, ...]]:
    """The last z scores of the same materials in earlier runs of this method on this instrument, oldest first. A run that was sent back
    does not count: what was wrong with it was put right before the next."""
    if not materials:
        return {}
    runs = (
        Run.objects.filter(
            Exists(RunPosition.objects.filter(run=OuterRef("pk"), material__in=materials)),
            instrument=run.instrument_id,
            method_version__method=run.method_version.method_id,
            measured_at__lt=run.measured_at,
        )
        .exclude(state=RunState.SENT_BACK)
        .order_by("-measured_at")
        .values_list("pk", flat=True)[:_EARLIER]
    )
    newest = Evaluation.objects.filter(run__in=list(runs)).order_by("run_id", "-number").distinct("run_id").values_list("pk", flat=True)
    rows = (
        Verdict.objects.filter(evaluation__in=list(newest), statistic="z", position__material__in=materials)
        .exclude(value="")
        .order_by("evaluation__run__measured_at", "position__number")
        .values_list("position", "position__material", "analyte__symbol", "value")
    )
    found: dict[tuple[Any, str], dict[Any, float]] = {}
    for position, material, symbol, value in rows:
        found.setdefault((material, symbol), {})[position] = float(value)
    return {key: tuple(scores.values())[-_EARLIER:] for key, scores in found.items()}


def _as_data(requirements: MethodRequirements) -> dict[str, Any]:
    data = asdict(requirements)
    for control in data["controls"]:
        control["limits"] = dict(control["limits"])
    return data


_VERDICT_COLUMNS = [
    "id", "evaluation_id", "position_id", "analyte_id", "control", "rule", "statistic", "value", "limit", "found", "expected", "outcome",
    "sentence",
]  # fmt: skip


def _verdict_row(pk: UUID, evaluation: Evaluation, verdict: PureVerdict, controls: Controls, reduced: ReducedRun) -> tuple[Any, ...]:
    position = controls.tubes.get(verdict.control)
    analyte = reduced.analytes.get(verdict.analyte)
    return (
        pk, evaluation.pk, position.pk if position else None, analyte.analyte_id if analyte else None, verdict.control[:80], verdict.rule,
        verdict.statistic[:40], "" if verdict.value is None else repr(verdict.value)[:40], verdict.limit[:60],
        *_found_and_expected(position, verdict.analyte, controls, reduced), str(verdict.outcome), verdict.sentence,
    )  # fmt: skip


def _found_and_expected(position: RunPosition | None, symbol: str, controls: Controls, reduced: ReducedRun) -> tuple[str, str]:
    """The numbers beside a verdict, as text for the page: four significant figures. A certified value keeps its digits where it is kept."""
    if position is None or not symbol:
        return "", ""
    found = _as_text(_content(reduced, position.number, symbol))
    if position.duplicate_of is not None:
        return found, _as_text(_content(reduced, position.duplicate_of.number, symbol))
    certified = controls.certified.get((position.number, symbol))
    return found, round_significant(certified.value, 4) if certified else ""


def _as_text(reading: Reading) -> str:
    return "" if reading.value is None else reading.qualifier + round_significant(reading.value, 4)


def _in_words(judgement: Judgement) -> str:
    """Why the run stands where it stands, in sentences a person can act on."""
    if judgement.blockers:
        return " ".join(blocker.sentence for blocker in judgement.blockers)
    failed = [verdict.sentence for verdict in judgement.verdicts if verdict.outcome == Outcome.FAIL]
    if failed:
        return " ".join(failed[:20])
    warned = sum(verdict.outcome == Outcome.WARN for verdict in judgement.verdicts)
    return f"All {len(judgement.verdicts)} controls pass" + (f", {warned} with a warning." if warned else ".")
