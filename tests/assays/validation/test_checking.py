"""Worked examples of our own, in the shapes a file may have, and examples that must not pass."""

import pytest

from assays.validation.checking import check_example


def check(topic, inputs, expected, tolerance="rel 1e-6"):
    return check_example({"id": "own", "topic": topic, "inputs": inputs, "expected": expected, "tolerance": tolerance})


@pytest.mark.parametrize(
    ("topic", "inputs", "expected"),
    [
        ("oxide_factor", {"element": "X", "n": 1, "m": 1, "A_M": 16.0, "A_O": 16.0}, {"element_to_oxide": 2, "oxide_to_element": 0.5}),
        ("treo", {"element_ppm": {"Dy": "10", "Tb": "<0.2"}, "missing": []}, {"TREE_ppm": 10.1, "DyTb_oxide_over_TREO_pct": 100.0}),
        ("treo", {"oxides_ppm": {"Ce2O3": 1.171276}}, {"TREE_ppm": 1.0, "oxides_ppm": {"CeO2": 1.228368}}),
        ("moisture", {"m_wet_g": 10, "m_dry_g": 8, "C_dry_mg_kg": 50}, {"C_as_received_mg_kg": 40}),
        ("moisture", {"m_wet_kg": 0.01, "m_dry_mg": 8000}, {"moisture_pct_wet_basis": 20}),
        ("dilution", {"c_sol_ug_L": 2, "V_mL": 100, "DF": 5, "m_g": 0.5}, {"C_mg_kg": 2, "method_factor": 1000}),
        ("dilution", {"c_sol_mg_L": 0.01, "c_blank_ng_mL": 6, "V_L": 0.1, "m_mg": 500}, {"C_mg_kg": 0.8, "method_factor": 200}),
        ("moisture", {"m_wet_kg": 1.5, "m_dry_kg": 1.2, "C_as_received_pct": 0.08}, {"C_dry_pct": 0.1, "C_dry_mg_kg": 1000}),
        ("dilution", {"c_sol_ug_L": 5, "V_mL": 100, "m_g": 0.2, "steps": [[1, 5], [5, 10]]}, {"C_mg_kg": 25, "method_factor": 5000}),
        ("dilution", {"c_sol_ug_L": 5, "V_mL": 100, "m_g": 0.2, "V_aliquot_uL": 1000, "V_final_mL": 10}, {"C_mg_kg": 25}),
        ("lod_loq", {"blank_solution_mg_L": [1, 2, 3], "V_L": 0.05, "m_mg": 500}, {"LOD_mg_kg": 300, "LOQ_pct": 0.1}),
        ("uncertainty", {"c": [5, 0.3], "V_L": [0.05, 0.002], "m_mg": [100, 0]}, {"C_mg_kg": 2.5, "u_rel": 0.0721110255}),
        (
            "blank",
            {"blank_after_mg_kg": 0.07, "LOD": 0.02, "LOQ": 0.06, "policy": {"pulp_limit": "3*LOD", "coarse_limit": "2*LOQ"}},
            {"pulp_blank_status": "fail", "coarse_blank_status": "pass"},
        ),
        ("interference", {"C_Tb_apparent_ng_mL": 1, "C_Nd_ug_mL": 1, "Tb_apparent_in_1000_ng_mL_Nd": 0.5}, {"C_Tb_corrected": 0.5}),
        ("leach", {"Dy_leach_mg_kg": 5, "Dy_total_pct": 0.0008}, {"Dy_pct": 62.5}),
        ("horwitz", {"C_pct": 0.0001}, {"PRSD_R_pct": 16}),
        ("metal", {"m_wet_kg": 100000, "M_pct": 20, "Dy2O3_pct": 0.005}, {"t_dry": 80, "Dy2O3_kg": 4}),
        ("units", {"pct": 0.5}, {"ppm": 5000, "kg_per_t": 5, "ppb": 5e6}),
        ("units", {"Tb_ppm": 100}, {"Tb4O7_ppm": 117.6172, "Tb2O3_ppm": 115.1005, "Tb4O7_wt_pct": 0.01176172}),
        ("units", {"ug_L": 5}, {"ng_mL": 5, "mg_L": 0.005}),
        ("chondrite", {"element_ppm": {"La": 0.237, "Yb": 0.322}}, {"La_Yb_N": 0.5, "Ce_anomaly_geom": None}),
        ("lod_loq", {"blanks_mg_kg": [1, 2, 3]}, {"LOD_sol": 3, "LOQ_sol": 10}),
        ("censored", {"values": ["1", "<2", "3"]}, {"lower": 4, "mid_half_LOQ": 5, "upper": 6, "n_censored": 1}),
        ("censored", {"a": 1.0, "b": 3.0}, {"mean": 2.0}),
        ("uncertainty", {"value_u": {"a": [1, 3], "b": [2, 4]}}, {"sum": 3, "u_independent": 5, "u_correlated": 7}),
        (
            "decision_rule",
            {"x": 240, "U_k2": 10, "TL": 246, "limit": "upper"},
            {"AL": 236, "decision": "conditional pass", "AL_w_1.64u": 237.8},
        ),
        (
            "decision_rule",
            {"x": 209, "U_k2": 9, "TL": 200, "limit": "lower", "policy": {"guard_band": "w = 1.64u"}},
            {"AL": 207.38, "decision": "pass"},
        ),
        ("interlab", {"x": [1.0, 2.0, 3.0], "policy": {}}, {"p": 3, "median": 2, "G": 1.0}),
        ("interlab", {"x": 15, "X": 10, "u_x": 3, "u_X": 4}, {"zeta": 1}),
        ("horwitz", {"C_mg_kg": 1}, {"PRSD_R_pct": 16}),
        ("horwitz", {"lab_means": {"a": 0.84, "b": 1, "c": 1.16}}, {"HorRat": 1}),
        ("duplicates", {"pairs": [[90, 110]]}, {"HARD": [10], "RPD": [20], "n_HARD_le_10pct": 1}),
        ("crm_control", {"x": 12.5, "mu": 10, "sd": 1}, {"z": 2.5, "status": "warn", "bias_pct": 25}),
        ("control_chart", {"z": [0, 2.5, 2.5]}, {"westgard": [["2_2s", 2], ["1_2s", 2], ["1_2s", 1]], "nelson": [[5, 2]]}),
        (
            "blank",
            {"blank_after_mg_kg": 0.1, "LOD": 0.02, "LOQ": 0.06},
            {"pulp_blank_status_5xLOD": "pass", "pulp_blank_status_1xLOQ": "fail"},
        ),
        ("insertion", {"n_samples": 21, "rates_pct": {"crm": 5}, "tray": 10}, {"crm": 2, "trays_needed": 3}),
        ("internal_standard", {"cps_sample": 75, "cps_cal_blank": 100}, {"IS_pct": 75, "status_80_120": "fail", "status_70_130": "pass"}),
        ("spike", {"C_spiked": 20, "C_unspiked": 0, "C_added": 20}, {"recovery_pct": 100, "ratio_added_to_native": None, "valid": True}),
        ("ccv", {"found": 8, "nominal": 10, "conc_rsd_pct": 2}, {"in_window": False, "rsd_ok_le_5pct": True}),
        ("calibration", {"conc_ug_L": [1, 2, 4], "intensity": [10, 20, 40], "weights": "1/x"}, {"slope": 10, "pct_err": [0, 0, 0]}),
        (
            "interference",
            {"I157_cps": 1000, "I141_cps": 20000, "PrO_over_Pr": 0.01},
            {"I_Gd_corrected": 800, "interference_pct_of_157": 20},
        ),
        (
            "interference",
            {"C_Gd_apparent_ug_L": 3.0, "C_Pr_ug_L": 100, "Gd_apparent_in_500_ug_L_Pr": 5},
            {"k": 0.01, "C_Gd_corrected": 2.0},
        ),
        ("leach", {"Nd_leach": 5, "Nd_total": 20}, {"Nd_pct": 25}),
        ("leach", {"c_sol_mg_L": 0.5, "V_mL": 100, "m_g": 10}, {"C_leach_mg_kg": 5, "L_over_S": 10}),
        ("metal", {"t_wet": 100, "M_pct": 50, "Dy_ppm": 20}, {"t_dry": 50, "Dy_kg": 1}),
        ("rounding", {"value": 5.0, "U": 0.996}, {"text": "5.0 ± 1.0 mg/kg (k=2)"}),
    ],
)
def test_own_example_is_reproduced(topic, inputs, expected):
    assert check(topic, inputs, expected).differences == ()


