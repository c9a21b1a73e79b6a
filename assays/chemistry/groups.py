"""Sums of rare earths by a printed definition.

What counts as light, heavy, magnetic or critical differs between companies and standards, so a sum is never shown without
its definition, nor as complete while a member was not measured.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from assays.chemistry.censored import Censored, sum_bounds
from assays.chemistry.elements import RARE_EARTHS, find_analyte
from assays.chemistry.oxides import find_factor


@dataclass(frozen=True)
class GroupDefinition:
    """Which elements a group adds up, as ``oxide`` or ``element``; ``code`` is unique, ``name`` is what a report calls it."""

    code: str
    name: str
    members: tuple[str, ...]
    form: str = "oxide"

    @property
    def text(self) -> str:
        """The definition as printed beside a sum: ``MREO = Pr6O11 + Nd2O3 + Tb4O7 + Dy2O3``."""
        parts = self.members if self.form == "element" else tuple(find_analyte(symbol).oxide for symbol in self.members)
        return f"{self.name} = {' + '.join(parts)}"


@dataclass(frozen=True)
class GroupSum:
    """A group's sum in the unit of its members.

    ``lower``, ``half`` and ``upper`` take censored members as 0, half the limit and the limit. ``missing`` names members
    that were not measured: with any, the sum is a part only and ``complete`` is False. ``uncertainty`` adds the members'
    by quadrature, ``uncertainty_correlated`` linearly: the truth lies between, for rare earths share preparation and
    internal standard. Both are None unless every quantified member has one.
    """

    definition: str
    lower: float
    half: float
    upper: float
    censored_count: int
    missing: tuple[str, ...]
    uncertainty: float | None = None
    uncertainty_correlated: float | None = None

    @property
    def complete(self) -> bool:
        """Whether every member was measured."""
        return not self.missing


def _rare_earths(first: str, last: str) -> tuple[str, ...]:
    return RARE_EARTHS[RARE_EARTHS.index(first) : RARE_EARTHS.index(last) + 1]


_DEFINITIONS = (
    GroupDefinition("TREE", "TREE", RARE_EARTHS, form="element"),
    GroupDefinition("TREO", "TREO", RARE_EARTHS),
    GroupDefinition("TREO_less_CeO2", "TREO - CeO2", tuple(s for s in RARE_EARTHS if s != "Ce")),
    GroupDefinition("LREO_La_Nd", "LREO", _rare_earths("La", "Nd")),
    GroupDefinition("LREO_La_Sm", "LREO", _rare_earths("La", "Sm")),
    GroupDefinition("LREO_La_Eu", "LREO", _rare_earths("La", "Eu")),
    GroupDefinition("HREO_Sm_LuY", "HREO", _rare_earths("Sm", "Y")),
    GroupDefinition("HREO_Eu_LuY", "HREO", _rare_earths("Eu", "Y")),
    GroupDefinition("HREO_Gd_LuY", "HREO", _rare_earths("Gd", "Y")),
    GroupDefinition("MREO_PrNdTbDy", "MREO", ("Pr", "Nd", "Tb", "Dy")),
    GroupDefinition("CREO_NdEuTbDyY", "CREO", ("Nd", "Eu", "Tb", "Dy", "Y")),
    GroupDefinition("DyTb_oxide", "Dy2O3 + Tb4O7", ("Dy", "Tb")),
)

GROUPS = MappingProxyType({definition.code: definition for definition in _DEFINITIONS})

REPORTED_GROUPS = ("TREO", "LREO_La_Eu", "HREO_Gd_LuY", "MREO_PrNdTbDy", "CREO_NdEuTbDyY")
"""What a report shows unless a customer asks otherwise; LREO and HREO here divide TREO without gap or overlap."""


def sum_group(definition: GroupDefinition, values: Mapping[str, Censored], uncertainties: Mapping[str, float] | None = None) -> GroupSum:
    """Add up a group from element contents.

    ``values`` and ``uncertainties`` (expanded, same k for all) are of the elements, by symbol, in one unit, usually mg/kg
    dry; they are turned into oxides where the definition says so. A member that is absent counts as not measured.
    """
    factors = {symbol: 1.0 if definition.form == "element" else find_factor(symbol) for symbol in definition.members}
    parts = {symbol: values[symbol].scale(factor) for symbol, factor in factors.items() if symbol in values}
    bounds = sum_bounds(parts.values())
    quantified = [symbol for symbol, part in parts.items() if not part.is_censored]
    independent, correlated = _combine({s: factors[s] for s in quantified}, uncertainties or {})
    return GroupSum(
        definition=definition.text,
        lower=bounds.lower,
        half=bounds.half,
        upper=bounds.upper,
        censored_count=bounds.censored_count,
        missing=tuple(symbol for symbol in definition.members if symbol not in values),
        uncertainty=independent,
        uncertainty_correlated=correlated,
    )


def compute_share_percent(part: GroupSum, whole: GroupSum) -> float | None:
    """``part`` in percent of ``whole`` with censored members at half their limit; None where the whole is zero."""
    return 100 * part.half / whole.half if whole.half else None


def _combine(factors: Mapping[str, float], uncertainties: Mapping[str, float]) -> tuple[float | None, float | None]:
    if not factors or any(symbol not in uncertainties for symbol in factors):
        return None, None
    parts = [uncertainties[symbol] * factor for symbol, factor in factors.items()]
    return math.hypot(*parts), math.fsum(parts)
