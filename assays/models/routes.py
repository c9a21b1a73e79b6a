"""Preparation routes as data, and the way each sample takes along one of them.

A route version is never edited: a change is a new version, and what is under way goes on by the version it began with. What was done at a
step is never overwritten: a correction is a record of its own that names the one it replaces.
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from assays.route_steps import Kind, Step, read_limits
from lims.core.models import AppendOnly, Record, history
from lims.core.roles import LABORATORY_ROLES, Role
from samples.models.samples import Material


class StepKind(models.TextChoices):
    """What is done in a step, in words."""

    WEIGH_WET = Kind.WEIGH_WET.value, _("weigh wet")
    DRY = Kind.DRY.value, _("dry")
    WEIGH_DRY = Kind.WEIGH_DRY.value, _("weigh dry")
    CRUSH = Kind.CRUSH.value, _("crush")
    SPLIT = Kind.SPLIT.value, _("split")
    LEACH_SPLIT = Kind.LEACH_SPLIT.value, _("split for the leach")
    PULVERISE = Kind.PULVERISE.value, _("pulverise")
    SIEVE = Kind.SIEVE.value, _("sieve check")
    HOMOGENISE = Kind.HOMOGENISE.value, _("homogenise")


@history()
class PreparationRoute(Record):
    """A way to prepare a sample."""

    code = models.CharField(max_length=20, unique=True)
    name = models.CharField(max_length=120)
    description = models.TextField(blank=True)

    class Meta:
        ordering = ["code"]

    def __str__(self) -> str:
        return self.code


@history()
class PreparationRouteVersion(Record):
    """One version of a route. `drying_c` is the temperature of the moisture aliquot, `portion_dried_c` that of the material test portions
    are weighed from (null: as received). Where `at_once` is allowed, a whole preparation may be entered in one row."""

    route = models.ForeignKey(PreparationRoute, on_delete=models.PROTECT, related_name="versions", db_index=False)
    number = models.PositiveSmallIntegerField()
    in_force_from = models.DateField()
    retired_on = models.DateField(null=True, blank=True)
    drying_c = models.PositiveSmallIntegerField()
    portion_dried_c = models.PositiveSmallIntegerField(null=True, blank=True)
    at_once = models.BooleanField(default=False, help_text=_("A whole preparation may be entered in one row"))
    note = models.TextField(blank=True)

    class Meta:
        ordering = ["route__code", "-number"]
        constraints = [models.UniqueConstraint(fields=["route", "number"], name="preparation_route_version_once")]

    def __str__(self) -> str:
        return f"{self.route.code} v{self.number}"


@history()
class RouteStep(Record):
    """One step of a route version. `limits` by amount: `{"temperature_c": ["100", "110"]}`, null for an open end. `equipment_kind` is what
    must be named with it (`assays.models.lots.EquipmentKind`), empty for none."""

    version = models.ForeignKey(PreparationRouteVersion, on_delete=models.PROTECT, related_name="steps", db_index=False)
    order = models.PositiveSmallIntegerField()
    kind = models.CharField(max_length=12, choices=StepKind)
    limits = models.JSONField(default=dict, blank=True)
    equipment_kind = models.CharField(max_length=12, blank=True)
    instruction = models.CharField(max_length=300, blank=True)
    source = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["order"]
        constraints = [models.UniqueConstraint(fields=["version", "order"], name="step_once_per_route_version")]

    def __str__(self) -> str:
        return f"{self.version} {self.order} {self.kind}"

    @property
    def plain(self) -> Step:
        """The step as the pure rules know it."""
        return Step(self.order, Kind(self.kind), read_limits(self.limits), self.equipment_kind)


@history()
class RouteChoice(Record):
    """The route a material takes for a method; an empty `material` stands for every other one."""

    method = models.ForeignKey("assays.Method", on_delete=models.PROTECT, related_name="route_choices", db_index=False)
    material = models.CharField(max_length=12, choices=Material, blank=True)
    route = models.ForeignKey(PreparationRoute, on_delete=models.PROTECT, related_name="choices")

    class Meta:
        ordering = ["method__code", "material"]
        constraints = [models.UniqueConstraint(fields=["method", "material"], name="one_route_per_method_and_material")]

    def __str__(self) -> str:
        return f"{self.method} {self.material or '*'}: {self.route}"


class TaskQuerySet(models.QuerySet["PreparationTask"]):
    """Preparations under way, by viewer."""

    def visible_to(self, user: Any) -> TaskQuerySet:
        """A laboratory's own; administrators may look."""
        if user.role == Role.ADMINISTRATOR:
            return self
        return self.filter(laboratory=user.organisation_id) if user.role in LABORATORY_ROLES else self.none()


@history()
class PreparationTask(Record):
    """One sample on its way along a route version at a laboratory. `preparation` is what came of it once the last step was done."""

    sample = models.ForeignKey("samples.Sample", on_delete=models.PROTECT, related_name="preparation_tasks")
    laboratory = models.ForeignKey("accounts.Organisation", on_delete=models.PROTECT, related_name="+", db_index=False)
    version = models.ForeignKey(PreparationRouteVersion, on_delete=models.PROTECT, related_name="tasks")
    next_kind = models.CharField(max_length=12, choices=StepKind, blank=True, help_text=_("The step that is next; empty when done"))
    opened_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    preparation = models.OneToOneField("assays.Preparation", null=True, on_delete=models.PROTECT, related_name="task")

    objects = TaskQuerySet.as_manager()

    class Meta:
        ordering = ["opened_at", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["sample", "laboratory", "version"], condition=Q(finished_at=None), name="one_open_task_per_route"
            )
        ]
        indexes = [
            models.Index(fields=["laboratory", "next_kind"], condition=Q(finished_at=None), name="open_preparation_tasks"),
        ]

    def __str__(self) -> str:
        return f"{self.sample.blind_code} {self.version}"


class StepRecord(AppendOnly):
    """That a step was done: its numbers as text by name, whether its limits were kept (`fault` says what was not), with what, by whom,
    when. One that `corrects` another takes its place, with a reason; both stay."""

    task = models.ForeignKey(PreparationTask, on_delete=models.PROTECT, related_name="records")
    step = models.ForeignKey(RouteStep, on_delete=models.PROTECT, related_name="+", db_index=False)
    values = models.JSONField()
    passed = models.BooleanField()
    fault = models.CharField(max_length=300, blank=True)
    equipment = models.ForeignKey("assays.Equipment", null=True, on_delete=models.PROTECT, related_name="+")
    remark = models.CharField(max_length=300, blank=True)
    done_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False)
    done_at = models.DateTimeField()
    corrects = models.OneToOneField("self", null=True, on_delete=models.PROTECT, related_name="corrected_by")
    reason = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["id"]
        constraints = [models.CheckConstraint(condition=Q(corrects=None) | ~Q(reason=""), name="correction_says_why")]

    def __str__(self) -> str:
        return f"{self.task} {self.step.kind}"
