import pytest
from hypothesis import given
from hypothesis import strategies as st

from assays.qc.measurements import ControlKind, ReferenceMeasurement
from assays.qc.reference_materials import (
    classify_z,
    compute_bias_percent,
    compute_recovery_percent,
    compute_z,
    establish_in_house_value,
    has_two_on_one_side,
    judge_mean_bias,
    judge_westgard,
    judge_z,
)
from assays.qc.verdicts import Outcome, Reading, write_number

LIMITS = {"warn_z": 2.0, "fail_z": 3.0, "consecutive_z": 2.0}
RANKS = [Outcome.PASS, Outcome.WARN, Outcome.FAIL]
scores = st.floats(-6, 6, allow_nan=False)


def measure(value, *, material="OREAS 100a", control="position 3, OREAS 100a", qualifier="", previous=()):
    return ReferenceMeasurement(
        kind=ControlKind.REFERENCE_MATERIAL,
        control=control,
        analyte="Dy",
        material=material,
        reading=Reading(value, qualifier),
        certified_value=23.2,
        between_lab_sd=0.88,
        previous_z=previous,
    )


def outcomes(measurements, limits=LIMITS):
    return [verdict.outcome for verdict in judge_z(measurements, limits)]


def test_z_is_on_the_between_laboratory_sd():
    # OREAS 100a Dy by fusion: 23.20, 1 s 0.88 (the 95 % interval of the mean, 0.44, would double z).
    assert compute_z(24.08, 23.2, 0.88) == pytest.approx(1)
    assert compute_bias_percent(24.36, 23.2) == pytest.approx(5)
    assert compute_recovery_percent(24.36, 23.2) == pytest.approx(105)


@pytest.mark.parametrize(("z", "outcome"), [(0, "pass"), (2, "pass"), (-2.01, "warn"), (3, "warn"), (3.01, "fail"), (-9, "fail")])
def test_z_is_judged_in_two_steps(z, outcome):
    assert classify_z(z) == outcome


def test_z_without_a_spread_is_refused():
    with pytest.raises(ValueError, match="above zero"):
        compute_z(1, 1, 0)


@given(scores, scores)
def test_verdict_never_improves_with_the_deviation(a, b):
    near, far = sorted((a, b), key=abs)
    assert RANKS.index(classify_z(near)) <= RANKS.index(classify_z(far))
    values = [23.2 + 0.88 * abs(z) for z in (near, far)]
    for previous in ((), (2.5,)):
        judged = [outcomes([measure(value, previous=previous)])[0] for value in values]
        assert RANKS.index(judged[0]) <= RANKS.index(judged[1])


@pytest.mark.parametrize(
    ("previous", "z", "fires"),
    [(2.1, 2.1, True), (-2.1, -2.5, True), (2.1, -2.1, False), (2.0, 2.5, False), (2.5, 2.0, False), (None, 2.9, False)],
)
def test_two_in_succession_count_on_one_side_only(previous, z, fires):
    assert has_two_on_one_side(previous, z) is fires


def test_second_warning_on_the_same_side_fails_and_says_why():
    value = 23.2 + 2.2 * 0.88
    verdicts = judge_z([measure(value), measure(value, control="position 40, OREAS 100a")], LIMITS)
    assert [v.outcome for v in verdicts] == [Outcome.WARN, Outcome.FAIL]
    assert "two in succession beyond 2 on one side" in verdicts[1].sentence


def test_last_point_of_the_run_before_counts():
    value = 23.2 + 2.2 * 0.88
    assert outcomes([measure(value, previous=(0.1, 2.4))]) == [Outcome.FAIL]
    assert outcomes([measure(value, previous=(2.4, 0.1))]) == [Outcome.WARN]


def test_materials_do_not_share_their_history():
    value = 23.2 + 2.2 * 0.88
    assert outcomes([measure(value), measure(value, material="OREAS 461")]) == [Outcome.WARN, Outcome.WARN]


def test_verdict_carries_what_it_was_drawn_from():
    (verdict,) = judge_z([measure(24.08)], LIMITS)
    assert (verdict.control, verdict.analyte, verdict.statistic) == ("position 3, OREAS 100a", "Dy", "z")
    assert verdict.value == pytest.approx(1)
    assert verdict.limit == "|z| <= 2 (fail above 3)"
    assert verdict.rule == "reference_material_z"
    assert verdict.sentence == "Dy 24.08 in OREAS 100a, certified 23.2: z = +1.00."


@pytest.mark.parametrize("judge", [judge_z, judge_westgard])
@pytest.mark.parametrize("qualifier", ["<", ">"])
def test_reading_outside_the_range_fails_whatever_its_number(judge, qualifier):
    (verdict,) = judge([measure(23.2, qualifier=qualifier)], LIMITS)
    assert (verdict.outcome, verdict.value) == (Outcome.FAIL, None)


def test_westgard_looks_at_the_points_before():
    assert [v.outcome for v in judge_westgard([measure(23.2 + 1.2 * 0.88, previous=(1.1, 1.2, 1.3))], {})] == [Outcome.FAIL]
    assert [v.outcome for v in judge_westgard([measure(23.2 + 2.2 * 0.88)], {})] == [Outcome.WARN]
    assert [v.outcome for v in judge_westgard([measure(23.3, previous=(3.5,))], {})] == [Outcome.PASS]


def test_mean_bias_waits_for_enough_readings():
    limits = {"warn_percent": 5, "fail_percent": 10, "minimum_readings": 3}
    high = [measure(23.2 * 1.06, control=f"position {i}") for i in range(3)]
    assert judge_mean_bias(high[:2], limits) == []
    (verdict,) = judge_mean_bias(high, limits)
    assert (verdict.outcome, verdict.value) == (Outcome.WARN, pytest.approx(6))


def test_in_house_value_needs_ten_runs():
    runs = [10.0, 12.0] * 5
    found = establish_in_house_value(runs)
    assert (found.value, found.n) == (11, 10)
    assert found.sd == pytest.approx((10 / 9) ** 0.5)
    assert found.u == pytest.approx(found.sd / 10**0.5)
    with pytest.raises(ValueError, match="at least 10 recorded runs; 9 are there"):
        establish_in_house_value(runs[:9])


@pytest.mark.parametrize(
    ("value", "figures", "text"),
    [(11880.2, 4, "11880"), (270300.0, 4, "270300"), (2470.4, 3, "2470"), (28.294, 4, "28.29"), (0.0026, 4, "0.0026"), (8e-5, 4, "8e-05")],
)
def test_a_sentence_writes_large_numbers_out(value: float, figures: int, text: str) -> None:
    assert write_number(value, figures) == text
