"""States as colour and word: `(tone, label)` pairs for the pages."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from assays.lifecycle import RunState, SubmissionState, TestState
from assays.models import MethodVersion
from assays.selectors.submissions import Deadline

Badge = tuple[str, Any]

_SUBMISSION = {
    SubmissionState.OPEN: "wait",
    SubmissionState.ON_HOLD: "fail",
    SubmissionState.COMPLETE: "pass",
    SubmissionState.CANCELLED: "none",
}
_TEST = {
    TestState.REQUESTED: "none",
    TestState.PREPARED: "wait",
    TestState.IN_RUN: "wait",
    TestState.MEASURED: "wait",
    TestState.REVIEWED: "wait",
    TestState.AUTHORISED: "pass",
    TestState.CERTIFIED: "pass",
    TestState.CANCELLED: "none",
}
_RUN = {
    RunState.PLANNED: "wait",
    RunState.MEASURED: "wait",
    RunState.QC_PASSED: "pass",
    RunState.QC_FAILED: "fail",
    RunState.BLOCKED: "fail",
    RunState.OVERRIDDEN: "warn",
    RunState.REVIEWED: "wait",
    RunState.SENT_BACK: "warn",
    RunState.AUTHORISED: "pass",
    RunState.CANCELLED: "none",
}


def submission_badge(state: str) -> Badge:
    """How a submission stands."""
    return _SUBMISSION[SubmissionState(state)], SubmissionState(state).label


def test_badge(state: str) -> Badge:
    """How far a test is."""
    return _TEST[TestState(state)], TestState(state).label


def run_badge(state: str) -> Badge:
    """How a run stands."""
    return _RUN[RunState(state)], RunState(state).label


def deadline_badge(deadline: Deadline) -> Badge | None:
    """How near the due day is, in working days; nothing once the submission is finished."""
    left = deadline.days_left
    if left is None:
        return None
    if left < 0:
        return "fail", ngettext("%(count)d working day overdue", "%(count)d working days overdue", -left) % {"count": -left}
    if left == 0:
        return "warn", _("due today")
    return "warn" if left <= 2 else "none", ngettext("%(count)d working day left", "%(count)d working days left", left) % {"count": left}


def version_badge(version: MethodVersion, day: date) -> Badge:
    """Whether a method version may be used."""
    if version.retired_on is not None and version.retired_on <= day:
        return "none", _("retired")
    return ("pass", _("in force")) if version.in_force_from <= day else ("wait", _("not yet in force"))
