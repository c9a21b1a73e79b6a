"""The lives of tests, runs and submissions, as tables."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from lims.core.errors import Blocker
from lims.core.transitions import Machine, step
from samples.lifecycle import laboratory_blockers


class TestState(TextChoices):
    """One method asked for on one sample."""

    __test__ = False  # not a test case, whatever its name says

    REQUESTED = "requested", _("requested")
    PREPARED = "prepared", _("weighed in")
    IN_RUN = "in_run", _("in a run")
    MEASURED = "measured", _("measured")
    REVIEWED = "reviewed", _("reviewed")
    AUTHORISED = "authorised", _("authorised")
    CERTIFIED = "certified", _("certified")
    CANCELLED = "cancelled", _("cancelled")


def _sample_blocked(step_name: str) -> Callable[[Any], list[Blocker]]:
    """A guard: no hold and no open discrepancy of the sample stops this part of the work (`analyse`, `report`)."""
    return lambda test: laboratory_blockers(test.sample, step_name)


def _clock_stands(test: Any) -> list[Blocker]:
    submission = test.submission
    if submission.state == SubmissionState.ON_HOLD:
        return [Blocker("submission_on_hold", f"Submission {submission.code} is on hold and its clock stands. Resume it first.")]
    return []


TEST = Machine(
    "test",
    dict(TestState.choices),
    (
        step("weigh", {"requested", "prepared"}, "prepared", _sample_blocked("analyse"), _clock_stands),
        step("load", {"prepared", "measured"}, "in_run", _sample_blocked("analyse"), _clock_stands),
        step("unload", {"in_run"}, "prepared"),
        step("measure", {"prepared", "in_run", "measured"}, "measured"),
        step("unmeasure", {"measured"}, "in_run"),
        # A reviewer rejects its results in a run whose other samples stand: it waits for another run.
        step("reject", {"measured"}, "prepared"),
        step("review", {"measured"}, "reviewed", _sample_blocked("report")),
        step("send_back", {"measured", "reviewed"}, "prepared"),
        step("authorise", {"reviewed"}, "authorised", _sample_blocked("report")),
        step("certify", {"authorised", "certified"}, "certified", _sample_blocked("report")),
        step("reopen", {"authorised", "certified"}, "prepared"),
        step("cancel", {"requested", "prepared"}, "cancelled"),
    ),
)


class RunState(TextChoices):
    """One tray on one instrument."""

    PLANNED = "planned", _("planned")
    MEASURED = "measured", _("readings recorded")
    QC_PASSED = "qc_passed", _("quality control passed")
    QC_FAILED = "qc_failed", _("quality control failed")
    BLOCKED = "blocked", _("blocked: a control is missing")
    OVERRIDDEN = "overridden", _("failed control overridden")
    REVIEWED = "reviewed", _("reviewed")
    SENT_BACK = "sent_back", _("sent back")
    AUTHORISED = "authorised", _("authorised")
    CANCELLED = "cancelled", _("cancelled")


_JUDGED = frozenset({"measured", "qc_passed", "qc_failed", "blocked", "overridden"})
_OPEN = _JUDGED | {"planned", "sent_back"}

RUN = Machine(
    "run",
    dict(RunState.choices),
    (
        step("record", _OPEN, "measured"),
        step("clear", _OPEN - {"planned"}, "planned"),
        step("pass", _JUDGED, "qc_passed"),
        step("fail", _JUDGED, "qc_failed"),
        step("block", _JUDGED, "blocked"),
        # One that was judged anew has to be overridden anew: the signature was over the verdicts as they stood.
        step("override", {"qc_failed"}, "overridden"),
        step("review", {"qc_passed", "overridden"}, "reviewed"),
        step("send_back", {"qc_passed", "qc_failed", "blocked", "overridden", "reviewed"}, "sent_back"),
        step("authorise", {"reviewed", "authorised"}, "authorised"),
        # Authorised results that turn out wrong: the run is measured or reduced again, and what comes of it reviewed and authorised.
        step("reopen", {"authorised"}, "sent_back"),
        step("cancel", {"planned"}, "cancelled"),
    ),
)


class SubmissionState(TextChoices):
    """What a customer asked for."""

    OPEN = "open", _("open")
    ON_HOLD = "on_hold", _("on hold: the clock stands")
    COMPLETE = "complete", _("complete")
    CANCELLED = "cancelled", _("cancelled")


SUBMISSION = Machine(
    "submission",
    dict(SubmissionState.choices),
    (
        step("hold", {"open"}, "on_hold"),
        step("resume", {"on_hold"}, "open"),
        step("complete", {"open"}, "complete"),
        step("cancel", {"open", "on_hold"}, "cancelled"),
    ),
)
