"""Worked examples of chemistry, each computed by the functions that the product itself uses."""

import re
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from assays.chemistry import (
    chondrite,
    contained,
    dilution,
    groups,
    interference,
    leach,
    limits,
    moisture,
    radioactivity,
    reduction,
    rounding,
)
from assays.chemistry.censored import Censored, average_replicates, censor_below_loq, parse_censored, sum_bounds, sum_with_substitution
from assays.chemistry.elements import ANALYTES, compute_oxide_factor, parse_oxide
from assays.chemistry.oxides import to_element, to_oxide
from assays.validation.calculations import Calculation, Inputs, Outputs, match_names, take, take_match
from assays.validation.quantities import (
    UNIT_NAMES,
    convert,
    find_quantity,
    list_conversions,
    list_spellings,
    spell_content,
    split_unit,
    take_quantity,
)

_CONTENT = "mg/kg"
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
    """Contents of elements in mg/kg, given of elements or of oxides in one unit."""
    found = find_quantity(inputs, "elements?|oxides?", _CONTENT)
    if found is None:
        raise ValueError("Contents of elements or of oxides are needed, as element_ppm or oxides_pct.")
    name, unit = found
    contents = {species: _read_censored(value).scale(convert(1.0, unit, _CONTENT)) for species, value in inputs[name].items()}
    if name.startswith("element"):
        if unknown := sorted(set(contents) - set(ANALYTES)):
            raise ValueError(f"{', '.join(unknown)} in {name}: not known as an element here.")
        return contents
    oxides = {parse_oxide(oxide).symbol: (oxide, value) for oxide, value in contents.items()}
    return {symbol: value.scale(to_element(symbol, 1.0, oxide)) for symbol, (oxide, value) in oxides.items()}


def _read_censored(value: Any) -> Censored:
    return parse_censored(str(value))


def _moisture(inputs: Inputs, wanted: Collection[str]) -> Outputs:
    wet, dry = take_quantity(inputs, "m_wet", "g"), take_quantity(inputs, "m_dry", "g")
    percent = moisture.compute_moisture_percent(wet, dry)
    outputs: Outputs = {
        "moisture_pct_wet_basis": percent,
        "moisture_pct_dry_basis": moisture.compute_moisture_percent_dry_basis(wet, dry),
    }
    if find_quantity(inputs, "C_as_received", _CONTENT):
        outputs |= spell_content("C_dry", moisture.to_dry(take_quantity(inputs, "C_as_received", _CONTENT), percent))
    if find_quantity(inputs, "C_dry", _CONTENT):
        outputs |= spell_content("C_as_received", moisture.to_as_received(take_quantity(inputs, "C_dry", _CONTENT), percent))
    return outputs


def _dilution(inputs: Inputs, wanted: Collection[str]) -> Outputs:
    reduced = reduction.reduce_to_dry_mg_kg(
        concentration_ug_l=take_quantity(inputs, "c_sol|c_solution", "ug/L"),
        blank_ug_l=take_quantity(inputs, "c_blank|c_procedural_blank", "ug/L", 0.0),
        volume_ml=take_quantity(inputs, "final_volume|V", "mL"),
        dilution=_take_dilution(inputs),
        mass_g=take_quantity(inputs, "test_portion|m", "g"),
        moisture_percent=take(inputs, "M_pct", "moisture_pct") if {"M_pct", "moisture_pct"} & set(inputs) else 0.0,
    )
    contents = spell_content("C", reduced.as_received) | spell_content("C_dry", reduced.dry)
    return contents | {"method_factor": reduced.method_factor, "DF": _take_dilution(inputs)}


def _take_dilution(inputs: Inputs) -> float:
    """The factor of a dilution as it is stated, or of its steps or its aliquot; 1 where none is made. ``ValueError`` where two ways of
    saying it stand side by side."""
    stated = [float(inputs[name]) for name in ("dilution_factor", "DF") if name in inputs]
    stated += [dilution.compute_dilution_factor(inputs[found.group()]) for found in match_names(inputs, r"(dilution_)?steps(_\w+)?")]
    for quantity, base in (("V", "mL"), ("m", "g")):
        if find_quantity(inputs, f"{quantity}_aliquot", base):
            step = (take_quantity(inputs, f"{quantity}_aliquot", base), take_quantity(inputs, f"{quantity}_final|{quantity}_diluted", base))
            stated.append(dilution.compute_dilution_factor([step]))
    if len(stated) > 1:
        raise ValueError("The dilution is stated more than once; give its factor, its steps or its aliquot.")
    return stated[0] if stated else 1.0


