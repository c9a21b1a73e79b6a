"""Measuring again in the API: what of a run must be, the tray for it, and a reviewer's wish; and the queue of review."""

from __future__ import annotations

from typing import Any, ClassVar

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from assays.api import bench_schemas
from assays.api.planning import fetch_run
from assays.forms.review_filters import QueueFilter
from assays.models import Run
from assays.selectors.bench_rows import run_detail
from assays.selectors.lookup import find_instrument
from assays.selectors.retests import Retest, find_retests
from assays.selectors.review_queue import ORDERINGS, order_queue, queue_row, review_queue
from assays.services.retesting import ask_retests, plan_retests, reject_positions
from lims.core.api.paging import page_of_listed
from lims.core.api.views import ActionView, CsvRenderer, Struct, decode, stream_csv
from lims.core.errors import Invalid, Problem
from lims.core.roles import Action


class _Schema(serializers.Serializer[Any]):
    """A shape, never used to validate."""


class RetestRowSchema(_Schema):
    position = serializers.IntegerField()
    aliquot = serializers.CharField()
    sample = serializers.CharField(help_text="Blind code")
    over_range = serializers.ListField(child=serializers.CharField(), help_text="Elements over the working range")
    condemned = serializers.DictField(child=serializers.IntegerField(), help_text="Element: position of the control that condemns it")
    missing = serializers.ListField(child=serializers.CharField(), help_text="Elements without a result")
    asked = serializers.CharField(help_text="A reviewer's reason; empty where nobody asked")
    rejected = serializers.BooleanField(help_text="Whether the reviewer rejected its results; they are never reported")
    dilution = serializers.CharField(help_text="The factor it is diluted to, as a number in text")
    analytes = serializers.ListField(child=serializers.CharField(), allow_null=True, help_text="Elements taken from it; null: all")


class RetestsSchema(_Schema):
    run = serializers.CharField()
    retests = RetestRowSchema(many=True)
    standing = serializers.ListField(child=serializers.CharField(), help_text="Aliquots that stand in a later run already")


class PlanRetestsSchema(_Schema):
    aliquots = serializers.ListField(child=serializers.CharField(), required=False, help_text="Codes; absent: all that must be")
    instrument = serializers.CharField(required=False, help_text="Code; absent: the run's own")


class AskRetestsSchema(_Schema):
    positions = serializers.ListField(child=serializers.IntegerField())
    reason = serializers.CharField()


class QueueRowSchema(_Schema):
    run = serializers.CharField()
    state = serializers.CharField()
    step = serializers.ChoiceField(choices=["review", "authorise"])
    method = serializers.CharField()
    samples = serializers.IntegerField()
    due_on = serializers.DateField(allow_null=True)
    overdue = serializers.BooleanField()
    days_waiting = serializers.IntegerField()
    risk = serializers.ChoiceField(choices=["high", "medium", "low"])
    points = serializers.IntegerField()
    reasons = serializers.CharField(help_text="The rules that gave points, heaviest first, parted by blanks")


class QueueSchema(_Schema):
    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)
    results = QueueRowSchema(many=True)


class PlanRetestsBody(Struct):
    """What of a run is measured again."""

    aliquots: list[str] | None = None
    instrument: str | None = None


class AskRetestsBody(Struct):
    """A reviewer's wish."""

    positions: list[int]
    reason: str


def _row(one: Retest) -> dict[str, Any]:
    aliquot = one.position.aliquot
    return {
        "position": one.position.number,
        "aliquot": aliquot.code if aliquot else "",
        "sample": aliquot.test.sample.blind_code if aliquot else "",
        "over_range": one.over_range,
        "condemned": one.condemned,
        "missing": one.missing,
        "asked": one.asked,
        "rejected": one.rejected,
        "dilution": one.dilution_text,
        "analytes": one.analytes,
    }


def _told(run: Run) -> dict[str, Any]:
    found = find_retests(run)
    return {"run": run.code, "retests": [_row(one) for one in found.rows], "standing": found.standing}


