"""Limits of detection and quantification of one run beside those of its method version, and which of them censor. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from assays.calculation.plan import Decides, LimitsPlan
from assays.chemistry.limits import estimate_limits
from assays.chemistry.reduction import reduce_limit_to_dry_mg_kg
from assays.chemistry.tray import AnalyteLimits, Portion, SolutionReading


@dataclass(frozen=True)
class DecidedLimits:
    """An analyte's limits in mg/kg at the method's nominal amounts: the method version's, the run's own from `n` procedural blanks (3 s and
    10 s, Currie 1995; None where there were too few), and the limits that censor with the words that say whose they are. The standard
    deviation of the blanks in µg/L is the run's, or a third of the method version's LOD."""

    method: AnalyteLimits
    used: AnalyteLimits
    n: int
    run_s_ug_l: float | None
    method_s_ug_l: float
    run_lod: float | None
    run_loq: float | None
    decided_by: str


def decide_limits(
    limits: Mapping[str, AnalyteLimits], blanks: Mapping[str, Sequence[SolutionReading]], nominal: Portion, plan: LimitsPlan
) -> dict[str, DecidedLimits]:
    """The limits of each analyte from the run's procedural blanks in µg/L of the measured solution.

    Blanks that are bounds are left out: they say nothing of a spread. The larger of two limits is never the surer-looking one.
    """
    return {symbol: _decide(one, blanks.get(symbol, ()), nominal, plan) for symbol, one in limits.items()}


def keep_limits(limits: Mapping[str, AnalyteLimits]) -> dict[str, DecidedLimits]:
    """The method version's own limits, of a solid: it has no procedural blanks that are subtracted, and no scatter of a solution."""
    return {symbol: DecidedLimits(one, one, 0, None, 0.0, None, None, "method version") for symbol, one in limits.items()}


def _decide(method: AnalyteLimits, blanks: Sequence[SolutionReading], nominal: Portion, plan: LimitsPlan) -> DecidedLimits:
    per_ug_l = reduce_limit_to_dry_mg_kg(1.0, nominal.volume_ml, nominal.dilution, nominal.mass_g, nominal.moisture_percent)
    method_s = method.lod / 3 / per_ug_l
    values = [one.value / one.applied_dilution for one in blanks if not one.qualifier]
    if len(values) < plan.minimum_blanks:
        return DecidedLimits(method, method, len(values), None, method_s, None, None, "method version (too few blanks in the run)")
    found = estimate_limits(values)
    lod, loq = found.lod * per_ug_l, found.loq * per_ug_l
    larger = plan.decides == Decides.LARGER and loq > method.loq
    used = replace(method, lod=max(lod, method.lod), loq=loq) if larger else method
    return DecidedLimits(method, used, found.n, found.s, method_s, lod, loq, "run" if larger else "method version")
