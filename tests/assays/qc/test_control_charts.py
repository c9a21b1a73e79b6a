import pytest
from hypothesis import given
from hypothesis import strategies as st

from assays.qc.control_charts import (
    compute_cusum,
    compute_individuals_chart,
    compute_moving_ranges,
    find_nelson_signals,
    find_westgard_signals,
)


def westgard(z):
    return [(s.rule, s.index) for s in find_westgard_signals(z)]


def nelson(z):
    return [(s.rule, s.index) for s in find_nelson_signals(z)]


@pytest.mark.parametrize(
    ("z", "signals"),
    [
        ([2.0], []),
        ([2.1], [("1_2s", 0)]),
        ([3.1], [("1_2s", 0), ("1_3s", 0)]),
        ([2.1, 2.1], [("1_2s", 0), ("1_2s", 1), ("2_2s", 1)]),
        ([2.1, 0, 2.1], [("1_2s", 0), ("1_2s", 2)]),
        ([2.1, -2.1], [("1_2s", 0), ("1_2s", 1), ("R_4s", 1)]),
        ([-1.1, -1.1, -1.1, -1.1], [("4_1s", 3)]),
        ([1.1, 1.1, -1.1, 1.1], []),
        ([0.1] * 11, [("10_x", 9), ("10_x", 10)]),
        ([0.1] * 9 + [0.0] + [0.1] * 9, []),
    ],
)
def test_westgard_rules(z, signals):
    assert westgard(z) == signals


@pytest.mark.parametrize(
    ("z", "signals"),
    [
        ([-3.1], [("nelson_1", 0)]),
        ([0.5] * 8 + [1.5], [("nelson_2", 8)]),
        ([-0.5, -0.4, -0.3, 0.1, 0.2, 0.3], [("nelson_3", 5)]),
        ([0.5, 0.4, 0.3, -0.1, -0.2, -0.2], []),
        ([0.1, -1.2] * 7, [("nelson_4", 13)]),
        ([2.1, 0, 2.1], [("nelson_5", 2)]),
        ([2.1, 2.1, -0.1], [("nelson_5", 2)]),
        ([2.1, 2.1], []),
        ([1.1, 1.1, 0, 1.1, 1.1], [("nelson_6", 4)]),
        ([1.2, -1.2, -1.3, 1.2, 1.3, -1.2, -1.3, 1.2], [("nelson_8", 7)]),
    ],
)
def test_nelson_rules(z, signals):
    assert nelson(z) == signals


def test_fifteen_points_hugging_the_middle_fire():
    z = [0.1, -0.2, -0.1, 0.3, 0.3, -0.2, 0.1, 0.1, -0.4, -0.1, 0.2, 0.4, -0.1, -0.1, 0.2]
    assert nelson(z) == [("nelson_7", 14)]


@given(st.lists(st.floats(-5, 5), max_size=40))
def test_charts_are_symmetric(z):
    assert westgard(z) == westgard([-x for x in z])
    assert nelson(z) == nelson([-x for x in z])


@given(st.lists(st.floats(-5, 5), max_size=30), st.lists(st.floats(-5, 5), max_size=10))
def test_later_points_never_change_an_earlier_signal(z, later):
    assert [s for s in westgard(z + later) if s[1] < len(z)] == westgard(z)
    assert [s for s in nelson(z + later) if s[1] < len(z)] == nelson(z)


def test_individuals_chart_from_the_moving_range():
    chart = compute_individuals_chart([10, 12, 10, 12])
    assert (chart.center, chart.mean_range) == (11, 2)
    assert chart.sigma == pytest.approx(2 / 1.128)
    assert (chart.upper - 11, 11 - chart.lower) == pytest.approx((3 * chart.sigma, 3 * chart.sigma))
    assert chart.range_upper == pytest.approx(6.534)


def test_one_point_makes_no_chart():
    with pytest.raises(ValueError, match="at least two"):
        compute_individuals_chart([1.0])


def test_moving_ranges_begin_with_the_second_point() -> None:
    assert compute_moving_ranges([]) == []
    assert compute_moving_ranges([3.0, 5.0, 4.0]) == [None, 2.0, 1.0]


def test_cusum_of_a_shift_of_one_standard_deviation_signals_after_the_decision_interval() -> None:
    # By hand: each point adds 1 - 0.5; after ten the sum is 5, which does not pass 5; the eleventh does.
    sums = compute_cusum([1.0] * 11)
    assert [one.up for one in sums[:3]] == [0.5, 1.0, 1.5]
    assert [one.signals for one in sums] == [False] * 10 + [True]
    assert all(one.down == 0 for one in sums)
    # A point within the slack takes away, never below zero.
    assert [one.down for one in compute_cusum([-2.0, 0.0, 0.0, 3.0])] == [1.5, 1.0, 0.5, 0.0]
