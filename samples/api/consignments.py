"""Consignments: made, packed, dispatched, handed over, received; discrepancies settled."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpResponse
from django.urls import reverse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from lims.accounts.models import Organisation
from lims.core.api.views import ActionView, ListView, decode
from lims.core.codes import normalise
from lims.core.roles import Action
from lims.core.scope import fetch_visible
from samples.api import consignment_bodies as bodies
from samples.api import consignment_schemas as schemas
from samples.consignment_manifest import print_manifest
from samples.forms.consignment_filters import CONSIGNMENT_ORDERINGS, DISCREPANCY_ORDERINGS, ConsignmentFilter, DiscrepancyFilter
from samples.models import Consignment, Discrepancy, Sample
from samples.selectors.consignments import row_of, select_consignments
from samples.selectors.movement_rows import consignment_data, consignment_detail, discrepancy_data, receipt_data
from samples.selectors.parties import find_party
from samples.selectors.receipts import discrepancy_row, receipts_of, select_discrepancies
from samples.selectors.routes import find_route
from samples.selectors.scanned import find_scanned
from samples.services import consigning, receiving, settling
from samples.services.boxing import add_pack, close_pack, find_pack
from samples.services.raising import raise_discrepancy


class Consignments(ListView):
    """Those of the caller, and new ones."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.CONSIGNMENT_VIEW, "POST": Action.CONSIGNMENT_EDIT}
    filterset_class = ConsignmentFilter
    orderings = CONSIGNMENT_ORDERINGS

    def queryset(self, request: Request) -> QuerySet[Consignment]:
        return select_consignments(request.user)

    def row(self, found: Consignment, request: Request) -> dict[str, Any]:
        return consignment_data(row_of(found, request.user))

    @extend_schema(
        operation_id="consignments_list",
        parameters=schemas.list_parameters(ConsignmentFilter, CONSIGNMENT_ORDERINGS),
        responses=schemas.ConsignmentPage,
    )
    def get(self, request: Request) -> Any:
        """Where each consignment is, who holds it since when, for whom it waits."""
        return super().get(request)

    @extend_schema(
        operation_id="consignments_create", request=schemas.NewConsignmentSchema, responses={201: schemas.ConsignmentDetailSchema}
    )
    def post(self, request: Request) -> Response:
        """A new consignment, still open for packing; `items` are packed at once, all or none."""
        body: bodies.NewConsignment = decode(request, bodies.NewConsignment)
        samples = _samples(body.items, request.user)
        consignment = consigning.create_consignment(
            addressee=find_party(body.addressee, "/addressee"),
            carrier=_optional_party(body.carrier),
            samples=samples,
            seals=_seals(body.items, samples),
            purpose=body.purpose,
            waybill=body.waybill,
            outer_seal=body.outer_seal,
            border_post=body.border_post,
            route=find_route(body.route) if body.route else None,
            by=request.user,
            at=body.at,
        )
        response = Response(consignment_detail(consignment, request.user), status=201)
        response["Location"] = reverse("api-consignment", args=[consignment.code])
        return response


def _optional_party(code: str | None) -> Organisation | None:
    return find_party(code, "/carrier") if code else None


def _samples(items: Sequence[bodies.PackItem], viewer: Any) -> list[Sample]:
    return find_scanned([item.sample for item in items], viewer) if items else []


def _seals(items: Sequence[bodies.PackItem], samples: Sequence[Sample]) -> dict[UUID, str]:
    return {sample.pk: item.seal_number for item, sample in zip(items, samples, strict=True) if item.seal_number}


def _fetch(request: Request, code: str) -> Consignment:
    return fetch_visible(Consignment, request.user, code=normalise(code))


def _detail(consignment: Consignment, request: Request) -> Response:
    return Response(consignment_detail(consignment, request.user))


