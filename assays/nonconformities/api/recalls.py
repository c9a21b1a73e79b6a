"""Recall, holds and notices in the API."""

from __future__ import annotations

from datetime import date
from typing import Any, ClassVar
from uuid import UUID

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from assays.nonconformities import recalls
from assays.nonconformities.api import schemas
from assays.nonconformities.forms import NoticeFilter
from assays.nonconformities.models import Notice
from assays.nonconformities.selectors import fetch_nonconformity, nonconformity_detail, notice_row, select_notices
from assays.nonconformities.services import recalling
from assays.nonconformities.touching import ask
from lims.core.api.views import ActionView, ListView, Struct, decode, decode_values
from lims.core.errors import Invalid, Problem
from lims.core.roles import Action
from lims.core.scope import fetch_visible


class Asked(Struct):
    """What is recalled."""

    thing: str = ""
    person: str = ""
    since: date | None = None
    until: date | None = None


class NoticeBody(Struct):
    """What customers are told."""

    subject: str
    text: str


class RecallView(ActionView):
    """What a thing touched."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.RECALL_SEARCH}

    @extend_schema(
        operation_id="recall_retrieve",
        parameters=[
            OpenApiParameter("thing", str, description="Code of a lot, equipment, an instrument, a reference material or a run"),
            OpenApiParameter("person", str, description="Username; instead of a thing"),
            OpenApiParameter("since", date, description="First day of measurement"),
            OpenApiParameter("until", date, description="Last day of measurement"),
        ],
        responses=schemas.RecallSchema,
    )
    def get(self, request: Request) -> Response:
        """The runs of the caller's laboratory a thing or a person touched, with results and certificates."""
        asked: Asked = decode_values(request.query_params.dict(), Asked)
        question, _ = ask(request.user, thing=asked.thing, person=_person(asked.person, request.user), since=asked.since, until=asked.until)
        found = recalls.recall(question, request.user)
        numbers = {one.pk: one.number for one in found.certificates}
        runs = [(one, found.runs[one.run]) for one in found.touched]
        return Response(
            {
                "runs": [
                    {
                        "run": run.code,
                        "state": run.state,
                        "method": str(run.method_version),
                        "measured_at": run.measured_at.isoformat() if run.measured_at else None,
                        "samples": len(one.samples),
                        "results": one.results,
                        "certificates": [numbers[key] for key in one.certificates],
                    }
                    for one, run in runs
                ],
                "certificates": [
                    {
                        "number": one.number,
                        "status": one.standing,  # type: ignore[attr-defined]
                        "customer": one.submission.customer.code,
                        "issued_at": one.issued_at.isoformat() if one.issued_at else None,  # type: ignore[attr-defined]
                    }
                    for one in found.certificates
                ],
                "samples": len(found.samples),
                "results": found.results,
            }
        )


def _person(username: str, viewer: Any) -> Any:
    if not username:
        return None
    found = recalls.people_of(viewer).filter(username__iexact=username).first()
    if found is None:
        detail = f"Nobody of your laboratory is called “{username}”."
        raise Invalid("person", detail, problems=[Problem("/person", "person", detail)])
    return found


class HoldView(ActionView):
    """Holding what a nonconformity touches."""

    actions: ClassVar[dict[str, Action]] = {"POST": Action.NONCONFORMITY_MANAGE}

    @extend_schema(operation_id="nonconformities_hold", request=None, responses=schemas.NonconformitySchema)
    def post(self, request: Request, code: str) -> Response:
        """Put every sample it touches on hold for quality. 409 when none is left to hold."""
        recalling.hold_affected(record=fetch_nonconformity(request.user, code), by=request.user)
        return Response(nonconformity_detail(fetch_nonconformity(request.user, code), request.user))


class NotifyView(ActionView):
    """Telling customers."""

    actions: ClassVar[dict[str, Action]] = {"POST": Action.NONCONFORMITY_MANAGE}

    @extend_schema(operation_id="nonconformities_notify", request=schemas.NoticeInSchema, responses={201: schemas.NoticeSchema(many=True)})
    def post(self, request: Request, code: str) -> Response:
        """Tell every customer it touches, each with its own certificates. What was sent is kept."""
        record = fetch_nonconformity(request.user, code)
        body: NoticeBody = decode(request, NoticeBody)
        sent = recalling.notify_customers(record=record, subject=body.subject, text=body.text, by=request.user)
        rows = select_notices(request.user).filter(pk__in=[one.pk for one in sent]).order_by("pk")
        return Response([notice_row(one, request.user) for one in rows], status=201)


class Notices(ListView):
    """Notices to the caller's organisation, or from it."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.NOTICE_VIEW}
    filterset_class = NoticeFilter
    orderings: ClassVar[dict[str, str]] = {"id": "id", "sent_at": "sent_at"}

    def queryset(self, request: Request) -> QuerySet[Notice]:
        return select_notices(request.user)

    def row(self, found: Notice, request: Request) -> dict[str, Any]:
        return notice_row(found, request.user)

    @extend_schema(operation_id="notices_list", filters=True, responses=schemas.NoticePageSchema)
    def get(self, request: Request) -> Any:
        """The newest first."""
        return super().get(request)


class AcknowledgeView(ActionView):
    """Reading a notice."""

    actions: ClassVar[dict[str, Action]] = {"POST": Action.NOTICE_ACKNOWLEDGE}

    @extend_schema(operation_id="notices_acknowledge", request=None, responses=schemas.NoticeSchema)
    def post(self, request: Request, pk: UUID) -> Response:
        """The customer says that it has read it."""
        notice = fetch_visible(Notice, request.user, pk=pk)
        recalling.acknowledge_notice(notice=notice, by=request.user)
        return Response(notice_row(select_notices(request.user).get(pk=pk), request.user))
