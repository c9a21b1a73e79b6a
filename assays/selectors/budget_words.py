"""An uncertainty budget in words: each component with its unit, the largest share first, and what they come to together."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext_lazy as _

from assays.models import ResultVersion
from lims.core.figures import figures_text

_NAMES: Mapping[str, tuple[Any, str]] = {
    "interference_ratio": (_("ratio MO⁺/M⁺ of the corrected oxides"), "µg/L"),
    "interference_reading": (_("reading of the parents of the corrected oxides"), "µg/L"),
    "blank": (_("reagent blanks"), "µg/L"),
    "mass": (_("mass of the portion"), "g"),
    "volume": (_("final volume"), "%"),
    "dilution": (_("dilution"), "%"),
    "moisture": (_("dry mass of the portion (moisture)"), "%"),
    "recovery": (_("digestion and recovery"), "%"),
    "standard": (_("calibration standards"), "%"),
    "repeatability": (_("repeatability of preparation and measurement"), "%"),
}
_LINE = _("calibration line")


@dataclass(frozen=True)
class BudgetLine:
    """A component as printed: x and u(x) in `unit`, u(x)/x and the share of the variance in percent."""

    name: Any
    x: str
    u: str
    unit: str
    relative: str
    share: str


@dataclass(frozen=True)
class Budget:
    """The components by their shares; the combined relative standard uncertainty in percent, and U (k = 2) in the result's unit."""

    lines: list[BudgetLine]
    combined_percent: str
    expanded: str


def explain_budget(version: ResultVersion) -> Budget | None:
    """The budget a version's uncertainty comes from; None where it comes from elsewhere."""
    budget = version.inputs.get("budget")
    if not budget or version.uncertainty is None:
        return None
    parts = sorted(budget["about"]["components"], key=lambda one: -one["share_percent"])
    combined = math.sqrt(math.fsum(one["relative"] ** 2 for one in parts))
    return Budget([_line(one) for one in parts], figures_text(100 * combined, 3), figures_text(version.uncertainty, 3))


def _line(part: Mapping[str, Any]) -> BudgetLine:
    name, unit = _NAMES.get(part["component"], (part["component"], ""))
    if part["component"] == "calibration":
        # Found in the session as a concentration, or stated by the method in percent.
        name, unit = _LINE, "%" if part["x"] == 100 else "µg/L"
    x = "100" if unit == "%" and part["x"] == 100 else figures_text(part["x"], 5)
    share = f"{Decimal(part['share_percent']):.1f}"
    return BudgetLine(name, x, figures_text(part["u"], 3), unit, figures_text(100 * part["relative"], 3), share)


_STATED: Mapping[str, tuple[Any, Any]] = {
    "mass_g": (_("balance"), "g"),
    "volume_percent": (_NAMES["volume"][0], "%"),
    "dilution_percent": (_NAMES["dilution"][0], "%"),
    "standard_percent": (_NAMES["standard"][0], "%"),
    "calibration_percent": (_LINE, "%"),
    "recovery_percent": (_NAMES["recovery"][0], "%"),
    "repeatability_percent": (_NAMES["repeatability"][0], "%"),
    "moisture_percent": (_("moisture"), _("% of mass")),
}


def stated_components(components: Mapping[str, float]) -> str:
    """The standard uncertainties a method version states for its budgets: `balance 0.0001 g, final volume 0.15 %`."""
    return ", ".join(f"{_STATED[name][0]} {u:g} {_STATED[name][1]}" for name, u in components.items())
