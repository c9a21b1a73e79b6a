"""Reading runs from their first reading on: which tests are theirs, queues, and what their pages show."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, Exists, OuterRef, QuerySet, Subquery

from assays.lifecycle import RunState
from assays.models import Run, RunPosition, SubmissionTest
from assays.models.runs import PositionKind
from lims.core import clock
from lims.core.roles import Role

TO_REVIEW = (RunState.QC_PASSED, RunState.QC_FAILED, RunState.BLOCKED, RunState.OVERRIDDEN)
"""States in which a reviewer decides: approve, or send back."""


def live_tests(run: Run) -> QuerySet[SubmissionTest]:
    """The tests whose newest run this is. A test that was loaded again belongs to the later run: what happens here no longer moves it."""
    standing = RunPosition.objects.filter(kind=PositionKind.SAMPLE, aliquot__test=OuterRef("pk"))
    later = standing.filter(run__gt=run.pk).exclude(run__state="cancelled")
    return SubmissionTest.objects.filter(Exists(standing.filter(run=run)), ~Exists(later))


def review_queue(viewer: Any) -> list[dict[str, Any]]:
    """Runs that wait for a reviewer or a signatory of the viewer's laboratory: what failed or is blocked first, then what is due soonest,
    then the oldest."""
    tests = SubmissionTest.objects.filter(aliquots__positions__run=OuterRef("pk"), aliquots__positions__kind=PositionKind.SAMPLE)
    due = tests.order_by("submission__due_on").values("submission__due_on")[:1]
    samples = Subquery(
        RunPosition.objects.filter(run=OuterRef("pk"), kind=PositionKind.SAMPLE)
        .order_by()
        .values("run")
        .annotate(n=Count("pk"))
        .values("n")
    )
    runs = (
        Run.objects.visible_to(viewer)
        .filter(state__in=[*TO_REVIEW, RunState.REVIEWED])
        .select_related("method_version__method", "instrument")
        .annotate(due_on=Subquery(due), sample_count=samples)
    )
    today = clock.today()

    def risk(run: Any) -> tuple[bool, Any, Any]:
        return run.state not in {RunState.QC_FAILED, RunState.BLOCKED, RunState.OVERRIDDEN}, run.due_on or today, run.measured_at

    waiting: list[Any] = sorted(runs, key=risk)
    return [
        {"run": run, "overdue": run.due_on is not None and run.due_on < today, "step": "authorise" if run.state == "reviewed" else "review"}
        for run in waiting
    ]


def count_to_review(viewer: Any) -> int:
    """How many runs wait for the step this viewer takes: review, or authorisation."""
    states = [RunState.REVIEWED] if viewer.role == Role.SIGNATORY else TO_REVIEW
    return Run.objects.visible_to(viewer).filter(state__in=states).count()
