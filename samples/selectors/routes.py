"""Routes, and where on one a consignment stands; customs papers as data."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import Prefetch, QuerySet
from django.utils.dates import MONTHS_3
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from lims.core import clock
from lims.core.errors import Invalid, NotFound, Problem
from lims.core.roles import Action, allowed
from samples.models import BorderPost, Consignment, CustomsPaper, Route, RouteLeg, RouteVersion
from samples.models.papers import PaperStatus
from samples.models.routes import LegMode, PaperKind
from samples.route_rules import LegPlan, needed_papers
from samples.selectors.consignments import Badge


def select_routes(viewer: Any) -> QuerySet[Route]:
    """The viewer's routes with their versions, the newest first, and legs."""
    legs = RouteLeg.objects.select_related("border_post").order_by("number")
    versions = RouteVersion.objects.select_related("made_by").prefetch_related(Prefetch("legs", queryset=legs)).order_by("-number")
    return Route.objects.visible_to(viewer).prefetch_related(Prefetch("versions", queryset=versions))


def routes_in_force() -> QuerySet[RouteVersion]:
    """The newest version of every route in use."""
    newest = RouteVersion.objects.order_by("route_id", "-number").distinct("route_id").values("pk")
    return RouteVersion.objects.filter(pk__in=newest, route__active=True).select_related("route").order_by("route__code")


def find_route(code: str) -> RouteVersion:
    """The version in force of a route by its code; raises `Invalid('unknown_route')`."""
    found = routes_in_force().filter(route__code=code.strip().upper()).first()
    if found is None:
        detail = f"There is no route “{code}” in use. Look at the list of routes."
        raise Invalid("unknown_route", detail, problems=[Problem("/route", "unknown_route", detail)])
    return found


def leg_data(leg: RouteLeg) -> dict[str, Any]:
    """One leg, flat."""
    return {
        "number": leg.number,
        "mode": leg.mode,
        "origin": leg.origin,
        "destination": leg.destination,
        "border_post": leg.border_post.code if leg.border_post else None,
        "transit_days": str(leg.transit_days),
        "cost": str(leg.cost) if leg.cost is not None else None,
        "currency": leg.currency or None,
        "hazard": leg.hazard,
        "closed_months": list(leg.closed_months),
        "papers": list(leg.papers),
    }


def version_data(version: RouteVersion) -> dict[str, Any]:
    """One version of a route with its sums."""
    legs = list(version.legs.all())
    return {
        "version": version.number,
        "reason": version.reason,
        "made_at": version.made_at.isoformat(),
        "transit_days": str(sum((leg.transit_days for leg in legs), Decimal(0))),
        "costs": costs_of(legs),
        "legs": [leg_data(leg) for leg in legs],
    }


def route_data(route: Route) -> dict[str, Any]:
    """A route from `select_routes` with all its versions."""
    return {"code": route.code, "name": route.name, "active": route.active, "versions": [version_data(one) for one in route.versions.all()]}


def costs_of(legs: list[RouteLeg]) -> dict[str, str]:
    """The cost of the whole route by currency; currencies are never added."""
    sums: dict[str, Decimal] = {}
    for leg in legs:
        if leg.cost is not None:
            sums[leg.currency] = sums.get(leg.currency, Decimal(0)) + leg.cost
    return {currency: str(cost) for currency, cost in sorted(sums.items())}


def month_names(months: list[int]) -> str:
    """`[6, 7]` → “Jun, Jul”."""
    return ", ".join(str(MONTHS_3[month]) for month in sorted(months))


@dataclass(frozen=True)
class LegView:
    """One leg of a consignment's route: planned, the next, or passed."""

    leg: RouteLeg
    mode: str
    season: str
    papers: str
    due: datetime | None
    passed_at: datetime | None
    place: str
    is_next: bool

    @property
    def badge(self) -> Badge:
        """Where it stands."""
        if self.passed_at:
            return "pass", pgettext("journey", "passed")
        return ("wait", _("next")) if self.is_next else ("none", _("ahead"))


