"""What of a measured run must be measured again, why, and how: what failed as it was, what was over range in a higher dilution."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.db.models import Subquery

from assays.chemistry.dilution import choose_dilution_step
from assays.models import ResultVersion, Run, RunPosition
from assays.models.judgements import Outcome
from assays.models.runs import PositionKind
from assays.selectors.judgements import Judgement, affected_samples, judgement_of
from assays.selectors.measured_runs import newest_tests
from assays.selectors.runs import number_text, tray_of

_STANDS_IN_FOR_UNKNOWN = 10.0
"""How much further a solution is diluted of which only is known that it was over range."""


@dataclass(frozen=True)
class Retest:
    """One sample's tube that must be measured again: the elements over range, those a failed control condemns with the control's position,
    those without a result, what a reviewer said who asked for it, and whether that rejected its results; the factor its solution is diluted
    to, and whether everything is measured anew or only what was over range."""

    position: RunPosition
    over_range: list[str]
    condemned: dict[str, int]
    missing: list[str]
    dilution: Decimal
    everything: bool
    asked: str = ""
    rejected: bool = False

    @property
    def dilution_text(self) -> str:
        """The factor without the zeros its column adds."""
        return number_text(self.dilution) or ""

    @property
    def by_control(self) -> dict[int, list[str]]:
        """The condemned elements by the position of the control that condemns them."""
        found: dict[int, list[str]] = {}
        for symbol, control in self.condemned.items():
            found.setdefault(control, []).append(symbol)
        return found

    @property
    def analytes(self) -> list[str] | None:
        """What is taken from the new tube; None for all."""
        return None if self.everything else self.over_range


@dataclass(frozen=True)
class Retests:
    """All of a run, in the order of its tray; `blocked` names the tests that stand in a later run already."""

    rows: list[Retest] = field(default_factory=list)
    standing: list[str] = field(default_factory=list)


def find_retests(run: Run, seen: tuple[list[RunPosition], Judgement] | None = None) -> Retests:
    """What must be measured again. A run that was not judged has nothing, and one that was released only what was rejected in it. `seen`
    are the tray and the judgement as who knows of no blind control sees them, where they were read already."""
    judgement = seen[1] if seen else judgement_of(run, None)
    asked = {one.position_id: one for one in run.retest_requests.order_by("rejects")}
    rejected = {position for position, one in asked.items() if one.rejects}
    if judgement.evaluation is None or run.state == "cancelled" or (run.state == "authorised" and not rejected):
        return Retests()
    tray = seen[0] if seen else tray_of(run, None)
    condemned = affected_samples(tray, judgement.verdicts, Outcome.FAIL, judgement.evaluation.rules)
    versions, live = _versions(run), set(newest_tests(run).values_list("pk", flat=True))
    wanted = [one.analyte.symbol for one in run.method_version.analytes.select_related("analyte") if one.required]
    passed = judgement.evaluation.outcome == "passed"
    found = Retests()
    for tube in tray:
        if tube.kind != PositionKind.SAMPLE or tube.aliquot is None or (run.state == "authorised" and tube.pk not in rejected):
            continue
        own = versions.get(tube.pk, {})
        over = [symbol for symbol, version in own.items() if version.qualifier == ">"]
        spoilt = {symbol: control for (number, symbol), control in condemned.items() if number == tube.number}
        missing = [symbol for symbol in wanted if symbol not in own]
        if over or spoilt or missing or tube.pk in asked:
            if tube.aliquot.test_id not in live or tube.aliquot.test.state not in {"measured", "prepared"}:
                found.standing.append(tube.aliquot.code)
                continue
            dilution = _dilution_for(tube, [own[symbol] for symbol in over])
            # Only of a run whose controls pass may the other elements be carried over.
            everything = bool(spoilt or missing or tube.pk in asked) or not passed
            reason = asked[tube.pk].reason if tube.pk in asked else ""
            found.rows.append(Retest(tube, over, spoilt, missing, dilution, everything, reason, tube.pk in rejected))
    return found


def _versions(run: Run) -> dict[Any, dict[str, Any]]:
    newest = run.reductions.order_by("-number").values("pk")[:1]
    rows = ResultVersion.objects.filter(reduction=Subquery(newest)).select_related("result__analyte")
    found: dict[Any, dict[str, Any]] = {}
    for version in rows.order_by("result__analyte__order"):
        found.setdefault(version.position_id, {})[version.result.analyte.symbol] = version
    return found


def _dilution_for(tube: RunPosition, over: list[Any]) -> Decimal:
    """The tube's dilution, times the step that brings its highest content well into the range; a solid is never diluted."""
    if tube.aliquot is not None and tube.aliquot.volume_ml is None:
        return Decimal(1)
    dilution = tube.dilution or (tube.aliquot.dilution if tube.aliquot is not None else Decimal(1))
    excess = [_excess(version) for version in over]
    return dilution * choose_dilution_step(max(excess)) if excess else dilution


def _excess(version: Any) -> float:
    """How many times the end of the working range was read: the bound is that end; a reading that was only a bound tells nothing more."""
    net = version.inputs.get("net_mg_kg", "None")
    return float(net) / float(version.value) if net != "None" and version.value else _STANDS_IN_FOR_UNKNOWN


def carried_versions(position: RunPosition) -> dict[Any, Any]:
    """The result versions a retest of some elements leaves as they are, by analyte: those of the newest reduction of the earlier tube,
    while that run's controls pass."""
    earlier = position.retest_of
    if earlier is None or position.analytes is None:
        return {}
    evaluation = earlier.run.evaluations.order_by("-number").first()
    reduction = earlier.run.reductions.order_by("-number").first()
    if evaluation is None or reduction is None or evaluation.outcome != "passed" or earlier.run.state in {"sent_back", "cancelled"}:
        return {}
    rows = (
        reduction.results.filter(position=earlier).exclude(result__analyte__symbol__in=position.analytes).select_related("result__analyte")
    )
    return {row.result.analyte_id: row for row in rows}
