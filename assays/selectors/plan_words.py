"""The plan of a calculation in words: what a method version says of the way from readings to results."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from django.utils.translation import gettext_lazy as _

from assays.calculation.plan import EVERY, read_plan
from assays.selectors.budget_words import stated_components

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


def plan_words(plan: Mapping[str, Any]) -> list[tuple[Any, Any]]:
    """A plan, as stored with a reduction, in words: what, how."""
    if not plan:
        return []
    found: list[tuple[Any, Any]] = [(_("Computed from"), _WORDS[plan["source"]])]
    if plan["source"] == "counts":
        line, standards, drift, interferences = (plan[name] for name in ("calibration", "internal_standards", "drift", "interferences"))
        # What is named for the others stands last.
        ordered = sorted(standards.items(), key=lambda one: (one[0] == EVERY, one[0]))
        others = _("all elements") if len(ordered) == 1 else _("the others")
        named = [f"{others if to == EVERY else to}: {symbol}" for to, symbol in ordered]
        found.append((_("Calibration line"), f"{_WORDS[line['weights']]}, {_WORDS[line['through']]}"))
        found.append((_("Internal standard"), ", ".join(named) or _("none")))
        found.append((_("Drift corrected"), f"≤ {drift['limit_percent']:g} %" if drift else _("not corrected")))
        found.append((_("Oxides and hydroxides of"), ", ".join(interferences["parents"]) if interferences else _("not corrected")))
    found.append((_("Replicates"), _WORDS[plan["replicates"]]))
    found.append((_("Limits that censor"), _WORDS[plan["limits"]["decides"]]))
    found.append((_("Uncertainty"), _WORDS[plan["uncertainty"]["evaluation"]]))
    if plan["uncertainty"]["components"]:
        found.append((_("Standard uncertainties it states"), stated_components(plan["uncertainty"]["components"])))
    return found


def method_plan_words(calculation: Mapping[str, Any]) -> list[tuple[Any, Any]]:
    """A method version's `calculation` in words, what it leaves out filled in."""
    return plan_words(msgspec.to_builtins(read_plan(calculation)))
