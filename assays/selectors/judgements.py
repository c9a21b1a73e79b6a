"""Reading judgements: a run's verdicts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Q

from assays.models import Evaluation, Run, RunPosition, Verdict
from assays.models.judgements import Outcome
from assays.models.runs import PositionKind
from assays.qc.bracketing import Tube, find_affected, usual_scope
from assays.qc.measurements import ControlKind
from assays.selectors.blinding import knows_blind_controls
from assays.selectors.control_readings import sort_of_control, usual_stage

_SEVERITY = (Outcome.PASS, Outcome.WARN, Outcome.FAIL, Outcome.MISSING)


@dataclass(frozen=True)
class Judgement:
    """The newest evaluation of a run with its verdicts in run order; both empty while nothing was measured."""

    evaluation: Evaluation | None
    verdicts: list[Verdict]

    @property
    def is_judged(self) -> bool:
        return self.evaluation is not None


def judgement_of(run: Run, viewer: Any) -> Judgement:
    """The judgement that counts, as the viewer may see it: without blind controls and field duplicates for who must not know them. A run
    that has lost its readings has none."""
    if run.measured_at is None:
        return Judgement(None, [])
    evaluation = run.evaluations.order_by("-number").first()
    if evaluation is None:
        return Judgement(None, [])
    verdicts = evaluation.verdicts.select_related("position", "analyte").order_by("pk")
    if not knows_blind_controls(viewer):
        of_field_duplicates = Q(position__kind=PositionKind.SAMPLE, rule__startswith="duplicate_")
        verdicts = verdicts.filter(position__blind=None).exclude(of_field_duplicates)
    return Judgement(evaluation, list(verdicts))


def worst_by_position(verdicts: Sequence[Verdict]) -> dict[int, str]:
    """The worst outcome of each control's position."""
    worst: dict[int, str] = {}
    for verdict in verdicts:
        if verdict.position is not None:
            number = verdict.position.number
            worst[number] = _worse(worst.get(number, Outcome.PASS), verdict.outcome)
    return worst


def affected_samples(
    tray: Sequence[RunPosition], verdicts: Sequence[Verdict], bad: str, rules: Mapping[str, Any] | None = None
) -> dict[tuple[int, str], int]:
    """Sample positions and analytes that a control with the outcome `bad` speaks against → the control's position. `rules` are those of the
    evaluation, which say what each sort of control condemns. A verdict without an analyte (an internal standard, a sum of oxides) speaks
    against all of them."""
    asked = {one["kind"]: one.get("condemns") for one in reversed((rules or {}).get("controls", []))}
    affected: dict[tuple[int, str], int] = {}
    for (kind, symbol), outcomes in _worst_by_kind(tray, verdicts, asked).items():
        tubes = [Tube(one.number, one.kind, one.duplicate_of.number if one.duplicate_of else None, kind) for one in tray]
        # Evaluations from before the rules said it keep what they condemned then.
        scopes = {kind: asked[kind] or usual_scope(kind)} if asked.get(kind) is not None else {}
        for sample, control in find_affected(tubes, outcomes, {bad}, scopes).items():
            affected[sample, symbol] = min(control, affected.get((sample, symbol), control))
    return affected


def _worst_by_kind(
    tray: Sequence[RunPosition], verdicts: Sequence[Verdict], asked: Mapping[str, Any]
) -> dict[tuple[str, str], dict[int, str]]:
    """The worst outcome at each position by (sort of control, analyte)."""
    by_number = {one.number: one for one in tray}
    symbols = dict.fromkeys(one.analyte.symbol for one in verdicts if one.analyte is not None)
    worst: dict[tuple[str, str], dict[int, str]] = {}
    for verdict in verdicts:
        tube = by_number.get(verdict.position.number) if verdict.position is not None else None
        if tube is None:
            continue
        kind = _kind_judged(verdict, tube, asked)
        for symbol in [verdict.analyte.symbol] if verdict.analyte is not None else symbols:
            outcomes = worst.setdefault((kind, symbol), {})
            outcomes[tube.number] = _worse(outcomes.get(tube.number, Outcome.PASS), verdict.outcome)
    return worst


def _worse(first: str, second: str) -> str:
    return max(first, second, key=lambda one: _SEVERITY.index(Outcome(one)))


_JUDGED_ON_SAMPLES = {
    "sum_of_oxides": ControlKind.SUM_OF_OXIDES,
    "ree_pattern_smoothness": ControlKind.REE_PATTERN,
    "method_comparison": ControlKind.METHOD_COMPARISON,
}


def _kind_judged(verdict: Verdict, tube: RunPosition, asked: Mapping[str, Any]) -> str:
    """The sort of control a stored verdict judged: the rule says it of what is judged on any tube, the tube says it of itself."""
    if verdict.rule in _JUDGED_ON_SAMPLES:
        return _JUDGED_ON_SAMPLES[verdict.rule]
    if verdict.rule == "recovery_window" and verdict.analyte is None:
        return ControlKind.INTERNAL_STANDARD
    return sort_of_control(tube, usual_stage(asked)) or ControlKind.INTERNAL_STANDARD


def judgement_data(run: Run, judgement: Judgement, tray: Sequence[RunPosition]) -> dict[str, Any]:
    """A run's quality control as the API tells it: numbers as text, every missing control named."""
    evaluation = judgement.evaluation
    condemned = affected_samples(tray, judgement.verdicts, Outcome.FAIL, evaluation.rules if evaluation else None)
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
        "unit": unit_beside(verdict, run),
        "statistic": verdict.statistic,
        "value": verdict.value or None,
        "limit": verdict.limit,
        "rule": verdict.rule,
        "rule_version": evaluation.rule_set if evaluation else None,
        "outcome": verdict.outcome,
        "sentence": verdict.sentence,
    }


def unit_beside(verdict: Verdict, run: Run) -> str:
    """The unit of what was found: contents in the method's, check solutions in µg/L, internal standards in counts per second."""
    if verdict.rule == "recovery_window":
        return "1/s" if verdict.analyte is None else "ug/L"
    return "%" if verdict.rule == "sum_of_oxides" else run.method_version.unit
