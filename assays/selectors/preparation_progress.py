"""How far preparations have come: the steps of a task, what was recorded, what is next; and what waits for each kind of step."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from django.db.models import Count, Exists, Min, OuterRef, Q, QuerySet

from assays.lifecycle import SubmissionState, TestState
from assays.models import PreparationTask, RouteStep, StepRecord, SubmissionTest
from assays.route_steps import Attempt, Kind, replay

MOST_ROWS = 50
"""Rows on one page of entry."""


@dataclass
class Progress:
    """How far a preparation has come: its steps, the records that count now (the newest correction of each), and the next step."""

    task: PreparationTask
    steps: list[RouteStep]
    records: list[StepRecord]
    counted: list[bool]
    place: int
    corrected: dict[Any, StepRecord] = field(default_factory=dict)

    @property
    def next_step(self) -> RouteStep | None:
        """What is to be done next; None when all is done."""
        return self.steps[self.place] if self.place < len(self.steps) else None

    def last(self, kind: Kind) -> StepRecord | None:
        """The newest record of that kind that counts and kept its limits."""
        rows = zip(self.records, self.counted, strict=True)
        return next((one for one, counts in reversed(list(rows)) if counts and one.passed and one.step.kind == kind), None)

    def add(self, record: StepRecord) -> None:
        """Count one more record, also one that is not written yet."""
        self.records.append(record)
        self.place, self.counted = _replay(self.steps, self.records)


def read_progress(task: PreparationTask) -> Progress:
    """Replay what was recorded against the route."""
    return read_progresses([task])[task.pk]


def read_progresses(tasks: Sequence[PreparationTask]) -> dict[UUID, Progress]:
    """The progress of each task, its records read together."""
    rows: dict[UUID, list[StepRecord]] = {task.pk: [] for task in tasks}
    known = {task.pk: task for task in tasks}
    for record in StepRecord.objects.filter(task__in=known).select_related("step", "equipment", "done_by", "corrects").order_by("id"):
        record.task = known[record.task_id]
        rows[record.task_id].append(record)
    return {task.pk: _progress_of(task, rows[task.pk]) for task in tasks}


def _progress_of(task: PreparationTask, rows: Sequence[StepRecord]) -> Progress:
    steps = list(task.version.steps.all())
    replaced = {one.corrects_id: one for one in rows if one.corrects_id}
    originals = [one for one in rows if one.corrects_id is None]
    current = [_newest(one, replaced) for one in originals]
    place, counted = _replay(steps, current)
    return Progress(task, steps, current, counted, place, replaced)


def _replay(steps: Sequence[RouteStep], records: Sequence[StepRecord]) -> tuple[int, list[bool]]:
    return replay([one.plain for one in steps], [Attempt(one.step.order, one.passed) for one in records])


def _newest(record: StepRecord, replaced: Mapping[Any, StepRecord]) -> StepRecord:
    while record.pk in replaced:
        record = replaced[record.pk]
    return record


@dataclass(frozen=True)
class StepLine:
    """A preparation that waits for a step: which one, for which methods, until when, and whether something holds the sample."""

    task: PreparationTask
    step: RouteStep
    methods: list[str]
    due_on: date | None
    held: bool


def _live_tests() -> QuerySet[SubmissionTest]:
    return SubmissionTest.objects.filter(
        task=OuterRef("pk"), state=TestState.REQUESTED, submission__state__in=[SubmissionState.OPEN, SubmissionState.ON_HOLD]
    )


def open_tasks(viewer: Any) -> QuerySet[PreparationTask]:
    """Preparations of the viewer's laboratory that are not done and that a test waits for."""
    return PreparationTask.objects.visible_to(viewer).filter(Exists(_live_tests()), laboratory=viewer.organisation_id, finished_at=None)


def count_steps(viewer: Any) -> dict[str, int]:
    """How many preparations wait for each kind of step."""
    return dict(open_tasks(viewer).order_by().values_list("next_kind").annotate(Count("pk")))


def lines_for_step(viewer: Any, kind: str) -> tuple[list[StepLine], int]:
    """The most urgent preparations whose next step is of that kind, and how many more wait."""
    due = Min("tests__submission__due_on", filter=Q(tests__state=TestState.REQUESTED))
    rows = open_tasks(viewer).filter(next_kind=kind).annotate(due_on=due).order_by("due_on", "sample__blind_code", "pk")
    tasks = list(rows.select_related("sample", "version__route").prefetch_related("version__steps", "records__step")[: MOST_ROWS + 1])
    more = rows.count() - MOST_ROWS if len(tasks) > MOST_ROWS else 0
    methods = _methods_of([one.pk for one in tasks])
    return [_line(one, methods) for one in tasks[:MOST_ROWS]], max(more, 0)


def lines_of_tasks(viewer: Any, ids: Collection[UUID]) -> dict[UUID, StepLine]:
    """The lines of a filled form, as far as the viewer's laboratory has them and something is left to do."""
    rows = open_tasks(viewer).filter(pk__in=ids).annotate(due_on=Min("tests__submission__due_on"))
    tasks = rows.select_related("sample", "version__route").prefetch_related("version__steps", "records__step")
    methods = _methods_of(ids)
    return {one.pk: _line(one, methods) for one in tasks}


def _line(task: Any, methods: Mapping[UUID, list[str]]) -> StepLine:
    step = next(one for one in task.version.steps.all() if one.kind == task.next_kind)
    held = task.sample.on_hold or task.sample.has_open_discrepancy
    return StepLine(task, step, methods.get(task.pk, []), task.due_on, held)


def _methods_of(tasks: Iterable[UUID]) -> dict[UUID, list[str]]:
    rows = SubmissionTest.objects.filter(task__in=list(tasks)).exclude(state=TestState.CANCELLED).order_by("method_version__method__code")
    found: dict[UUID, list[str]] = {}
    for task, code in rows.values_list("task", "method_version__method__code").distinct():
        if task is not None:
            found.setdefault(task, []).append(code)
    return found


def tasks_of_sample(viewer: Any, code: str) -> list[PreparationTask]:
    """All preparations by routes of the sample with that blind code at the viewer's laboratory: the open ones first."""
    rows = PreparationTask.objects.visible_to(viewer).filter(sample__blind_code=code, laboratory=viewer.organisation_id)
    found = rows.select_related("sample", "version__route", "laboratory", "preparation").prefetch_related("version__steps")
    return sorted(found, key=lambda one: (one.finished_at is not None, one.opened_at, one.version.route.code))


def task_data(task: Any, viewer: Any) -> dict[str, Any]:
    """A preparation under way, as the API tells it."""
    return {
        "id": str(task.pk),
        "sample": task.sample.code_for(viewer),
        "route": task.version.route.code,
        "route_version": task.version.number,
        "next": task.next_kind or None,
        "opened_at": task.opened_at.isoformat(),
        "finished_at": task.finished_at.isoformat() if task.finished_at else None,
    }


def record_data(record: StepRecord) -> dict[str, Any]:
    """One recorded step."""
    return {
        "id": str(record.pk),
        "step": record.step.order,
        "kind": record.step.kind,
        "values": record.values,
        "passed": record.passed,
        "fault": record.fault,
        "equipment": record.equipment.code if record.equipment else None,
        "done_at": record.done_at.isoformat(),
        "corrects": str(record.corrects_id) if record.corrects_id else None,
        "reason": record.reason,
        "next": record.task.next_kind or None,
    }
