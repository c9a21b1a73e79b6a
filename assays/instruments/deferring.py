"""Files too large to be read while their sender waits: kept at once, read by a worker."""

from __future__ import annotations

from typing import Any

from django.conf import settings

from assays.instruments.models import MappingVersion, Upload, UploadState
from assays.instruments.parsers.workbook import is_workbook, measure_unpacked
from lims.core.files import read_bytes
from lims.core.roles import INSTRUMENT
from lims.jobs.models import JobState
from lims.jobs.services import create_job

KIND = "instrument_upload"


def is_too_long_to_wait(data: bytes) -> bool:
    """Whether reading the file takes longer than anybody should hold a connection for it. A workbook counts as what it unpacks to; what
    cannot be a workbook is small, as it is refused before it is unpacked."""
    size = measure_unpacked(data) if is_workbook(data) else len(data)
    return size > settings.READ_AT_ONCE_BYTES


def is_large(upload: Upload) -> bool:
    """As `is_too_long_to_wait`, of an upload's kept bytes."""
    return upload.size > settings.READ_AT_ONCE_BYTES or is_too_long_to_wait(read_bytes("uploads", upload.sha256))


def defer_reading(upload: Upload, by: Any, *, may_record: bool = True, mapping: MappingVersion | None = None) -> Upload:
    """Let a worker read the upload's bytes and place its rows; see `importing.import_upload`. Part of the caller's transaction: the edge
    sends the job (`edge.send_reading`). Without `may_record` it waits for a person however well it matches."""
    arguments = {"upload": str(upload.pk), "may_record": may_record, "mapping": str(mapping.pk) if mapping else None}
    upload.state, upload.error, upload.error_place = UploadState.READING, "", ""
    upload.job = create_job(kind=KIND, arguments=arguments, by=None if by.role == INSTRUMENT else by)
    upload.save()
    return upload


def defer_again(upload: Upload, by: Any, again: str, **given: Any) -> Upload:
    """Let a worker read the bytes of an upload again, whose rows are stored: for the step `again` (see `job_handlers`), with what is
    `given`. Its rows and what was decided about them stay until then; one that is recorded stays so, since its run rests on it. Part of the
    caller's transaction: the edge sends the job."""
    arguments = {"upload": str(upload.pk), "again": again, "given": given}
    upload.job = create_job(kind=KIND, arguments=arguments, by=by)
    if upload.state != UploadState.RECORDED:
        upload.state = UploadState.READING
    upload.save(update_fields=["state", "job"])
    return upload


def is_deferred(upload: Upload) -> bool:
    """Whether a worker has still to do what was asked of the upload."""
    return upload.job is not None and upload.job.state in {JobState.QUEUED, JobState.RUNNING}
