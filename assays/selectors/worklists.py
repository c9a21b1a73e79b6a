"""What waits at the bench of one laboratory: to prepare, to weigh, to load. For lists, for planning and for *my work*."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db.models import BooleanField, Case, Count, Exists, Min, OuterRef, Q, QuerySet, Value, When

from assays.lifecycle import SubmissionState, TestState
from assays.models import Aliquot, Leach, MethodVersion, Preparation, SubmissionTest
from assays.models.methods import Extraction
from assays.route_steps import LEACH_LIMIT_C

_LEACH = Q(method_version__method__extraction=Extraction.LEACHABLE)
_HELD = Q(sample__on_hold=True) | Q(sample__has_open_discrepancy=True) | Q(submission__state=SubmissionState.ON_HOLD)


@dataclass(frozen=True)
class Queue:
    """What waits for one step: how many, of these held, since when the oldest waits, and the nearest due day (None when nothing does)."""

    step: str
    count: int
    held: int
    oldest_at: datetime | None
    due_on: date | None


def bench_tests(user: Any) -> QuerySet[SubmissionTest]:
    """The live tests of the user's own laboratory, by due day."""
    live = Q(submission__state__in=[SubmissionState.OPEN, SubmissionState.ON_HOLD])
    return SubmissionTest.objects.filter(live, submission__laboratory=user.organisation_id).annotate(
        held=_truth(_HELD), leach=_truth(_LEACH)
    )


def _truth(condition: Q) -> Case:
    return Case(When(condition, then=Value(True)), default=Value(False), output_field=BooleanField())


_GENTLE = Q(portion_dried_c=None) | Q(portion_dried_c__lte=LEACH_LIMIT_C)


def choose_preparation(made: Iterable[Preparation], version: MethodVersion) -> Preparation | None:
    """The preparation a test portion is weighed from, or None: moisture taken at the method's temperature; for a leach the newest of
    material that was never dried hot; for a total the driest, so that beside a moist split the pulp is taken, and of these the newest."""
    suitable = [one for one in made if one.drying_c == version.drying_c]
    if version.method.extraction == Extraction.LEACHABLE:
        gentle = [one for one in suitable if (one.portion_dried_c or 0) <= LEACH_LIMIT_C]
        return max(gentle, key=lambda one: (one.prepared_at, one.pk), default=None)
    return max(suitable, key=lambda one: (one.portion_dried_c or 0, one.prepared_at, one.pk), default=None)


def preparations_for(tests: Collection[SubmissionTest]) -> dict[UUID, Preparation]:
    """The preparation each test is weighed from, by test, in one query; tests without one are left out."""
    made: dict[tuple[UUID, UUID], list[Preparation]] = {}
    for one in Preparation.objects.filter(sample__in=[test.sample_id for test in tests]):
        made.setdefault((one.sample_id, one.laboratory_id), []).append(one)
    chosen = {
        test.pk: choose_preparation(made.get((test.sample_id, test.submission.laboratory_id), []), test.method_version) for test in tests
    }
    return {key: one for key, one in chosen.items() if one is not None}


def _preparations_of_row() -> QuerySet[Preparation]:
    return Preparation.objects.filter(
        sample=OuterRef("sample"), laboratory=OuterRef("submission__laboratory"), drying_c=OuterRef("method_version__drying_c")
    )


def _is_prepared() -> Q:
    made = _preparations_of_row()
    return (Q(Exists(made)) & ~_LEACH) | (Q(Exists(made.filter(_GENTLE))) & _LEACH)


def tests_to_prepare(user: Any) -> QuerySet[SubmissionTest]:
    """Requested tests whose sample has no suitable preparation yet."""
    return bench_tests(user).filter(~_is_prepared(), state=TestState.REQUESTED)


def tests_to_weigh(user: Any) -> QuerySet[SubmissionTest]:
    """Requested tests whose sample is prepared for the method."""
    return bench_tests(user).filter(_is_prepared(), state=TestState.REQUESTED)


def tests_to_load(user: Any) -> QuerySet[SubmissionTest]:
    """Weighed-in tests that stand in no run."""
    return bench_tests(user).filter(state=TestState.PREPARED)


def waiting_aliquots(user: Any, version: MethodVersion) -> list[Aliquot]:
    """The newest original aliquot of each test of a method version that may be loaded now, by due day, then oldest first."""
    tests = tests_to_load(user).filter(method_version=version).exclude(_HELD)
    # What is leached waits for its leach first; one outside its limits is not loaded.
    unready = Q(test__method_version__leach__isnull=False) & ~Q(
        Exists(Leach.objects.filter(aliquot=OuterRef("pk"), corrected_by=None, fault=""))
    )
    newest: dict[Any, Aliquot] = {}
    for aliquot in (
        Aliquot.objects.filter(test__in=tests.values("pk"), duplicate_of=None)
        .exclude(unready)
        .select_related("test__submission", "test__sample", "test__method_version__method")
        .order_by("-weighed_at", "-code")
    ):
        newest.setdefault(aliquot.test_id, aliquot)
    return sorted(newest.values(), key=lambda one: (one.test.submission.due_on, one.weighed_at, one.code))


def count_to_load(user: Any) -> dict[UUID, int]:
    """How many tests could be loaded now, by method version."""
    waiting = tests_to_load(user).exclude(_HELD).order_by()
    return dict(waiting.values_list("method_version").annotate(Count("pk")))


def queue_to_prepare(user: Any) -> Queue:
    """Samples that wait for preparation; a sample that needs a pulp and a leach split counts twice."""
    tests = tests_to_prepare(user)
    pairs = set(tests.values_list("sample", "leach", "held"))  # type: ignore[misc]
    return _queue("prepare", tests, len({pair[:2] for pair in pairs}), len({pair[:2] for pair in pairs if pair[2]}))


def queue_to_weigh(user: Any) -> Queue:
    """Tests that wait for a test portion."""
    return _queue_of_tests("weigh", tests_to_weigh(user))


def queue_to_load(user: Any) -> Queue:
    """Weighed-in tests that wait for a run."""
    return _queue_of_tests("load", tests_to_load(user))


def bench_queues(user: Any) -> list[Queue]:
    """The three steps in their order."""
    return [queue_to_prepare(user), queue_to_weigh(user), queue_to_load(user)]


def _queue_of_tests(step: str, tests: QuerySet[SubmissionTest]) -> Queue:
    counts = tests.aggregate(count=Count("pk"), held=Count("pk", filter=_HELD))
    return _queue(step, tests, counts["count"], counts["held"])


def _queue(step: str, tests: QuerySet[SubmissionTest], count: int, held: int) -> Queue:
    found = tests.aggregate(oldest=Min("changed_at"), due=Min("submission__due_on"))
    return Queue(step, count, held, found["oldest"], found["due"])
