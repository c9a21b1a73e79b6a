"""Long work as rows: state, progress and lease live here, so a lost message delays and never loses."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from lims.core.models import Record


class JobState(models.TextChoices):
    """The life of a job."""

    QUEUED = "queued", _("waiting")
    RUNNING = "running", _("running")
    DONE = "done", _("done")
    FAILED = "failed", _("failed")


class JobQuerySet(models.QuerySet["Job"]):
    """Jobs by viewer and by what the sweeper looks for."""

    def visible_to(self, user: object) -> JobQuerySet:
        """A person's own jobs and, for laboratory colleagues, those of the same organisation."""
        from lims.core.roles import Role

        if getattr(user, "role", None) == Role.ADMINISTRATOR:
            return self
        return self.filter(requested_by__organisation=getattr(user, "organisation_id", None))


class Job(Record):
    """One piece of long work: `kind` names its handler, `arguments` its input (ids as strings), `result` what it made."""

    kind = models.CharField(max_length=60)
    arguments = models.JSONField(default=dict)
    state = models.CharField(max_length=10, choices=JobState, default=JobState.QUEUED)
    progress = models.FloatField(default=0)
    message = models.CharField(max_length=300, blank=True)
    result = models.JSONField(default=dict)
    result_url = models.CharField(max_length=300, blank=True)
    error_code = models.CharField(max_length=60, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    lease_until = models.DateTimeField(null=True)
    requested_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="jobs")
    created_at = models.DateTimeField(db_default=Now())
    sent_at = models.DateTimeField(null=True)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    objects = JobQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["lease_until"], condition=models.Q(state__in=["queued", "running"]), name="jobs_unfinished")]

    def __str__(self) -> str:
        return f"{self.kind} {self.state}"

    @property
    def is_finished(self) -> bool:
        return self.state in {JobState.DONE, JobState.FAILED}


class Tick(models.Model):
    """When the scheduler last ticked; `/readyz` reports it."""

    name = models.CharField(max_length=20, primary_key=True)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.name} {self.at}"
