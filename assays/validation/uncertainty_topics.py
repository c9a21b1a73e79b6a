"""Worked examples of uncertainty and of statements of conformity, each computed by the functions that the product itself uses."""

import re
from collections.abc import Collection
from typing import Any

from assays.chemistry import decision, dilution, moisture, uncertainty
from assays.validation.calculations import Calculation, Inputs, Outputs, match_names, take, take_match
from assays.validation.quantities import convert, find_quantity


def _one_material(inputs: Inputs, wanted: Collection[str]) -> Outputs:
    certified = inputs["certified"]
    factor = float(inputs.get("policy", {}).get("u_Cref", "U95/2").partition("/")[2])
    u_certified = inputs["u_certified"] if "u_certified" in inputs else take(inputs, "U95_certified", "U_certified") / factor
    found = uncertainty.estimate_from_one_material(inputs["lab_results"], certified, u_certified, inputs["u_Rw_pct"])
    return {
        "bias_pct": found.bias,
        "s_bias_pct": found.s_bias,
        "u_Cref_pct": found.u_reference,
        "u_bias_pct": found.u_bias,
        "u_c_pct": found.u_combined,
        "U_k2_pct": found.expanded,
        "U_k2_abs_at_certified": found.expanded * certified / 100,
    }


def _several_materials(inputs: Inputs, wanted: Collection[str]) -> Outputs:
    found = uncertainty.estimate_from_materials(inputs["bias_pct"], inputs["u_Cref_pct"], inputs["u_Rw_pct"])
    return {"RMS_bias": found.bias, "u_bias": found.u_bias, "u_c": found.u_combined, "U_k2": found.expanded}


def _product_budget(inputs: Inputs, wanted: Collection[str]) -> Outputs:
    pairs = {name: _take_pair(inputs, name, base) for name, base in {"c": "ug/L", "V": "mL", "m": "g"}.items()}
    # Every other factor, as a recovery or one for time, is a number of its own.
    pairs |= {name: (float(pair[0]), float(pair[1])) for name, pair in inputs.items() if _is_pair(name, pair)}
    value = dilution.solution_to_solid_mg_kg(pairs["c"][0], pairs["V"][0], pairs.get("DF", (1.0, 0.0))[0], pairs["m"][0])
    budget = uncertainty.combine_product(value, pairs)
    return {
        "C_mg_kg": value,
        "u_rel": budget.relative,
        "u_c": budget.standard,
        "U_k2": budget.expanded,
        "contribution_pct": budget.shares_percent,
    }


def _is_pair(name: str, given: Any) -> bool:
    return not re.fullmatch(r"[cVm](_\w+)?", name) and isinstance(given, list) and len(given) == 2


def _take_pair(inputs: Inputs, name: str, base: str) -> tuple[float, float]:
    """A value with its standard uncertainty; without an ending it stands in `base`."""
    found = (name, base) if name in inputs else find_quantity(inputs, name, base)
    if found is None:
        raise ValueError(f"The input {name} with its standard uncertainty is missing.")
    value, u = inputs[found[0]]
    return convert(value, found[1], base), convert(u, found[1], base)


def _as_received_budget(inputs: Inputs, wanted: Collection[str]) -> Outputs:
    u = uncertainty.propagate_to_as_received(inputs["C_dry"], inputs["u_dry"], inputs["M_pct"], inputs["u_M"])
    value = moisture.to_as_received(inputs["C_dry"], inputs["M_pct"])
    return {"C_ar": value, "u_ar": u, "U_k2": uncertainty.COVERAGE_FACTOR * u}


def _sum_budget(inputs: Inputs, wanted: Collection[str]) -> Outputs:
    _, given = take_match(inputs, r"\w*value_u")
    pairs = list(given.values())
    return {
        "sum": sum(value for value, _ in pairs),
        "u_independent": uncertainty.combine_independent([u for _, u in pairs]),
        "u_correlated": uncertainty.combine_correlated([u for _, u in pairs]),
    }


def _decision(inputs: Inputs, wanted: Collection[str]) -> Outputs:
    value, limit, side = inputs["x"], inputs["TL"], decision.Side(inputs["limit"])
    expanded = take(inputs, "U_k2", "U")
    band = _read_guard_band(inputs.get("policy", {}).get("guard_band", "w = U"), expanded)
    found = decision.decide(value, expanded, limit, side, band)
    others = {
        f.group(): decision.decide(value, expanded, limit, side, float(f[1]) * expanded / 2).acceptance_limit
        for f in match_names(wanted, r"AL_w_([\d.]+)u")
    }
    return {
        "AL": found.acceptance_limit,
        "decision": found.statement.value,
        "simple_acceptance": found.simple_acceptance.value,
        "P_true_value_violates_limit": found.violation_probability,
        **others,
    }


def _read_guard_band(policy: str, expanded: float) -> float:
    found = re.fullmatch(r"w\s*=\s*([\d.]*)\s*([Uu])|w\s*=\s*0", policy)
    if found is None:
        raise ValueError(f"the guard band {policy!r} is not known")
    if found[2] is None:
        return 0.0
    return float(found[1] or 1) * (expanded if found[2] == "U" else expanded / 2)


UNCERTAINTY_CALCULATIONS = (
    Calculation(
        "uncertainty",
        ("certified", "lab_results", "u_Rw_pct"),
        _one_material,
        {"u_Cref": r"^U95 ?/ ?[\d.]+$", "s_bias": r"n ?- ?1"},
    ),
    Calculation("uncertainty", ("bias_pct", "u_Cref_pct", "u_Rw_pct"), _several_materials),
    Calculation("uncertainty", ("C_dry", "u_dry", "M_pct", "u_M"), _as_received_budget),
    Calculation("uncertainty", (r"\w*value_u",), _sum_budget, {"correlation": "both extremes|none and full"}),
    Calculation("uncertainty", (r"c(_\w+)?", r"V(_\w+)?", r"m(_\w+)?"), _product_budget),
    Calculation(
        "decision_rule",
        ("x", r"U_k2|U", "TL", "limit"),
        _decision,
        {"guard_band": r"^w", "at_equality": r"x = AL passes"},
    ),
)
