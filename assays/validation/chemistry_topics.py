"""Worked examples of chemistry, each computed by the functions that the product itself uses."""

import re
from collections.abc import Collection, Iterable, Mapping
from decimal import Decimal
from typing import Any

from assays.chemistry import (
    chondrite,
    contained,
    decision,
    dilution,
    groups,
    interference,
    leach,
    limits,
    moisture,
    radioactivity,
    reduction,
    rounding,
    uncertainty,
    units,
)
from assays.chemistry.censored import Censored, average_replicates, censor_below_loq, parse_censored, sum_bounds, sum_with_substitution
from assays.chemistry.elements import ANALYTES, compute_oxide_factor, parse_oxide
from assays.chemistry.oxides import to_element, to_oxide
from assays.validation.calculations import (
    MASSES,
    VOLUMES,
    Calculation,
    Inputs,
    Outputs,
    match_names,
    refuse_other_policies,
    take,
    take_amount,
    take_match,
)

_SHORT_UNIT_NAMES = {
    "ppm": "ppm", "ppb": "ppb", "pct": "%", "wt_pct": "%", "percent": "%", "g_per_t": "g/t", "kg_per_t": "kg/t", "g_per_kg": "g/kg",
    "mg_per_kg": "mg/kg", "mg_kg": "mg/kg", "ug_per_g": "ug/g", "ug_g": "ug/g", "ng_per_g": "ng/g", "ng_g": "ng/g", "ug_kg": "ug/kg",
    "mg_per_g": "mg/g", "mg_L": "mg/L", "ug_L": "ug/L", "ng_mL": "ng/mL", "ng_L": "ng/L", "g_L": "g/L",
}  # fmt: skip
# Spelled out as well: mg_per_L, ug_per_mL and the like of every unit of the table.
_UNIT_NAMES = _SHORT_UNIT_NAMES | {
    name.replace("/", "_per_"): name
    for kind in (units.Kind.MASS_FRACTION, units.Kind.MASS_CONCENTRATION)
    for name in units.UNITS[kind]
    if "/" in name
}
_PER_VOLUME = "|".join(name for name, unit in _UNIT_NAMES.items() if units.find_kinds(unit) & units.find_kinds("ug/L"))
_SOLUTION = rf"c_sol(?:ution)?_({_PER_VOLUME})"
_BLANK = rf"c_(?:procedural_)?blank_({_PER_VOLUME})"
_ALTERNATIVE_OXIDES = {"Ce": ("Ce2O3",), "Pr": ("Pr2O3",), "Tb": ("Tb2O3",), "U": ("UO2", "UO3")}


def _oxide_factor(inputs: Inputs, wanted: Collection[str]) -> Outputs:
    factor = compute_oxide_factor(inputs["n"], inputs["m"], inputs["A_M"], inputs["A_O"])
    return {"element_to_oxide": factor, "oxide_to_element": 1 / factor}


def _treo(inputs: Inputs, wanted: Collection[str]) -> Outputs:
    elements = _read_elements(inputs)
    sums = {code: groups.sum_group(definition, elements) for code, definition in groups.GROUPS.items()}
    outputs: Outputs = {
        "oxides_ppm": {ANALYTES[s].oxide: to_oxide(s, value.half) for s, value in elements.items()},
        "missing": list(sums["TREO"].missing),
    }
    for code, total in sums.items():
        share = groups.compute_share_percent(total, sums["TREO"])
        # A group of one definition only is also known by its bare name.
        names = {code} | ({code.partition("_")[0]} if code in ("MREO_PrNdTbDy", "CREO_NdEuTbDyY") else set())
        outputs |= {f"{name}_ppm": total.half for name in names} | {f"{name}_over_TREO_pct": share for name in names}
    return outputs


def _read_elements(inputs: Inputs) -> dict[str, Censored]:
    if "element_ppm" in inputs or "elements_ppm" in inputs:
        given = take(inputs, "element_ppm", "elements_ppm")
        return {symbol: _read_censored(value) for symbol, value in given.items()}
    oxides = {parse_oxide(oxide).symbol: (oxide, _read_censored(value)) for oxide, value in take(inputs, "oxides_ppm", "oxide_ppm").items()}
    return {symbol: value.scale(to_element(symbol, 1.0, oxide)) for symbol, (oxide, value) in oxides.items()}


