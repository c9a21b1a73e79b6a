"""What a person (or a perfect match) decides about an upload: record, assign, set aside, withdraw. The raw cells never change."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction

from assays.instruments import ingest, rows
from assays.instruments.models import RowOutcome, Upload, UploadRow, UploadState
from assays.instruments.parsers import registry
from assays.lifecycle import RUN, TEST
from assays.models import Run, RunPosition, SubmissionTest
from assays.services.evaluating import evaluate_run
from assays.services.reducing import reduce_run
from lims.core import clock
from lims.core.acting import acting
from lims.core.errors import Blocker, DomainError, Invalid, NotFound, refuse_if
from lims.core.files import read_bytes
from lims.core.roles import Action, require


def record_upload(*, upload: Upload, by: Any, reason: str, at: datetime | None = None) -> Upload:
    """Take the matched rows as the run's readings, reduce them and judge the run. Part of the caller's transaction.

    Parked rows stay parked; a control that is missing because of it blocks the run.
    """
    run = Run.objects.select_for_update().get(pk=upload.run_id)
    refuse_if(RUN.blockers(run, "record"))
    upload.state, upload.decided_at, upload.decision_reason = UploadState.RECORDED, at or clock.now(), reason
    upload.decided_by = by if getattr(by, "full_name", None) else None
    upload.save()
    _judge_anew(run, by, at)
    return upload


def _judge_anew(run: Run, by: Any, at: datetime | None) -> None:
    run.state, run.measured_at = RUN.target(run, "record"), run.measured_at or at or clock.now()
    run.save(update_fields=["state", "measured_at"])
    tests = SubmissionTest.objects.select_for_update().filter(aliquots__positions__run=run, state="in_run")
    SubmissionTest.objects.filter(pk__in=[test.pk for test in tests]).update(
        state=TEST.find("measure").target, changed_at=at or clock.now()
    )
    reduce_run(run=run, by=by, at=at)
    evaluate_run(run=run, by=by, at=at)


def confirm_upload(*, upload: Upload, by: Any, run: Run | None = None, at: datetime | None = None) -> Upload:
    """A person takes a waiting upload as it is matched; `run` chooses or changes its run first."""
    require(by, Action.RUN_EDIT)
    with acting(by, "upload confirmed"), transaction.atomic():
        upload = _lock(upload)
        if run is not None and run.pk != upload.run_id:
            _choose_run(upload, run)
        refuse_if(_confirm_blockers(upload))
        return record_upload(upload=upload, by=by, reason="confirmed", at=at)


def _confirm_blockers(upload: Upload) -> list[Blocker]:
    if upload.state != UploadState.WAITING:
        return [Blocker("wrong_state", f"{upload.file_name} is {upload.get_state_display()}; only an upload that waits can be confirmed.")]
    if upload.run is None:
        return [Blocker("no_run", f"{upload.file_name} belongs to no run yet. Choose its run first.")]
    if not upload.rows.filter(outcome=RowOutcome.MATCHED).exists():
        return [
            Blocker(
                "nothing_matched", f"No row of {upload.file_name} has a position in run {upload.run.code}. Assign rows to positions first."
            )
        ]
    return []


def choose_run(*, upload: Upload, run: Run, by: Any) -> Upload:
    """Match a waiting upload against another run."""
    require(by, Action.RUN_EDIT)
    with acting(by, f"matched against {run.code}"), transaction.atomic():
        upload = _lock(upload)
        _choose_run(upload, run)
    return upload


def _choose_run(upload: Upload, run: Run) -> None:
    if upload.state != UploadState.WAITING:
        raise DomainError("wrong_state", f"{upload.file_name} is {upload.get_state_display()}; its run can no longer be changed.")
    if run.instrument_id != upload.instrument_id:
        raise Invalid(
            "other_instrument", f"Run {run.code} is planned on {run.instrument.code}, the file came from {upload.instrument.code}."
        )
    if run.state not in ingest.OPEN_RUN:
        raise DomainError("run_closed", f"Run {run.code} is {run.get_state_display()} and takes no more readings.")
    export = registry.parse(upload.file_name, read_bytes("uploads", upload.sha256))
    matching, warnings = ingest.match_export(export, run)
    rows.rematch(upload, matching, run)
    upload.run = run
    upload.notes = ingest.collect_notes(export, warnings)
    upload.save()


def assign_row(*, row: UploadRow, position: RunPosition, by: Any, at: datetime | None = None) -> UploadRow:
    """Say which tube a row belongs to. On an upload that is already recorded the run is reduced and judged anew."""
    require(by, Action.RUN_EDIT)
    with acting(by, f"row {row.index} assigned to position {position.number}"), transaction.atomic():
        upload = _lock(row.upload)
        if upload.run_id is None or position.run_id != upload.run_id:
            raise NotFound(
                "unknown_position", "That position is not in this upload's run. Choose the run first, then one of its positions."
            )
        _refuse_blank_as_sample(row, position)
        row.position, row.outcome, row.reason = position, RowOutcome.MATCHED, f"assigned by {by.full_name}"
        row.save(update_fields=["position", "outcome", "reason"])
        _after_change(upload, by, at)
    return row


def _refuse_blank_as_sample(row: UploadRow, position: RunPosition) -> None:
    if row.outcome == RowOutcome.CALIBRATION and position.kind in {"sample", "duplicate"}:
        raise Invalid(
            "not_a_sample", f"Row {row.index} ({row.label}) is a {row.type}: it cannot be the sample at position {position.number}."
        )


def ignore_row(*, row: UploadRow, reason: str, by: Any, at: datetime | None = None) -> UploadRow:
    """Set a row aside, with a reason; its cells stay stored."""
    require(by, Action.RUN_EDIT)
    if not reason.strip():
        raise Invalid("reason", "Say why the row is set aside.")
    with acting(by, reason), transaction.atomic():
        upload = _lock(row.upload)
        row.position, row.outcome, row.reason = None, RowOutcome.IGNORED, reason
        row.save(update_fields=["position", "outcome", "reason"])
        _after_change(upload, by, at)
    return row


def _after_change(upload: Upload, by: Any, at: datetime | None) -> None:
    if upload.state == UploadState.WAITING:
        return
    if upload.state != UploadState.RECORDED:
        raise DomainError("wrong_state", f"{upload.file_name} is {upload.get_state_display()}; its rows can no longer be changed.")
    run = Run.objects.select_for_update().get(pk=upload.run_id)
    refuse_if(RUN.blockers(run, "record"))
    _judge_anew(run, by, at)


def withdraw_upload(*, upload: Upload, reason: str, by: Any, at: datetime | None = None) -> Upload:
    """Take an upload out of its run, with a reason. The bytes and cells stay; the run is reduced and judged from what remains."""
    require(by, Action.RUN_EDIT)
    if not reason.strip():
        raise Invalid("reason", "Say why the upload is withdrawn.")
    with acting(by, reason), transaction.atomic():
        upload = _lock(upload)
        if upload.state == UploadState.WITHDRAWN:
            raise DomainError("wrong_state", f"{upload.file_name} is withdrawn already.")
        was_recorded = upload.state == UploadState.RECORDED
        if was_recorded:
            run = Run.objects.select_for_update().get(pk=upload.run_id)
            refuse_if(RUN.blockers(run, "record"))
        upload.state, upload.decided_by, upload.decided_at, upload.decision_reason = UploadState.WITHDRAWN, by, at or clock.now(), reason
        upload.save()
        if was_recorded:
            _judge_anew(run, by, at)
    return upload


def _lock(upload: Upload) -> Upload:
    return Upload.objects.select_for_update(of=("self",)).select_related("run", "instrument").get(pk=upload.pk)
