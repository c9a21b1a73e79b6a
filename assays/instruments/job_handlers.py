"""What the job of a large upload does."""

from __future__ import annotations

from uuid import UUID

from django.urls import reverse

from assays.instruments.deferring import KIND
from assays.instruments.importing import give_up, import_upload
from assays.instruments.models import Upload
from lims.jobs.models import Job
from lims.jobs.services import JobContext, job_handler


def handle_failure(job: Job, sentence: str) -> None:
    """The upload goes to the error queue."""
    give_up(UUID(job.arguments["upload"]), sentence)


@job_handler(KIND, handle_failure)
def handle_upload(context: JobContext) -> None:
    """Read one upload, telling how far it is; as whoever asked for it, or the instrument that sent it."""
    given = context.job.arguments
    by = context.job.requested_by or Upload.objects.select_related("instrument").get(pk=given["upload"]).instrument
    mapping = UUID(given["mapping"]) if given["mapping"] else None
    upload = import_upload(UUID(given["upload"]), context.report, by=by, may_record=given["may_record"], mapping_id=mapping)
    context.result = {"upload": reverse("api-instrument-upload", args=[upload.pk]), "state": upload.state}
    context.result_url = reverse("instruments:upload", args=[upload.pk])
