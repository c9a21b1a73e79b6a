"""Consignments that go wrong: lost, found again, refused at the door."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from lims.core.api.views import ActionView, decode
from lims.core.codes import normalise
from lims.core.roles import Action
from lims.core.scope import fetch_visible
from samples.api import consignment_bodies as bodies
from samples.api import consignment_schemas as schemas
from samples.models import Consignment, Sample
from samples.selectors.movement_rows import consignment_detail
from samples.selectors.scanned import find_scanned
from samples.services import straying


def fetch_consignment(request: Request, code: str) -> Consignment:
    """A consignment within the caller's scope, or *not found*."""
    return fetch_visible(Consignment, request.user, code=normalise(code))


def named_samples(codes: Sequence[str] | None, viewer: Any) -> list[Sample] | None:
    """The samples of a list of codes; None stays None."""
    return None if codes is None else find_scanned(codes, viewer, pointer="/samples/{index}")


class LostView(ActionView):
    """Samples that went astray."""

    actions: ClassVar[dict[str, Action]] = {"POST": Action.CONSIGNMENT_HANDOVER}

    @extend_schema(operation_id="consignments_lost", request=schemas.LossSchema, responses=schemas.ConsignmentDetailSchema)
    def post(self, request: Request, code: str) -> Response:
        """Declare samples lost on the way; their holder goes on answering for them."""
        consignment = fetch_consignment(request, code)
        body: bodies.Loss = decode(request, bodies.Loss)
        samples = named_samples(body.samples, request.user)
        straying.lose_samples(consignment=consignment, samples=samples, reason=body.reason, place=body.place, by=request.user, at=body.at)
        return Response(consignment_detail(consignment, request.user))


class FoundView(ActionView):
    """Samples that turned up."""

    actions: ClassVar[dict[str, Action]] = {"POST": Action.CONSIGNMENT_HANDOVER}

    @extend_schema(operation_id="consignments_found", request=schemas.FindingSchema, responses=schemas.ConsignmentDetailSchema)
    def post(self, request: Request, code: str) -> Response:
        """What was lost is on its way again; the time between stays on record."""
        consignment = fetch_consignment(request, code)
        body: bodies.Finding = decode(request, bodies.Finding)
        straying.find_samples(
            consignment=consignment,
            samples=named_samples(body.samples, request.user),
            place=body.place,
            seals_intact=body.seals_intact,
            remark=body.remark,
            by=request.user,
            at=body.at,
        )
        return Response(consignment_detail(consignment, request.user))


class RefuseView(ActionView):
    """What a laboratory does not take."""

    actions: ClassVar[dict[str, Action]] = {"POST": Action.CONSIGNMENT_RECEIVE}

    @extend_schema(operation_id="consignments_refuse", request=schemas.RefusalSchema, responses=schemas.ConsignmentDetailSchema)
    def post(self, request: Request, code: str) -> Response:
        """Refuse samples at the door, before they are received; they stay with their holder."""
        consignment = fetch_consignment(request, code)
        body: bodies.Refusal = decode(request, bodies.Refusal)
        samples = named_samples(body.samples, request.user)
        straying.refuse_receipt(consignment=consignment, samples=samples, reason=body.reason, by=request.user, at=body.at)
        return Response(consignment_detail(consignment, request.user))
