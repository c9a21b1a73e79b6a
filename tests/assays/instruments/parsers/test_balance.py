"""A balance's line is a resting weight with its unit, or refused: never a guess."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assays.instruments.parsers.balance import read_weight, to_grams
from lims.core.errors import Invalid


@pytest.mark.parametrize(
    ("raw", "unit", "grams"),
    [
        ("+   0.2513 g", "", "0.2513"),
        ("N     +   0.2513 g  \r\n", "", "0.2513"),
        ("S S     0.25130 g", "", "0.25130"),
        ("251.3 mg", "", "0.2513"),
        ("0.2513", "g", "0.2513"),
    ],
)
def test_what_balances_send_is_read_with_every_digit(raw: str, unit: str, grams: str) -> None:
    assert to_grams(*read_weight(raw, unit)) == Decimal(grams)


@pytest.mark.parametrize(
    ("raw", "unit", "code"),
    [
        ("", "", "no_weight"),
        ("0,2513 g", "", "no_weight"),
        ("0.251[3] g", "", "no_weight"),
        ("High", "", "no_weight"),
        ("0.25 13 g", "", "no_weight"),
        ("٠.٢٥ g", "", "no_weight"),
        ("1e-3 g", "", "no_weight"),
        ("+   0.2513", "", "not_at_rest"),
        ("S D     0.2513 g", "", "not_at_rest"),
        ("-   0.2513 g", "", "mass_not_positive"),
        ("0.0000 g", "", "mass_not_positive"),
        ("0.2513 oz", "", "unit"),
        ("0.2513 g", "mg", "unit_differs"),
    ],
)
def test_anything_else_is_refused_and_says_why(raw: str, unit: str, code: str) -> None:
    with pytest.raises(Invalid) as refused:
        read_weight(raw, unit)
    assert refused.value.code == code
    assert refused.value.problems[0].pointer == "/raw"


@given(st.text(max_size=40) | st.from_regex(r"[+-]? *[0-9.,]{1,8} *(g|mg|kg|)", fullmatch=True))
def test_junk_is_refused_or_is_the_number_that_stands_there(raw: str) -> None:
    try:
        value, unit = read_weight(raw)
    except Invalid:
        return
    assert str(value) in raw
    assert raw.strip().endswith(unit)