def way_of(consignment: Consignment, viewer: Any) -> list[LegView]:
    """The legs of its route as far as they are the viewer's; nothing for those who must not learn places of the road."""
    if consignment.route_id is None or not allowed(viewer, Action.ROUTE_VIEW):
        return []
    passed = {one.leg_id: one for one in consignment.passages.all()}
    legs = list(RouteLeg.objects.filter(version=consignment.route_id).select_related("border_post").order_by("number"))
    reached = max((leg.number for leg in legs if leg.pk in passed), default=0)
    due, found = consignment.dispatched_at, []
    for leg in legs:
        passage = passed.get(leg.pk)
        due = passage.passed_at if passage else (due + timedelta(days=float(leg.transit_days)) if due else None)
        found.append(
            LegView(
                leg=leg,
                mode=str(LegMode(leg.mode).label),
                season=month_names(leg.closed_months),
                papers=", ".join(str(PaperKind(kind).label) for kind in leg.papers),
                due=due,
                passed_at=passage.passed_at if passage else None,
                place=passage.place if passage else "",
                is_next=leg.number == reached + 1,
            )
        )
    return found


@dataclass(frozen=True)
class PaperRow:
    """One customs paper."""

    id: UUID
    paper: CustomsPaper
    kind: str
    badge: Badge
    files: list[dict[str, Any]]


_TONES = {PaperStatus.APPLIED: "wait", PaperStatus.GRANTED: "pass", PaperStatus.REFUSED: "fail"}


def papers_of(consignment: Consignment, viewer: Any) -> list[PaperRow]:
    """The customs papers that are the viewer's to see."""
    rows = CustomsPaper.objects.visible_to(viewer).filter(consignment=consignment).prefetch_related("files")
    return [paper_row(paper) for paper in rows]


def paper_row(paper: CustomsPaper) -> PaperRow:
    """One paper with its badge: one that ran out is refused on the road like one that never came."""
    today = clock.today()
    badge = (_TONES[PaperStatus(paper.status)], str(PaperStatus(paper.status).label))
    if paper.status == PaperStatus.GRANTED and not paper.holds_on(today):
        badge = ("fail", _("not valid today"))
    files = [{"id": str(one.pk), "name": one.name, "content_type": one.content_type, "size": one.size} for one in paper.files.all()]
    return PaperRow(paper.pk, paper, str(PaperKind(paper.kind).label), badge, files)


def paper_data(row: PaperRow) -> dict[str, Any]:
    """One paper, flat."""
    paper = row.paper
    return {
        "id": str(paper.pk),
        "kind": paper.kind,
        "number": paper.number,
        "issued_by": paper.issued_by,
        "status": paper.status,
        "valid_from": paper.valid_from.isoformat() if paper.valid_from else None,
        "valid_until": paper.valid_until.isoformat() if paper.valid_until else None,
        "remark": paper.remark,
        "added_at": paper.added_at.isoformat(),
        "files": row.files,
    }


def _plan(consignment: Consignment) -> list[LegPlan]:
    return consignment.route.plan() if consignment.route else []


def wanted_papers(consignment: Consignment) -> list[str]:
    """The kinds its route asks for, in words, that are not there in any state."""
    there = {paper.kind for paper in consignment.papers.all()}
    needed = needed_papers(_plan(consignment), norm=consignment.norm_notice, soil=consignment.soil_notice)
    return [str(PaperKind(kind).label) for kind in needed if kind not in there]


def customs_data(consignment: Consignment, viewer: Any) -> dict[str, Any]:
    """What is declared, what the route asks for, what is there."""
    needed = needed_papers(_plan(consignment), norm=consignment.norm_notice, soil=consignment.soil_notice)
    return {
        "consignment": consignment.code,
        "hs_code": consignment.hs_code,
        "purpose": consignment.purpose,
        "norm_notice": consignment.norm_notice,
        "soil_notice": consignment.soil_notice,
        "needed": sorted(needed),
        "papers": [paper_data(row) for row in papers_of(consignment, viewer)],
    }


def way_data(consignment: Consignment, viewer: Any) -> list[dict[str, Any]]:
    """The legs of its route with what was passed."""
    return [
        {
            **leg_data(view.leg),
            "expected_at": view.due.isoformat() if view.due else None,
            "passed_at": view.passed_at.isoformat() if view.passed_at else None,
            "place": view.place,
        }
        for view in way_of(consignment, viewer)
    ]


def find_post(code: str) -> BorderPost:
    """A border post by its code; raises `NotFound`."""
    found = BorderPost.objects.filter(code=code.strip().upper()).first()
    if found is None:
        raise NotFound()
    return found


def post_data(post: BorderPost) -> dict[str, Any]:
    """One border post, flat."""
    return {name: getattr(post, name) for name in ("code", "name", "far_side", "region", "status", "remark")}