def _read_censored(value: Any) -> Censored:
    return parse_censored(str(value))


def _moisture(inputs: Inputs, wanted: Collection[str]) -> Outputs:
    wet, dry = take_amount(inputs, "m_wet", MASSES), take_amount(inputs, "m_dry", MASSES)
    percent = moisture.compute_moisture_percent(wet, dry)
    outputs: Outputs = {
        "moisture_pct_wet_basis": percent,
        "moisture_pct_dry_basis": moisture.compute_moisture_percent_dry_basis(wet, dry),
    }
    if "C_as_received_mg_kg" in inputs:
        outputs["C_dry_mg_kg"] = moisture.to_dry(inputs["C_as_received_mg_kg"], percent)
    if "C_dry_mg_kg" in inputs:
        outputs["C_as_received_mg_kg"] = moisture.to_as_received(inputs["C_dry_mg_kg"], percent)
    return outputs


def _dilution(inputs: Inputs, wanted: Collection[str]) -> Outputs:
    reduced = reduction.reduce_to_dry_mg_kg(
        concentration_ug_l=_take_ug_l(inputs, _SOLUTION),
        blank_ug_l=_take_ug_l(inputs, _BLANK) if match_names(inputs, _BLANK) else 0.0,
        volume_ml=take_amount(inputs, "final_volume|V", VOLUMES),
        dilution=inputs.get("dilution_factor", inputs.get("DF", 1)),
        mass_g=take_amount(inputs, "test_portion|m", MASSES),
        moisture_percent=inputs.get("M_pct", inputs.get("moisture_pct", 0.0)),
    )
    return {
        "C_mg_kg": reduced.as_received,
        "C_pct": _convert(reduced.as_received, "mg/kg", "%"),
        "C_dry_mg_kg": reduced.dry,
        "method_factor": reduced.method_factor,
    }


def _take_ug_l(inputs: Inputs, pattern: str) -> float:
    found, value = take_match(inputs, pattern)
    return _convert(value, _UNIT_NAMES[found[1]], "ug/L")


def _instrument_dilution(inputs: Inputs, wanted: Collection[str]) -> Outputs:
    return {"conc_ppb": dilution.apply_instrument_dilution(inputs["meas_conc_ppb"], inputs["total_dil"])}


def _serial_dilution(inputs: Inputs, wanted: Collection[str]) -> Outputs:
    return {"DF": dilution.compute_dilution_factor(inputs["steps"])}


def _units(inputs: Inputs, wanted: Collection[str]) -> Outputs:
    outputs: Outputs = {}
    for name, value in inputs.items():
        species, unit = _split_unit(name)
        for other, content in _list_species(species, value):
            prefix = f"{other}_" if other else ""
            outputs |= {f"{prefix}{spelling}": number for spelling, number in _list_units(content, unit)}
    return outputs


def _split_unit(name: str) -> tuple[str, str]:
    """``CeO2_wt_pct`` is CeO2 in %; ``ppm`` alone is of nothing in particular."""
    for spelling in sorted(_UNIT_NAMES, key=len, reverse=True):
        if name == spelling or name.endswith(f"_{spelling}"):
            return name.removesuffix(spelling).removesuffix("_"), _UNIT_NAMES[spelling]
    raise ValueError(f"{name} ends in no known unit")


def _list_species(species: str, value: float) -> Iterable[tuple[str, float]]:
    """A content as itself, as element and as every oxide of it."""
    if not species:
        yield "", value
        return
    symbol = species if species in ANALYTES else parse_oxide(species).symbol
    element = value if species == symbol else to_element(symbol, value, species)
    yield symbol, element
    for oxide in (ANALYTES[symbol].oxide, *_ALTERNATIVE_OXIDES.get(symbol, ())):
        yield oxide, to_oxide(symbol, element, oxide)


