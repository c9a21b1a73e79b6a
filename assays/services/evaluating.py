"""Judging a run's controls: plain values to the pure rules, verdicts back into the database, the run moved accordingly."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Max

from assays.control_charts.keeping import JudgedControl, keep_points
from assays.lifecycle import RUN
from assays.models import Evaluation, Reduction, Run
from assays.models.runs import PositionKind
from assays.qc.bracketing import Scope
from assays.qc.evaluate import Blocker, MethodRequirements, RunMeasurements, evaluate_controls
from assays.qc.evaluate import ControlRequirement as Requirement
from assays.qc.evaluate import Evaluation as Judgement
from assays.qc.measurements import ControlKind
from assays.qc.verdicts import Outcome, find_worst
from assays.qc.verdicts import Verdict as PureVerdict
from assays.selectors.tray_plan import requirement_of
from assays.services.announcing import announce_run
from assays.services.controls import Controls, content_at, gather_controls
from assays.services.reducing import ReducedRun, compute_run
from lims.core import clock
from lims.core.copying import copy_rows
from lims.core.ids import uuid7_series

_STEP_OF = {Outcome.PASS: "pass", Outcome.WARN: "pass", Outcome.FAIL: "fail", Outcome.BLOCKED: "block"}
_STORED = {Outcome.PASS: "passed", Outcome.WARN: "passed", Outcome.FAIL: "failed", Outcome.BLOCKED: "blocked"}


_BLIND = {ControlKind.BLIND_CONTROL, ControlKind.FIELD_DUPLICATE}
_USUAL_FIELD_LIMITS = {"hard_percent": 100.0, "warn_percent": 20.0, "loq_multiple": 1.0}
"""Where a method says nothing of field duplicates: a pair warns above HARD 20 %, that is CV 28 %, within the 20 to 30 % usual for the
stage; it never fails, because the ground between two bags is nothing the laboratory did."""
BLIND_FAILED = "A control that only the reviewer and the quality manager can read failed."
"""What everybody reads of a blind control: its sentence would name the tube and the material."""


def evaluate_run(*, run: Run, by: Any, at: datetime | None = None) -> Evaluation:
    """Judge the run as it is reduced now and move it to passed, failed or blocked. The caller holds the run's lock."""
    with transaction.atomic():
        return store_evaluation(run, compute_run(run), run.reductions.latest("number"), at or clock.now())


def store_evaluation(run: Run, reduced: ReducedRun, reduction: Reduction, moment: datetime) -> Evaluation:
    """Keep a judgement with its verdicts and move the run accordingly. Part of the caller's transaction."""
    requirements = requirements_of(run, reduced)
    controls = gather_controls(run, reduced, requirements)
    measured = RunMeasurements(
        controls=tuple(controls.measurements),
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
    announce_run("run.judged", run)
    return evaluation


def _judged_materials(controls: Controls, reduced: ReducedRun, verdicts: Mapping[UUID, PureVerdict]) -> Iterator[JudgedControl]:
    """What was read on every tube that holds a reference material, with the worst of its verdicts, as charts keep it. Blind controls
    stay out: everybody reads a chart."""
    worst: dict[tuple[str, str], tuple[UUID, PureVerdict]] = {}
    for pk, verdict in verdicts.items():
        key = (verdict.control, verdict.analyte)
        if key not in worst or find_worst([worst[key][1].outcome, verdict.outcome]) != worst[key][1].outcome:
            worst[key] = pk, verdict
    for name, tube in controls.tubes.items():
        for symbol, analyte in reduced.analytes.items() if tube.material_id and not tube.blind_id else ():
            reading = content_at(reduced, tube.number, symbol)
            if reading.value is not None:
                judged = worst.get((name, symbol))
                verdict_id, outcome = (judged[0], str(judged[1].outcome)) if judged else (None, "missing")
                certified = controls.certified.get((tube.number, symbol))
                yield JudgedControl(tube, analyte.analyte_id, reading.value, reading.qualifier, certified, verdict_id, outcome)


def _block_unreduced(judgement: Judgement, reduced: ReducedRun) -> Judgement:
    """What could not be computed as the method says blocks the run; so does a position without results because of its dilution: its
    readings mean something else than the tray says."""
    faults = tuple(Blocker(one.code, "", one.analyte, one.sentence) for one in reduced.calculation.faults)
    if not reduced.mismatches and not faults:
        return judgement
    by_clause: dict[str, list[int]] = {}
    for number, clause in reduced.mismatches.items():
        by_clause.setdefault(clause, []).append(number)
    mismatches = tuple(
        Blocker("dilution_differs", "", "", f"Position {', '.join(map(str, sorted(numbers)))}: {clause}; nothing was computed there.")
        for clause, numbers in by_clause.items()
    )
    return replace(judgement, outcome=Outcome.BLOCKED, blockers=(*judgement.blockers, *faults, *mismatches))


def requirements_of(run: Run, reduced: ReducedRun) -> MethodRequirements:
    """What the run's method version asks for, as the pure rules take it. Blind controls on the tray are judged as reference materials are,
    where the method says nothing of them; field duplicates by what is usual for their stage."""
    asked = [requirement_of(control) for control in run.method_version.controls.all()]
    if any(tube.blind_id for tube in reduced.positions.values()) and all(one.kind != ControlKind.BLIND_CONTROL for one in asked):
        asked += [
            replace(one, kind=ControlKind.BLIND_CONTROL, minimum_count=1, rate_percent=0.0, analytes=())
            for one in asked
            if one.kind == ControlKind.REFERENCE_MATERIAL
        ]
    if all(one.kind != ControlKind.FIELD_DUPLICATE for one in asked) and _has_field_pair(reduced):
        asked.append(Requirement(ControlKind.FIELD_DUPLICATE, "duplicate_hard", _USUAL_FIELD_LIMITS, analytes=(), condemns=Scope.NOTHING))
    return MethodRequirements(analytes=tuple(symbol for symbol, one in reduced.analytes.items() if one.required), controls=tuple(asked))


def _has_field_pair(reduced: ReducedRun) -> bool:
    """Whether a field duplicate and the sample it repeats were both read."""
    read = {number for number, _symbol in reduced.results}
    tubes = [one for one in reduced.positions.values() if one.control == ControlKind.FIELD_DUPLICATE and one.duplicate_of is not None]
    return any({one.number, one.duplicate_of.number} <= read for one in tubes if one.duplicate_of is not None)


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
        *_numbers_beside(verdict, controls), str(verdict.outcome), verdict.sentence,
    )  # fmt: skip


def _numbers_beside(verdict: PureVerdict, controls: Controls) -> tuple[str, str]:
    """What was found and expected, as text: four significant figures. Several controls judged together have no one number."""
    found, expected = controls.shown.get((verdict.control, verdict.analyte), ("", ""))
    return found[:40], expected[:40]


def _in_words(judgement: Judgement) -> str:
    """Why the run stands where it stands, in sentences a person can act on."""
    if judgement.blockers:
        return " ".join(blocker.sentence for blocker in judgement.blockers)
    failed = [verdict for verdict in judgement.verdicts if verdict.outcome == Outcome.FAIL]
    if failed:
        told = [verdict.sentence for verdict in failed if verdict.kind not in _BLIND]
        hidden = [BLIND_FAILED] if len(told) < len(failed) else []
        return " ".join([*told[:20], *hidden])
    warned = sum(verdict.outcome == Outcome.WARN for verdict in judgement.verdicts)
    return f"All {len(judgement.verdicts)} controls pass" + (f", {warned} with a warning." if warned else ".")
