"""Routes and border posts; the way of a consignment along one; its customs papers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import ClassVar
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from lims.core.api.views import ActionView, Struct, decode
from lims.core.roles import Action
from lims.core.scope import fetch_visible
from samples.api import consignment_schemas as schemas
from samples.api import route_schemas as shapes
from samples.api.handovers import read_form_file
from samples.api.straying import fetch_consignment
from samples.models import BorderPost, CustomsPaper, Route
from samples.selectors.movement_rows import consignment_detail
from samples.selectors.routes import customs_data, paper_data, paper_row, post_data, route_data, select_routes, way_data
from samples.services import customs, routing, travelling
from samples.services.sampling_record import Moment


class LegBody(Struct):
    """One leg of a route."""

    mode: str
    origin: str
    destination: str
    transit_days: Decimal
    border_post: str = ""
    cost: Decimal | None = None
    currency: str = ""
    hazard: str = ""
    closed_months: list[int] = []
    papers: list[str] = []


class RouteBody(Struct):
    """A new route."""

    code: str
    name: str
    legs: list[LegBody]


class VersionBody(Struct):
    """A new version of a route."""

    legs: list[LegBody]
    reason: str


class RouteUseBody(Struct):
    """In use or out of use."""

    active: bool
    reason: str


class PostBody(Struct):
    """What is known of a border post."""

    code: str
    name: str
    status: str
    far_side: str = ""
    region: str = ""
    remark: str = ""


class PassageBody(Struct):
    """A leg that was passed."""

    leg: int
    place: str = ""
    remark: str = ""
    at: Moment | None = None


class ExpectationBody(Struct):
    """A new promise."""

    expected_by: Moment
    reason: str


class DeclarationBody(Struct):
    """What is declared at customs."""

    purpose: str
    hs_code: str = ""
    norm_notice: bool = False
    soil_notice: bool = False


class PaperBody(Struct):
    """A customs paper."""

    kind: str
    number: str = ""
    issued_by: str = ""
    status: str = "applied"
    valid_from: date | None = None
    valid_until: date | None = None
    remark: str = ""


class PaperStatusBody(Struct):
    """How a paper stands now."""

    status: str
    number: str = ""
    valid_from: date | None = None
    valid_until: date | None = None
    remark: str = ""


def _legs(legs: Sequence[LegBody]) -> list[routing.Leg]:
    return [routing.Leg(**{name: getattr(leg, name) for name in leg.__struct_fields__}) for leg in legs]


class Routes(ActionView):
    """Ways to the laboratories."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.ROUTE_VIEW, "POST": Action.ROUTE_EDIT}

    @extend_schema(operation_id="routes_list", responses=shapes.RouteListSchema)
    def get(self, request: Request) -> Response:
        """Every route with its versions, the one in force first."""
        return Response({"results": [route_data(route) for route in select_routes(request.user)]})

    @extend_schema(operation_id="routes_create", request=shapes.NewRouteSchema, responses={201: shapes.RouteSchema})
    def post(self, request: Request) -> Response:
        """A new route with its first version."""
        body: RouteBody = decode(request, RouteBody)
        version = routing.create_route(code=body.code, name=body.name, legs=_legs(body.legs), by=request.user)
        return Response(route_data(select_routes(request.user).get(pk=version.route_id)), status=201)


class RouteView(ActionView):
    """One route."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.ROUTE_VIEW}

    @extend_schema(operation_id="routes_retrieve", responses=shapes.RouteSchema)
    def get(self, request: Request, code: str) -> Response:
        """Its versions and their legs."""
        return Response(route_data(fetch_visible(Route, request.user, queryset=select_routes(request.user), code=code.upper())))


class RouteVersions(ActionView):
    """Changes of a route."""

    actions: ClassVar[dict[str, Action]] = {"POST": Action.ROUTE_EDIT}

    @extend_schema(operation_id="routes_revise", request=shapes.NewVersionSchema, responses={201: shapes.RouteSchema})
    def post(self, request: Request, code: str) -> Response:
        """A new version, with a reason; consignments keep the version they left with."""
        route = fetch_visible(Route, request.user, code=code.upper())
        body: VersionBody = decode(request, VersionBody)
        routing.revise_route(route=route, legs=_legs(body.legs), reason=body.reason, by=request.user)
        return Response(route_data(select_routes(request.user).get(pk=route.pk)), status=201)


class RouteUse(ActionView):
    """Whether a route is in use."""

    actions: ClassVar[dict[str, Action]] = {"POST": Action.ROUTE_EDIT}

    @extend_schema(operation_id="routes_use", request=shapes.RouteUseSchema, responses=shapes.RouteSchema)
    def post(self, request: Request, code: str) -> Response:
        """Take a route out of use or into use again, with a reason; consignments under way keep it."""
        route = fetch_visible(Route, request.user, code=code.upper())
        body: RouteUseBody = decode(request, RouteUseBody)
        routing.retire_route(route=route, active=body.active, reason=body.reason, by=request.user)
        return Response(route_data(select_routes(request.user).get(pk=route.pk)))


class BorderPosts(ActionView):
    """Where borders are crossed."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.ROUTE_VIEW, "POST": Action.ROUTE_EDIT}

    @extend_schema(operation_id="border_posts_list", responses=shapes.PostListSchema)
    def get(self, request: Request) -> Response:
        """What is known of each post, and from where."""
        return Response({"results": [post_data(post) for post in BorderPost.objects.all()]})

    @extend_schema(operation_id="border_posts_keep", request=shapes.PostSchema, responses=shapes.PostSchema)
    def post(self, request: Request) -> Response:
        """A new post, or what is known by now of one by its code."""
        body: PostBody = decode(request, PostBody)
        words = {name: getattr(body, name) for name in body.__struct_fields__}
        return Response(post_data(routing.keep_post(**words, by=request.user)))


