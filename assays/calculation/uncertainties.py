"""Which uncertainty a result carries: as stated, by Nordtest TR 537 from the laboratory's own controls, or by a GUM budget. Pure."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from assays.calculation.corrections import NO_CORRECTION, CorrectionUncertainty
from assays.calculation.plan import Evaluation, UncertaintyPlan
from assays.calculation.steps import Step
from assays.chemistry.uncertainty import BiasUncertainty, combine_product, estimate_from_materials, estimate_from_one_material


@dataclass(frozen=True)
class MaterialHistory:
    """An analyte on one certified material in earlier runs: its readings, and the value certified for the method's group with its standard
    uncertainty and what that was taken from."""

    material: str
    values: tuple[float, ...]
    certified: float
    u_certified: float
    u_source: str
    first: datetime
    last: datetime


@dataclass(frozen=True)
class Evaluated:
    """The uncertainty of an analyte in a run: how it was evaluated, the relative expanded uncertainty in percent (None where a budget
    gives one for each result), and what it comes from. `reason` says why another evaluation than the method's had to do."""

    evaluation: Evaluation
    percent: float | None
    found: Mapping[str, Any] = field(default_factory=dict)
    reason: str = ""

    def as_data(self) -> dict[str, Any]:
        """As it is stored with the reduction."""
        return {"evaluation": self.evaluation, "expanded_percent": self.percent, "reason": self.reason, **self.found}


def evaluate_uncertainties(
    plan: UncertaintyPlan, stated_percent: Mapping[str, float], histories: Mapping[str, Sequence[MaterialHistory]]
) -> dict[str, Evaluated]:
    """Each analyte's evaluation. `stated_percent` are the method version's (expanded, k = 2); Nordtest with too little history falls back
    to them and says so."""
    if plan.evaluation == Evaluation.BUDGET:
        return {symbol: Evaluated(Evaluation.BUDGET, None) for symbol in stated_percent}
    if plan.evaluation == Evaluation.STATED:
        return {symbol: Evaluated(Evaluation.STATED, percent) for symbol, percent in stated_percent.items()}
    return {symbol: _by_nordtest(plan, percent, histories.get(symbol, ())) for symbol, percent in stated_percent.items()}


def _by_nordtest(plan: UncertaintyPlan, stated_percent: float, histories: Sequence[MaterialHistory]) -> Evaluated:
    usable = [one for one in histories if len(one.values) > 1]
    n = sum(len(one.values) for one in usable)
    if n < plan.minimum_points:
        reason = f"{n} measurements of certified materials in {plan.days} days; Nordtest needs {plan.minimum_points}"
        return Evaluated(Evaluation.STATED, stated_percent, {"n": n}, reason)
    precision = pooled_rsd_percent([one.values for one in usable])
    found = _estimate(usable, precision)
    return Evaluated(
        Evaluation.NORDTEST,
        found.expanded,
        {
            "n": n,
            "first": min(one.first for one in usable).isoformat(),
            "last": max(one.last for one in usable).isoformat(),
            "u_rw_percent": precision,
            "bias_percent": found.bias,
            "s_bias_percent": found.s_bias,
            "u_reference_percent": found.u_reference,
            "u_bias_percent": found.u_bias,
            "u_combined_percent": found.u_combined,
            "materials": [
                {
                    "material": one.material,
                    "n": len(one.values),
                    "mean": statistics.fmean(one.values),
                    "s": statistics.stdev(one.values),
                    "certified": one.certified,
                    "u_certified": one.u_certified,
                    "u_source": one.u_source,
                }
                for one in usable
            ],
        },
    )


def _estimate(histories: Sequence[MaterialHistory], precision_percent: float) -> BiasUncertainty:
    if len(histories) == 1:
        [one] = histories
        return estimate_from_one_material(one.values, one.certified, one.u_certified, precision_percent)
    biases = [100 * (statistics.fmean(one.values) - one.certified) / one.certified for one in histories]
    return estimate_from_materials(biases, [100 * one.u_certified / one.certified for one in histories], precision_percent)


def pooled_rsd_percent(groups: Sequence[Sequence[float]]) -> float:
    """The within-laboratory reproducibility u(Rw): relative standard deviations of several materials pooled by their degrees of freedom, in
    percent (Nordtest TR 537, 4.3)."""
    freedom = sum(len(values) - 1 for values in groups)
    squares = math.fsum((len(values) - 1) * (statistics.stdev(values) / statistics.fmean(values)) ** 2 for values in groups)
    return 100 * math.sqrt(squares / freedom)


@dataclass(frozen=True)
class Quantities:
    """What a result was computed from, for its budget: the net concentration and its parts in µg/L of the measured solution, the portion,
    the moisture in percent, the standard uncertainty of a dilution series of its own in percent (0: the method's usual dilution), and what
    the corrections for oxides bring (µg/L, by the ratios MO⁺/M⁺ and by the parents' readings)."""

    net_ug_l: float
    mass_g: float
    moisture_percent: float
    u_calibration_ug_l: float | None
    u_blank_ug_l: float
    dilution_u_percent: float = 0.0
    corrections: CorrectionUncertainty = NO_CORRECTION


def make_budget(value: float, quantities: Quantities, components: Mapping[str, float]) -> Step:
    """The expanded uncertainty of a content (mg/kg dry, k = 2) from its components (JCGM 100:2008, 5.1.6): a product of independent
    factors, so relative standard uncertainties add in quadrature."""
    parts = _parts(quantities, components)
    budget = combine_product(value, {name: (x, u) for name, (x, u) in parts.items()})
    inputs = {"value": value} | {name: u / x for name, (x, u) in parts.items()}
    shares = budget.shares_percent
    table = [{"component": name, "x": x, "u": u, "relative": u / x, "share_percent": shares[name]} for name, (x, u) in parts.items()]
    return Step("budget_1", inputs, budget.expanded, {"components": table})


def _parts(quantities: Quantities, components: Mapping[str, float]) -> dict[str, tuple[float, float]]:
    net, dry_share = quantities.net_ug_l, 100 - quantities.moisture_percent
    found = {"blank": (net, quantities.u_blank_ug_l)}
    if quantities.u_calibration_ug_l is not None:
        found["calibration"] = (net, quantities.u_calibration_ug_l)
    if quantities.corrections.by_factors:
        found["interference_ratio"] = (net, quantities.corrections.by_factors)
    if quantities.corrections.by_readings:
        found["interference_reading"] = (net, quantities.corrections.by_readings)
    for name, u in components.items():
        if name == "mass_g":
            found["mass"] = (quantities.mass_g, u)
        elif name == "moisture_percent":
            found["moisture"] = (dry_share, u)
        elif name == "dilution_percent" and quantities.dilution_u_percent:
            continue
        elif name != "calibration_percent" or quantities.u_calibration_ug_l is None:
            found[name.removesuffix("_percent")] = (100.0, u)
    if quantities.dilution_u_percent:
        found["dilution"] = (100.0, quantities.dilution_u_percent)
    return found
