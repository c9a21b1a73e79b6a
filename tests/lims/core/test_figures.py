from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from lims.core.figures import figures_text, mass_text, places_text


@pytest.mark.parametrize(
    ("mass", "text"),
    [(Decimal("0.10200"), "0.1020"), ("0.102", "0.1020"), (Decimal("0.10204"), "0.10204"), (Decimal(7), "7.0000"), ("1E-4", "0.0001")],
)
def test_a_mass_shows_what_the_balance_shows_and_no_zero_of_the_column(mass: Decimal | str, text: str) -> None:
    assert mass_text(mass) == text


def test_no_mass_is_no_text() -> None:
    assert mass_text(None) is None
    assert mass_text("") is None


@pytest.mark.parametrize(
    ("number", "count", "text"),
    [
        (24707.04, 6, "24707.0"),
        (0.0058, 3, "0.00580"),
        (0.000102294, 3, "0.000102"),
        (0.00005275917, 3, "5.28 × 10⁻⁵"),
        (-0.00008163, 3, "−8.16 × 10⁻⁵"),
        (-0.62, 3, "−0.620"),
        (9.996, 3, "10.0"),
        (123456.0, 3, "123000"),
        (100, 5, "100.00"),
        (0.0, 3, "0"),
    ],
)
def test_a_computed_number_keeps_its_figures(number: float, count: int, text: str) -> None:
    assert figures_text(number, count) == text


@pytest.mark.parametrize(
    ("number", "count", "text"),
    [
        (-0.4567, 2, "−0.46"),
        (Decimal("12.5"), 4, "12.5000"),
        (-0.001, 2, "0.00"),
        (Decimal("-1234.5"), 1, "−1234.5"),
        (None, 2, ""),
        ("", 2, ""),
    ],
)
def test_a_statistic_has_its_places_and_a_true_minus(number: Any, count: int, text: str) -> None:
    assert places_text(number, count) == text
