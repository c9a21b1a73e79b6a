"""Reading runs from their first reading on: which tests are theirs, queues, and what their pages show."""

from __future__ import annotations

from typing import Any

from django.db.models import Exists, OuterRef, QuerySet

from assays.lifecycle import RunState
from assays.models import RetestRequest, Run, RunPosition, SubmissionTest
from assays.models.runs import PositionKind
from lims.core.roles import Role

TO_REVIEW = (RunState.QC_PASSED, RunState.QC_FAILED, RunState.BLOCKED, RunState.OVERRIDDEN)
"""States in which a reviewer decides: approve, or send back."""


def live_tests(run: Run) -> QuerySet[SubmissionTest]:
    """The tests this run decides about: those whose newest run it is, without those whose results a reviewer rejected here."""
    rejected = RetestRequest.objects.filter(run=run, rejects=True, position__aliquot__test=OuterRef("pk"))
    return newest_tests(run).filter(~Exists(rejected))


def newest_tests(run: Run) -> QuerySet[SubmissionTest]:
    """The tests whose newest run this is. A test that was loaded again belongs to the later run: what happens here no longer moves it."""
    standing = RunPosition.objects.filter(kind=PositionKind.SAMPLE, aliquot__test=OuterRef("pk"))
    later = standing.filter(run__gt=run.pk).exclude(run__state="cancelled")
    return SubmissionTest.objects.filter(Exists(standing.filter(run=run)), ~Exists(later))


def select_to_review(viewer: Any) -> QuerySet[Run]:
    """The runs that wait for the step this viewer takes: review, or authorisation."""
    states = [RunState.REVIEWED] if viewer.role == Role.SIGNATORY else TO_REVIEW
    waiting: QuerySet[Run] = Run.objects.visible_to(viewer).filter(state__in=states)
    return waiting
