"""Border posts and routes, as reference data with versions."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, transaction

from lims.core import clock
from lims.core.acting import acting
from lims.core.errors import Invalid, Problem
from lims.core.roles import Action, require
from samples.models import BorderPost, Route, RouteLeg, RouteVersion
from samples.models.routes import LegMode, PaperKind, PostStatus
from samples.services.holding import given_reason
from samples.services.movement import checked_texts, invalid_at

MOST_LEGS = 20
_CODE = re.compile(r"[A-Z0-9][A-Z0-9-]{1,11}")
_CURRENCY = re.compile(r"[A-Z]{3}")


@dataclass(frozen=True, kw_only=True)
class Leg:
    """One leg to be. `border_post` is its code, needed for that mode; cost in `currency` (ISO 4217) for one consignment."""

    mode: str
    origin: str
    destination: str
    transit_days: Decimal
    border_post: str = ""
    cost: Decimal | None = None
    currency: str = ""
    hazard: str = ""
    closed_months: Sequence[int] = ()
    papers: Sequence[str] = ()


def create_route(*, code: str, name: str, legs: Sequence[Leg], by: Any, at: datetime | None = None) -> RouteVersion:
    """A new route with its first version. Raises `Invalid` with a pointer for every leg that cannot be (`/legs/2/transit_days`)."""
    require(by, Action.ROUTE_EDIT)
    code, name = code.strip().upper(), checked_texts(Route, name=name)["name"]
    if not _CODE.fullmatch(code):
        raise invalid_at("/code", "code_shape", "Two to twelve capital letters, digits and hyphens, for example NAMPONG-1.")
    if not name:
        raise invalid_at("/name", "missing", "Say from where to where it leads.")
    with transaction.atomic(), acting(by, "route made"):
        if Route.objects.filter(code=code).exists():
            raise invalid_at(
                "/code", "duplicate_code", f"There is a route {code} already. Make a new version of it or choose another code."
            )
        return _add_version(Route.objects.create(code=code, name=name), 1, legs, "", by, at)


def revise_route(*, route: Route, legs: Sequence[Leg], reason: str, by: Any, at: datetime | None = None) -> RouteVersion:
    """A new version of a route, with a reason; consignments keep the version they left with."""
    require(by, Action.ROUTE_EDIT)
    reason = given_reason(checked_texts(RouteVersion, reason=reason)["reason"])
    with transaction.atomic(), acting(by, reason):
        route = Route.objects.select_for_update().get(pk=route.pk)
        return _add_version(route, route.versions.count() + 1, legs, reason, by, at)


def retire_route(*, route: Route, active: bool, reason: str, by: Any) -> Route:
    """Take a route out of use, or into use again; consignments under way keep it."""
    require(by, Action.ROUTE_EDIT)
    with transaction.atomic(), acting(by, given_reason(reason)):
        route = Route.objects.select_for_update().get(pk=route.pk)
        route.active = active
        route.save(update_fields=["active"])
    return route


def keep_post(*, code: str, name: str, status: str, far_side: str = "", region: str = "", remark: str = "", by: Any) -> BorderPost:
    """Write down what is known of a border post, new or known by its code."""
    require(by, Action.ROUTE_EDIT)
    texts = checked_texts(BorderPost, name=name, far_side=far_side, region=region, remark=remark)
    code = code.strip().upper()
    if not _CODE.fullmatch(code):
        raise invalid_at("/code", "code_shape", "Two to twelve capital letters, digits and hyphens, for example NAMPONG.")
    if not texts["name"]:
        raise invalid_at("/name", "missing", "Give the name that stands on the papers.")
    if status not in PostStatus.values:
        raise invalid_at("/status", "unknown_choice", f"“{status}” is none of: {', '.join(PostStatus.values)}.")
    with transaction.atomic(), acting(by, "border post kept"):
        try:
            with transaction.atomic():
                return BorderPost.objects.update_or_create(code=code, defaults=texts | {"status": status})[0]
        except IntegrityError as error:
            raise invalid_at("/name", "duplicate_name", f"Another post is called {texts['name']}.") from error


def _add_version(route: Route, number: int, legs: Sequence[Leg], reason: str, by: Any, at: datetime | None) -> RouteVersion:
    posts = {post.code: post for post in BorderPost.objects.all()}
    problems = list(_problems(legs, posts))
    if problems:
        raise Invalid(problems[0].code, f"{problems[0].pointer[1:]}: {problems[0].detail}", problems=problems)
    version = RouteVersion.objects.create(route=route, number=number, reason=reason, made_by=by, made_at=at or clock.now())
    RouteLeg.objects.bulk_create(
        RouteLeg(
            version=version,
            number=index,
            mode=leg.mode,
            origin=leg.origin.strip(),
            destination=leg.destination.strip(),
            border_post=posts.get(leg.border_post.strip().upper()),
            transit_days=leg.transit_days,
            cost=leg.cost,
            currency=leg.currency.strip().upper(),
            hazard=leg.hazard.strip(),
            closed_months=sorted(set(leg.closed_months)),
            papers=sorted(set(leg.papers)),
        )
        for index, leg in enumerate(legs, 1)
    )
    return version


def _problems(legs: Sequence[Leg], posts: dict[str, BorderPost]) -> Iterable[Problem]:
    if not 1 <= len(legs) <= MOST_LEGS:
        yield Problem("/legs", "out_of_range", f"A route has 1 to {MOST_LEGS} legs.")
    for index, leg in enumerate(legs):
        for name, code, detail in _leg_problems(leg, posts):
            yield Problem(f"/legs/{index}/{name}", code, detail)


def _leg_problems(leg: Leg, posts: dict[str, BorderPost]) -> Iterable[tuple[str, str, str]]:
    if leg.mode not in LegMode.values:
        yield "mode", "unknown_choice", f"“{leg.mode}” is none of: {', '.join(LegMode.values)}."
    for name in ("origin", "destination"):
        if not getattr(leg, name).strip():
            yield name, "missing", "Name the place."
    for name, longest in (("origin", 80), ("destination", 80), ("hazard", 200)):
        if len(getattr(leg, name)) > longest or not (getattr(leg, name) or "x").isprintable():
            yield name, "too_long", f"At most {longest} printable characters."
    if leg.mode == LegMode.BORDER_POST and leg.border_post.strip().upper() not in posts:
        yield "border_post", "unknown_post", "Name the border post by its code."
    elif leg.border_post and leg.border_post.strip().upper() not in posts:
        yield "border_post", "unknown_post", f"There is no border post “{leg.border_post}”."
    if not _between(leg.transit_days, 0, 365):
        yield "transit_days", "out_of_range", "Days on the leg, from 0 to 365, at most two decimals."
    if leg.cost is not None and not _between(leg.cost, 0, 10**9):
        yield "cost", "out_of_range", "A cost from 0, at most two decimals."
    if bool(leg.currency.strip()) != (leg.cost is not None) or (leg.currency and not _CURRENCY.fullmatch(leg.currency.strip().upper())):
        yield "currency", "currency", "A cost needs its currency in three letters (INR, MMK, USD), and a currency a cost."
    if set(leg.closed_months) - set(range(1, 13)):
        yield "closed_months", "out_of_range", "Months are 1 to 12."
    if set(leg.papers) - set(PaperKind.values):
        yield "papers", "unknown_choice", f"Papers are: {', '.join(PaperKind.values)}."


def _between(number: Decimal, low: int, high: int) -> bool:
    return number.is_finite() and low <= number <= high and round(number, 2) == number
