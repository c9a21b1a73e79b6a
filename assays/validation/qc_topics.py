"""Worked examples of quality control, each computed by the functions that the product itself uses."""

import re
import statistics
from collections.abc import Collection, Mapping
from typing import Any

from assays.qc import blanks, calibration, control_charts, duplicates, horwitz, insertion, interlab, recoveries, reference_materials
from assays.qc.verdicts import Outcome, Reading, exceeds
from assays.validation.calculations import Calculation, Inputs, Outputs, match_names, take
from assays.validation.quantities import convert, find_quantity, take_quantity


def _scores(inputs: Inputs, wanted: Collection[str]) -> Outputs:
    x, assigned = inputs["x"], inputs["X"]
    outputs: Outputs = {}
    if "u_x" in inputs:
        outputs["zeta"] = interlab.compute_zeta_score(x, inputs["u_x"], assigned, inputs["u_X"])
    if "U_x" in inputs:
        outputs["En"] = interlab.compute_en_score(x, inputs["U_x"], assigned, inputs["U_X"])
    return outputs


def _weighted_mean(inputs: Inputs, wanted: Collection[str]) -> Outputs:
    found = interlab.compute_weighted_mean([(x, u) for x, u in inputs["x_u"]])
    return {"mean": found.mean, "u": found.u, "chi2": found.chi2, "birge_ratio": found.birge_ratio}


def _precision(inputs: Inputs, wanted: Collection[str]) -> Outputs:
    found = interlab.estimate_precision(inputs["data"])
    return {
        "grand_mean": found.grand_mean,
        "s_r": found.s_r,
        "s_L": found.s_l,
        "s_R": found.s_big_r,
        "r_limit_2.8sr": found.repeatability_limit,
        "R_limit_2.8sR": found.reproducibility_limit,
    }


def _laboratories(inputs: Inputs, wanted: Collection[str]) -> Outputs:
    """A set of results: the robust estimate with scores, and Grubbs' test where it is defined."""
    given = take(inputs, "lab_means", "x")
    results: Mapping[str, float] = given if isinstance(given, Mapping) else {str(i): x for i, x in enumerate(given)}
    values = list(results.values())
    found = interlab.estimate_robust(values)
    outputs: Outputs = {"p": found.p, "median": found.median, "x_star": found.x_star, "s_star": found.s_star, "u_xpt": found.u}
    if found.s_star > 0:
        scores = _score_laboratories(results, found, str(inputs.get("policy", {}).get("signals", "on z")))
        # A list of results has a list of scores.
        named = isinstance(given, Mapping)
        outputs |= scores if named else {n: list(v.values()) if isinstance(v, Mapping) else [int(i) for i in v] for n, v in scores.items()}
    return outputs | (_grubbs(values, wanted) if len(values) > 2 else {})


def _score_laboratories(results: Mapping[str, float], found: interlab.RobustEstimate, signals: str) -> Outputs:
    z = {name: interlab.compute_z_score(x, found.x_star, found.s_star) for name, x in results.items()}
    z_prime = {name: interlab.compute_z_score(x, found.x_star, found.s_star, found.u) for name, x in results.items()}
    judged = z_prime if signals.startswith(("on z-prime", "on z'")) else z
    return {
        "z": z,
        "z_prime": z_prime,
        "signal_|z|>=3": [name for name, score in judged.items() if interlab.classify_score(score) is Outcome.FAIL],
        "2<|z|<3": [name for name, score in judged.items() if interlab.classify_score(score) is Outcome.WARN],
    }


def _grubbs(values: list[float], wanted: Collection[str]) -> Outputs:
    found = interlab.run_grubbs_test(values)
    critical = {f.group(): interlab.find_grubbs_critical_value(len(values), float(f[1])) for f in match_names(wanted, r"G_crit_([\d.]+)")}
    return {
        "G": found.g,
        "suspect_value": found.suspect,
        "exceeds_5pct": found.is_straggler,
        "exceeds_1pct": found.is_outlier,
        **critical,
    }


def _horwitz(inputs: Inputs, wanted: Collection[str]) -> Outputs:
    content = take_quantity(inputs, "C", "mg/kg")
    targets = {f.group(): horwitz.predict_geopt_sd_mg_kg(content, float(f[1])) for f in match_names(wanted, r"GeoPT_Ha_k([\d.]+)_mg_kg")}
    return {
        "PRSD_R_pct": horwitz.predict_rsd_percent(content),
        "sigma_Horwitz_Thompson_mg_kg": horwitz.predict_sd_mg_kg(content),
        **targets,
    }


def _horrat(inputs: Inputs, wanted: Collection[str]) -> Outputs:
    means = inputs["lab_means"]
    found = horwitz.compute_horrat(list(means.values()) if isinstance(means, Mapping) else means)
    return {"mean": found.mean, "RSD_R_pct": found.found_percent, "PRSD_R_pct": found.predicted_percent, "HorRat": found.ratio}


