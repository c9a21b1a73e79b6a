"""On the way along a route: legs that were passed, promises that were changed, alarms when one was broken."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction

from lims.core import clock
from lims.core.acting import acting
from lims.core.days import local_day
from lims.core.errors import Blocker, Forbidden, refuse_if
from lims.core.roles import Action, require
from samples.custody.kinds import EventKind
from samples.custody.ledger import append_events
from samples.lifecycle import ConsignmentState
from samples.models import Consignment, LegPassage, OverdueAlarm, RouteLeg, RouteVersion, Sample
from samples.route_rules import LegPlan, closed_legs
from samples.services.customs import leg_paper_blockers
from samples.services.holding import given_reason
from samples.services.movement import (
    checked_arrival,
    checked_moment,
    checked_texts,
    entries_of,
    invalid_at,
    last_moment,
    lock_consignment,
    travelling_items,
)


def check_route(version: RouteVersion) -> None:
    """Raise `Invalid('route')` for a route that is out of use or a version that was replaced."""
    if not version.route.active:
        raise invalid_at("/route", "route", f"Route {version.route.code} is out of use. Choose another.")
    newest = version.route.versions.order_by("-number").values_list("number", flat=True)[0]
    if newest != version.number:
        raise invalid_at("/route", "route", f"Route {version.route.code} has version {newest} by now. Choose that.")


def check_season(version: RouteVersion, start: datetime, reason: str) -> list[LegPlan]:
    """The legs that will be closed when the consignment comes there; going all the same needs a reason (`season_reason_missing`)."""
    closed = closed_legs(clock_of_road(start), version.plan())
    if closed and not reason:
        places = "; ".join(f"leg {leg.number}, {leg.origin} → {leg.destination}" for leg in closed)
        detail = f"Closed in that season: {places}. Choose another route or day, or say why it goes all the same."
        raise invalid_at("/season_reason", "season_reason_missing", detail)
    return closed


def clock_of_road(moment: datetime) -> datetime:
    """Seasons go by the calendar of the laboratories, not by UTC."""
    day = local_day(moment)
    return moment.replace(year=day.year, month=day.month, day=day.day)


def pass_leg(
    *, consignment: Consignment, leg_number: int, place: str = "", remark: str = "", by: Any, at: datetime | None = None
) -> LegPassage:
    """Note that the consignment passed a leg of its route; it was last seen at its end, or at `place`. Said by its holder or sender.

    Legs are passed in order; one that nobody noted may be left out. Raises `Blocked` (no route, not on its way, a paper missing),
    `Invalid('leg')` for a leg that is none or lies behind.
    """
    require(by, Action.CONSIGNMENT_HANDOVER)
    texts = checked_texts(LegPassage, place=place, remark=remark)
    with transaction.atomic(), acting(by, "leg passed"):
        consignment = lock_consignment(consignment)
        refuse_if(passing_blockers(consignment, by))
        leg = _next_leg(consignment, leg_number)
        moment = checked_moment(at, after=last_moment(consignment))
        plan = next(one for one in leg.version.plan() if one.number == leg.number)
        refuse_if(leg_paper_blockers(consignment, plan, local_day(moment)))
        here = texts["place"] or leg.destination
        passage = LegPassage.objects.create(
            consignment=consignment,
            leg=leg,
            place=here,
            remark=texts["remark"],
            passed_at=moment,
            recorded_by=by,
            recorded_at=clock.now(),
        )
        consignment.last_seen, consignment.last_seen_at = here, moment
        consignment.save(update_fields=["last_seen", "last_seen_at"])
        items = list(travelling_items(consignment))
        Sample.objects.filter(pk__in=[item.sample_id for item in items]).update(place=here)
        words = {"place": here, "remark": texts["remark"], "detail": {"leg": str(leg.number)}}
        append_events(entries_of(items, EventKind.PASSED, consignment, moment, **words), by=by)
    return passage


def passing_blockers(consignment: Consignment, by: Any) -> list[Blocker]:
    """Why the caller cannot note a passed leg now."""
    if by.organisation_id not in {consignment.holder_id, consignment.sender_id}:
        return [Blocker("not_holder", f"Whoever holds {consignment.code}, or sent it, notes where it passed.")]
    if consignment.route_id is None:
        return [Blocker("no_route", f"{consignment.code} left without a route, so there is no leg to pass.")]
    if consignment.state != ConsignmentState.DISPATCHED:
        return [Blocker("wrong_state", f"{consignment.code} is {ConsignmentState(consignment.state).label}, not on its way.")]
    return []


def _next_leg(consignment: Consignment, number: int) -> RouteLeg:
    leg = RouteLeg.objects.select_related("version").filter(version=consignment.route_id, number=number).first()
    if leg is None:
        raise invalid_at("/leg", "leg", f"The route of {consignment.code} has no leg {number}.")
    last = max(consignment.passages.values_list("leg__number", flat=True), default=0)
    if number <= last:
        raise invalid_at("/leg", "leg", f"Leg {last} was passed already; leg {number} lies behind.")
    return leg


def expect_later(*, consignment: Consignment, expected_by: datetime, reason: str, by: Any) -> Consignment:
    """Change the promise of a consignment under way, with a reason; an alarm about the old one ends. Said by its holder or sender."""
    require(by, Action.CONSIGNMENT_HANDOVER)
    reason = given_reason(reason)
    with transaction.atomic(), acting(by, reason):
        consignment = lock_consignment(consignment)
        if by.organisation_id not in {consignment.holder_id, consignment.sender_id}:
            raise Forbidden("not_holder", f"Whoever holds {consignment.code}, or sent it, says when it is expected.")
        if consignment.state != ConsignmentState.DISPATCHED:
            refuse_if([Blocker("wrong_state", f"{consignment.code} is {ConsignmentState(consignment.state).label}, not on its way.")])
        consignment.expected_by = checked_arrival(expected_by, after=clock.now(), early="That moment is past. Say when it will be there.")
        consignment.save(update_fields=["expected_by"])
    return consignment


def raise_overdue_alarms() -> list[OverdueAlarm]:
    """An alarm for every consignment whose promise is broken and that has none yet; the regular check. Safe to repeat, also at once."""
    now = clock.now()
    late = Consignment.objects.filter(state=ConsignmentState.DISPATCHED, expected_by__lt=now)
    rows = [OverdueAlarm(consignment=one, expected_by=one.expected_by, raised_at=now) for one in late if one.expected_by]
    known = set(OverdueAlarm.objects.filter(consignment__in=late).values_list("consignment", "expected_by"))
    new = [row for row in rows if (row.consignment_id, row.expected_by) not in known]
    OverdueAlarm.objects.bulk_create(new, ignore_conflicts=True)
    return new
