"""What a worker does with a file that was too large to be read while its sender waited. Until one transaction at its end nothing is
stored, so it may be killed anywhere, begin again and run twice at once: the rows are there once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.db import transaction

from assays.instruments.ingest import fill_upload, note_unreadable
from assays.instruments.models import MappingVersion, Upload, UploadState
from assays.instruments.parsers.model import ParseError
from assays.instruments.placing import refuse_unfit_run
from assays.instruments.recording import lock_upload
from assays.instruments.taught import read_export
from lims.core.acting import acting
from lims.core.files import read_bytes

Report = Callable[[float, str], None]
_TO_BE_READ = frozenset({UploadState.READING, UploadState.UNREADABLE})


def import_upload(upload_id: UUID, report: Report, *, by: Any, may_record: bool = True, mapping_id: UUID | None = None) -> Upload:
    """Read, place and store one upload as `ingest.store_upload` does, telling `report` how far it is.

    What was withdrawn meanwhile, or read by another worker, stays as it is. A file that cannot be read is `unreadable` afterwards. Raises
    `DomainError` where the named run takes no more readings by now, with nothing stored; see `give_up`.
    """
    upload = Upload.objects.select_related("instrument").get(pk=upload_id)
    if upload.state not in _TO_BE_READ:
        return upload
    report(0.1, "Reading the file.")
    mapping = MappingVersion.objects.select_related("mapping").get(pk=mapping_id) if mapping_id else None
    try:
        data = read_bytes("uploads", upload.sha256)
        export, version = read_export(upload.file_name, data, upload.laboratory_id, mapping)
    except ParseError as error:
        problem = error
        return _end(upload, by, lambda locked: note_unreadable(locked, problem.message, str(problem.place)))
    report(0.5, f"Matching and storing {len(export.readings)} values.")

    def store(locked: Upload) -> None:
        if locked.run is not None and may_record:
            refuse_unfit_run(locked.run, locked.instrument)
        locked.mapping = version
        fill_upload(locked, export, locked.run, by, may_record=may_record)

    return _end(upload, by, store)


def _end(upload: Upload, by: Any, write: Callable[[Upload], None]) -> Upload:
    """Write what became of it, all of it or nothing, unless somebody was faster."""
    with acting(by, "upload read"), transaction.atomic():
        upload = lock_upload(upload)
        if upload.state in _TO_BE_READ:
            write(upload)
    return upload


def give_up(upload_id: UUID, sentence: str, again: UUID | None = None) -> None:
    """The worker failed for good: the upload waits in the error queue with the sentence, to be read again or withdrawn. One that was read
    before waits with the rows it had, or stays recorded with them where the job `again` is its newest, and the sentence stands among what
    is to be looked at."""
    with acting("worker", "reading failed"), transaction.atomic():
        upload = lock_upload(Upload(pk=upload_id))
        is_recorded = upload.state == UploadState.RECORDED and again is not None and upload.job_id == again
        if upload.state != UploadState.READING and not is_recorded:
            return
        if not upload.rows.exists():
            note_unreadable(upload, sentence)
            return
        if not is_recorded:
            upload.state = UploadState.WAITING
        upload.notes = [*upload.notes, {"code": "not_placed_again", "message": sentence, "readings": 0, "information": False}]
        upload.save(update_fields=["state", "notes"])
