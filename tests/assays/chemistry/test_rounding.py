from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assays.chemistry.rounding import Rule, report, round_significant, round_to_place


@pytest.mark.parametrize(
    ("value", "figures", "expected"),
    [
        ("2.5", 1, "2"),
        ("3.5", 1, "4"),
        ("2.51", 1, "3"),
        ("0", 3, "0"),
        ("-2.5", 1, "-2"),
        ("999.6", 3, "1000"),
        ("1234567", 3, "1230000"),
        (57.125, 4, "57.12"),
    ],
)
def test_half_goes_to_the_even_digit(value, figures, expected):
    assert round_significant(value, figures) == expected


def test_other_rules_can_be_asked_for():
    assert round_significant("2.5", 1, Rule.HALF_UP) == "3"
    assert round_significant("4.31", 2, Rule.UP) == "4.4"
    assert round_to_place("1250", 2, Rule.HALF_UP) == "1300"


@pytest.mark.parametrize(
    ("value", "uncertainty", "text", "uncertainty_text"),
    [
        (181.707327, 4.371346, "181.7", "4.4"),
        (12345.6, 123.0, "12350", "120"),
        (0.012345, 0.00099, "0.01234", "0.00099"),
        (5.0, 0.996, "5.0", "1.0"),
        (5.0, 9.96, "5", "10"),
        (-0.04, 1.2, "0.0", "1.2"),
        (33.44, None, "33.4", ""),
        (33.44, 0.0, "33.4", ""),
    ],
)
def test_value_is_given_to_the_place_of_its_uncertainty(value, uncertainty, text, uncertainty_text):
    reported = report(value, uncertainty)
    assert (reported.text, reported.uncertainty_text) == (text, uncertainty_text)


def test_reported_value_prints_with_its_unit():
    assert report(181.707327, 4.371346).with_unit("mg/kg") == "181.7 ± 4.4 mg/kg (k=2)"
    assert report(181.707327, None).with_unit("mg/kg") == "182 mg/kg"


@pytest.mark.parametrize("value", ["x", "", float("nan"), float("inf")])
def test_what_is_no_number_is_refused(value):
    with pytest.raises(ValueError, match=r"not a number|cannot be rounded"):
        round_significant(value, 3)


def test_negative_uncertainty_is_refused():
    with pytest.raises(ValueError, match="not negative"):
        report(1.0, -0.1)


@given(st.decimals(min_value="0.000001", max_value="1000000", places=9), st.integers(1, 6))
def test_rounding_moves_by_half_a_place_at_most_and_only_once(value, figures):
    text = round_significant(value, figures)
    assert "E" not in text
    assert abs(Decimal(text) - value) * 2 <= Decimal(1).scaleb(max(value, Decimal(text)).adjusted() - figures + 1)
    assert round_significant(text, figures) == text
