"""What the stages of a reduction found for a run as a whole, as the plain data that is stored and exported. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from assays.calculation.lines import CalibrationLine
from assays.calculation.plan import CalculationPlan
from assays.calculation.run_limits import DecidedLimits
from assays.calculation.session import Session
from assays.calculation.uncertainties import Evaluated

Blanks = Mapping[str, Sequence[tuple[int, float]]]
"""What each reagent blank counts in µg/L of the measured solution by symbol: (position, value)."""


def stage_facts(
    plan: CalculationPlan,
    session: Session | None,
    limits: Mapping[str, DecidedLimits],
    blanks: Blanks,
    uncertainties: Mapping[str, Evaluated],
) -> dict[str, Any]:
    """The stages that had something to do, by name; the plan itself is among them, as it was read."""
    found: dict[str, Any] = {"plan": msgspec.to_builtins(plan), "limits": {symbol: _limits(one) for symbol, one in limits.items()}}
    found["procedural_blanks"] = {symbol: [{"position": at, "ug_l": value} for at, value in values] for symbol, values in blanks.items()}
    found["uncertainties"] = {symbol: one.as_data() for symbol, one in uncertainties.items()}
    if session is not None:
        found |= {
            "internal_standards": session.references,
            "backgrounds": session.backgrounds,
            "drift": {
                symbol: {"orders": list(one.orders), "factors": list(one.factors), "worst_percent": one.worst_percent}
                for symbol, one in session.drift.items()
            },
            "interferences": [
                {
                    "analyte": one.analyte,
                    "parent": one.parent,
                    "factor": one.value,
                    "positions": list(one.tubes),
                    "ions": list(one.ions),
                    "ion_ratio": one.ion_ratio,
                    "u_factor": one.u,
                }
                for one in session.factors
            ],
            "flagged": [
                {"position": number, "analyte": symbol, "percent": percent} for (number, symbol), percent in sorted(session.flagged.items())
            ],
            "calibrations": {symbol: _line(one, session.standards[symbol]) for symbol, one in session.lines.items()},
            "faults": [{"code": one.code, "analyte": one.analyte, "sentence": one.sentence} for one in session.faults],
        }
    return {name: data for name, data in found.items() if data}


def _limits(one: DecidedLimits) -> dict[str, Any]:
    return {
        "method_lod": one.method.lod,
        "method_loq": one.method.loq,
        "blanks": one.n,
        "run_s_ug_l": one.run_s_ug_l,
        "method_s_ug_l": one.method_s_ug_l,
        "run_lod": one.run_lod,
        "run_loq": one.run_loq,
        "lod": one.used.lod,
        "loq": one.used.loq,
        "decided_by": one.decided_by,
    }


def _line(one: CalibrationLine, standards: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "slope": one.slope,
        "intercept": one.intercept,
        "r_squared": one.r_squared,
        "residual_sd": one.residual_sd,
        "weights": one.plan.weights,
        "through": one.plan.through,
        "highest_ug_l": one.highest,
        "standards": [
            standard | {"error_percent": 100 * (standard["read_ug_l"] - standard["ug_l"]) / standard["ug_l"] if standard["ug_l"] else None}
            for standard in standards
        ],
    }