def _instrument_dilution(inputs: Inputs, wanted: Collection[str]) -> Outputs:
    conc = dilution.apply_instrument_dilution(take_quantity(inputs, "meas_conc", "ug/L"), inputs["total_dil"])
    return {f"conc_{spelling}": number for spelling, number in list_conversions(conc, "ug/L")}


def _serial_dilution(inputs: Inputs, wanted: Collection[str]) -> Outputs:
    return {"DF": _take_dilution(inputs)}


def _units(inputs: Inputs, wanted: Collection[str]) -> Outputs:
    outputs: Outputs = {}
    for name, value in inputs.items():
        species, unit = split_unit(name)
        for other, content in _list_species(species, value):
            prefix = f"{other}_" if other else ""
            outputs |= {f"{prefix}{spelling}": number for spelling, number in list_conversions(content, unit)}
    return outputs


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
    name, blanks = take_match(inputs, r"blanks?(_.*)?")
    found = limits.estimate_limits(blanks)
    outputs: Outputs = {
        "n": found.n, "mean": found.mean, "s": found.s, "LOD_sol": found.lod, "LOQ_sol": found.loq,
        "LOD_plus_mean_sol": found.lod_with_mean, "LOQ_plus_mean_sol": found.loq_with_mean, "t_0.99": found.t_99, "MDL_sol": found.mdl,
    }  # fmt: skip
    if find_quantity(inputs, "final_volume|V", "mL"):
        # Without an ending the blanks stand in ng/mL, as the formula of a content has it.
        quantity = find_quantity(inputs, "blanks?|blanks?_solution", "ug/L") or (name.group(), "ug/L")
        volume, mass = take_quantity(inputs, "final_volume|V", "mL"), take_quantity(inputs, "test_portion|m", "g")
        portion = (volume, _take_dilution(inputs), mass, inputs.get("M_pct", 0.0))
        to_ug_l = convert(1.0, quantity[1], "ug/L")
        for code, limit in {"LOD": found.lod, "LOQ": found.loq, "MDL": found.mdl}.items():
            outputs |= spell_content(code, reduction.reduce_limit_to_dry_mg_kg(limit * to_ug_l, *portion))
    return outputs


def _censored_sum(inputs: Inputs, wanted: Collection[str]) -> Outputs:
    _, given = take_match(inputs, r"(oxides?|elements?)_\w+|values")
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
    upwards = any(re.search(_UPWARDS, str(text)) for text in inputs.get("policy", {}).values())
    reported = rounding.report(inputs["value"], inputs["U"], uncertainty_rule=rounding.Rule.UP if upwards else rounding.Rule.HALF_EVEN)
    return {"U": reported.uncertainty_text, "value": reported.text, "text": reported.with_unit(inputs.get("unit", "mg/kg"))}


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
    pure, in_pure = take_match(inputs, r"([A-Z][a-z]?)_apparent_in_([\d.]+)_(\w+)_([A-Z][a-z]?)")
    analyte, interferent, unit = pure[1], pure[4], UNIT_NAMES.get(pure[3])
    if unit is None:
        raise ValueError(f"{pure.group()} names no unit that is known.")
    # All in the unit of the pure solution: that of the analyte in it goes without saying.
    apparent = take_quantity(inputs, f"C_{analyte}_apparent", unit, inputs.get(f"C_{analyte}_apparent"))
    factor = interference.compute_apparent_factor(in_pure, float(pure[2]))
    corrected = interference.correct_concentration(apparent, take_quantity(inputs, f"C_{interferent}", unit), factor)
    written = find_quantity(inputs, f"C_{analyte}_apparent", unit)
    return {"k": factor, f"C_{analyte}_corrected": convert(corrected, unit, written[1]) if written else corrected}


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
    symbol = re.sub(r"\d", "", nuclide[1])
    if find_quantity(inputs, symbol, _CONTENT):
        outputs["Bq_per_g"] = radioactivity.compute_activity_bq_g(take_quantity(inputs, symbol, _CONTENT), specific)
    return outputs | {"nuclide": nuclide[1]}


def _desorption(inputs: Inputs, wanted: Collection[str]) -> Outputs:
    symbols = {found[1] for found in match_names(inputs, r"([A-Z][a-z]?)_(?:leach|total)(?:_\w+)?")}
    return {
        f"{symbol}_pct": leach.compute_desorption_percent(
            _take_content(inputs, f"{symbol}_leach"), _take_content(inputs, f"{symbol}_total")
        )
        for symbol in symbols
    }