@pytest.mark.parametrize(
    ("topic", "inputs", "expected", "sentence"),
    [
        ("control_chart", {"z": [0], "policy": {"R_4s": "two controls of one run"}}, {"westgard": []}, "the policy R_4s: 'two controls"),
        ("interlab", {"x": [1, 2, 3], "policy": {"iterate": "once"}}, {"median": 2}, "the policy iterate: 'once'"),
        ("moisture", {"m_wet_lb": 2, "m_dry_lb": 1}, {"moisture_pct_wet_basis": 50}, "m_wet_lb ends in no unit that is known for it"),
        ("control_chart", {"z": [0], "policy": {"rules": "western electric"}}, {"westgard": []}, "the policy rules: 'western electric'"),
        ("interlab", {"x": [1, 2, 3], "policy": {"signals": "on zeta"}}, {"median": 2}, "the policy signals: 'on zeta'"),
        ("dilution", {"c_sol_ug_L": 1, "V_mL": 1, "m_g": 1, "DF": 2, "steps": [[1, 5]]}, {"C_mg_kg": 1}, "stated more than once"),
        ("interference", {"I163_cps": 9, "I147_cps": 9, "SmO_over_Sm": -0.1}, {"I_corrected": 9.9}, "nothing is added by a correction"),
        ("treo", {"element_ppm": {"Xx": 1}}, {"TREO_ppm": 1}, "Xx in element_ppm: not known"),
        (
            "blank",
            {"blank_after_mg_kg": 1, "LOD": 1, "policy": {"pulp_limit": "3*LOD"}},
            {"pulp_blank_status_5xLOD": "pass"},
            "is not the policy pulp_limit: '3*LOD'",
        ),
    ],
)
def test_what_the_product_does_not_follow_is_refused_by_name(topic, inputs, expected, sentence):
    assert sentence in check(topic, inputs, expected).differences[0]


