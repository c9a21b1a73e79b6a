import pytest
from hypothesis import given
from hypothesis import strategies as st

from assays.qc.blanks import classify_blank, classify_carry_over, compute_carry_over_percent, judge_blank_lod, judge_blank_loq
from assays.qc.measurements import BlankMeasurement, ControlKind, RecoveryMeasurement, SpikeMeasurement
from assays.qc.recoveries import (
    can_judge_spike,
    classify_window,
    compute_spike_recovery_percent,
    correct_by_internal_standard,
    find_unfit_internal_standards,
    judge_recovery,
    judge_spike,
)
from assays.qc.verdicts import Outcome, Reading

RANKS = [Outcome.PASS, Outcome.WARN, Outcome.FAIL]
SPIKE = {"low_percent": 75.0, "high_percent": 125.0, "minimum_added_percent": 25.0}
WINDOW = {"low_percent": 90.0, "high_percent": 110.0}


def blank(value, qualifier=""):
    return BlankMeasurement(
        kind=ControlKind.REAGENT_BLANK, control="position 1, BLK", analyte="Tb", reading=Reading(value, qualifier), lod=0.02, loq=0.06
    )


def spike(spiked, native, added, native_qualifier="", spiked_qualifier=""):
    return SpikeMeasurement(
        kind=ControlKind.MATRIX_SPIKE,
        control="position 9, spike",
        analyte="Dy",
        spiked=Reading(spiked, spiked_qualifier),
        native=Reading(native, native_qualifier),
        added=added,
    )


def check(value, nominal=20.0, rsd=None, qualifier=""):
    return RecoveryMeasurement(
        kind=ControlKind.CONTINUING_CALIBRATION_VERIFICATION,
        control="position 20, CCV",
        analyte="Dy",
        reading=Reading(value, qualifier),
        nominal=nominal,
        rsd_percent=rsd,
    )


@pytest.mark.parametrize(
    ("value", "qualifier", "outcome"),
    [
        (0.1, "", "pass"),
        (0.1001, "", "fail"),
        (-0.1, "", "pass"),
        (-0.2, "", "fail"),
        (0.06, "<", "pass"),
        (0.5, "<", "fail"),
        (0.05, ">", "fail"),
    ],
)
def test_blank_is_clean_only_where_it_is_shown(value, qualifier, outcome):
    assert classify_blank(Reading(value, qualifier), 0.1) == outcome


@given(st.floats(-10, 10), st.floats(-10, 10))
def test_blank_verdict_never_improves_with_the_deviation(a, b):
    near, far = sorted((a, b), key=abs)
    assert RANKS.index(classify_blank(Reading(near), 1.0)) <= RANKS.index(classify_blank(Reading(far), 1.0))


def test_blank_without_a_reading_is_not_judged_clean():
    with pytest.raises(ValueError, match="missing control"):
        classify_blank(Reading(None), 1.0)


def test_blank_is_judged_by_multiples_of_lod_or_loq():
    (by_lod,) = judge_blank_lod([blank(0.11)], {"multiple": 5})
    (by_loq,) = judge_blank_loq([blank(0.11)], {"multiple": 2})
    assert (by_lod.outcome, by_lod.limit) == (Outcome.FAIL, "|blank| <= 5 LOD = 0.1")
    assert (by_loq.outcome, by_loq.limit) == (Outcome.PASS, "|blank| <= 2 LOQ = 0.12")
    assert by_lod.sentence == "Tb 0.11 in the reagent blank is not shown to be within 5 LOD (0.1)."


def test_carry_over_is_relative_to_the_sample_before():
    assert compute_carry_over_percent(1.03, 0.03, 1000) == pytest.approx(0.1)
    assert [classify_carry_over(p) for p in (0.1, 0.101, -1)] == ["pass", "fail", "pass"]
    with pytest.raises(ValueError, match="positive content"):
        compute_carry_over_percent(1, 0, 0)


def test_spike_is_judged_by_what_came_back():
    assert compute_spike_recovery_percent(34, 10, 20) == 120
    assert [v.outcome for v in judge_spike([spike(34, 10, 20), spike(36, 10, 20)], SPIKE)] == ["pass", "fail"]


def test_spike_above_four_times_native_is_void_and_says_so():
    assert can_judge_spike(native=40, added=10)
    assert not can_judge_spike(native=40.1, added=10)
    (verdict,) = judge_spike([spike(500, 400, 10)], SPIKE)
    assert verdict.outcome is Outcome.WARN
    assert "void" in verdict.sentence


def test_native_below_its_limit_counts_as_nothing():
    (verdict,) = judge_spike([spike(20, 0.05, 20, native_qualifier="<")], SPIKE)
    assert (verdict.value, verdict.outcome) == (100, Outcome.PASS)


def test_over_range_spike_fails():
    assert judge_spike([spike(30, 10, 20, spiked_qualifier=">")], SPIKE)[0].outcome is Outcome.FAIL


@pytest.mark.parametrize(("value", "outcome"), [(18, "pass"), (22, "pass"), (17.9, "fail"), (22.1, "fail")])
def test_calibration_check_has_a_window(value, outcome):
    assert judge_recovery([check(value)], WINDOW)[0].outcome == outcome


def test_calibration_check_can_fail_on_precision_alone():
    limits = {**WINDOW, "rsd_percent": 5.0}
    assert [v.outcome for v in judge_recovery([check(20, rsd=4.9), check(20, rsd=16.6), check(20)], limits)] == ["pass", "fail", "pass"]


def test_calibration_check_below_its_limit_fails():
    assert judge_recovery([check(20, qualifier="<")], WINDOW)[0].outcome is Outcome.FAIL


@given(st.floats(0, 300), st.floats(0, 300))
def test_window_verdict_never_improves_away_from_its_middle(a, b):
    near, far = sorted((a, b), key=lambda x: abs(x - 100))
    assert RANKS.index(classify_window(near, 80, 120)) <= RANKS.index(classify_window(far, 80, 120))


def test_low_internal_standard_raises_the_result():
    assert correct_by_internal_standard(9, 90) == pytest.approx(10)
    with pytest.raises(ValueError, match="positive recovery"):
        correct_by_internal_standard(9, 0)


def test_analyte_is_no_internal_standard():
    assert find_unfit_internal_standards(["In", "Lu", "Dy", "Re"], ["Dy", "Tb"]) == ("Lu", "Dy")
