"""States of uploads, rows and verdicts as colour and word: `(tone, label)` pairs for the pages."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from assays.instruments.models import RowOutcome, Upload, UploadRow, UploadState
from assays.models.judgements import Outcome

Badge = tuple[str, Any]

_UPLOAD = {
    UploadState.READING: "wait",
    UploadState.UNREADABLE: "fail",
    UploadState.WAITING: "wait",
    UploadState.RECORDED: "pass",
    UploadState.WITHDRAWN: "none",
}
_ROW = {
    RowOutcome.MATCHED: "pass",
    RowOutcome.CONTROL: "none",
    RowOutcome.CALIBRATION: "none",
    RowOutcome.PARKED: "wait",
    RowOutcome.IGNORED: "none",
}
_VERDICT = {Outcome.PASS: "pass", Outcome.WARN: "warn", Outcome.FAIL: "fail", Outcome.MISSING: "fail"}


def upload_badge(upload: Upload) -> Badge:
    """How an upload stands; recorded with rows still parked is not done."""
    if upload.state == UploadState.RECORDED and getattr(upload, "parked_count", None):
        return "warn", _("recorded, rows parked")
    return _UPLOAD[UploadState(upload.state)], UploadState(upload.state).label


def row_badge(row: UploadRow) -> Badge:
    """What became of a row."""
    if row.outcome == RowOutcome.MATCHED and row.warnings:
        return "warn", _("matched, look")
    return _ROW[RowOutcome(row.outcome)], RowOutcome(row.outcome).label


def verdict_badge(outcome: str) -> Badge:
    """What a rule says."""
    return _VERDICT[Outcome(outcome)], Outcome(outcome).label
