"""How a run was computed as a whole: the stages of its newest reduction, arranged for a page and for programs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from assays.chemistry.elements import find_analyte
from assays.models import Reduction, Run
from assays.selectors.plan_words import plan_words


@dataclass(frozen=True)
class RunCalculation:
    """The stages of a reduction by name, as stored."""

    reduction: Reduction
    stages: Mapping[str, Any]

    @property
    def plan(self) -> Mapping[str, Any]:
        """The plan as it was read then."""
        return self.stages.get("plan") or {}

    def lines(self) -> list[dict[str, Any]]:
        """A row for each calibrated element, with its standard that reads back worst."""
        rows = []
        for symbol, line in self._by_report("calibrations"):
            judged = [one for one in line["standards"] if one["error_percent"] is not None]
            worst = max(judged, key=lambda one: abs(one["error_percent"]), default=None)
            drift = (self.stages.get("drift") or {}).get(symbol)
            background = (self.stages.get("backgrounds") or {}).get(symbol)
            rows.append({"symbol": symbol, "line": line, "worst": worst, "drift": drift, "background": background})
        return rows

    def limits(self) -> list[tuple[str, Any]]:
        """Each element's limits, in the order of a report."""
        return self._by_report("limits")

    def uncertainties(self) -> list[tuple[str, Any]]:
        """Each element's uncertainty, in the order of a report."""
        return self._by_report("uncertainties")

    def _by_report(self, stage: str) -> list[tuple[str, Any]]:
        return sorted((self.stages.get(stage) or {}).items(), key=lambda one: find_analyte(one[0]).order)

    def flagged(self) -> dict[str, list[dict[str, Any]]]:
        """The corrections above what the plan flags, by element in the order of a report."""
        found: dict[str, list[dict[str, Any]]] = {}
        for one in sorted(self.stages.get("flagged") or [], key=lambda one: (find_analyte(one["analyte"]).order, one["position"])):
            found.setdefault(one["analyte"], []).append(one)
        return found

    def words(self) -> list[tuple[Any, Any]]:
        """The plan in words: what, how."""
        return plan_words(self.plan)


def calculation_of(run: Run) -> RunCalculation | None:
    """The newest reduction's stages; None before the first."""
    reduction = run.reductions.order_by("-number").select_related("reduced_by").first()
    return None if reduction is None else RunCalculation(reduction, dict(reduction.stages.values_list("stage", "data")))


def calculation_data(run: Run) -> dict[str, Any]:
    """The same for programs: the stages as stored."""
    found = calculation_of(run)
    return {
        "run": run.code,
        "method_version": str(run.method_version),
        "reduction": found.reduction.number if found else None,
        "software": found.reduction.software if found else None,
        "reduced_at": found.reduction.reduced_at.isoformat() if found else None,
        "stages": dict(found.stages) if found else {},
    }