def _list_units(value: float, unit: str) -> Iterable[tuple[str, float]]:
    for spelling, other in _UNIT_NAMES.items():
        if units.find_kinds(unit) & units.find_kinds(other):
            yield spelling, _convert(value, unit, other)


def _convert(value: float, source: str, target: str) -> float:
    return float(units.convert(Decimal(str(value)), source, target))


def _chondrite_values(inputs: Inputs, wanted: Collection[str]) -> Outputs:
    return dict(chondrite.CHONDRITE)


def _chondrite_pattern(inputs: Inputs, wanted: Collection[str]) -> Outputs:
    values = {symbol: content.value for symbol, content in _read_elements(inputs).items() if not content.is_censored}
    ratios = {f.group(): chondrite.compute_ratio(values, f[1], f[2]) for f in match_names(wanted, r"([A-Z][a-z]?)_([A-Z][a-z]?)_N")}
    return {
        "normalised": {point.symbol: point.value for point in chondrite.normalise(values)},
        "Ce_anomaly_geom": chondrite.compute_cerium_anomaly(values),
        "Eu_anomaly_geom": chondrite.compute_europium_anomaly(values),
        **ratios,
    }


def _limits(inputs: Inputs, wanted: Collection[str]) -> Outputs:
    _, blanks = take_match(inputs, r"blanks?(_.*)?")
    found = limits.estimate_limits(blanks)
    outputs: Outputs = {
        "n": found.n, "mean": found.mean, "s": found.s, "LOD_sol": found.lod, "LOQ_sol": found.loq,
        "LOD_plus_mean_sol": found.lod_with_mean, "LOQ_plus_mean_sol": found.loq_with_mean, "t_0.99": found.t_99, "MDL_sol": found.mdl,
    }  # fmt: skip
    if "V_mL" in inputs:
        portion = (inputs["V_mL"], inputs.get("DF", 1), inputs["m_g"], inputs.get("M_pct", 0.0))
        in_solid = {"LOD_mg_kg": found.lod, "LOQ_mg_kg": found.loq, "MDL_mg_kg": found.mdl}
        outputs |= {name: reduction.reduce_limit_to_dry_mg_kg(limit, *portion) for name, limit in in_solid.items()}
    return outputs


def _censored_sum(inputs: Inputs, wanted: Collection[str]) -> Outputs:
    _, given = take_match(inputs, r"oxides_ppm|oxide_ppm|elements?_ppm|values")
    values = [_read_censored(value) for value in (given.values() if isinstance(given, Mapping) else given)]
    bounds = sum_bounds(values)
    return {
        "lower": bounds.lower,
        "mid_half_LOQ": bounds.half,
        "upper": bounds.upper,
        "n_censored": bounds.censored_count,
        "sqrt2_substitution": sum_with_substitution(values, 2**-0.5),
    }


def _censored_display(inputs: Inputs, wanted: Collection[str]) -> Outputs:
    detection = censor_below_loq(inputs["value"], inputs["LOD"], inputs["LOQ"])
    return {"display": detection.display.text, "flag": detection.flag}


def _censored_mean(inputs: Inputs, wanted: Collection[str]) -> Outputs:
    average = average_replicates([_read_censored(inputs["a"]), _read_censored(inputs["b"])])
    return {"mean": average.mean, "report": average.report, "range_0_to_limit_substitution": [average.low, average.high]}


def _rounding_cases(inputs: Inputs, wanted: Collection[str]) -> Outputs:
    rules = {"half_even": rounding.Rule.HALF_EVEN, "half_up": rounding.Rule.HALF_UP}
    return {name: [rounding.round_significant(text, figures, rule) for text, figures in inputs["cases"]] for name, rule in rules.items()}


def _rounding_uncertainty(inputs: Inputs, wanted: Collection[str]) -> Outputs:
    upwards = any(re.search(r"\b(rounded|round|rounding) up\b", str(text)) for text in inputs.get("policy", {}).values())
    reported = rounding.report(inputs["value"], inputs["U"], uncertainty_rule=rounding.Rule.UP if upwards else rounding.Rule.HALF_EVEN)
    return {"U": reported.uncertainty_text, "value": reported.text, "text": reported.with_unit(inputs.get("unit", "mg/kg"))}


