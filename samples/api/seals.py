"""The seal register."""

from __future__ import annotations

from typing import Any, ClassVar, Literal
from uuid import UUID

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from lims.core.api.description import list_parameters
from lims.core.api.views import ActionView, ListView, Struct, decode
from lims.core.roles import Action
from lims.core.scope import fetch_visible
from samples.api import safety_schemas as schemas
from samples.forms.safety_filters import SEAL_ORDERINGS, SealBatchFilter
from samples.models import SealBatch
from samples.selectors.parties import find_party
from samples.selectors.seals import batch_data, count_used, read_seal, seal_data, select_batches
from samples.services.issuing import issue_seals, void_seals


class IssueBody(Struct):
    first: str
    last: str
    organisation: str
    team: str = ""
    person: str = ""
    remark: str = ""


class SealBatches(ListView):
    """Seals by the ranges they were issued in."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.SEAL_VIEW, "POST": Action.SEAL_ISSUE}
    filterset_class = SealBatchFilter
    orderings: ClassVar[dict[str, str]] = SEAL_ORDERINGS
    default_ordering = "-id"

    def queryset(self, request: Request) -> QuerySet[SealBatch]:
        return select_batches(request.user)

    def row(self, found: SealBatch, request: Request) -> dict[str, Any]:
        return batch_data(found)

    @extend_schema(
        operation_id="seal_batches_list", parameters=list_parameters(SealBatchFilter, SEAL_ORDERINGS), responses=schemas.SealBatchPage
    )
    def get(self, request: Request) -> Any:
        """To whom which seals were issued, and when."""
        return super().get(request)

    @extend_schema(operation_id="seal_batches_issue", request=schemas.NewSealBatchSchema, responses={201: schemas.SealBatchSchema})
    def post(self, request: Request) -> Response:
        """Issue a range of seals to an organisation."""
        body: IssueBody = decode(request, IssueBody)
        batch = issue_seals(
            first=body.first,
            last=body.last,
            organisation=find_party(body.organisation, "/organisation"),
            team=body.team,
            person=body.person,
            remark=body.remark,
            by=request.user,
        )
        return Response(_batch(batch.pk, request), status=201)


class VoidBody(Struct):
    first: str
    reason: str
    last: str = ""
    kind: Literal["returned", "void", "lost"] = "void"


class VoidView(ActionView):
    """Seals taken out of use."""

    actions: ClassVar[dict[str, Action]] = {"POST": Action.SEAL_VOID}

    @extend_schema(operation_id="seal_batches_void", request=schemas.NewVoidingSchema, responses={201: schemas.SealBatchSchema})
    def post(self, request: Request, pk: UUID) -> Response:
        """Take seals back or declare them lost or void, with the reason."""
        batch = fetch_visible(SealBatch, request.user, pk=pk)
        body: VoidBody = decode(request, VoidBody)
        void_seals(batch=batch, first=body.first, last=body.last, kind=body.kind, reason=body.reason, by=request.user)
        return Response(_batch(batch.pk, request), status=201)


def _batch(pk: UUID, request: Request) -> dict[str, Any]:
    batch = select_batches(request.user).get(pk=pk)
    count_used([batch])
    return batch_data(batch)


class SealView(ActionView):
    """One seal."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.SEAL_VIEW}

    @extend_schema(operation_id="seals_retrieve", responses=schemas.SealSchema)
    def get(self, request: Request, number: str) -> Response:
        """Its life, from its issue to its end, as far as the caller may see it."""
        return Response(seal_data(read_seal(number, request.user)))
