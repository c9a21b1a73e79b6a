"""Consignments back to their sender, and on to a second laboratory."""

from __future__ import annotations

from typing import ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from lims.accounts.models import Organisation
from lims.core.api.views import ActionView, decode
from lims.core.roles import Action
from samples.api import consignment_bodies as bodies
from samples.api import consignment_schemas as schemas
from samples.api.straying import fetch_consignment, named_samples
from samples.selectors.movement_rows import consignment_detail
from samples.selectors.parties import find_party
from samples.selectors.scanned import find_scanned
from samples.services import returning


def _carrier(code: str | None) -> Organisation | None:
    return find_party(code, "/carrier") if code else None


class ReturnView(ActionView):
    """Back to the sender."""

    actions: ClassVar[dict[str, Action]] = {"POST": Action.CONSIGNMENT_EDIT}

    @extend_schema(operation_id="consignments_return", request=schemas.SendingBackSchema, responses={201: schemas.ConsignmentDetailSchema})
    def post(self, request: Request, code: str) -> Response:
        """A new consignment to its sender, packed with what was refused, or with the named samples; it is dispatched like any other."""
        consignment = fetch_consignment(request, code)
        body: bodies.Return = decode(request, bodies.Return)
        back = returning.send_back(
            consignment=consignment,
            samples=named_samples(body.samples, request.user),
            carrier=_carrier(body.carrier),
            reason=body.reason,
            waybill=body.waybill,
            outer_seal=body.outer_seal,
            by=request.user,
            at=body.at,
        )
        return Response(consignment_detail(back, request.user), status=201)


class TakeBackView(ActionView):
    """The end of a return."""

    actions: ClassVar[dict[str, Action]] = {"POST": Action.CONSIGNMENT_ACKNOWLEDGE}

    @extend_schema(operation_id="consignments_take_back", request=schemas.TakingBackSchema, responses=schemas.ConsignmentDetailSchema)
    def post(self, request: Request, code: str) -> Response:
        """The sender has its samples again; what is missing is lost."""
        consignment = fetch_consignment(request, code)
        body: bodies.TakingBack = decode(request, bodies.TakingBack)
        missing = find_scanned(body.missing, request.user, pointer="/missing/{index}") if body.missing else []
        returning.take_back(consignment=consignment, missing=missing, remark=body.remark, by=request.user, at=body.at)
        return Response(consignment_detail(consignment, request.user))


class OnwardView(ActionView):
    """To a second laboratory."""

    actions: ClassVar[dict[str, Action]] = {"POST": Action.CONSIGNMENT_RECEIVE}

    @extend_schema(operation_id="reconsignments_create", request=schemas.OnwardSchema, responses={201: schemas.ConsignmentDetailSchema})
    def post(self, request: Request) -> Response:
        """Portions of samples the caller's laboratory holds, each a sample of its own with codes of its own."""
        body: bodies.Onward = decode(request, bodies.Onward)
        codes = [one.sample for one in body.portions]
        samples = find_scanned(codes, request.user, pointer="/portions/{index}/sample") if codes else []
        portions = [
            returning.Portion(sample=sample, mass_g=one.mass_g, seal_number=one.seal_number)
            for sample, one in zip(samples, body.portions, strict=True)
        ]
        consignment = returning.reconsign_samples(
            portions=portions,
            addressee=find_party(body.addressee, "/addressee"),
            carrier=_carrier(body.carrier),
            waybill=body.waybill,
            outer_seal=body.outer_seal,
            by=request.user,
            at=body.at,
        )
        return Response(consignment_detail(consignment, request.user), status=201)