def _precision_model(inputs: Inputs, wanted: Collection[str]) -> Outputs:
    model = duplicates.fit_precision_model(_read_pairs(inputs), inputs["group_size"])
    outputs: Outputs = {"n_pairs": model.n_pairs, "n_groups": model.n_groups, "s0": model.s0, "k": model.k}
    for f in match_names(wanted, r"s_at_([\d.]+)ppm"):
        outputs[f.group()] = model.predict_sd(float(f[1]))
    for f in match_names(wanted, r"P95_pct_at_([\d.]+)ppm"):
        outputs[f.group()] = model.predict_precision_percent(float(f[1]))
    return outputs


def _pairs(inputs: Inputs, wanted: Collection[str]) -> Outputs:
    pairs = _read_pairs(inputs)
    hard = [duplicates.compute_hard_percent(*pair) for pair in pairs]
    counts = {f.group(): sum(not exceeds(h, float(f[1])) for h in hard) for f in match_names(wanted, r"n_HARD_le_([\d.]+)pct")}
    ard = [duplicates.compute_ard_percent(*pair) for pair in pairs]
    return {
        "HARD": hard,
        "ARD": ard,
        "RPD": ard,
        "CV_i_pct": [duplicates.compute_pair_cv_percent(*pair) for pair in pairs],
        "CV_avg_pct": duplicates.compute_average_cv_percent(pairs),
        "median_HARD": statistics.median(hard),
        "s_duplicates_abs": duplicates.compute_duplicate_sd(pairs),
        **counts,
    }


def _read_pairs(inputs: Inputs) -> list[tuple[float, float]]:
    return [(a, b) for a, b in inputs["pairs"]]


def _crm_control(inputs: Inputs, wanted: Collection[str]) -> Outputs:
    x, certified = inputs["x"], inputs["mu"]
    z = reference_materials.compute_z(x, certified, inputs["sd"])
    return {
        "z": z,
        "bias_pct": reference_materials.compute_bias_percent(x, certified),
        "recovery_pct": reference_materials.compute_recovery_percent(x, certified),
        "status": reference_materials.classify_z(z).value,
    }


def _chart_signals(inputs: Inputs, wanted: Collection[str]) -> Outputs:
    nelson = control_charts.find_nelson_signals(inputs["z"])
    return {
        "westgard": frozenset((s.rule, s.index) for s in control_charts.find_westgard_signals(inputs["z"])),
        "nelson": frozenset((int(s.rule.removeprefix("nelson_")), s.index) for s in nelson),
    }


def _individuals_chart(inputs: Inputs, wanted: Collection[str]) -> Outputs:
    chart = control_charts.compute_individuals_chart(inputs["x"])
    return {
        "CL": chart.center,
        "MRbar": chart.mean_range,
        "sigma": chart.sigma,
        "UCL": chart.upper,
        "LCL": chart.lower,
        "MR_UCL": chart.range_upper,
    }


def _blank(inputs: Inputs, wanted: Collection[str]) -> Outputs:
    """The limits stand in the unit of the blank."""
    name, unit = find_quantity(inputs, "blank_after", "mg/kg") or ("blank_after_mg_kg", "mg/kg")
    after, policy = inputs[name], inputs.get("policy", {})
    outputs: Outputs = {
        "blank_over_LOD": after / inputs["LOD"],
        "blank_over_LOQ": after / inputs["LOQ"] if "LOQ" in inputs else None,
    }
    for f in match_names(wanted, r"(pulp|coarse|\w+)_blank_status(?:_([\d.]+)x(LOD|LOQ))?"):
        times, limit = _find_blank_limit(f, policy)
        outputs[f.group()] = blanks.classify_blank(Reading(after), times * inputs[limit]).value
    if previous := find_quantity(inputs, "previous_sample", "mg/kg"):
        before = convert(take_quantity(inputs, "baseline", "mg/kg", 0.0), "mg/kg", unit)
        percent = blanks.compute_carry_over_percent(after, before, convert(inputs[previous[0]], previous[1], unit))
        allowed = policy.get("carry_over_limit_pct", 0.1)
        outputs |= {"carry_over_pct": percent, "carry_over_status": blanks.classify_carry_over(percent, allowed).value}
    return outputs


def _find_blank_limit(asked: re.Match[str], policy: Mapping[str, Any]) -> tuple[float, str]:
    """How many times which limit a blank may reach, by the name of the output or by the policy of its sort; ``ValueError`` where there is
    neither, or where the policy of an output of the same limit says another number."""
    stated = re.fullmatch(_BLANK_LIMIT, str(policy.get(f"{asked[1]}_limit", "")))
    if asked[2] is None and stated is None:
        raise ValueError(f"{asked.group()} says no limit, and no policy {asked[1]}_limit does.")
    if asked[2] is None and stated is not None:
        return float(stated[1]), stated[2]
    if stated is not None and stated[2] == asked[3] and float(stated[1]) != float(asked[2]):
        raise ValueError(f"{asked.group()} is not the policy {asked[1]}_limit: {stated.group()!r}.")
    return float(asked[2]), asked[3]