def _take_content(inputs: Inputs, name: str) -> float:
    """A content in mg/kg, which is also what one without an ending means."""
    return float(inputs[name]) if name in inputs else take_quantity(inputs, name, _CONTENT)


def _leached_content(inputs: Inputs, wanted: Collection[str]) -> Outputs:
    volume, mass = take_quantity(inputs, "V", "L"), take_quantity(inputs, "m", "kg")
    leached = leach.compute_leached_mg_kg(take_quantity(inputs, "c_sol|c_solution", "ug/L"), volume, mass)
    return spell_content("C_leach", leached) | {"L_over_S": leach.compute_liquid_to_solid(volume, mass)}


def _contained(inputs: Inputs, wanted: Collection[str]) -> Outputs:
    if "t_dry" in inputs or find_quantity(inputs, "m_dry", "t"):
        dry = inputs["t_dry"] if "t_dry" in inputs else take_quantity(inputs, "m_dry", "t")
    else:
        wet = inputs["t_wet"] if "t_wet" in inputs else take_quantity(inputs, "m_wet", "t")
        dry = contained.compute_dry_tonnes(wet, take(inputs, "M_pct", "moisture_pct"))
    spellings = "|".join(sorted(list_spellings(_CONTENT), key=len, reverse=True))
    grades = {f[1] for f in match_names(inputs, rf"(\w+?)_({spellings})")} - {"M", "moisture"}
    outputs: Outputs = {"t_dry": dry}
    for name in grades:
        kilograms = contained.compute_contained_kg(dry, take_quantity(inputs, name, _CONTENT))
        outputs |= {f"{name}_kg": kilograms, f"{name}_t": convert(kilograms, "kg", "t")}
    return outputs


_UPWARDS = r"\b(rounded|round|rounding) up\b"
_CENSORING = {"below_LOQ": "reported as <LOQ", "averaging": "never with a censored"}
_ROUNDING = rf"{_UPWARDS}|half.to.even|half.even|IS 2"

CHEMISTRY_CALCULATIONS = (
    Calculation("oxide_factor", ("n", "m", "A_M", "A_O"), _oxide_factor),
    Calculation("treo", (r"(elements?|oxides?)_\w+",), _treo),
    Calculation("moisture", (r"m_wet_\w+", r"m_dry_\w+"), _moisture),
    Calculation("dilution", (r"c_sol\w*", r"(final_volume|V)_\w+"), _dilution),
    Calculation("dilution", (r"meas_conc_\w+", "total_dil"), _instrument_dilution),
    Calculation("dilution", (r"(dilution_)?steps(_\w+)?",), _serial_dilution),
    Calculation("dilution", (r"[Vm]_aliquot_\w+",), _serial_dilution),
    Calculation("units", (r".+",), _units),
    Calculation("chondrite", (r"(elements?|oxides?)_\w+",), _chondrite_pattern),
    Calculation("chondrite", (), _chondrite_values),
    Calculation("lod_loq", (r"blanks?(_.*)?",), _limits),
    Calculation("censored", (r"(oxides?|elements?)_\w+|values",), _censored_sum),
    Calculation("censored", ("value", "LOD", "LOQ"), _censored_display, _CENSORING),
    Calculation("censored", ("a", "b"), _censored_mean, _CENSORING),
    Calculation("rounding", ("cases",), _rounding_cases),
    Calculation("rounding", ("value", "U"), _rounding_uncertainty, dict.fromkeys(("rounding", "U", "uncertainty", "rule"), _ROUNDING)),
    Calculation("interference", (r"I\d+_cps", r"\w+_over_\w+"), _oxide_correction),
    Calculation("interference", (r"C_\w+_apparent(_\w+)?", r"\w+_apparent_in_\w+"), _apparent_correction),
    Calculation("radioactivity", (r"T_half_\w+_a", "M"), _activity),
    Calculation("leach", (r"[A-Z][a-z]?_leach(_\w+)?", r"[A-Z][a-z]?_total(_\w+)?"), _desorption),
    Calculation("leach", (r"c_sol\w*", r"V_\w+", r"m_\w+"), _leached_content),
    Calculation("metal", (r"t_wet|t_dry|m_wet_\w+|m_dry_\w+", r"\w+_\w+"), _contained),
)
