import pytest
from hypothesis import given
from hypothesis import strategies as st

from assays.qc.calibration import fit_calibration, judge_back_calculation
from assays.qc.insertion import count_controls, plan_insertion
from assays.qc.measurements import CalibrationMeasurement, ControlKind
from assays.qc.regression import fit_line
from assays.qc.verdicts import Outcome

LIMITS = {"lowest_percent": 30.0, "other_percent": 10.0}


def curve(concentrations, intensities):
    return CalibrationMeasurement(
        kind=ControlKind.CALIBRATION, control="curve 1", analyte="Dy", concentrations=concentrations, intensities=intensities
    )


@given(st.floats(0.1, 100), st.floats(-100, 100))
def test_line_through_exact_points_is_found(slope, intercept):
    x = [0.0, 1.0, 5.0, 10.0]
    line = fit_line(x, [intercept + slope * c for c in x])
    assert line.slope == pytest.approx(slope, rel=1e-9)
    assert line.intercept == pytest.approx(intercept, rel=1e-9, abs=1e-9)
    assert line.r == pytest.approx(1)


def test_weights_favour_the_low_standards():
    x, y = [1.0, 10.0, 100.0], [10.0, 100.0, 1100.0]
    plain, weighted = fit_calibration(x, y), fit_calibration(x, y, weight_power=2)
    assert abs(weighted.errors_percent[0]) < abs(plain.errors_percent[0])


def test_weighted_fit_wants_no_blank():
    with pytest.raises(ValueError, match="leave the blank out"):
        fit_calibration([0, 1, 2], [0, 1, 2], weight_power=1)


@pytest.mark.parametrize(("x", "y"), [([1.0], [1.0]), ([1.0, 1.0], [1.0, 2.0]), ([1.0, 2.0], [1.0])])
def test_points_without_a_line_are_refused(x, y):
    with pytest.raises(ValueError, match="A line needs"):
        fit_line(x, y)


def test_flat_signal_is_no_calibration():
    with pytest.raises(ValueError, match="no calibration"):
        fit_calibration([0, 1, 2], [5, 5, 5])


def test_blank_standard_has_no_relative_error():
    assert fit_calibration([0, 1, 2], [0, 1, 2]).errors_percent[0] is None


def test_good_r_does_not_save_a_bad_low_standard():
    (verdict,) = judge_back_calculation([curve([0, 1, 50, 100], [0, 180, 5000, 10000])], LIMITS)
    assert verdict.outcome is Outcome.FAIL
    assert verdict.value > 30
    assert "the standard of 1 reads back" in verdict.sentence


def test_standards_that_read_back_pass():
    (verdict,) = judge_back_calculation([curve([0, 1, 50, 100], [0, 101, 5010, 9990])], LIMITS)
    assert verdict.outcome is Outcome.PASS


@pytest.mark.parametrize(
    ("samples", "rate", "count"), [(0, 5, 0), (1, 5, 1), (20, 5, 1), (21, 5, 2), (1000, 0.3, 3), (70, 10, 7), (40, 0, 0)]
)
def test_rate_is_rounded_up_in_decimals(samples, rate, count):
    assert count_controls(samples, rate) == count


def test_plan_counts_positions_and_trays():
    plan = plan_insertion(72, {"blank": 5, "reference_material": 5, "duplicate": 5}, 84)
    assert plan.counts == {"blank": 4, "reference_material": 4, "duplicate": 4}
    assert (plan.controls, plan.positions, plan.trays) == (12, 84, 1)
    assert plan.share_percent == pytest.approx(100 * 12 / 84)


def test_plan_without_a_tray_is_refused():
    with pytest.raises(ValueError, match="at least one position"):
        plan_insertion(1, {}, 0)


def test_points_at_one_place_make_no_line_though_their_mean_is_not_exactly_there() -> None:
    with pytest.raises(ValueError, match="different x"):
        fit_line([0.1, 0.1, 0.1], [1.0, 2.0, 3.0])
