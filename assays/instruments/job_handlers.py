"""What the jobs of large uploads do."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.urls import reverse

from assays.instruments.deferring import KIND
from assays.instruments.importing import give_up, import_upload
from assays.instruments.models import Upload
from assays.instruments.rematching import place_again
from assays.instruments.replaying import replay_waiting
from lims.jobs.models import Job
from lims.jobs.services import JobContext, job_handler


def handle_failure(job: Job, sentence: str) -> None:
    """The upload goes to the error queue, or waits again with the rows it had."""
    give_up(UUID(job.arguments["upload"]), sentence, job.pk if job.arguments.get("given", {}).get("recorded") else None)


@job_handler(KIND, handle_failure)
def handle_upload(context: JobContext) -> None:
    """Read one upload, for the first time or again, telling how far it is; as whoever asked for it, or the instrument that sent it."""
    given = context.job.arguments
    upload = _do_again(context, given) if "again" in given else _import(context, given)
    context.result = {"upload": reverse("api-instrument-upload", args=[upload.pk]), "state": upload.state}
    context.result_url = reverse("instruments:upload", args=[upload.pk])


def _import(context: JobContext, given: dict[str, Any]) -> Upload:
    by = context.job.requested_by or Upload.objects.select_related("instrument").get(pk=given["upload"]).instrument
    return import_upload(UUID(given["upload"]), context.report, by=by, may_record=given["may_record"], mapping_id=_key(given["mapping"]))


def _do_again(context: JobContext, asked: dict[str, Any]) -> Upload:
    """What a person asked for of an upload whose rows are stored."""
    upload, by, given, job = UUID(asked["upload"]), context.job.requested_by, asked["given"], context.job.pk
    if asked["again"] == "replay":
        return replay_waiting(upload, context.report, by=by, mapping_id=_key(given["mapping"]), job_id=job)
    return place_again(upload, context.report, by=by, again=asked["again"], given=given, job_id=job)


def _key(text: str | None) -> UUID | None:
    return UUID(text) if text else None
