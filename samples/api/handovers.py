"""Handovers: offered and answered, on one phone, by a code from phone to phone, or from a paper form."""

from __future__ import annotations

from typing import Any, ClassVar
from uuid import UUID

from django.conf import settings
from django.urls import reverse
from drf_spectacular.utils import extend_schema
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from lims.core.api.views import ActionView, decode, decode_values
from lims.core.errors import Invalid, Problem
from lims.core.roles import Action
from samples.api import consignment_bodies as bodies
from samples.api import consignment_schemas as schemas
from samples.api.straying import fetch_consignment
from samples.models import Consignment
from samples.selectors.consignments import legs_of
from samples.selectors.movement_rows import leg_data
from samples.selectors.parties import find_party
from samples.services import handing_over, meeting, paper_handover


def _handover(consignment: Consignment, pk: UUID, request: Request, status: int = 200) -> Response:
    (leg,) = [one for one in legs_of(consignment, request.user) if one.id == pk]
    return Response(leg_data(leg), status=status)


class HandoverView(ActionView):
    """The giver's side of a handover."""

    actions: ClassVar[dict[str, Action]] = {"POST": Action.CONSIGNMENT_HANDOVER}

    @extend_schema(operation_id="consignments_handover", request=schemas.OfferSchema, responses={201: schemas.HandoverSchema})
    def post(self, request: Request, code: str) -> Response:
        """Relinquish it to another organisation, whose answer it waits for."""
        consignment = fetch_consignment(request, code)
        body: bodies.Offer = decode(request, bodies.Offer)
        handover = handing_over.offer_handover(
            consignment=consignment,
            receiver=find_party(body.receiver, "/receiver"),
            place=body.place,
            remark=body.remark,
            password=body.password,
            by=request.user,
            at=body.at,
        )
        return _handover(consignment, handover.pk, request, 201)


class AcknowledgeView(ActionView):
    """The receiver's side of a handover."""

    actions: ClassVar[dict[str, Action]] = {"POST": Action.CONSIGNMENT_ACKNOWLEDGE}

    @extend_schema(operation_id="consignments_acknowledge", request=schemas.AnswerSchema, responses=schemas.HandoverSchema)
    def post(self, request: Request, code: str) -> Response:
        """Acknowledge or refuse the handover that waits for the caller's organisation."""
        consignment = fetch_consignment(request, code)
        body: bodies.Answer = decode(request, bodies.Answer)
        words: dict[str, Any] = {"accept": body.accept, "seals_intact": body.seals_intact, "place": body.place, "remark": body.remark}
        words |= {"by": request.user, "at": body.at}
        if body.token:
            handover = meeting.answer_shown(token=body.token, consignment=consignment, password=body.password or "", **words)
        else:
            pending = handing_over.pending_handover(consignment)
            handover = handing_over.answer_handover(handover=pending, password=body.password, **words)
        return _handover(consignment, handover.pk, request)


class WithdrawView(ActionView):
    """The giver's second thought."""

    actions: ClassVar[dict[str, Action]] = {"POST": Action.CONSIGNMENT_HANDOVER}

    @extend_schema(operation_id="consignments_withdraw", request=schemas.ReasonSchema, responses=schemas.HandoverSchema)
    def post(self, request: Request, code: str) -> Response:
        """Take a handover back that nobody has answered."""
        consignment = fetch_consignment(request, code)
        body: bodies.Withdrawal = decode(request, bodies.Withdrawal)
        pending = handing_over.pending_handover(consignment)
        handover = handing_over.withdraw_handover(handover=pending, reason=body.reason, by=request.user, at=body.at)
        return _handover(consignment, handover.pk, request)


class HereView(ActionView):
    """Both sides on one phone."""

    actions: ClassVar[dict[str, Action]] = {"POST": Action.CONSIGNMENT_HANDOVER}

    @extend_schema(operation_id="consignments_handover_here", request=schemas.MeetingSchema, responses={201: schemas.HandoverSchema})
    def post(self, request: Request, code: str) -> Response:
        """The caller relinquishes and `taker` takes over at once, each signing with their own password."""
        consignment = fetch_consignment(request, code)
        body: bodies.Meeting = decode(request, bodies.Meeting)
        handover = meeting.hand_over_here(
            consignment=consignment,
            taker=body.taker,
            taker_password=body.taker_password,
            password=body.password,
            seals_intact=body.seals_intact,
            place=body.place,
            remark=body.remark,
            by=request.user,
            at=body.at,
        )
        return _handover(consignment, handover.pk, request, 201)


class TokenView(ActionView):
    """What the giver's phone shows."""

    actions: ClassVar[dict[str, Action]] = {"POST": Action.CONSIGNMENT_HANDOVER}

    @extend_schema(operation_id="consignments_handover_token", request=None, responses={201: schemas.HandoverTokenSchema})
    def post(self, request: Request, code: str) -> Response:
        """A one-time code for the pending handover, for the receiver to answer with; earlier codes end."""
        pending = handing_over.pending_handover(fetch_consignment(request, code))
        row, token = meeting.show_handover(handover=pending, by=request.user)
        url = f"{settings.PUBLIC_URL}{reverse('samples:handover-shown', args=[token])}"
        return Response({"token": token, "url": url, "expires_at": row.expires_at.isoformat()}, status=201)


class PaperView(ActionView):
    """A handover that was signed on paper."""

    actions: ClassVar[dict[str, Action]] = {"POST": Action.CONSIGNMENT_HANDOVER}
    parser_classes = (MultiPartParser,)

    @extend_schema(
        operation_id="consignments_handover_paper",
        request={"multipart/form-data": schemas.PaperFormSchema},
        responses={201: schemas.HandoverSchema},
    )
    def post(self, request: Request, code: str) -> Response:
        """Record it from its form: times and names as on the paper, the scan kept, marked as from paper."""
        consignment = fetch_consignment(request, code)
        scan = read_form_file(request)
        body: bodies.PaperForm = decode_form(request, bodies.PaperForm)
        words = {name: getattr(body, name) for name in body.__struct_fields__} | {"receiver": find_party(body.receiver, "/receiver")}
        handover = paper_handover.record_paper_handover(consignment=consignment, scan=scan, by=request.user, **words)
        return _handover(consignment, handover.pk, request, 201)


def read_form_file(request: Request, name: str = "file") -> bytes:
    """The bytes of a form's file; raises `Invalid('file_missing')`."""
    file = request.FILES.get(name)
    if file is None:
        detail = f"Send the file as `{name}` of a form (multipart/form-data)."
        raise Invalid("file_missing", detail, problems=[Problem(f"/{name}", "file_missing", detail)])
    data: bytes = file.read()
    return data


def decode_form(request: Request, kind: Any) -> Any:
    """The other members of a form as a struct."""
    return decode_values({name: value for name, value in request.data.items() if name not in request.FILES}, kind)
