"""Preparations step by step: what is under way, and recording steps."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any, ClassVar
from uuid import UUID

import msgspec
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from assays.forms.bench_filters import TASK_ORDERINGS, TaskFilter
from assays.models import PreparationTask, StepRecord
from assays.models.routes import StepKind
from assays.selectors.preparation_progress import record_data, task_data
from assays.selectors.supplies import find_equipment
from assays.services.steps import StepEntry, correct_step, record_steps
from lims.core.api.views import ActionView, ListView, Struct, decode
from lims.core.errors import Invalid, NotFound, Problem
from lims.core.roles import Action


class TaskSchema(serializers.Serializer[Any]):
    """A preparation by a route."""

    id = serializers.UUIDField()
    sample = serializers.CharField()
    route = serializers.CharField()
    route_version = serializers.IntegerField()
    next = serializers.ChoiceField(choices=StepKind.choices, allow_null=True, help_text="Null when all is done")
    opened_at = serializers.DateTimeField()
    finished_at = serializers.DateTimeField(allow_null=True)


class TaskPage(serializers.Serializer[Any]):
    """A page of preparations."""

    next = serializers.CharField(allow_null=True)
    previous = serializers.CharField(allow_null=True)
    count = serializers.IntegerField(required=False)
    results = TaskSchema(many=True)


class NewStepSchema(serializers.Serializer[Any]):
    """One step done."""

    task = serializers.UUIDField()
    kind = serializers.ChoiceField(choices=StepKind.choices, help_text="The step believed to be next; another is refused")
    values = serializers.DictField(child=serializers.CharField(), help_text='By amount, as `{"wet_mass_g": "50.0125"}`')
    equipment = serializers.CharField(required=False, help_text="Its code")
    remark = serializers.CharField(required=False)


class StepSchema(serializers.Serializer[Any]):
    """A recorded step."""

    id = serializers.UUIDField()
    step = serializers.IntegerField()
    kind = serializers.ChoiceField(choices=StepKind.choices)
    values = serializers.DictField(child=serializers.CharField())
    passed = serializers.BooleanField(help_text="Whether its limits were kept; what was not is done again")
    fault = serializers.CharField()
    equipment = serializers.CharField(allow_null=True)
    done_at = serializers.DateTimeField()
    corrects = serializers.UUIDField(allow_null=True)
    reason = serializers.CharField()
    next = serializers.ChoiceField(choices=StepKind.choices, allow_null=True)


class StepCorrectionSchema(serializers.Serializer[Any]):
    """Other numbers for a recorded step."""

    values = serializers.DictField(child=serializers.CharField())
    reason = serializers.CharField()


class NewStep(Struct):
    """One step done."""

    task: UUID
    kind: str
    values: dict[str, Decimal]
    equipment: str = ""
    remark: str = ""


class StepCorrection(Struct):
    """Other numbers for a recorded step."""

    values: dict[str, Decimal]
    reason: str


NewSteps = Annotated[list[NewStep], msgspec.Meta(min_length=1, max_length=200)]


class PreparationTasks(ListView):
    """Preparations by routes."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.RUN_VIEW}
    filterset_class = TaskFilter
    orderings: ClassVar[dict[str, str]] = TASK_ORDERINGS

    def queryset(self, request: Request) -> QuerySet[Any]:
        rows: QuerySet[Any] = PreparationTask.objects.visible_to(request.user)
        return rows.select_related("sample", "version__route")

    def row(self, found: PreparationTask, request: Request) -> dict[str, Any]:
        return task_data(found, request.user)

    @extend_schema(operation_id="preparation_tasks_list", filters=True, responses=TaskPage)
    def get(self, request: Request) -> Any:
        """What is under way at the laboratory and which step is next."""
        return super().get(request)


class PreparationSteps(ActionView):
    """Recording steps."""

    actions: ClassVar[dict[str, Action]] = {"POST": Action.PREPARATION_EDIT}

    @extend_schema(operation_id="preparation_steps_create", request=NewStepSchema(many=True), responses={201: StepSchema(many=True)})
    def post(self, request: Request) -> Response:
        """Up to 200 steps, all or none, each the next one of its preparation."""
        rows: list[NewStep] = decode(request, NewSteps)
        visible = PreparationTask.objects.visible_to(request.user).filter(laboratory=request.user.organisation_id)
        tasks = {one.pk: one for one in visible.filter(pk__in=[row.task for row in rows])}
        missing = [Problem(f"/{index}/task", "unknown", "No such preparation.") for index, row in enumerate(rows) if row.task not in tasks]
        if missing:
            raise Invalid("unknown", missing[0].detail, problems=missing)
        entries = [
            StepEntry(
                task=tasks[row.task],
                kind=row.kind,
                values=row.values,
                equipment=find_equipment(row.equipment, request.user, pointer=f"/{index}/equipment"),
                remark=row.remark,
            )
            for index, row in enumerate(rows)
        ]
        return Response([record_data(one) for one in record_steps(entries=entries, by=request.user)], status=201)


class PreparationStepCorrect(ActionView):
    """Correcting a step."""

    actions: ClassVar[dict[str, Action]] = {"POST": Action.PREPARATION_EDIT}

    @extend_schema(operation_id="preparation_steps_correct", request=StepCorrectionSchema, responses={201: StepSchema})
    def post(self, request: Request, pk: UUID) -> Response:
        """Other numbers in its place, with a reason; both records stay."""
        body: StepCorrection = decode(request, StepCorrection)
        tasks = PreparationTask.objects.visible_to(request.user)
        found = StepRecord.objects.filter(pk=pk, task__in=tasks).select_related("step", "task__sample").first()
        if found is None:
            raise NotFound()
        return Response(record_data(correct_step(record=found, values=body.values, reason=body.reason, by=request.user)), status=201)
