"""What a dossier's job does."""

from __future__ import annotations

from uuid import UUID

from django.urls import reverse

from lims.jobs.services import JobContext, job_handler
from samples.dossiers.making import make_dossier


@job_handler("custody_dossier")
def handle_dossier(context: JobContext) -> None:
    """Make one dossier, telling how far it is."""
    dossier = make_dossier(UUID(context.job.arguments["dossier"]), context.report)
    context.result = {"number": dossier.number, "dossier": reverse("api-dossier", args=[dossier.number])}
    context.result_url = reverse("dossiers:dossier", args=[dossier.number])
