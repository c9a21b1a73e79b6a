"""Reading runs from their first reading on: which tests are theirs, queues, and what their pages show."""

from __future__ import annotations

from django.db.models import Exists, OuterRef, QuerySet

from assays.models import Run, RunPosition, SubmissionTest
from assays.models.runs import PositionKind


def live_tests(run: Run) -> QuerySet[SubmissionTest]:
    """The tests whose newest run this is. A test that was loaded again belongs to the later run: what happens here no longer moves it."""
    standing = RunPosition.objects.filter(kind=PositionKind.SAMPLE, aliquot__test=OuterRef("pk"))
    later = standing.filter(run__gt=run.pk).exclude(run__state="cancelled")
    return SubmissionTest.objects.filter(Exists(standing.filter(run=run)), ~Exists(later))
