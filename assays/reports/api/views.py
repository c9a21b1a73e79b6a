"""Certificates: asked for, made by a job, handed out, amended and withdrawn."""

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

from assays.models import Submission
from assays.reports import services
from assays.reports.api import schemas
from assays.reports.edge import data_response, pdf_response, send_job
from assays.reports.filters import CertificateFilter
from assays.reports.models import Certificate
from assays.reports.selectors import certificate_detail, certificate_row, fetch_certificate, select_certificates
from lims.core.api.views import ActionView, ListView, Struct, decode
from lims.core.codes import normalise
from lims.core.roles import Action
from lims.core.scope import fetch_visible
from samples.selectors.scanned import find_scanned


class NewCertificate(Struct):
    """Which submission, and which of its samples."""

    submission: str
    samples: list[str] | None = None


class Amendment(Struct):
    """Why."""

    reason: str


class Withdrawal(Struct):
    """Why, and the caller's own password."""

    reason: str
    password: str


class AnyAccept(BaseContentNegotiation):
    """Files are sent as what they are, whatever the caller accepts; problems as JSON."""

    def select_parser(self, request: Request, parsers: Any) -> Any:
        return parsers[0]

    def select_renderer(self, request: Request, renderers: Any, format_suffix: str | None = None) -> Any:
        return renderers[0], renderers[0].media_type


def _accepted(certificate: Certificate, request: Request) -> Response:
    """202: its row stands, its job is sent once the row is committed."""
    send_job(certificate)
    body = certificate_detail(fetch_certificate(request.user, certificate.number), request.user)
    return Response(body, status=202, headers={"Location": reverse("api-certificate", args=[certificate.number])})


class Certificates(ListView):
    """Those within the caller's scope, and new ones."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.CERTIFICATE_VIEW, "POST": Action.CERTIFICATE_ISSUE}
    filterset_class = CertificateFilter
    orderings: ClassVar[dict[str, str]] = {"id": "id", "number": "number", "requested_at": "requested_at", "issued_at": "issued_at"}

    def queryset(self, request: Request) -> QuerySet[Certificate]:
        return select_certificates(request.user)

    def row(self, found: Certificate, request: Request) -> dict[str, Any]:
        return certificate_row(found)

    @extend_schema(
        operation_id="certificates_list",
        parameters=[
            OpenApiParameter(name) for name in [*CertificateFilter.base_filters, "ordering", "cursor", "page_size", "count", "fields"]
        ],
        responses=schemas.CertificatePage,
    )
    def get(self, request: Request) -> Any:
        """Newest first; as CSV by `Accept`."""
        return super().get(request)

    @extend_schema(operation_id="certificates_create", request=schemas.NewCertificateSchema, responses={202: schemas.CertificateSchema})
    def post(self, request: Request) -> Response:
        """Ask for a certificate over authorised results. Its job makes it; `GET` the address in `Location` until it is in force."""
        body: NewCertificate = decode(request, NewCertificate)
        submission = fetch_visible(Submission, request.user, code=normalise(body.submission))
        chosen = None if body.samples is None else find_scanned(body.samples, request.user, pointer="/samples/{index}")
        samples = None if chosen is None else [sample.pk for sample in chosen]
        return _accepted(services.request_certificate(submission=submission, samples=samples, by=request.user), request)


class CertificateView(ActionView):
    """One certificate."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.CERTIFICATE_VIEW}

    @extend_schema(operation_id="certificates_retrieve", responses=schemas.CertificateSchema)
    def get(self, request: Request, number: str) -> Response:
        """Its standing, hashes, address of verification, what it replaces and what replaced it; its job while it is made."""
        return Response(certificate_detail(fetch_certificate(request.user, number), request.user))


class PdfView(ActionView):
    """The paper."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.CERTIFICATE_VIEW}
    content_negotiation_class = AnyAccept

    @extend_schema(
        operation_id="certificates_pdf",
        parameters=[OpenApiParameter("inline", enum=["1"], description="Show it in the browser instead of saving it")],
        responses={(200, "application/pdf"): OpenApiTypes.BINARY, 409: OpenApiResponse(description="Not made yet")},
    )
    def get(self, request: Request, number: str) -> HttpResponse:
        """The stored bytes, checked against their SHA-256. 409 until it is made."""
        return pdf_response(fetch_certificate(request.user, number), request._request)


class DataView(ActionView):
    """The snapshot."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.CERTIFICATE_VIEW}
    content_negotiation_class = AnyAccept

    @extend_schema(
        operation_id="certificates_data",
        responses={(200, "application/json"): OpenApiTypes.OBJECT, 409: OpenApiResponse(description="Not made yet")},
    )
    def get(self, request: Request, number: str) -> HttpResponse:
        """What the certificate says, for machines: the exact bytes whose SHA-256 is `snapshot_sha256`. 409 until it is made."""
        return data_response(fetch_certificate(request.user, number))


class AmendView(ActionView):
    """Replacing it by a new one."""

    actions: ClassVar[dict[str, Action]] = {"POST": Action.CERTIFICATE_WITHDRAW}

    @extend_schema(operation_id="certificates_amend", request=schemas.AmendSchema, responses={202: schemas.CertificateSchema})
    def post(self, request: Request, number: str) -> Response:
        """A new certificate from the results as authorised now; this one is superseded when the new one is in force."""
        body: Amendment = decode(request, Amendment)
        certificate = fetch_certificate(request.user, number)
        return _accepted(services.amend_certificate(certificate=certificate, reason=body.reason, by=request.user), request)


class RetryView(ActionView):
    """Making it again."""

    actions: ClassVar[dict[str, Action]] = {"POST": Action.CERTIFICATE_WITHDRAW}

    @extend_schema(operation_id="certificates_retry", request=None, responses={202: schemas.CertificateSchema})
    def post(self, request: Request, number: str) -> Response:
        """Try again to make a certificate that could not be made."""
        return _accepted(services.retry_certificate(certificate=fetch_certificate(request.user, number), by=request.user), request)


class WithdrawView(ActionView):
    """Taking it out of force."""

    actions: ClassVar[dict[str, Action]] = {"POST": Action.CERTIFICATE_WITHDRAW}

    @extend_schema(operation_id="certificates_withdraw", request=schemas.WithdrawSchema, responses=schemas.CertificateSchema)
    def post(self, request: Request, number: str) -> Response:
        """Signed with the caller's password. The paper stays; its verification says *withdrawn*."""
        body: Withdrawal = decode(request, Withdrawal)
        certificate = fetch_certificate(request.user, number)
        services.withdraw_certificate(certificate=certificate, reason=body.reason, password=body.password, by=request.user)
        return Response(certificate_detail(fetch_certificate(request.user, number), request.user))
