"""What a customer asks a laboratory for."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from assays.lifecycle import SubmissionState, TestState
from lims.core.models import Record, history
from lims.core.roles import LABORATORY_ROLES, Role


class SubmissionQuerySet(models.QuerySet["Submission"]):
    """Submissions by viewer."""

    def visible_to(self, user: Any) -> SubmissionQuerySet:
        """Officials see all; a laboratory its own; a firm what it ordered."""
        if user.role in {Role.OFFICIAL, Role.ADMINISTRATOR}:
            return self
        if user.role in LABORATORY_ROLES:
            return self.filter(laboratory=user.organisation_id)
        if user.role == Role.COLLECTOR:
            return self.filter(customer=user.organisation_id)
        return self.none()


class Turnaround(models.TextChoices):
    """How fast; working days are in `services.submitting`."""

    ROUTINE = "routine", _("routine")
    RUSH = "rush", _("rush")


@history()
class Submission(Record):
    """A request: samples, tests, basis and a due date whose clock stops on hold."""

    code = models.CharField(max_length=24, unique=True, editable=False)
    state = models.CharField(max_length=12, choices=SubmissionState, default=SubmissionState.OPEN)
    laboratory = models.ForeignKey("accounts.Organisation", on_delete=models.PROTECT, related_name="+")
    customer = models.ForeignKey("accounts.Organisation", on_delete=models.PROTECT, related_name="+")
    customer_reference = models.CharField(max_length=80, blank=True)
    basis = models.CharField(max_length=12, choices=[("dry", _("dry")), ("as_received", _("as received"))], default="dry")
    turnaround = models.CharField(max_length=10, choices=Turnaround, default=Turnaround.ROUTINE)
    submitted_at = models.DateTimeField()
    due_on = models.DateField()
    remark = models.TextField(blank=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    completed_at = models.DateTimeField(null=True)

    objects = SubmissionQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["laboratory", "state", "due_on"], name="submission_worklist")]

    def __str__(self) -> str:
        return self.code


class SubmissionTestQuerySet(models.QuerySet["SubmissionTest"]):
    """Tests by viewer."""

    def visible_to(self, user: Any) -> SubmissionTestQuerySet:
        return self.filter(submission__in=Submission.objects.visible_to(user))


@history()
class SubmissionTest(Record):
    """One method version asked for on one sample. `task` is the preparation it waits for, chosen when it was accepted; null where no route
    fits, or the sample was prepared already."""

    submission = models.ForeignKey(Submission, on_delete=models.PROTECT, related_name="tests", db_index=False)
    sample = models.ForeignKey("samples.Sample", on_delete=models.PROTECT, related_name="tests")
    method_version = models.ForeignKey("assays.MethodVersion", on_delete=models.PROTECT, related_name="+")
    state = models.CharField(max_length=12, choices=TestState, default=TestState.REQUESTED)
    changed_at = models.DateTimeField(null=True)
    task = models.ForeignKey("assays.PreparationTask", null=True, blank=True, on_delete=models.PROTECT, related_name="tests")

    objects = SubmissionTestQuerySet.as_manager()

    class Meta:
        ordering = ["submission__due_on", "sample__blind_code"]
        constraints = [models.UniqueConstraint(fields=["submission", "sample", "method_version"], name="test_once_per_submission")]
        indexes = [models.Index(fields=["state", "method_version"], name="test_worklist")]

    def __str__(self) -> str:
        return f"{self.sample.blind_code} {self.method_version}"


@history()
class ClockStop(Record):
    """A span in which the submission's clock stood."""

    submission = models.ForeignKey(Submission, on_delete=models.PROTECT, related_name="clock_stops")
    reason = models.TextField()
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    started_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["submission"], condition=Q(ended_at=None), name="one_running_stop")]

    def __str__(self) -> str:
        return self.reason