class ConsignmentView(ActionView):
    """One consignment."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.CONSIGNMENT_VIEW}

    @extend_schema(operation_id="consignments_retrieve", responses=schemas.ConsignmentDetailSchema)
    def get(self, request: Request, code: str) -> Response:
        """Its items, handovers and receipts."""
        return _detail(_fetch(request, code), request)


class PackView(ActionView):
    """Putting samples in."""

    actions: ClassVar[dict[str, Action]] = {"POST": Action.CONSIGNMENT_EDIT}

    @extend_schema(operation_id="consignments_pack", request=schemas.PackSchema, responses=schemas.ConsignmentDetailSchema)
    def post(self, request: Request, code: str) -> Response:
        """Pack samples while it is open; all or none."""
        consignment = _fetch(request, code)
        body: bodies.Pack = decode(request, bodies.Pack)
        samples = _samples(body.items, request.user)
        pack = find_pack(consignment, body.pack) if body.pack is not None else None
        seals = _seals(body.items, samples)
        consigning.pack_samples(consignment=consignment, samples=samples, seals=seals, pack=pack, by=request.user, at=body.at)
        return _detail(consignment, request)


class PacksView(ActionView):
    """The packs of a consignment."""

    actions: ClassVar[dict[str, Action]] = {"POST": Action.CONSIGNMENT_EDIT}

    @extend_schema(operation_id="consignments_add_pack", request=schemas.NewPackSchema, responses={201: schemas.ConsignmentDetailSchema})
    def post(self, request: Request, code: str) -> Response:
        """One more pack, with the next number."""
        consignment = _fetch(request, code)
        body: bodies.NewPack = decode(request, bodies.NewPack)
        add_pack(consignment=consignment, kind=body.kind, by=request.user)
        return Response(consignment_detail(consignment, request.user), status=201)


class PackSealView(ActionView):
    """The seal of a pack."""

    actions: ClassVar[dict[str, Action]] = {"POST": Action.CONSIGNMENT_EDIT}

    @extend_schema(operation_id="consignments_close_pack", request=schemas.PackSealSchema, responses=schemas.ConsignmentDetailSchema)
    def post(self, request: Request, code: str, number: int) -> Response:
        """Close a pack with a seal of its own."""
        consignment = _fetch(request, code)
        body: bodies.PackSeal = decode(request, bodies.PackSeal)
        pack = find_pack(consignment, number, "")
        close_pack(pack=pack, seal_number=body.seal_number, gross_kg=body.gross_kg, by=request.user, at=body.at)
        return _detail(consignment, request)


class ManifestView(ActionView):
    """The manifest."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.CONSIGNMENT_PAPERS}

    @extend_schema(operation_id="consignments_manifest", responses={(200, "application/pdf"): OpenApiTypes.BINARY})
    def get(self, request: Request, code: str) -> HttpResponse:
        """What travels, as PDF: codes with QR, seals, masses, carrier, waybill, declaration and notices."""
        consignment = _fetch(request, code)
        paper = print_manifest(consignment, request.user)
        name = f"{consignment.code}-manifest.pdf"
        return HttpResponse(paper, content_type="application/pdf", headers={"Content-Disposition": f'inline; filename="{name}"'})


class UnpackView(ActionView):
    """Taking a sample out again."""

    actions: ClassVar[dict[str, Action]] = {"POST": Action.CONSIGNMENT_EDIT}

    @extend_schema(operation_id="consignments_unpack", request=schemas.UnpackSchema, responses=schemas.ConsignmentDetailSchema)
    def post(self, request: Request, code: str) -> Response:
        """The sample is what it was before it was packed."""
        consignment = _fetch(request, code)
        body: bodies.Unpack = decode(request, bodies.Unpack)
        (sample,) = find_scanned([body.sample], request.user, pointer="/sample")
        consigning.unpack_sample(consignment=consignment, sample=sample, by=request.user, at=body.at)
        return _detail(consignment, request)


class CancelView(ActionView):
    """Giving a consignment up before it leaves."""

    actions: ClassVar[dict[str, Action]] = {"POST": Action.CONSIGNMENT_EDIT}

    @extend_schema(operation_id="consignments_cancel", request=schemas.ReasonSchema, responses=schemas.ConsignmentDetailSchema)
    def post(self, request: Request, code: str) -> Response:
        """Its samples are taken out."""
        consignment = _fetch(request, code)
        body: bodies.Cancel = decode(request, bodies.Cancel)
        consignment = consigning.cancel_consignment(consignment=consignment, reason=body.reason, by=request.user, at=body.at)
        return _detail(consignment, request)