def test_half_width_of_a_certificate_is_divided_as_its_policy_says():
    inputs = {"certified": 100, "U95_certified": 3.92, "lab_results": [99, 101], "u_Rw_pct": 1, "policy": {"u_Cref": "U95/1.96"}}
    assert check("uncertainty", inputs, {"u_Cref_pct": 2.0}).passed


def test_unknown_topic_fails_and_is_named():
    assert check("alchemy", {"lead": 1}, {"gold": 1}).differences == ("topic not known: alchemy",)


def test_unknown_inputs_of_a_known_topic_fail_and_are_named():
    assert check("moisture", {"colour": "grey"}, {"x": 1}).differences == ("inputs not known for moisture: colour",)


def test_unknown_output_fails_and_is_named():
    assert check("moisture", {"m_wet_g": 10, "m_dry_g": 8}, {"taste": 1}).differences == ("taste: no function gives it",)


def test_example_that_expects_nothing_does_not_pass():
    assert not check("moisture", {"m_wet_g": 10, "m_dry_g": 8}, {}).passed


@pytest.mark.parametrize(
    ("inputs", "tolerance"),
    [({"m_wet_g": 8, "m_dry_g": 10}, "rel 1e-6"), ({"m_wet_g": "x", "m_dry_g": 1}, "rel 1e-6"), ({"m_wet_g": 10, "m_dry_g": 8}, "about")],
)
def test_example_that_cannot_be_calculated_fails_with_a_reason(inputs, tolerance):
    (difference,) = check("moisture", inputs, {"moisture_pct_wet_basis": 20}, tolerance).differences
    assert difference.startswith("cannot be calculated: ")


def test_incomplete_example_fails_with_a_reason():
    assert not check_example({"id": "half"}).passed


def test_tolerance_is_the_examples():
    inputs = {"m_wet_g": 10, "m_dry_g": 8}
    assert check("moisture", inputs, {"moisture_pct_wet_basis": 20.01}, "rel 1e-3").passed
    assert check("moisture", inputs, {"moisture_pct_wet_basis": 20.01}, "abs 0.02").passed
    assert not check("moisture", inputs, {"moisture_pct_wet_basis": 20.01}, "rel 1e-6").passed
    assert not check("moisture", inputs, {"moisture_pct_wet_basis": 20.01}, "exact").passed


def test_number_is_not_a_truth_value_nor_text():
    inputs = {"found": 10, "nominal": 10}
    assert not check("ccv", inputs, {"in_window": 1}).passed
    assert not check("ccv", inputs, {"recovery_pct": "100"}).passed


def test_extra_value_in_a_list_is_a_difference():
    assert not check("duplicates", {"pairs": [[90, 110]]}, {"HARD": [10, 10]}).passed
    assert not check("treo", {"element_ppm": {"Dy": 1}}, {"oxides_ppm": {"Tb4O7": 1}}).passed
