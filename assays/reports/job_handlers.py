"""What a certificate job does."""

from __future__ import annotations

from uuid import UUID

from django.urls import reverse

from assays.reports.making import make_certificate
from lims.jobs.services import JobContext, job_handler


@job_handler("certificate")
def handle_certificate(context: JobContext) -> None:
    """Make one certificate, telling how far it is."""
    certificate = make_certificate(UUID(context.job.arguments["certificate"]), context.report)
    context.result = {"number": certificate.number, "certificate": reverse("api-certificate", args=[certificate.number])}
    context.result_url = reverse("reports:certificate", args=[certificate.number])