def _one_material(inputs: Inputs, wanted: Collection[str]) -> Outputs:
    certified = inputs["certified"]
    refuse_other_policies(inputs, {"u_Cref": r"^U95 ?/ ?[\d.]+$", "s_bias": "n-1"})
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
    pairs = {name.partition("_")[0]: tuple(pair) for name, pair in inputs.items() if name != "policy"}
    value = dilution.solution_to_solid_mg_kg(pairs["c"][0], pairs["V"][0], pairs.get("DF", (1.0, 0.0))[0], pairs["m"][0])
    budget = uncertainty.combine_product(value, pairs)
    return {
        "C_mg_kg": value,
        "u_rel": budget.relative,
        "u_c": budget.standard,
        "U_k2": budget.expanded,
        "contribution_pct": budget.shares_percent,
    }


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


def _oxide_correction(inputs: Inputs, wanted: Collection[str]) -> Outputs:
    signals = {int(f[1]): float(inputs[f.group()]) for f in match_names(inputs, r"I(\d+)_cps")}
    analyte_mass, parent_mass = max(signals), min(signals)
    _, ratio = take_match(inputs, r"\w+_over_\w+")
    abundances = {int(f[1]): inputs[f.group()] for f in match_names(inputs, r"A(\d+)(?:_\w+)?")}
    measured = abundances.pop(parent_mass, 1.0)
    corrected = interference.correct_signal(
        signals[analyte_mass], signals[parent_mass], ratio, next(iter(abundances.values()), measured), measured
    )
    # The name of the analyte is a label: any isotope of it may be measured.
    labels = {f.group() for f in match_names(wanted, r"I_[A-Z][a-z]?_corrected")}
    return {
        "interference_cps": corrected.interference,
        "I_corrected": corrected.corrected,
        **dict.fromkeys(labels, corrected.corrected),
        f"interference_pct_of_{analyte_mass}": corrected.percent,
    }


def _apparent_correction(inputs: Inputs, wanted: Collection[str]) -> Outputs:
    analyte, apparent = take_match(inputs, r"C_(\w+?)_apparent(_\w+)?")
    pure, in_pure = take_match(inputs, r"\w+_apparent_in_([\d.]+)_(?:ng_mL|ug_L|mg_L|mg_kg|ppb|ppm)_([A-Z][a-z]?)")
    _, interferent = take_match(inputs, rf"C_{pure[2]}_(?!apparent)\w+")
    factor = interference.compute_apparent_factor(in_pure, float(pure[1]))
    return {"k": factor, f"C_{analyte[1]}_corrected": interference.correct_concentration(apparent, interferent, factor)}


def _activity(inputs: Inputs, wanted: Collection[str]) -> Outputs:
    nuclide, half_life = take_match(inputs, r"T_half_([A-Z][a-z]?\d+)_a")
    fraction = next((inputs[f.group()] for f in match_names(inputs, r"mass_fraction\w*")), 1.0)
    specific = radioactivity.compute_specific_activity(half_life, inputs["M"], fraction)
    outputs: Outputs = {}
    for f in match_names(wanted, r"A_Bq_per_g(?:_(\w+))?"):
        # Named after the nuclide it is of the pure nuclide, else of the natural element.
        pure = f[1] == nuclide[1]
        outputs[f.group()] = radioactivity.compute_specific_activity(half_life, inputs["M"]) if pure else specific
    for f in match_names(wanted, r"Bq_per_g_at_([\d.]+)ppm(_\w+)?"):
        outputs[f.group()] = radioactivity.compute_activity_bq_g(float(f[1]), specific)
    for f in match_names(wanted, r"ppm(_\w+?)?_for_([\d.]+)_Bq_per_g"):
        outputs[f.group()] = radioactivity.compute_content_mg_kg(float(f[2]), specific)
    for f in match_names(inputs, r"[A-Z][a-z]?_ppm"):
        outputs["Bq_per_g"] = radioactivity.compute_activity_bq_g(inputs[f.group()], specific)
    return outputs | {"nuclide": nuclide[1]}


