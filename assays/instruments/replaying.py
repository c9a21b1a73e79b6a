"""The error queue's way out: the stored bytes are read and placed again with what the product knows today, or dismissed with a reason.
Every try is recorded; one that changes nothing says so."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from assays.instruments import rows
from assays.instruments.deferring import defer_again, defer_reading, is_large
from assays.instruments.ingest import fill_upload, store_readings
from assays.instruments.models import (
    Attempt,
    AttemptKind,
    Instrument,
    MappingVersion,
    RefusedMessage,
    Upload,
    UploadState,
)
from assays.instruments.parsers.model import ParsedExport, ParseError
from assays.instruments.placing import collect_notes, find_run, place_export
from assays.instruments.recording import lock_upload, note_unit
from assays.instruments.rematching import Report, resume_waiting, waits_for
from assays.instruments.taught import read_export
from lims.core import clock
from lims.core.acting import acting
from lims.core.errors import DomainError, Forbidden, Invalid, Problem
from lims.core.files import read_bytes, store_bytes
from lims.core.roles import Action, require

_MOST_PROBLEMS = 100


def keep_refused(*, instrument: Instrument, body: bytes, error: DomainError, at: datetime | None = None) -> None:
    """Keep a message that was refused, with the answer it got; the same bytes again are one. The refusal itself stays what it is."""
    if not body or error.kind == "too_large":
        return
    stored = store_bytes("uploads", body)
    problems = [{"pointer": one.pointer, "code": one.code, "detail": one.detail} for one in error.problems[:_MOST_PROBLEMS]]
    message = RefusedMessage(
        laboratory_id=instrument.laboratory_id,
        instrument=instrument,
        sha256=stored.sha256,
        size=stored.size,
        code=error.code[:60],
        message=error.message,
        problems=problems,
        received_at=at or clock.now(),
    )
    RefusedMessage.objects.bulk_create([message], ignore_conflicts=True)


def replay_upload(*, upload: Upload, by: Any, mapping: MappingVersion | None = None, at: datetime | None = None) -> Attempt:
    """Read the upload's bytes again and place its rows again; never records, that stays a person's next step.

    An upload that could not be read takes its first rows. One that waits keeps its cells where they are the same, with what a person has
    decided about them; where they are not (a mapping was corrected) it is withdrawn and a new upload of the same bytes takes its place.
    `mapping` is the version to read it with, where a person chose one. What takes too long to wait for is read by a worker: the attempt's
    upload is `reading`, the edge sends its job, and a second attempt says what came of it. Raises `DomainError('wrong_state')` for any
    other state.
    """
    require(by, Action.RUN_EDIT)
    _refuse_stranger(upload.laboratory_id, by)
    if mapping is not None and mapping.mapping.laboratory_id != by.organisation_id:
        raise Forbidden("other_laboratory", "This mapping belongs to another laboratory.")
    with acting(by, "read again"), transaction.atomic():
        upload = lock_upload(upload)
        if upload.state not in {UploadState.UNREADABLE, UploadState.WAITING}:
            raise DomainError("wrong_state", f"{upload.file_name} is {upload.get_state_display()}; only what waits is read again.")
        if is_large(upload):
            if upload.state == UploadState.UNREADABLE:
                defer_reading(upload, by, may_record=False, mapping=mapping)
            else:
                defer_again(upload, by, "replay", mapping=str(mapping.pk) if mapping else None)
            return _note(by, at, upload=upload, outcome=upload.state, made=upload)
        try:
            export, version = read_export(upload.file_name, read_bytes("uploads", upload.sha256), upload.laboratory_id, mapping)
        except ParseError as problem:
            if upload.state == UploadState.UNREADABLE:
                upload.error, upload.error_place = problem.message, str(problem.place)[:80]
                upload.save(update_fields=["error", "error_place"])
            return _note(by, at, upload=upload, outcome=problem.code, sentence=str(problem))
        return _note_taken(upload, _take_in(upload, export, version, by), by, at)


def replay_waiting(upload_id: UUID, report: Report, *, by: Any, mapping_id: UUID | None, job_id: UUID) -> Upload:
    """What a worker does of `replay_upload` with an upload that waits. What cannot be read now leaves it as it was, with an attempt that
    says why. Gives the upload that counts: of other cells a new one."""
    upload = Upload.objects.select_related("instrument").get(pk=upload_id)
    if not waits_for(upload, job_id):
        return upload
    report(0.1, "Reading the file.")
    mapping = MappingVersion.objects.select_related("mapping").get(pk=mapping_id) if mapping_id else None
    try:
        export, version = read_export(upload.file_name, read_bytes("uploads", upload.sha256), upload.laboratory_id, mapping)
    except ParseError as error:
        problem = error
        return _resume(upload, job_id, by, lambda locked: _note(by, None, upload=locked, outcome=problem.code, sentence=str(problem)))
    report(0.5, f"Matching and storing {len(export.readings)} values.")
    return _resume(upload, job_id, by, lambda locked: _note_taken(locked, _take_in(locked, export, version, by), by, None))


def _resume(upload: Upload, job_id: UUID, by: Any, write: Callable[[Upload], Attempt]) -> Upload:
    """Let it wait again and write what came of it, all of it or nothing, unless somebody was faster."""
    with acting(by, "read again"), transaction.atomic():
        upload = lock_upload(upload)
        if waits_for(upload, job_id):
            resume_waiting(upload)
            return write(upload).made or upload
    return upload


def _note_taken(upload: Upload, made: Upload, by: Any, at: datetime | None) -> Attempt:
    return _note(by, at, upload=upload, outcome=made.state, settled=made.pk != upload.pk, made=made)


def _take_in(upload: Upload, export: ParsedExport, version: MappingVersion | None, by: Any) -> Upload:
    """Give the upload what was read; returns the upload that has it."""
    if upload.state == UploadState.UNREADABLE:
        upload.mapping = version
        fill_upload(upload, export, upload.run, by, may_record=False)
        return upload
    if not rows.holds_same_cells(upload, export):
        return _replace(upload, export, version, by)
    upload.run = upload.run or find_run(export, upload.instrument)
    placement = place_export(export, upload.run, upload.laboratory_id, upload.stated_unit)
    rows.rematch_rows(upload, placement.matching, upload.run, keep_decided=True)
    upload.notes, upload.mapping, upload.format = note_unit(upload) + collect_notes(export, placement.warnings), version, export.format
    upload.save()
    return upload


def _replace(old: Upload, export: ParsedExport, version: MappingVersion | None, by: Any) -> Upload:
    """A new upload of the same bytes for other cells: what was stored is never changed."""
    new = Upload(
        laboratory_id=old.laboratory_id,
        instrument=old.instrument,
        sha256=old.sha256,
        size=old.size,
        file_name=old.file_name,
        received_at=old.received_at,
        received_from_id=old.received_from_id,
        mapping=version,
        state=UploadState.WAITING,
    )
    # The old one gives way first: the same bytes are one upload that counts.
    old.state, old.decided_by, old.decided_at = UploadState.WITHDRAWN, by, clock.now()
    old.decision_reason, old.replaced_by_id = "read again with other cells", new.pk
    with transaction.atomic():
        old.save()
        fill_upload(new, export, old.run, by, may_record=False)
    return new


def replay_message(*, message: RefusedMessage, by: Any, at: datetime | None = None) -> Attempt:
    """Take a refused message again, as if it came now: recorded or waiting when nothing stands against it any more, else the new refusal is
    noted and nothing else changes."""
    require(by, Action.RUN_EDIT)
    _refuse_stranger(message.laboratory_id, by)
    _refuse_settled(message)
    try:
        stored = store_readings(instrument=message.instrument, body=read_bytes("uploads", message.sha256), by=by)
    except Forbidden:
        raise
    except DomainError as error:
        return _note(by, at, message=message, outcome=error.code[:60], sentence=error.message)
    return _note(by, at, message=message, outcome=stored.upload.state, settled=True, made=stored.upload)


def dismiss_message(*, message: RefusedMessage, reason: str, by: Any, at: datetime | None = None) -> Attempt:
    """Say why a refused message needs nothing more: the instrument sent it again, or it was a test. It stays on record."""
    require(by, Action.RUN_EDIT)
    _refuse_stranger(message.laboratory_id, by)
    if not reason.strip():
        raise Invalid("reason", "Say why it is dismissed.", problems=[Problem("/reason", "reason", "Say why it is dismissed.")])
    with transaction.atomic():
        _refuse_settled(message)
        return _note(
            by, at, message=message, kind=AttemptKind.DISMISSED, outcome="dismissed", sentence=reason.strip(), settled=True
        )  # fmt: skip


def _refuse_settled(message: RefusedMessage) -> None:
    if message.attempts.filter(settled=True).exists():
        raise DomainError("wrong_state", "This message was taken or dismissed already. Reload the page.")


def _refuse_stranger(laboratory_id: Any, by: Any) -> None:
    if laboratory_id != by.organisation_id:
        raise Forbidden("other_laboratory", "This belongs to another laboratory.")


def _note(by: Any, at: datetime | None, *, kind: AttemptKind = AttemptKind.REPLAYED, settled: bool = False, **what: Any) -> Attempt:
    return Attempt.objects.create(by=by, at=at or clock.now(), kind=kind, settled=settled, **what)