class LegsView(ActionView):
    """The way of a consignment."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.ROUTE_VIEW, "POST": Action.CONSIGNMENT_HANDOVER}

    @extend_schema(operation_id="consignments_legs", responses=shapes.WaySchema)
    def get(self, request: Request, code: str) -> Response:
        """The legs of its route, with what was passed when."""
        return Response({"legs": way_data(fetch_consignment(request, code), request.user)})

    @extend_schema(operation_id="consignments_pass_leg", request=shapes.PassageSchema, responses={201: shapes.WaySchema})
    def post(self, request: Request, code: str) -> Response:
        """Note that it passed a leg; refused while a paper that the leg asks for is not granted."""
        consignment = fetch_consignment(request, code)
        body: PassageBody = decode(request, PassageBody)
        words = {"place": body.place, "remark": body.remark, "at": body.at}
        travelling.pass_leg(consignment=consignment, leg_number=body.leg, by=request.user, **words)  # type: ignore[arg-type]
        return Response({"legs": way_data(consignment, request.user)}, status=201)


class ExpectedView(ActionView):
    """The promise of a consignment under way."""

    actions: ClassVar[dict[str, Action]] = {"POST": Action.CONSIGNMENT_HANDOVER}

    @extend_schema(operation_id="consignments_expected", request=shapes.ExpectationSchema, responses=schemas.ConsignmentDetailSchema)
    def post(self, request: Request, code: str) -> Response:
        """When it will be there after all, with a reason; an alarm about the old promise ends."""
        consignment = fetch_consignment(request, code)
        body: ExpectationBody = decode(request, ExpectationBody)
        travelling.expect_later(consignment=consignment, expected_by=body.expected_by, reason=body.reason, by=request.user)
        return Response(consignment_detail(consignment, request.user))


class CustomsView(ActionView):
    """The customs side of a consignment."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.CUSTOMS_VIEW, "POST": Action.CUSTOMS_EDIT}

    @extend_schema(operation_id="consignments_customs", responses=shapes.CustomsSchema)
    def get(self, request: Request, code: str) -> Response:
        """What is declared, which papers the route asks for, and which are there."""
        return Response(customs_data(fetch_consignment(request, code), request.user))

    @extend_schema(operation_id="consignments_declare", request=shapes.DeclarationSchema, responses=shapes.CustomsSchema)
    def post(self, request: Request, code: str) -> Response:
        """Declare HS code, purpose, natural radioactivity and soil."""
        consignment = fetch_consignment(request, code)
        body: DeclarationBody = decode(request, DeclarationBody)
        words = {name: getattr(body, name) for name in body.__struct_fields__}
        consignment = customs.declare_contents(consignment=consignment, by=request.user, **words)
        return Response(customs_data(consignment, request.user))


class PapersView(ActionView):
    """The customs papers of a consignment."""

    actions: ClassVar[dict[str, Action]] = {"POST": Action.CUSTOMS_EDIT}

    @extend_schema(operation_id="consignments_add_paper", request=shapes.NewPaperSchema, responses={201: shapes.PaperSchema})
    def post(self, request: Request, code: str) -> Response:
        """A paper that was applied for, or came."""
        consignment = fetch_consignment(request, code)
        body: PaperBody = decode(request, PaperBody)
        words = {name: getattr(body, name) for name in body.__struct_fields__}
        paper = customs.add_paper(consignment=consignment, by=request.user, **words)
        return Response(paper_data(paper_row(paper)), status=201)


def _paper(request: Request, code: str, pk: UUID) -> CustomsPaper:
    consignment = fetch_consignment(request, code)
    rows = CustomsPaper.objects.visible_to(request.user).filter(consignment=consignment)
    return fetch_visible(CustomsPaper, request.user, queryset=rows, pk=pk)


class PaperView(ActionView):
    """How one paper stands."""

    actions: ClassVar[dict[str, Action]] = {"POST": Action.CUSTOMS_EDIT}

    @extend_schema(operation_id="consignments_change_paper", request=shapes.PaperStatusSchema, responses=shapes.PaperSchema)
    def post(self, request: Request, code: str, pk: UUID) -> Response:
        """Applied for, granted or refused, with its number and days."""
        paper = _paper(request, code, pk)
        body: PaperStatusBody = decode(request, PaperStatusBody)
        words = {name: getattr(body, name) for name in body.__struct_fields__}
        return Response(paper_data(paper_row(customs.change_paper(paper=paper, by=request.user, **words))))


class PaperFiles(ActionView):
    """The files of a paper."""

    actions: ClassVar[dict[str, Action]] = {"POST": Action.CUSTOMS_EDIT}
    parser_classes = (MultiPartParser,)

    @extend_schema(
        operation_id="consignments_add_paper_file",
        request={"multipart/form-data": shapes.PaperUploadSchema},
        responses={201: shapes.PaperSchema},
    )
    def post(self, request: Request, code: str, pk: UUID) -> Response:
        """A scan, accepted by what it is."""
        paper = _paper(request, code, pk)
        data = read_form_file(request)
        customs.add_file(paper=paper, name=request.FILES["file"].name or "", data=data, by=request.user)
        return Response(paper_data(paper_row(paper)), status=201)
