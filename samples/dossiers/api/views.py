"""Dossiers: asked for, made by a job, handed out."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import QuerySet
from django.http import HttpResponse
from django.urls import reverse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.request import Request
from rest_framework.response import Response

from lims.core.api.description import list_parameters
from lims.core.api.views import ActionView, ListView, Struct, decode
from lims.core.codes import normalise
from lims.core.errors import Invalid
from lims.core.roles import Action
from lims.core.scope import fetch_visible
from samples.dossiers import services
from samples.dossiers.api import schemas
from samples.dossiers.edge import bundle_response, folder_response, paper_response, send_job
from samples.dossiers.filters import DossierFilter
from samples.dossiers.models import Dossier
from samples.dossiers.selectors import dossier_detail, dossier_row, fetch_dossier, select_dossiers
from samples.models import Consignment
from samples.selectors.samples import find_sample

_ORDERINGS = {"id": "id", "number": "number", "requested_at": "requested_at"}
_NOT_MADE = OpenApiResponse(description="Not made yet")


class NewDossier(Struct):
    """Of what."""

    sample: str | None = None
    consignment: str | None = None
    purpose: str = ""


class AnyAccept(BaseContentNegotiation):
    """Files are sent as what they are, whatever the caller accepts; problems as JSON."""

    def select_parser(self, request: Request, parsers: Any) -> Any:
        return parsers[0]

    def select_renderer(self, request: Request, renderers: Any, format_suffix: str | None = None) -> Any:
        return renderers[0], renderers[0].media_type


def _accepted(dossier: Dossier, request: Request) -> Response:
    """202: its row stands, its job is sent once the row is committed."""
    send_job(dossier)
    body = dossier_detail(fetch_dossier(request.user, dossier.number))
    return Response(body, status=202, headers={"Location": reverse("api-dossier", args=[dossier.number])})


class Dossiers(ListView):
    """Those within the caller's scope, and new ones."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.CUSTODY_DOSSIER, "POST": Action.CUSTODY_DOSSIER}
    filterset_class = DossierFilter
    orderings: ClassVar[dict[str, str]] = _ORDERINGS

    def queryset(self, request: Request) -> QuerySet[Dossier]:
        return select_dossiers(request.user)

    def row(self, found: Dossier, request: Request) -> dict[str, Any]:
        return dossier_row(found)

    @extend_schema(operation_id="dossiers_list", parameters=list_parameters(DossierFilter, _ORDERINGS), responses=schemas.DossierPageSchema)
    def get(self, request: Request) -> Any:
        """Newest first; as CSV by `Accept`."""
        return super().get(request)

    @extend_schema(operation_id="dossiers_create", request=schemas.NewDossierSchema, responses={202: schemas.DossierSchema})
    def post(self, request: Request) -> Response:
        """Ask for the dossier of one sample with its family, or of a consignment, as far as the caller may see. Its job makes it; `GET` the
        address in `Location` until its `state` is `made`."""
        body: NewDossier = decode(request, NewDossier)
        if (body.sample is None) == (body.consignment is None):
            raise Invalid("subject", "Name either a sample or a consignment: a dossier is of one of them.")
        if body.sample is not None:
            sample = find_sample(body.sample, request.user)
            return _accepted(services.request_sample_dossier(sample=sample, purpose=body.purpose, by=request.user), request)
        consignment = fetch_visible(Consignment, request.user, code=normalise(str(body.consignment)))
        return _accepted(services.request_consignment_dossier(consignment=consignment, purpose=body.purpose, by=request.user), request)


class DossierView(ActionView):
    """One dossier."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.CUSTODY_DOSSIER}

    @extend_schema(operation_id="dossiers_retrieve", responses=schemas.DossierSchema)
    def get(self, request: Request, number: str) -> Response:
        """What the verifier said, its hashes and files; its job while it is made."""
        return Response(dossier_detail(fetch_dossier(request.user, normalise(number))))


class RetryView(ActionView):
    """Trying again."""

    actions: ClassVar[dict[str, Action]] = {"POST": Action.CUSTODY_DOSSIER}

    @extend_schema(operation_id="dossiers_retry", request=None, responses={202: schemas.DossierSchema})
    def post(self, request: Request, number: str) -> Response:
        """Make a dossier that could not be made, once what its job named is put right. 409 when it is made or still being made."""
        dossier = fetch_dossier(request.user, normalise(number))
        dossier.job = services.retry_dossier(dossier=dossier, by=request.user)
        return _accepted(dossier, request)


class PdfView(ActionView):
    """The paper."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.CUSTODY_DOSSIER}
    content_negotiation_class = AnyAccept

    @extend_schema(
        operation_id="dossiers_pdf",
        parameters=[OpenApiParameter("inline", enum=["1"], description="Show it in the browser instead of saving it")],
        responses={(200, "application/pdf"): OpenApiTypes.BINARY, 409: _NOT_MADE},
    )
    def get(self, request: Request, number: str) -> HttpResponse:
        """For people: the stored bytes, checked against their SHA-256. 409 until it is made."""
        return paper_response(fetch_dossier(request.user, normalise(number)), request._request)


class DataView(ActionView):
    """The data."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.CUSTODY_DOSSIER}
    content_negotiation_class = AnyAccept

    @extend_schema(operation_id="dossiers_data", responses={(200, "application/json"): OpenApiTypes.OBJECT, 409: _NOT_MADE})
    def get(self, request: Request, number: str) -> HttpResponse:
        """For the verifier: the exact bytes whose SHA-256 is `bundle_sha256`. 409 until it is made."""
        return bundle_response(fetch_dossier(request.user, normalise(number)))


class ZipView(ActionView):
    """Everything in one."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.CUSTODY_DOSSIER}
    content_negotiation_class = AnyAccept

    @extend_schema(operation_id="dossiers_zip", responses={(200, "application/zip"): OpenApiTypes.BINARY, 409: _NOT_MADE})
    def get(self, request: Request, number: str) -> HttpResponse:
        """For an auditor: data, paper, verifier and a short explanation. 409 until it is made."""
        return folder_response(fetch_dossier(request.user, normalise(number)))
