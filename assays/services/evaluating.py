"""Judging a run's controls: plain values to the pure rules, verdicts back into the database, the run moved accordingly."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Max

from assays.lifecycle import RUN
from assays.models import CertifiedValue, Evaluation, Run, RunPosition, Verdict
from assays.qc.evaluate import ControlRequirement, MethodRequirements, RunMeasurements, evaluate_controls
from assays.qc.evaluate import Evaluation as Judgement
from assays.qc.measurements import BlankMeasurement, ControlKind, ControlMeasurement, DuplicateMeasurement, ReferenceMeasurement
from assays.qc.verdicts import Outcome, Reading
from assays.qc.verdicts import Verdict as PureVerdict
from assays.services.reducing import ReducedRun, compute_run
from lims.core import clock

_STEP_OF = {Outcome.PASS: "pass", Outcome.WARN: "pass", Outcome.FAIL: "fail", Outcome.BLOCKED: "block"}
_STORED = {Outcome.PASS: "passed", Outcome.WARN: "passed", Outcome.FAIL: "failed", Outcome.BLOCKED: "blocked"}
# How many earlier z scores of the same material the two-in-succession rule may look at.
_EARLIER = 5


def evaluate_run(*, run: Run, by: Any, at: datetime | None = None) -> Evaluation:
    """Judge the run as it is reduced now and move it to passed, failed or blocked. The caller holds the run's lock."""
    with transaction.atomic():
        reduced = compute_run(run)
        requirements = requirements_of(run)
        judgement = evaluate_controls(requirements, measurements_of(run, reduced))
        evaluation = Evaluation.objects.create(
            run=run,
            number=(run.evaluations.aggregate(last=Max("number"))["last"] or 0) + 1,
            reduction=run.reductions.order_by("-number").first(),
            rule_set=f"{run.method_version.rule_set} / rules {judgement.rules_version}",
            rules=_as_data(requirements),
            outcome=_STORED[judgement.outcome],
            blockers=[asdict(blocker) for blocker in judgement.blockers],
            evaluated_at=at or clock.now(),
        )
        Verdict.objects.bulk_create(_stored_verdict(evaluation, verdict, reduced) for verdict in judgement.verdicts)
        run.state = RUN.target(run, _STEP_OF[judgement.outcome])
        run.verdict_text = _in_words(judgement)
        run.save(update_fields=["state", "verdict_text"])
    return evaluation


def requirements_of(run: Run) -> MethodRequirements:
    """What the run's method version asks for, as the pure rules take it."""
    version = run.method_version
    return MethodRequirements(
        analytes=tuple(one.analyte.symbol for one in version.analytes.select_related("analyte") if one.required),
        controls=tuple(
            ControlRequirement(
                ControlKind(control.kind),
                control.rule,
                control.limits,
                control.minimum_count,
                float(control.rate_percent),
                None if control.analytes is None else tuple(control.analytes),
            )
            for control in version.controls.all()
        ),
    )


def measurements_of(run: Run, reduced: ReducedRun) -> RunMeasurements:
    """The run's controls as plain values, one per control and analyte, also where nothing was read."""
    controls = [*_blanks(reduced), *_references(run, reduced), *_duplicates(run, reduced)]
    return RunMeasurements(
        controls=tuple(controls),
        measured_analytes=frozenset(symbol for _, symbol in reduced.results),
        sample_count=sum(position.kind == "sample" for position in reduced.positions.values()),
        internal_standards=reduced.internal_standards,
    )


def _of_kind(reduced: ReducedRun, kind: str) -> list[RunPosition]:
    return [position for _, position in sorted(reduced.positions.items()) if position.kind == kind]


def control_name(position: RunPosition) -> str:
    """What a person calls a control: `position 12, OREAS 461`."""
    return f"position {position.number}, {position.label}"


def _content(reduced: ReducedRun, number: int, symbol: str) -> Reading:
    """The content at a position, uncensored where the reading was a number: quality control judges what was read."""
    found = reduced.results.get((number, symbol))
    if found is None:
        return Reading(None)
    return Reading(found.value, found.qualifier) if found.net is None else Reading(found.net)


def _blanks(reduced: ReducedRun) -> Iterator[ControlMeasurement]:
    for position in _of_kind(reduced, "blank"):
        for symbol, analyte in reduced.analytes.items():
            yield BlankMeasurement(
                kind=ControlKind.REAGENT_BLANK,
                control=control_name(position),
                analyte=symbol,
                reading=_content(reduced, position.number, symbol),
                lod=float(analyte.lod),
                loq=float(analyte.loq),
            )