class DispatchView(ActionView):
    """Sending it on its way."""

    actions: ClassVar[dict[str, Action]] = {"POST": Action.CONSIGNMENT_EDIT}

    @extend_schema(operation_id="consignments_dispatch", request=schemas.DispatchSchema, responses=schemas.ConsignmentDetailSchema)
    def post(self, request: Request, code: str) -> Response:
        """Its samples are in transit from now on, held by the sender until a handover is acknowledged."""
        consignment = _fetch(request, code)
        body: bodies.Dispatch = decode(request, bodies.Dispatch)
        consignment = consigning.dispatch_consignment(
            consignment=consignment,
            route=find_route(body.route) if body.route else None,
            expected_by=body.expected_by,
            season_reason=body.season_reason,
            place=body.place,
            by=request.user,
            at=body.at,
        )
        return _detail(consignment, request)


class ReceiveView(ActionView):
    """Receipt at the laboratory."""

    actions: ClassVar[dict[str, Action]] = {"POST": Action.CONSIGNMENT_RECEIVE}

    @extend_schema(operation_id="consignments_receive", request=schemas.ReceptionSchema, responses={201: schemas.ReceiptSchema})
    def post(self, request: Request, code: str) -> Response:
        """Answers per item: received, missing, or with the discrepancies that block it until they are settled."""
        consignment = _fetch(request, code)
        body: bodies.Reception = decode(request, bodies.Reception)
        found = [item.as_item() for item in body.items]
        packs = [one.as_pack() for one in body.packs]
        receipt = receiving.receive_consignment(
            consignment=consignment,
            items=found,
            packs=packs,
            remark=body.remark,
            rest_follows=body.rest_follows,
            by=request.user,
            at=body.at,
        )
        (view,) = [one for one in receipts_of(consignment, request.user) if one.id == receipt.pk]
        return Response(receipt_data(view), status=201)


class Discrepancies(ListView):
    """What receptions found, and what somebody found later."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.CONSIGNMENT_VIEW, "POST": Action.DISCREPANCY_RAISE}
    filterset_class = DiscrepancyFilter
    orderings = DISCREPANCY_ORDERINGS
    default_ordering = "found_at"

    def queryset(self, request: Request) -> QuerySet[Discrepancy]:
        return select_discrepancies(request.user)

    def row(self, found: Discrepancy, request: Request) -> dict[str, Any]:
        return discrepancy_data(discrepancy_row(found, request.user))

    @extend_schema(
        operation_id="discrepancies_list",
        parameters=schemas.list_parameters(DiscrepancyFilter, DISCREPANCY_ORDERINGS),
        responses=schemas.DiscrepancyPage,
    )
    def get(self, request: Request) -> Any:
        """The oldest first; `state=open` for those that still block their sample."""
        return super().get(request)

    @extend_schema(operation_id="discrepancies_create", request=schemas.NewDiscrepancySchema, responses={201: schemas.DiscrepancySchema})
    def post(self, request: Request) -> Response:
        """Report what differs on a sample at the caller's laboratory: it is blocked until somebody else has settled it. A photograph is
        added to the sample."""
        body: bodies.NewDiscrepancy = decode(request, bodies.NewDiscrepancy)
        (sample,) = find_scanned([body.sample], request.user, pointer="/sample")
        made = raise_discrepancy(sample=sample, kind=body.kind, detail=body.detail, by=request.user, at=body.at)
        found = select_discrepancies(request.user).get(pk=made.pk)
        response = Response(discrepancy_data(discrepancy_row(found, request.user)), status=201)
        response["Location"] = reverse("api-discrepancy", args=[made.pk])
        return response


class SettleView(ActionView):
    """The decision on a discrepancy."""

    actions: ClassVar[dict[str, Action]] = {"POST": Action.DISCREPANCY_SETTLE}

    @extend_schema(operation_id="discrepancies_settle", request=schemas.SettlementSchema, responses=schemas.DiscrepancySchema)
    def post(self, request: Request, pk: UUID) -> Response:
        """Accept the sample with its deviation, refuse it, or declare it lost; signed with the password."""
        discrepancy = fetch_visible(Discrepancy, request.user, pk=pk)
        body: bodies.Settlement = decode(request, bodies.Settlement)
        settled = settling.settle_discrepancy(
            discrepancy=discrepancy,
            decision=body.decision,
            reason=body.reason,
            password=body.password,
            shown_hash=body.shown_hash,
            by=request.user,
            at=body.at,
        )
        found = select_discrepancies(request.user).get(pk=settled.pk)
        return Response(discrepancy_data(discrepancy_row(found, request.user)))
