"""What follows from a route, worked by hand."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from samples.route_rules import LegPlan, arrive, closed_legs, needed_papers

START = datetime(2026, 5, 28, 6, tzinfo=UTC)


def leg(number: int, days: str, closed: tuple[int, ...] = (), papers: tuple[str, ...] = ()) -> LegPlan:
    return LegPlan(number=number, mode="road", origin="a", destination="b", transit_days=Decimal(days), closed_months=closed, papers=papers)


def test_arrival_is_the_sum_of_the_legs() -> None:
    assert arrive(START, [leg(1, "2.5"), leg(2, "0.25"), leg(3, "0")]) == datetime(2026, 5, 31, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("legs", "closed"),
    [
        # The first leg ends on 30 May; the second runs from there into June.
        ([leg(1, "2", (6,)), leg(2, "3", (6,))], [2]),
        ([leg(1, "2", (5,)), leg(2, "3", (7,))], [1]),
        # A leg of forty days is also on the road in the whole of June.
        ([leg(1, "40", (6,))], [1]),
        ([leg(1, "400", (2,))], [1]),
        ([leg(1, "2"), leg(2, "3")], []),
    ],
)
def test_a_leg_is_closed_when_the_consignment_would_be_on_it_then(legs: list[LegPlan], closed: list[int]) -> None:
    assert [one.number for one in closed_legs(START, legs)] == closed


def test_notices_are_asked_for_only_of_what_is_declared_so() -> None:
    legs = [leg(1, "1", papers=("export_permit",)), leg(2, "1", papers=("norm_notice", "soil_permit", "export_permit"))]
    assert {kind: one.number for kind, one in needed_papers(legs, norm=False, soil=False).items()} == {"export_permit": 1}
    assert set(needed_papers(legs, norm=True, soil=True)) == {"export_permit", "norm_notice", "soil_permit"}
