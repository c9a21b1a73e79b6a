"""What the page and the API do alike at the edge: send a certificate's job, hand out a stored paper."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse

from assays.reports.models import Certificate
from assays.reports.selectors import read_paper, read_snapshot
from lims.jobs.dispatch import send_on_commit


def send_job(certificate: Certificate) -> None:
    """Send the job that makes the certificate, once its row is committed."""
    assert certificate.job is not None  # noqa: S101  # whoever asks for a certificate gets a job with it
    send_on_commit(certificate.job)


def pdf_response(certificate: Certificate, request: HttpRequest) -> HttpResponse:
    """The stored bytes as a download, or inside the browser with `?inline=1`."""
    response = HttpResponse(read_paper(certificate), content_type="application/pdf")
    kind = "inline" if request.GET.get("inline") == "1" else "attachment"
    response["Content-Disposition"] = f'{kind}; filename="{certificate.number}.pdf"'
    return _kept_private(response)


def data_response(certificate: Certificate) -> HttpResponse:
    """The snapshot, byte for byte as it was hashed."""
    response = HttpResponse(read_snapshot(certificate), content_type="application/json")
    response["Content-Disposition"] = f'attachment; filename="{certificate.number}.json"'
    return _kept_private(response)


def _kept_private(response: HttpResponse) -> HttpResponse:
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "private, no-store"
    return response
