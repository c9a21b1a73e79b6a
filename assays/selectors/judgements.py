"""Reading judgements: a run's verdicts, and the control chart of a material over its runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import OuterRef, QuerySet, Subquery

from assays.models import CertifiedValue, Evaluation, Run, RunPosition, Verdict
from assays.models.judgements import Outcome
from assays.models.runs import PositionKind
from assays.qc.bracketing import Tube, find_affected
from assays.selectors.runs import number_text

MOST_POINTS = 500
"""Of a control chart: more are no longer told apart."""

_CONTROLS = (PositionKind.BLANK, PositionKind.REFERENCE, PositionKind.DUPLICATE)
_SEVERITY = (Outcome.PASS, Outcome.WARN, Outcome.FAIL, Outcome.MISSING)


@dataclass(frozen=True)
class Judgement:
    """The newest evaluation of a run with its verdicts in run order; both empty while nothing was measured."""

    evaluation: Evaluation | None
    verdicts: list[Verdict]

    @property
    def is_judged(self) -> bool:
        return self.evaluation is not None


def judgement_of(run: Run) -> Judgement:
    """The judgement that counts. A run that has lost its readings has none."""
    if run.measured_at is None:
        return Judgement(None, [])
    evaluation = run.evaluations.order_by("-number").first()
    if evaluation is None:
        return Judgement(None, [])
    return Judgement(evaluation, list(evaluation.verdicts.select_related("position", "analyte").order_by("pk")))


def worst_by_position(verdicts: Sequence[Verdict]) -> dict[int, str]:
    """The worst outcome of each control's position."""
    worst: dict[int, str] = {}
    for verdict in verdicts:
        if verdict.position is not None:
            number = verdict.position.number
            worst[number] = max(worst.get(number, Outcome.PASS), verdict.outcome, key=lambda one: _SEVERITY.index(Outcome(one)))
    return worst


def affected_samples(tray: Sequence[RunPosition], verdicts: Sequence[Verdict], bad: str) -> dict[tuple[int, str], int]:
    """Sample positions and analytes that a control with the outcome `bad` speaks against → the control's position."""
    tubes = [Tube(one.number, one.kind, one.duplicate_of.number if one.duplicate_of else None) for one in tray]
    by_analyte: dict[str, dict[int, str]] = {}
    for verdict in verdicts:
        if verdict.position is not None and verdict.analyte is not None:
            by_analyte.setdefault(verdict.analyte.symbol, {})[verdict.position.number] = verdict.outcome
    return {
        (sample, symbol): control
        for symbol, outcomes in by_analyte.items()
        for sample, control in find_affected(tubes, outcomes, {bad}).items()
    }


def judgement_data(run: Run, judgement: Judgement, tray: Sequence[RunPosition]) -> dict[str, Any]:
    """A run's quality control as the API tells it: numbers as text, every missing control named."""
    evaluation = judgement.evaluation
    condemned = affected_samples(tray, judgement.verdicts, Outcome.FAIL)
    return {
        "run": run.code,
        "state": run.state,
        "outcome": evaluation.outcome if evaluation else None,
        "verdict": run.verdict_text,
        "evaluation": evaluation.number if evaluation else None,
        "evaluated_at": evaluation.evaluated_at.isoformat() if evaluation else None,
        "rule_version": evaluation.rule_set if evaluation else None,
        "rules": evaluation.rules if evaluation else None,
        "blockers": evaluation.blockers if evaluation else [],
        "verdicts": [verdict_data(one, run, evaluation) for one in judgement.verdicts],
        "condemned": [
            {"position": sample, "analyte": symbol, "control": control} for (sample, symbol), control in sorted(condemned.items())
        ],
    }


def verdict_data(verdict: Verdict, run: Run, evaluation: Evaluation | None) -> dict[str, Any]:
    """One verdict with everything it was drawn from; `found` and `expected` in the method's unit."""
    return {
        "control": verdict.control,
        "kind": verdict.position.kind if verdict.position else None,
        "position": verdict.position.number if verdict.position else None,
        "analyte": verdict.analyte.symbol if verdict.analyte else None,
        "found": verdict.found or None,
        "expected": verdict.expected or None,
        "unit": run.method_version.unit,
        "statistic": verdict.statistic,
        "value": verdict.value or None,
        "limit": verdict.limit,
        "rule": verdict.rule,
        "rule_version": evaluation.rule_set if evaluation else None,
        "outcome": verdict.outcome,
        "sentence": verdict.sentence,
    }


@dataclass(frozen=True)
class ChartPoint:
    """One measurement of the material: what was found, its z score, the verdict and the rule that gave it."""

    verdict: Verdict
    run: Run

    @property
    def found(self) -> str:
        return self.verdict.found


@dataclass(frozen=True)
class ControlHistory:
    """A material's measurements of one analyte by one method, oldest first, against its value for the method's group."""

    certified: CertifiedValue | None
    points: list[ChartPoint]


def control_history(viewer: Any, *, method: str, material: str, analyte: str, instrument: str = "") -> ControlHistory:
    """The newest points from stored verdicts, within the viewer's laboratory. A run counts as it was judged last; one that was sent back
    stays on the chart."""
    certified = (
        CertifiedValue.objects.filter(material__code=material, analyte__symbol=analyte, method_group__in=_groups_of(method))
        .select_related("analyte", "material")
        .first()
    )
    runs = Run.objects.visible_to(viewer).filter(method_version__method__code=method, measured_at__isnull=False)
    if instrument:
        runs = runs.filter(instrument__code=instrument)
    newest = Evaluation.objects.filter(run=OuterRef("evaluation__run")).order_by("-number").values("pk")[:1]
    verdicts = (
        Verdict.objects.filter(
            evaluation__run__in=runs, evaluation=Subquery(newest), statistic="z", position__material__code=material, analyte__symbol=analyte
        )
        .exclude(value="")
        .select_related("evaluation__run", "position")
        .order_by("-evaluation__run__measured_at", "-position__number")[:MOST_POINTS]
    )
    seen: dict[Any, ChartPoint] = {}
    for verdict in verdicts:
        seen.setdefault(verdict.position_id, ChartPoint(verdict, verdict.evaluation.run))
    return ControlHistory(certified, list(reversed(seen.values())))


def _groups_of(method: str) -> QuerySet[Any]:
    from assays.models import Method

    return Method.objects.filter(code=method).values("method_group")


def history_data(history: ControlHistory) -> dict[str, Any]:
    """A control chart as numbers: value, limits at two and three standard deviations, and every point."""
    value = history.certified
    limits = None
    if value is not None and value.sd:
        limits = {
            name: [number_text(value.value - factor * value.sd), number_text(value.value + factor * value.sd)]
            for name, factor in (("warn", 2), ("fail", 3))
        }
    return {
        "unit": value.unit if value else None,
        "expected": number_text(value.value) if value else None,
        "sd": number_text(value.sd) if value else None,
        "source": value.source if value else None,
        "limits": limits,
        "points": [
            {
                "run": point.run.code,
                "position": point.verdict.position.number if point.verdict.position else None,
                "measured_at": point.run.measured_at.isoformat() if point.run.measured_at else None,
                "found": point.verdict.found,
                "z": point.verdict.value,
                "outcome": point.verdict.outcome,
                "rule": point.verdict.rule,
                "limit": point.verdict.limit,
                "sentence": point.verdict.sentence,
            }
            for point in history.points
        ],
    }
