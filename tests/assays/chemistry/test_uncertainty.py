import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assays.chemistry.limits import estimate_limits
from assays.chemistry.uncertainty import (
    combine_correlated,
    combine_independent,
    combine_product,
    estimate_from_materials,
    estimate_from_one_material,
    propagate_to_as_received,
)


def test_three_and_four_make_five_independent_and_seven_correlated():
    assert combine_independent([3, 4]) == 5
    assert combine_correlated([3, 4]) == 7


def test_relative_contributions_add_by_quadrature():
    budget = combine_product(200.0, {"c": (10, 0.3), "m": (0.5, 0.02)})
    assert budget.relative == pytest.approx(0.05)
    assert budget.standard == pytest.approx(10)
    assert budget.expanded == pytest.approx(20)
    assert budget.shares_percent == pytest.approx({"c": 36, "m": 64})


def test_input_of_zero_has_no_relative_uncertainty():
    with pytest.raises(ValueError, match="not zero"):
        combine_product(1.0, {"c": (0, 0.1)})


def test_moisture_adds_to_the_uncertainty_as_received():
    # 0.8·5 = 4 and 1000/100·0.3 = 3.
    assert propagate_to_as_received(1000, 5, 20, 0.3) == pytest.approx(5)


def test_nordtest_with_one_material():
    # Bias +2 %, s 2 % over 4 results gives 1 %, u(Cref) 2 %: u(bias) = 3 %; with u(Rw) 4 % u_c = 5 %.
    results = [100.0, 100.0, 104.0, 104.0]
    s = statistics.stdev(results)
    found = estimate_from_one_material(results, 100.0, 2.0, 4.0)
    assert found.bias == pytest.approx(2)
    assert found.s_bias == pytest.approx(s)
    assert found.u_bias**2 == pytest.approx(4 + s**2 / 4 + 4)
    assert found.expanded == pytest.approx(2 * (16 + found.u_bias**2) ** 0.5)


def test_nordtest_with_several_materials():
    found = estimate_from_materials([3.0, -3.0], [4.0, 4.0], 12.0)
    assert (found.bias, found.u_bias, found.u_combined, found.expanded) == pytest.approx((3, 5, 13, 26))


def test_bias_without_the_uncertainty_of_its_certified_value_is_refused():
    with pytest.raises(ValueError, match="Each bias"):
        estimate_from_materials([1.0, 2.0], [1.0], 2.0)


@given(st.lists(st.floats(0, 100), min_size=1, max_size=10))
def test_independent_never_exceeds_correlated(uncertainties):
    assert combine_independent(uncertainties) <= combine_correlated(uncertainties) * (1 + 1e-12)


def test_limits_come_from_blanks():
    found = estimate_limits([1.0, 2.0, 3.0])
    assert (found.n, found.mean, found.s, found.lod, found.loq) == (3, 2, 1, 3, 10)
    assert (found.lod_with_mean, found.loq_with_mean) == (5, 12)
    assert found.mdl == found.t_99 == pytest.approx(6.964557, abs=1e-6)


def test_one_blank_gives_no_limit():
    with pytest.raises(ValueError, match="at least 2"):
        estimate_limits([0.1])
