"""Reading judgements: a run's verdicts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from assays.models import Evaluation, Run, RunPosition, Verdict
from assays.models.judgements import Outcome
from assays.models.runs import PositionKind
from assays.qc.bracketing import Tube, find_affected

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
