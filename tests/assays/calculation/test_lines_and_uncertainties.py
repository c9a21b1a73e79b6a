"""Calibration lines with their standard errors, limits of a run, Nordtest and budgets, against numbers worked by hand."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from functools import partial

import pytest

from assays.calculation.corrections import CorrectionUncertainty, Subtracted, combine_corrections, standard_error_of_factor, weigh_signal
from assays.calculation.lines import fit_calibration_line
from assays.calculation.plan import (
    CalibrationPlan,
    Decides,
    Evaluation,
    LimitsPlan,
    Replicates,
    Through,
    UncertaintyPlan,
    Weights,
    combine_replicates,
)
from assays.calculation.run_limits import decide_limits
from assays.calculation.trails import Cell, as_table, tell_steps
from assays.calculation.uncertainties import MaterialHistory, Quantities, evaluate_uncertainties, make_budget, pooled_rsd_percent
from assays.chemistry.tray import AnalyteLimits, Portion, SolutionReading, TrayInput, reduce_tray

DAY = datetime(2026, 3, 1, tzinfo=UTC)


def test_the_standard_error_of_a_reading_is_that_of_the_textbook() -> None:
    # Miller & Miller, Statistics and Chemometrics for Analytical Chemistry, fluorescein: b = 1.930, a = 1.518, s(y/x) = 0.4329; for a
    # signal of 13.5 x0 = 6.21 and s(x0) = 0.24 (one reading).
    x, y = [0, 2, 4, 6, 8, 10, 12], [2.1, 5.0, 9.0, 12.6, 17.3, 21.0, 24.7]
    line = fit_calibration_line(x, y, CalibrationPlan(through=Through.INTERCEPT))
    assert (line.slope, line.intercept) == (pytest.approx(1.930, abs=5e-4), pytest.approx(1.518, abs=5e-4))
    assert line.residual_sd == pytest.approx(0.4329, abs=1e-4)
    x0 = (13.5 - line.intercept) / line.slope
    assert x0 == pytest.approx(6.21, abs=5e-3)
    assert line.standard_error(x0) == pytest.approx(0.24, abs=5e-3)


def test_a_line_through_the_blank_weighs_low_standards_as_asked() -> None:
    plan = CalibrationPlan(weights=Weights.INVERSE_SQUARE)
    line = fit_calibration_line([0, 1, 10, 100], [0, 1.2, 10, 100], plan)
    # Weights 1/c²: the mean of the ratios (1.2 + 1 + 1)/3; unweighted the largest standard decides.
    assert line.slope == pytest.approx(3.2 / 3)
    assert fit_calibration_line([0, 1, 10, 100], [0, 1.2, 10, 100], CalibrationPlan()).slope == pytest.approx(1, abs=1e-4)
    with pytest.raises(ValueError, match="two different concentrations"):
        fit_calibration_line([0, 10, 10], [0, 1, 1], plan)


@pytest.mark.parametrize(
    ("blanks", "decides", "loq", "decided_by"),
    [
        ([0.1, 0.2, 0.3], "larger", 20.0, "run"),  # s = 0.1 µg/L, 10 s · 100 mL · 20 / (0.1 g · 1000) = 20 mg/kg
        ([0.1, 0.2, 0.3], "method", 3.0, "method version"),
        ([0.100, 0.101, 0.102], "larger", 3.0, "method version"),
        ([0.1, 0.3], "larger", 3.0, "method version (too few blanks in the run)"),
    ],
)
def test_the_larger_limit_decides_where_the_method_says_so(blanks: list[float], decides: str, loq: float, decided_by: str) -> None:
    stated = {"Dy": AnalyteLimits(0.9, 3.0, 5000, 10)}
    readings = {"Dy": [SolutionReading(one) for one in blanks]}
    found = decide_limits(stated, readings, Portion(0.1, 100, 20), LimitsPlan(decides=Decides(decides)))["Dy"]
    assert (found.used.loq, found.decided_by) == (pytest.approx(loq), decided_by)
    assert found.used.lod <= found.used.loq


def test_nordtest_from_two_materials_by_hand() -> None:
    # A: 98, 102, 100, 104 of 100: mean 101, s 2.582; B: 48, 50, 49, 51 of 50: mean 49.5, s 1.291. RSDs 2.556 and 2.608 % pool to 2.582 %;
    # biases +1 and -1 %: RMS 1 %; u(Cref) 0.5 and 1 %: mean 0.75 %. u = sqrt(2.582² + 1² + 0.75²) = 2.869 %.
    histories = [
        MaterialHistory("A", (98, 102, 100, 104), 100, 0.5, "certificate", DAY, DAY),
        MaterialHistory("B", (48, 50, 49, 51), 50, 0.5, "certificate", DAY, DAY),
    ]
    plan = UncertaintyPlan(evaluation=Evaluation.NORDTEST)
    found = evaluate_uncertainties(plan, {"Dy": 10, "Tb": 12}, {"Dy": histories})
    assert found["Dy"].evaluation == "nordtest"
    assert found["Dy"].percent == pytest.approx(2 * math.sqrt(2.582**2 + 1 + 0.75**2), rel=1e-3)
    assert found["Dy"].found["n"] == 8
    # Terbium has no history: the method's own uncertainty stands, and it is said why.
    assert (found["Tb"].evaluation, found["Tb"].percent) == ("stated", 12)
    assert found["Tb"].reason == "0 measurements of certified materials in 365 days; Nordtest needs 8"


def test_pooling_gives_each_material_the_weight_of_its_freedom() -> None:
    assert pooled_rsd_percent([(99, 101), (99, 101)]) == pytest.approx(math.sqrt(2))
    assert pooled_rsd_percent([(100, 100, 100), (99, 101)]) == pytest.approx(math.sqrt(2 / 3))


def test_a_budget_by_hand() -> None:
    # Net 10 µg/L with u 0.2 of the line and 0.05 of the blank, 0.1 g ± 0.0002, volume 0.1 %, recovery 2 %, moisture 20 ± 0.4 %:
    # 0.02² + 0.005² + 0.002² + 0.001² + 0.02² + (0.4/80)² = 8.55e-4; u = 2.924 %, U of 50 = 2.924.
    components = {"mass_g": 0.0002, "volume_percent": 0.1, "recovery_percent": 2, "moisture_percent": 0.4, "calibration_percent": 9}
    step = make_budget(50.0, Quantities(10.0, 0.1, 20.0, 0.2, 0.05), components)
    assert step.output == pytest.approx(2 * 50 * math.sqrt(8.55e-4))
    assert sum(one["share_percent"] for one in step.about["components"]) == pytest.approx(100)
    # The line is known here, so the stated one is not counted a second time.
    assert {one["component"] for one in step.about["components"]} == {"blank", "calibration", "mass", "volume", "recovery", "moisture"}


def test_the_correction_for_oxides_by_hand() -> None:
    # Ratios 0.009, 0.010, 0.011: k 0.010, u(k) = 0.001/sqrt(3). A parent of 200,000 cps, its replicates 99, 100, 101: u(P) = 1155 cps.
    # By the ratio 200,000·5.7735e-4 = 115.47 cps, by the reading 0.01·1154.7 = 11.547 cps; at 1000 cps per µg/L 0.11547 and 0.011547.
    u_factor = standard_error_of_factor([0.009, 0.010, 0.011], 5)
    read = Subtracted("Nd", 0.010, u_factor, 200_000, (99, 100, 101))
    error = weigh_signal(read, None, 2)
    assert (error.u, error.source) == (pytest.approx(2000 / math.sqrt(3)), "replicates")
    found = combine_corrections([read], [error], 1000)
    assert (found.by_factors, found.by_readings) == pytest.approx((0.2 / math.sqrt(3), 0.02 / math.sqrt(3)), rel=1e-9)
    # Read once each: 5 % of the ratio and 2 % of the reading are assumed: 100 and 40 cps; two parents add in quadrature.
    once = Subtracted("Nd", 0.010, standard_error_of_factor([0.010], 5), 200_000)
    found = combine_corrections([once, once], [weigh_signal(once, None, 2)] * 2, 1000)
    assert (found.by_factors, found.by_readings) == pytest.approx((0.1 * math.sqrt(2), 0.04 * math.sqrt(2)), rel=1e-9)
    # Equal replicates and equal ratios show no scatter: the same assumptions stand in, nothing is exact.
    equal = Subtracted("Nd", 0.010, standard_error_of_factor([0.010, 0.010], 5), 200_000, (100, 100, 100))
    found = combine_corrections([equal], [weigh_signal(equal, None, 2)], 1000)
    assert (found.by_factors, found.by_readings) == pytest.approx((0.1, 0.04), rel=1e-9)
    # Of 2 µg/L net: 0.1/2 and 0.04/2 beside a recovery of 1 %: sqrt(25 + 4 + 1) % = 5.477 %, U of 50 = 5.477.
    parts = Quantities(2.0, 0.1, 0.0, None, 0.0, 0.0, CorrectionUncertainty(0.1, 0.04))
    step = make_budget(50.0, parts, {"recovery_percent": 1})
    assert step.output == pytest.approx(2 * 50 * math.sqrt(30e-4))
    shares = {one["component"]: one["share_percent"] for one in step.about["components"]}
    assert shares["interference_ratio"] == pytest.approx(100 * 25 / 30)


@pytest.mark.parametrize(
    ("values", "rule", "expected"),
    [
        ([("", 10.0), ("", 11.0), ("", 30.0)], Replicates.MEAN, (17.0, "")),
        ([("", 10.0), ("", 11.0), ("", 30.0)], Replicates.MEDIAN, (11.0, "")),
        ([("", 10.0), ("<", 0.5)], Replicates.MEDIAN, (10.0, "<")),
        ([("", 10.0), (">", 40.0)], Replicates.MEAN, (40.0, ">")),
    ],
)
def test_replicates_become_one_value_by_the_method_s_rule_and_never_over_a_bound(
    values: list[tuple[str, float]], rule: Replicates, expected: tuple[float, str]
) -> None:
    # 0.1 g in 100 mL: µg/L are mg/kg.
    portion = Portion(0.1, 100, 1)
    readings = {"Dy": [SolutionReading(value, qualifier) for qualifier, value in values]}
    limits = {"Dy": AnalyteLimits(0.3, 1, 5000, 10)}
    reduced = reduce_tray([TrayInput(1, portion, readings)], limits, portion, partial(combine_replicates, rule=rule))
    found = reduced.results[1, "Dy"]
    assert (found.value, found.qualifier) == (pytest.approx(expected[0]), expected[1])
    assert (found.uncertainty is None) == bool(expected[1])


def test_a_trail_names_the_rule_its_replicates_were_combined_by() -> None:
    inputs = {
        "solution_ug_l": "11.0", "blank_ug_l": "2.0", "dilution": "1.0", "net_mg_kg": "11.25", "volume_ml": "100", "mass_g": "0.1",
        "replicates": "median",
    }  # fmt: skip
    rows = tell_steps(inputs, [Cell(10.0), Cell(11.0), Cell(30.0)], [0.1, 0.1], [], 20.0)
    assert [row["step"] for row in rows] == ["solution_median_1", "procedural_blank_1", "blank_scale_1", "content_1", "dry_1"]
    # The blank of 0.1 µg/L on the scale of a reading that carries a dilution of 20; (11 - 2) mg/kg over 0.8.
    assert rows[2]["inputs"] == {"blank": pytest.approx(0.1), "applied_dilution": pytest.approx(20)}
    assert rows[3]["output"] * 100 / 80 == pytest.approx(rows[4]["output"])
    lines = list(as_table(rows))
    assert lines[0] == ("line", "where", "step", "formula", "name", "number", "unit")
    assert len(lines) == 1 + sum(len(row["inputs"]) + 1 for row in rows)
