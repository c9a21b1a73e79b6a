"""Reading submissions: lists with what is done of each, and one in full."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Count, Q, QuerySet

from assays.lifecycle import SubmissionState, TestState
from assays.models import Submission, SubmissionTest
from assays.turnaround import count_working_days
from lims.accounts.models import Organisation
from lims.core import clock
from lims.core.days import local_day
from lims.core.roles import LABORATORY_ROLES
from samples.models import Sample

AT_THE_BENCH = ("received", "in_preparation", "in_analysis", "reported")
"""States of a sample that lies at a laboratory and may be worked on."""

_FINISHED = (SubmissionState.COMPLETE, SubmissionState.CANCELLED)


@dataclass(frozen=True)
class Deadline:
    """How a submission stands to its due day: working days left (negative when overdue), or nothing once it is finished."""

    due_on: date
    days_left: int | None

    @property
    def overdue(self) -> bool:
        return self.days_left is not None and self.days_left < 0


def deadline_of(submission: Submission) -> Deadline:
    """The deadline as it stands; while the clock stands, from the day it stopped."""
    if submission.state in _FINISHED:
        return Deadline(submission.due_on, None)
    today = clock.today()
    if submission.state == SubmissionState.ON_HOLD:
        started = next((stop.started_at for stop in submission.clock_stops.all() if stop.ended_at is None), None)
        today = local_day(started) if started else today
    return Deadline(submission.due_on, count_working_days(today, submission.due_on))


def submission_list(viewer: Any) -> QuerySet[Submission]:
    """What the viewer may see, with `test_count`, `sample_count` and `done_count` (certified)."""
    return (
        Submission.objects.visible_to(viewer)
        .select_related("laboratory", "customer")
        .prefetch_related("clock_stops")
        .annotate(
            test_count=Count("tests"),
            sample_count=Count("tests__sample", distinct=True),
            done_count=Count("tests", filter=Q(tests__state=TestState.CERTIFIED)),
        )
    )


def tests_of(submission: Submission) -> QuerySet[SubmissionTest]:
    """The tests by sample and method."""
    return submission.tests.select_related("sample", "method_version__method").order_by(
        "sample__blind_code", "method_version__method__code"
    )


def count_by_state(tests: list[SubmissionTest]) -> list[tuple[str, str, int]]:
    """`(state, label, how many)` of the states that occur, in the order of a test's life."""
    counts = Counter(test.state for test in tests)
    return [(state.value, str(state.label), counts[state]) for state in TestState if counts[state]]


@dataclass(frozen=True)
class Waiting:
    """Samples of one owner that lie at a laboratory with nothing asked of them."""

    owner: Organisation
    laboratory: Organisation
    codes: list[str]


def samples_without_request(viewer: Any) -> list[Waiting]:
    """Received samples within the viewer's scope that no live test is asked for, by owner and laboratory; for who may ask."""
    asked = SubmissionTest.objects.exclude(state=TestState.CANCELLED)
    rows = (
        Sample.objects.visible_to(viewer)
        .filter(state__in=AT_THE_BENCH, laboratory__isnull=False)
        .exclude(pk__in=asked.values("sample"))
        .select_related("owner", "laboratory")
        .order_by("owner__name", "laboratory__name", "code")
    )
    if viewer.role in LABORATORY_ROLES:
        rows = rows.filter(laboratory=viewer.organisation_id)
    groups: dict[tuple[Any, Any], list[Sample]] = {}
    for sample in rows:
        groups.setdefault((sample.owner, sample.laboratory), []).append(sample)
    return [Waiting(owner, laboratory, [one.code_for(viewer) for one in samples]) for (owner, laboratory), samples in groups.items()]
