"""How a run was computed as a whole: the stages of its newest reduction, arranged for a page and for programs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from assays.chemistry.elements import find_analyte
from assays.models import Reduction, Run

_WORDS: dict[str, Any] = {
    "instrument": _("the instrument’s concentrations"),
    "counts": _("counts of the session"),
    "none": _("unweighted"),
    "1/x": _("weighted 1/c"),
    "1/x2": _("weighted 1/c²"),
    "blank": _("through the calibration blank"),
    "intercept": _("with an intercept"),
    "mean": _("mean of the accepted replicates"),
    "median": _("median of the accepted replicates"),
    "method": _("those of the method version"),
    "larger": _("the larger of the method version’s and the run’s"),
    "stated": _("as the method version states it"),
    "nordtest": _("Nordtest TR 537 from this laboratory’s control materials"),
    "budget": _("uncertainty budget (GUM)"),
}


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

    def words(self) -> list[tuple[Any, Any]]:
        """The plan in words: what, how."""
        plan = self.plan
        if not plan:
            return []
        found: list[tuple[Any, Any]] = [(_("Computed from"), _WORDS[plan["source"]])]
        if plan["source"] == "counts":
            line, standards, drift, interferences = (plan[name] for name in ("calibration", "internal_standards", "drift", "interferences"))
            found.append((_("Calibration line"), f"{_WORDS[line['weights']]}, {_WORDS[line['through']]}"))
            found.append((_("Internal standard"), ", ".join(f"{to}: {symbol}" for to, symbol in standards.items()) or _("none")))
            found.append((_("Drift"), f"≤ {drift['limit_percent']:g} %" if drift else _("not corrected")))
            found.append((_("Oxides and hydroxides of"), ", ".join(interferences["parents"]) if interferences else _("not corrected")))
        found.append((_("Replicates"), _WORDS[plan["replicates"]]))
        found.append((_("Limits that censor"), _WORDS[plan["limits"]["decides"]]))
        found.append((_("Uncertainty"), _WORDS[plan["uncertainty"]["evaluation"]]))
        return found


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
