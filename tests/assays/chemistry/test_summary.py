"""Medians over contents that may be bounds."""

from __future__ import annotations

import math
from statistics import median

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assays.chemistry.censored import Censored, parse_censored
from assays.chemistry.summary import percentile, summarise

contents = st.builds(Censored, st.floats(0.01, 1e4), st.sampled_from(["", "", "", "<", ">"]))


def of(*texts: str) -> list[Censored]:
    return [parse_censored(text) for text in texts]


def test_nothing_has_no_median() -> None:
    assert summarise([]) is None
    assert percentile([], 0.5) is None


def test_median_of_quantified_contents_is_exact() -> None:
    found = summarise(of("40", "46", "80"))
    assert found is not None
    assert (found.n, found.censored, found.lower, found.upper) == (3, 0, 46.0, 46.0)
    # 2 · 1.25 · 1.483 · MAD(6) / √3
    assert found.uncertainty == pytest.approx(2 * 1.25 * 1.483 * 6 / math.sqrt(3))


def test_bounds_below_the_middle_leave_the_median_exact_and_are_counted() -> None:
    found = summarise(of("<0.3", "40", "46", "80", "90"))
    assert found is not None
    assert (found.censored, found.is_exact, found.upper) == (1, True, 46.0)
    plain = summarise(of("0.3", "40", "46", "80", "90"))
    assert plain is not None
    assert found.uncertainty is not None
    assert plain.uncertainty is not None
    assert found.uncertainty >= plain.uncertainty


def test_bounds_at_the_middle_make_it_a_range_without_uncertainty() -> None:
    found = summarise(of("<0.3", "<0.3", "<0.5", "4"))
    assert found is not None
    assert (found.is_exact, found.lower, found.upper, found.uncertainty) == (False, 0.0, 0.4, None)


def test_over_range_at_the_middle_has_no_upper_end() -> None:
    found = summarise(of("10", ">1000", ">1000"))
    assert found is not None
    assert (found.lower, found.upper) == (1000.0, math.inf)


@pytest.mark.parametrize("texts", [["40"], ["40", "46"]])
def test_fewer_than_three_values_state_no_uncertainty(texts: list[str]) -> None:
    found = summarise(of(*texts))
    assert found is not None
    assert found.uncertainty is None


@given(st.lists(contents, min_size=1, max_size=30))
def test_the_truth_lies_within_the_bounds(values: list[Censored]) -> None:
    found = summarise(values)
    assert found is not None
    assert found.lower <= found.upper
    # Wherever a `<` really is, the median is within.
    truth = median(value.value / 2 if value.qualifier == "<" else value.value for value in values)
    assert found.lower <= truth <= found.upper
    assert found.is_exact == (found.lower == found.upper)


@given(st.lists(contents, min_size=1, max_size=20), st.integers(0, 19), st.floats(1.0, 100.0))
def test_a_richer_sample_never_lowers_the_median(values: list[Censored], index: int, factor: float) -> None:
    index %= len(values)
    richer = [value.scale(factor) if i == index else value for i, value in enumerate(values)]
    before, after = summarise(values), summarise(richer)
    assert before is not None
    assert after is not None
    assert after.lower >= before.lower
    assert after.upper >= before.upper


@given(st.lists(contents, min_size=1, max_size=20))
def test_order_does_not_matter(values: list[Censored]) -> None:
    assert summarise(values) == summarise(values[::-1])


@pytest.mark.parametrize(("share", "expected"), [(0, 1.0), (0.5, 2.5), (0.9, 3.7), (1, 4.0)])
def test_percentile_interpolates(share: float, expected: float) -> None:
    assert percentile([4, 1, 3, 2], share) == pytest.approx(expected)