def _references(run: Run, reduced: ReducedRun) -> Iterator[ControlMeasurement]:
    positions = _of_kind(reduced, "reference")
    values = {
        (value.material_id, value.analyte.symbol): value
        for value in CertifiedValue.objects.filter(
            material__in=[position.material_id for position in positions], method_group=run.method_version.method.method_group
        ).select_related("analyte")
    }
    earlier = _earlier_scores(run, positions)
    for position in positions:
        for symbol in reduced.analytes:
            certified = values.get((position.material_id, symbol))  # type: ignore[arg-type]
            yield ReferenceMeasurement(
                kind=ControlKind.REFERENCE_MATERIAL,
                control=control_name(position),
                analyte=symbol,
                material=position.material.code if position.material else "",
                reading=_content(reduced, position.number, symbol),
                certified_value=float(certified.value) if certified else None,
                between_lab_sd=float(certified.sd) if certified and certified.sd else None,
                previous_z=earlier.get((position.material_id, symbol), ()),
            )


def _earlier_scores(run: Run, positions: list[RunPosition]) -> dict[tuple[Any, str], tuple[float, ...]]:
    """The last z scores of the same materials in earlier runs of this method on this instrument, oldest first."""
    materials = {position.material_id for position in positions}
    rows = (
        Verdict.objects.filter(
            statistic="z",
            position__material__in=materials,
            evaluation__run__instrument=run.instrument_id,
            evaluation__run__method_version__method=run.method_version.method_id,
            evaluation__run__measured_at__lt=run.measured_at,
        )
        .exclude(evaluation__run=run)
        .exclude(value="")
        .order_by("-evaluation__run__measured_at", "-evaluation__number")
        .values_list("position__material_id", "analyte__symbol", "evaluation__run_id", "evaluation__number", "value")[:2000]
    )
    newest: dict[Any, int] = {}
    found: dict[tuple[Any, str], list[float]] = {}
    for material, symbol, run_id, number, value in rows:
        # A run judged several times counts as it stands last.
        if newest.setdefault(run_id, number) == number and len(found.setdefault((material, symbol), [])) < _EARLIER:
            found[material, symbol].append(float(value))
    return {key: tuple(reversed(scores)) for key, scores in found.items()}


def _duplicates(run: Run, reduced: ReducedRun) -> Iterator[ControlMeasurement]:
    kinds = {control.kind for control in run.method_version.controls.all() if control.kind.endswith("_duplicate")}
    kind = ControlKind(next(iter(sorted(kinds)), ControlKind.PULP_DUPLICATE))
    for position in _of_kind(reduced, "duplicate"):
        if position.duplicate_of is None:
            continue
        for symbol, analyte in reduced.analytes.items():
            yield DuplicateMeasurement(
                kind=kind,
                control=f"positions {position.duplicate_of.number} and {position.number}, {position.label}",
                analyte=symbol,
                first=_content(reduced, position.duplicate_of.number, symbol),
                second=_content(reduced, position.number, symbol),
                loq=float(analyte.loq),
            )


def _as_data(requirements: MethodRequirements) -> dict[str, Any]:
    data = asdict(requirements)
    for control in data["controls"]:
        control["limits"] = dict(control["limits"])
    return data


def _stored_verdict(evaluation: Evaluation, verdict: PureVerdict, reduced: ReducedRun) -> Verdict:
    names = {control_name(position): position for position in reduced.positions.values()}
    position = names.get(verdict.control) or _duplicate_named(verdict.control, reduced)
    analyte = reduced.analytes.get(verdict.analyte)
    return Verdict(
        evaluation=evaluation,
        position=position,
        analyte_id=analyte.analyte_id if analyte else None,
        control=verdict.control[:80],
        rule=verdict.rule,
        statistic=verdict.statistic[:40],
        value="" if verdict.value is None else repr(verdict.value)[:40],
        limit=verdict.limit[:60],
        outcome=verdict.outcome,
        sentence=verdict.sentence,
        **_found_and_expected(position, verdict, reduced),
    )


def _duplicate_named(control: str, reduced: ReducedRun) -> RunPosition | None:
    """The second tube of a duplicate pair."""
    for position in _of_kind(reduced, "duplicate"):
        if position.duplicate_of and control == f"positions {position.duplicate_of.number} and {position.number}, {position.label}":
            return position
    return None


def _found_and_expected(position: RunPosition | None, verdict: PureVerdict, reduced: ReducedRun) -> dict[str, str]:
    """The numbers beside the verdict, as text for the page."""
    if position is None or not verdict.analyte:
        return {}
    found = _content(reduced, position.number, verdict.analyte).text
    if position.kind == "duplicate" and position.duplicate_of:
        return {"found": found, "expected": _content(reduced, position.duplicate_of.number, verdict.analyte).text}
    return {"found": found}


def _in_words(judgement: Judgement) -> str:
    """Why the run stands where it stands, in sentences a person can act on."""
    if judgement.blockers:
        return " ".join(blocker.sentence for blocker in judgement.blockers)
    failed = [verdict.sentence for verdict in judgement.verdicts if verdict.outcome == Outcome.FAIL]
    if failed:
        return " ".join(failed[:20])
    warned = sum(verdict.outcome == Outcome.WARN for verdict in judgement.verdicts)
    return f"All {len(judgement.verdicts)} controls pass" + (f", {warned} with a warning." if warned else ".")
