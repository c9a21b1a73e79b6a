"""What counts as a difference between sent and arrived."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from samples.receipt_rules import Arrived, Sent, compare_receipt, mass_tolerance_g


def compare(sent: dict[str, Any] | None = None, **arrived: Any) -> list[str]:
    """The kinds of deviation between a sealed bag of 500 g and what is said to have arrived."""
    left = {"seal_number": "KA 0042", "container_count": 1, "mass_g": Decimal("500")} | (sent or {})
    came = {"seal_number": "KA 0042", "seal_condition": "intact", "container_intact": True, "container_count": 1, "mass_g": Decimal("500")}
    return [deviation.kind for deviation in compare_receipt(Sent(**left), Arrived(**(came | arrived)))]


@pytest.mark.parametrize(
    ("arrived", "kinds"),
    [
        ({}, []),
        ({"seal_number": "ka0042"}, []),
        ({"seal_number": "KA 0043"}, ["seal_differs"]),
        ({"seal_condition": "broken"}, ["seal_broken"]),
        ({"seal_condition": "broken", "seal_number": ""}, ["seal_broken"]),
        ({"seal_condition": "broken", "seal_number": "ZZ 1"}, ["seal_broken", "seal_differs"]),
        ({"seal_condition": "missing", "seal_number": ""}, ["seal_missing"]),
        ({"seal_condition": "none", "seal_number": ""}, ["seal_missing"]),
        ({"container_intact": False}, ["container"]),
        ({"container_count": 2}, ["container_extra"]),
        ({"container_count": 0}, ["container_missing"]),
        ({"container_intact": False, "container_count": 2}, ["container", "container_extra"]),
        ({"container_count": None, "mass_g": None}, []),
        ({"mass_g": Decimal("495")}, []),
        ({"mass_g": Decimal("494.999")}, ["mass"]),
        ({"mass_g": Decimal("505.001")}, ["mass"]),
    ],
)
def test_each_difference_is_named(arrived: dict[str, Any], kinds: list[str]) -> None:
    assert compare(**arrived) == kinds


@pytest.mark.parametrize(
    ("condition", "number", "kinds"),
    [("none", "", []), ("missing", "", []), ("intact", "KA 1", ["seal_differs"]), ("broken", "", ["seal_broken"])],
)
def test_a_sample_that_left_without_a_seal(condition: str, number: str, kinds: list[str]) -> None:
    assert compare({"seal_number": ""}, seal_condition=condition, seal_number=number) == kinds


@pytest.mark.parametrize(("mass", "tolerance"), [("500", "5.00"), ("200", "2"), ("20", "2"), ("2140.5", "21.405")])
def test_tolerance_is_one_percent_or_two_grams_whichever_is_larger(mass: str, tolerance: str) -> None:
    assert mass_tolerance_g(Decimal(mass)) == Decimal(tolerance)


def test_the_sentence_tells_both_sides() -> None:
    sent = Sent(seal_number="A1", container_count=1, mass_g=Decimal("500.000"))
    arrived = Arrived(seal_number="B2", seal_condition="intact", container_intact=True, container_count=3, mass_g=Decimal("470.25"))
    assert [deviation.detail for deviation in compare_receipt(sent, arrived)] == [
        "Seal A1 was applied; seal B2 was found.",
        "1 container(s) left; 3 arrived.",
        "500.000 g left; 470.25 g arrived: -29.750 g, where ±5 g is tolerated.",
    ]