def _insertion(inputs: Inputs, wanted: Collection[str]) -> Outputs:
    plan = insertion.plan_insertion(inputs["n_samples"], inputs["rates_pct"], inputs.get("tray", 1))
    counts = {name: count for kind, count in plan.counts.items() for name in (kind, f"{kind}s")}
    trays = {"trays_needed": plan.trays} if "tray" in inputs else {}
    return {
        "qc_total": plan.controls,
        "positions": plan.positions,
        "qc_share_of_positions_pct": plan.share_percent,
        **trays,
        **counts,
    }


def _internal_standard(inputs: Inputs, wanted: Collection[str]) -> Outputs:
    percent = recoveries.compute_recovery_percent(inputs["cps_sample"], inputs["cps_cal_blank"])
    outputs: Outputs = {"IS_pct": percent}
    if "C_raw_example" in inputs or "C_raw" in inputs:
        outputs["C_corrected"] = recoveries.correct_by_internal_standard(take(inputs, "C_raw_example", "C_raw"), percent)
    for f in match_names(wanted, r"status_([\d.]+)_([\d.]+)"):
        outputs[f.group()] = recoveries.classify_window(percent, float(f[1]), float(f[2])).value
    return outputs


def _spike(inputs: Inputs, wanted: Collection[str]) -> Outputs:
    native, added = inputs["C_unspiked"], inputs["C_added"]
    return {
        "recovery_pct": recoveries.compute_spike_recovery_percent(inputs["C_spiked"], native, added),
        "ratio_added_to_native": added / native if native else None,
        "valid": recoveries.can_judge_spike(native, added),
    }


def _ccv(inputs: Inputs, wanted: Collection[str]) -> Outputs:
    policy: Mapping[str, Any] = inputs.get("policy", {})
    low, high = policy.get("window_pct", (90, 110))
    percent = recoveries.compute_recovery_percent(inputs["found"], inputs["nominal"])
    outputs: Outputs = {"recovery_pct": percent, "in_window": recoveries.classify_window(percent, low, high) is Outcome.PASS}
    for f in match_names(wanted, r"rsd_ok_le_([\d.]+)pct"):
        outputs[f.group()] = recoveries.classify_window(inputs["conc_rsd_pct"], 0, float(f[1])) is Outcome.PASS
    return outputs


def _calibration(inputs: Inputs, wanted: Collection[str]) -> Outputs:
    concentrations = next(value for name, value in inputs.items() if name.startswith("conc"))
    weights = inputs.get("weights", "none")
    powers = {"none": 0, "1": 0, "1/x": 1, "1/x^2": 2}
    if weights not in powers:
        raise ValueError(f"the weights {weights!r} are not known")
    found = calibration.fit_calibration(concentrations, inputs["intensity"], powers[weights])
    return {
        "slope": found.line.slope,
        "intercept": found.line.intercept,
        "r": found.line.r,
        "r2": found.line.r**2,
        "back_calc": list(found.back_calculated),
        "pct_err": list(found.errors_percent),
    }


_BLANK_LIMIT = r"^([\d.]+) ?\* ?(LOD|LOQ)$"
_THOMPSON_HOWARTH = {
    "sort": "^by pair mean",
    "group_x": "^mean of pair means$",
    "group_y": r"^1\.048 ?\* ?median ?\|d\|$",
    "fit": "^ordinary least squares$",
    "remainder": "^dropped$",
}
_CHART_RULES = {
    "index": "0-based",
    "R_4s": "adjacent|consecutive",
    "nelson_5_6": "full window",
    "rules": "(?i)westgard|nelson",
    "order": "does not count",
}

QC_CALCULATIONS = (
    Calculation("interlab", ("x", "X", r"[uU]_x", r"[uU]_X"), _scores),
    Calculation("interlab", ("x_u",), _weighted_mean),
    Calculation("interlab", ("data",), _precision),
    Calculation("interlab", ("lab_means|x",), _laboratories, {"iterate": "converge", "signals": "^on z(-prime|')?(,|;|$)"}),
    Calculation("horwitz", (r"C_\w+",), _horwitz),
    Calculation("horwitz", ("lab_means",), _horrat),
    Calculation("duplicates", ("pairs", "group_size"), _precision_model, _THOMPSON_HOWARTH),
    Calculation("duplicates", ("pairs",), _pairs),
    Calculation("crm_control", ("x", "mu", "sd"), _crm_control),
    Calculation("control_chart", ("z",), _chart_signals, _CHART_RULES),
    Calculation("control_chart", ("x",), _individuals_chart),
    Calculation(
        "blank",
        (r"blank_after_\w+", "LOD"),
        _blank,
        {"pulp_limit": _BLANK_LIMIT, "coarse_limit": _BLANK_LIMIT, "carry_over_limit_pct": r"^[\d.]+$"},
    ),
    Calculation("insertion", ("n_samples", "rates_pct"), _insertion),
    Calculation("internal_standard", ("cps_sample", "cps_cal_blank"), _internal_standard),
    Calculation("spike", ("C_spiked", "C_unspiked", "C_added"), _spike),
    Calculation("ccv", ("found", "nominal"), _ccv, {"window_pct": "", "rsd_limit_pct": r"^[\d.]+$"}),
    Calculation("calibration", (r"conc_\w+", "intensity"), _calibration),
)
