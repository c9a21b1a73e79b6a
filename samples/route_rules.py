"""What follows from a route: when a consignment should arrive, which legs are closed when it comes there, which papers it needs. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

BORDER_POST = "border_post"
NORM_NOTICE, SOIL_PERMIT = "norm_notice", "soil_permit"


@dataclass(frozen=True, kw_only=True)
class LegPlan:
    """One leg: days on it, months (1 to 12) in which it is closed, kinds of papers asked for on it."""

    number: int
    mode: str
    origin: str
    destination: str
    transit_days: Decimal
    closed_months: tuple[int, ...] = ()
    papers: tuple[str, ...] = ()


def arrive(start: datetime, legs: Iterable[LegPlan]) -> datetime:
    """When the last leg ends for what sets out at `start`."""
    return start + timedelta(days=float(sum((leg.transit_days for leg in legs), Decimal(0))))


def closed_legs(start: datetime, legs: Sequence[LegPlan]) -> list[LegPlan]:
    """The legs that are closed in a month in which the consignment would be on them."""
    found, reached = [], start
    for leg in legs:
        left = arrive(reached, [leg])
        if set(leg.closed_months) & _months(reached, left):
            found.append(leg)
        reached = left
    return found


def _months(start: datetime, end: datetime) -> set[int]:
    """Every month touched between two moments."""
    if (end - start).days >= 365:
        return set(range(1, 13))
    months, at = {end.month}, start
    while at < end:
        months.add(at.month)
        at += timedelta(days=1)
    return months


def needed_papers(legs: Iterable[LegPlan], *, norm: bool, soil: bool) -> dict[str, LegPlan]:
    """Each kind of paper with the first leg that asks for it. A notice of radioactivity and a soil permit are asked for only of what is
    declared to hold such."""
    found: dict[str, LegPlan] = {}
    for leg in legs:
        for kind in leg.papers:
            if (kind == NORM_NOTICE and not norm) or (kind == SOIL_PERMIT and not soil):
                continue
            found.setdefault(kind, leg)
    return found
