"""The way over a border: its route, what is declared, papers applied for and granted, the legs that were passed."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from decimal import Decimal
from typing import Any

from lims.core import clock
from lims.demo.journeys import Journey, Story
from samples.models import Consignment, RouteVersion
from samples.services.customs import add_paper, change_paper, declare_contents
from samples.services.routing import Leg, create_route
from samples.services.travelling import pass_leg

CODE = "PANGSAU"
DEPOT = "Myitkyina depot (invented)"
PAPERS = ("export_permit", "soil_permit", "norm_notice")
SEASON = "The rains were late and the road was passable (invented)."
# Days after collection began on which each leg was passed.
PASSED = ((1, 5.0), (2, 6.0), (3, 7.2), (4, 8.2))


def find_route_made(story: Story) -> RouteVersion:
    """An invented way over a post that exists; its days, costs and seasons are no advice. Made when it is first asked for."""
    made = RouteVersion.objects.filter(route__code=CODE).order_by("-number").first()
    if made is not None:
        return made
    rains = (6, 7, 8, 9)
    legs = [
        _leg("road", DEPOT, "Pangsau", "3", hazard="landslides in the rains", closed_months=rains),
        _leg("border_post", "Pangsau", "Nampong", "1", border_post="NAMPONG", papers=PAPERS, cost=None, currency=""),
        _leg("road", "Nampong", "Dibrugarh", "1.5"),
        _leg("air", "Dibrugarh", "Bhopal", "1", cost=Decimal("18500")),
    ]
    official = story.cast.of("official", "MOM")
    return create_route(code=CODE, name="Myitkyina to Bhopal by Pangsau Pass (invented)", legs=legs, by=official)


def _leg(mode: str, origin: str, destination: str, days: str, **more: Any) -> Leg:
    words: dict[str, Any] = {"mode": mode, "origin": origin, "destination": destination, "transit_days": Decimal(days)}
    return Leg(**(words | {"cost": Decimal("9500"), "currency": "INR"} | more))


def route_for(story: Story, journey: Journey) -> RouteVersion | None:
    """The route of the younger journeys over the pass to Bhopal; the older ones left before routes were written down."""
    if journey.age > 30 or journey.laboratory != "BPL" or not journey.border.startswith("Nampong"):
        return None
    return find_route_made(story)


def declare(consignment: Consignment, *, by: Any) -> None:
    """What is declared at customs, and the papers applied for."""
    declare_contents(consignment=consignment, hs_code="253090", purpose=consignment.purpose, norm_notice=True, soil_notice=True, by=by)
    for kind in PAPERS:
        add_paper(consignment=consignment, kind=kind, issued_by="Office (invented)", remark="Invented for the demonstration.", by=by)


def travel(story: Story, journey: Journey, consignment: Consignment, *, by: Any, legs: Iterable[tuple[int, float]] = PASSED) -> None:
    """The papers are granted on the way to the border, and each leg is noted where it ends."""
    for number, day in legs:
        with story.on_day(journey, day):
            if number == 2:
                _grant(consignment, by)
            pass_leg(consignment=consignment, leg_number=number, by=by)


def _grant(consignment: Consignment, by: Any) -> None:
    today = clock.today()
    for index, paper in enumerate(consignment.papers.order_by("kind"), 1):
        change_paper(
            paper=paper,
            status="granted",
            number=f"INV-{consignment.code[-7:-2]}-{index}",
            valid_from=today,
            valid_until=today + timedelta(days=30),
            remark="Invented for the demonstration.",
            by=by,
        )