class RetestsView(ActionView):
    """What of a run must be measured again, and the tray for it."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.RESULT_DRAFT, "POST": Action.RUN_EDIT}

    @extend_schema(operation_id="runs_retests_retrieve", responses=RetestsSchema)
    def get(self, request: Request, key: str) -> Response:
        """The samples that must be measured again, each with the reason and the dilution."""
        return Response(_told(fetch_run(request.user, key)))

    @extend_schema(operation_id="runs_retests", request=PlanRetestsSchema, responses={201: bench_schemas.RunDetailSchema})
    def post(self, request: Request, key: str) -> Response:
        """Plan a run of what must be measured again, with the method's controls. The first results stay on record as versions."""
        body: PlanRetestsBody = decode(request, PlanRetestsBody)
        instrument = find_instrument(body.instrument, request.user) if body.instrument else None
        planned = plan_retests(run=fetch_run(request.user, key), aliquots=body.aliquots, instrument=instrument, by=request.user)
        return Response(run_detail(fetch_run(request.user, planned.code), request.user), status=201)


class AskRetestsView(ActionView):
    """A reviewer's wish to have samples measured again."""

    actions: ClassVar[dict[str, Action]] = {"POST": Action.RUN_REVIEW}

    @extend_schema(operation_id="runs_retests_ask", request=AskRetestsSchema, responses={201: RetestsSchema})
    def post(self, request: Request, key: str) -> Response:
        """Ask that the samples at these positions be measured again, with a reason. The run is approved only once they are planned."""
        body: AskRetestsBody = decode(request, AskRetestsBody)
        run = fetch_run(request.user, key)
        ask_retests(run=run, positions=body.positions, reason=body.reason, by=request.user)
        return Response(_told(run), status=201)


class RejectPositionsView(ActionView):
    """A reviewer's rejection of single samples."""

    actions: ClassVar[dict[str, Action]] = {"POST": Action.RUN_REVIEW}

    @extend_schema(operation_id="runs_retests_reject", request=AskRetestsSchema, responses={201: RetestsSchema})
    def post(self, request: Request, key: str) -> Response:
        """Reject the results of the samples at these positions, with a reason. They leave the run for good and wait to be planned again;
        the others can be approved, and the signature of the review covers which were rejected and why."""
        body: AskRetestsBody = decode(request, AskRetestsBody)
        run = fetch_run(request.user, key)
        reject_positions(run=run, positions=body.positions, reason=body.reason, by=request.user)
        return Response(_told(run), status=201)


class ReviewQueueView(ActionView):
    """The runs that wait for a decision."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.QC_VIEW}

    def get_renderers(self) -> list[Any]:
        return [*super().get_renderers(), CsvRenderer()]

    @extend_schema(
        operation_id="review_queue_list",
        parameters=[
            OpenApiParameter("q", str, description="Part of a run's code"),
            OpenApiParameter("step", str, enum=["review", "authorise"]),
            OpenApiParameter("risk", str, enum=["high", "medium", "low"]),
            OpenApiParameter("method", str, description="Code of a method"),
            OpenApiParameter("overdue", bool),
            OpenApiParameter("cursor", str, description="From `next` or `previous`."),
            OpenApiParameter("page_size", int, description="1 to 1000, by default 50."),
            OpenApiParameter("ordering", str, enum=[name for one in ORDERINGS for name in (one, f"-{one}")]),
        ],
        responses=QueueSchema,
    )
    def get(self, request: Request) -> Any:
        """The queue by risk: points, the rules that gave them, due day and days of waiting. A file holds the whole of it."""
        form = QueueFilter(request.query_params)
        if not form.is_valid():
            problems = [Problem(f"/{name}", "filter", str(message)) for name, messages in form.errors.items() for message in messages]
            raise Invalid("filter", f"The filter {problems[0].pointer[1:]} cannot be used: {problems[0].detail}", problems=problems)
        rows = order_queue(form.pick(review_queue(request.user)), request.query_params.get("ordering", ""))
        if request.accepted_renderer.format == "csv":
            return stream_csv((queue_row(one) for one in rows), "review-queue.csv")
        page = page_of_listed(request, rows)
        return Response({"next": page.next, "previous": page.previous, "results": [queue_row(one) for one in page.rows]})