def _desorption(inputs: Inputs, wanted: Collection[str]) -> Outputs:
    outputs: Outputs = {}
    for found in match_names(inputs, r"([A-Z][a-z]?)_leach(_mg_kg)?"):
        _, total = take_match(inputs, rf"{found[1]}_total(_mg_kg)?")
        outputs[f"{found[1]}_pct"] = leach.compute_desorption_percent(inputs[found.group()], total)
    return outputs


def _leached_content(inputs: Inputs, wanted: Collection[str]) -> Outputs:
    volume, mass = take_amount(inputs, "V", VOLUMES) / VOLUMES["L"], take_amount(inputs, "m", MASSES) / MASSES["kg"]
    return {
        "C_leach_mg_kg": leach.compute_leached_mg_kg(_take_ug_l(inputs, _SOLUTION), volume, mass),
        "L_over_S": leach.compute_liquid_to_solid(volume, mass),
    }


def _contained(inputs: Inputs, wanted: Collection[str]) -> Outputs:
    dry = inputs["t_dry"] if "t_dry" in inputs else contained.compute_dry_tonnes(inputs["t_wet"], inputs["M_pct"])
    grades = {f[1]: inputs[f.group()] for f in match_names(inputs, r"(\w+?)_(?:ppm|mg_kg)")}
    return {"t_dry": dry} | {f"{name}_kg": contained.compute_contained_kg(dry, grade) for name, grade in grades.items()}


CHEMISTRY_CALCULATIONS = (
    Calculation("oxide_factor", ("n", "m", "A_M", "A_O"), _oxide_factor),
    Calculation("treo", (r"elements?_ppm|oxides?_ppm",), _treo),
    Calculation("moisture", (r"m_wet_\w+", r"m_dry_\w+"), _moisture),
    Calculation("dilution", (r"c_sol\w*", r"(final_volume|V)_\w+"), _dilution),
    Calculation("dilution", ("meas_conc_ppb", "total_dil"), _instrument_dilution),
    Calculation("dilution", ("steps",), _serial_dilution),
    Calculation("units", (r".+",), _units),
    Calculation("chondrite", (r"elements?_ppm",), _chondrite_pattern),
    Calculation("chondrite", (), _chondrite_values),
    Calculation("lod_loq", (r"blanks?(_.*)?",), _limits),
    Calculation("censored", (r"oxides?_ppm|elements?_ppm|values",), _censored_sum),
    Calculation("censored", ("value", "LOD", "LOQ"), _censored_display),
    Calculation("censored", ("a", "b"), _censored_mean),
    Calculation("rounding", ("cases",), _rounding_cases),
    Calculation("rounding", ("value", "U"), _rounding_uncertainty),
    Calculation("uncertainty", ("certified", "lab_results", "u_Rw_pct"), _one_material),
    Calculation("uncertainty", ("bias_pct", "u_Cref_pct", "u_Rw_pct"), _several_materials),
    Calculation("uncertainty", ("C_dry", "u_dry", "M_pct", "u_M"), _as_received_budget),
    Calculation("uncertainty", (r"\w*value_u",), _sum_budget),
    Calculation("uncertainty", (r"c", r"V(_\w+)?", r"m(_\w+)?"), _product_budget),
    Calculation("decision_rule", ("x", r"U_k2|U", "TL", "limit"), _decision),
    Calculation("interference", (r"I\d+_cps", r"\w+_over_\w+"), _oxide_correction),
    Calculation("interference", (r"C_\w+_apparent(_\w+)?", r"\w+_apparent_in_\w+"), _apparent_correction),
    Calculation("radioactivity", (r"T_half_\w+_a", "M"), _activity),
    Calculation("leach", (r"[A-Z][a-z]?_leach(_mg_kg)?", r"[A-Z][a-z]?_total(_mg_kg)?"), _desorption),
    Calculation("leach", (r"c_sol\w*", r"V_\w+", r"m_\w+"), _leached_content),
    Calculation("metal", (r"t_wet|t_dry", r"\w+_(ppm|mg_kg)"), _contained),
)
