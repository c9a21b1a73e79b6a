"""A file placed anew: against another run, or without what a person decided about rows. It is read again for that, a large one by a
worker: its rows and decisions stay as they were until one transaction at the end, and what is refused then is told at the upload."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from assays.instruments import rows
from assays.instruments.deferring import defer_again, is_deferred, is_large
from assays.instruments.models import RowOutcome, Upload, UploadState
from assays.instruments.parsers.model import ParsedExport
from assays.instruments.placing import place_export, refuse_unfit_run
from assays.instruments.recording import (
    apply_change,
    confirm_matched,
    lock_upload,
    match_against,
    note_anew,
    refuse_decided,
    refuse_unless_waiting,
)
from assays.instruments.taught import read_again
from assays.models import Run
from lims.core.acting import acting
from lims.core.errors import DomainError, Invalid
from lims.core.roles import Action, require

Report = Callable[[float, str], None]


def choose_run(*, upload: Upload, run: Run, by: Any) -> Upload:
    """Match a waiting upload against another run; a worker does it where reading the file takes too long to wait for
    (`edge.send_reading`)."""
    require(by, Action.RUN_EDIT)
    with acting(by, f"matched against {run.code}"), transaction.atomic():
        upload = lock_upload(upload)
        refuse_unless_waiting(upload)
        refuse_unfit_run(run, upload.instrument)
        if is_large(upload):
            return defer_again(upload, by, "choose_run", run=str(run.pk))
        match_against(upload, run, read_again(upload))
    return upload


def take_back(*, upload: Upload, indexes: Collection[int], by: Any, at: datetime | None = None) -> Upload:
    """Take back what a person decided about rows: they are placed again by their names, or parked. On an upload that is already recorded
    the run is reduced and judged anew. A worker does it where reading the file takes too long (`edge.send_reading`)."""
    require(by, Action.RUN_EDIT)
    with acting(by, "decision taken back"), transaction.atomic():
        upload = lock_upload(upload)
        refuse_decided(upload)
        _refuse_undecided(upload, indexes)
        if is_deferred(upload):
            raise DomainError("wrong_state", f"{upload.file_name} is being read for a decision taken back before. Wait until that is done.")
        if is_large(upload):
            recorded = upload.state == UploadState.RECORDED
            return defer_again(upload, by, "take_back", indexes=sorted(indexes), recorded=recorded)
        _place_by_name(upload, indexes, read_again(upload))
        apply_change(upload, by, at)
    return upload


def _refuse_undecided(upload: Upload, indexes: Collection[int]) -> None:
    decided = upload.rows.filter(index__in=indexes).exclude(decided_by=None)
    if not indexes or decided.count() < len(set(indexes)):
        raise Invalid("not_decided", "Nobody decided about one of these rows, so there is nothing to take back. Reload the page.")


def _place_by_name(upload: Upload, indexes: Collection[int], export: ParsedExport) -> None:
    placement = place_export(export, upload.run, upload.laboratory_id, upload.stated_unit)
    rows.rematch_rows(upload, placement.matching, upload.run, only=indexes)
    _refuse_shared(upload)
    note_anew(upload)


def _refuse_shared(upload: Upload) -> None:
    """Raise when a position would have two rows: the one that a person put there has to go first."""
    seen: set[int] = set()
    for number in upload.rows.filter(outcome=RowOutcome.MATCHED).values_list("position__number", flat=True):
        if number in seen:
            raise DomainError("position_taken", f"Another row stands at position {number} by now. Take that decision back first.")
        seen.add(number)


def place_again(upload_id: UUID, report: Report, *, by: Any, again: str, given: Mapping[str, Any], job_id: UUID) -> Upload:
    """What a worker does of `choose_run`, `take_back` and `confirm_upload`: read the bytes again, then place the rows in one transaction.

    What was withdrawn meanwhile, or is another job's by now, stays as it is. Raises `DomainError` where the step is refused by now, with
    nothing changed; see `importing.give_up`.
    """
    upload = Upload.objects.select_related("mapping", "instrument").get(pk=upload_id)
    recorded = bool(given.get("recorded"))
    if not waits_for(upload, job_id, recorded=recorded):
        return upload
    report(0.1, "Reading the file.")
    export = read_again(upload)
    report(0.5, f"Matching {len(export.rows)} rows.")
    with acting(by, "placed again"), transaction.atomic():
        upload = lock_upload(upload)
        if waits_for(upload, job_id, recorded=recorded):
            resume_waiting(upload)
            _STEPS[again](upload, export, given, by)
            if recorded:
                # Its state stays what it was: without its job nothing is left to do.
                upload.job = None
                upload.save(update_fields=["job"])
    return upload


def waits_for(upload: Upload, job_id: UUID, *, recorded: bool = False) -> bool:
    """Whether the upload still waits for this very job, which was asked for while it was `recorded`."""
    return upload.state == (UploadState.RECORDED if recorded else UploadState.READING) and upload.job_id == job_id


def resume_waiting(upload: Upload) -> None:
    """The upload waits for a person again, with the rows it has; one that is recorded stays so."""
    if upload.state == UploadState.READING:
        upload.state = UploadState.WAITING
        upload.save(update_fields=["state"])


def _choose(upload: Upload, export: ParsedExport, given: Mapping[str, Any], by: Any) -> None:
    match_against(upload, Run.objects.select_related("method_version__method", "instrument").get(pk=given["run"]), export)


def _take_back(upload: Upload, export: ParsedExport, given: Mapping[str, Any], by: Any) -> None:
    _refuse_undecided(upload, given["indexes"])
    _place_by_name(upload, given["indexes"], export)
    apply_change(upload, by, None)


def _confirm(upload: Upload, export: ParsedExport, given: Mapping[str, Any], by: Any) -> None:
    _choose(upload, export, given, by)
    confirm_matched(upload, {int(index): number for index, number in given["assignments"].items()}, given["unit"], by)


_STEPS: Mapping[str, Callable[[Upload, ParsedExport, Mapping[str, Any], Any], None]] = {
    "choose_run": _choose,
    "take_back": _take_back,
    "confirm": _confirm,
}
