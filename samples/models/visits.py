"""Exploration visits: who went where, when, why, under which permits, and what was seen."""

from __future__ import annotations

from typing import Any

import pghistory
from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from lims.core.models import Record, history
from lims.core.roles import Role


class VisitQuerySet(models.QuerySet["Visit"]):
    """Visits by viewer."""

    def visible_to(self, user: Any) -> VisitQuerySet:
        """Officials see all; collectors those their organisation led or joined."""
        if user.role in {Role.OFFICIAL, Role.ADMINISTRATOR}:
            return self
        if user.role == Role.COLLECTOR:
            joined = VisitMember.objects.filter(organisation=user.organisation_id).values("visit")
            return self.filter(models.Q(organisation=user.organisation_id) | models.Q(pk__in=joined))
        return self.none()


@history()
class Visit(Record):
    """One journey of a team of state and private firms to one or more mines."""

    code = models.CharField(max_length=24, unique=True, editable=False)
    organisation = models.ForeignKey(
        "accounts.Organisation", on_delete=models.PROTECT, related_name="visits", help_text=_("who leads the team")
    )
    purpose = models.CharField(max_length=200)
    starts_on = models.DateField()
    ends_on = models.DateField()
    mines = models.ManyToManyField("samples.Mine", through="samples.VisitMine", related_name="visits")
    permits = models.TextField(blank=True, help_text=_("One permit a line: authority, number, valid until"))
    observations = models.TextField(blank=True)
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField(db_default=Now())

    objects = VisitQuerySet.as_manager()

    class Meta:
        ordering = ["-starts_on", "-code"]
        constraints = [models.CheckConstraint(condition=models.Q(ends_on__gte=models.F("starts_on")), name="visit_ends_after_start")]

    def __str__(self) -> str:
        return self.code


@pghistory.track(pghistory.InsertEvent(), pghistory.DeleteEvent(), obj_field=None)
class VisitMine(Record):
    """A mine on the list of a visit; kept in history when it is taken off."""

    visit = models.ForeignKey(Visit, on_delete=models.PROTECT, related_name="+", db_index=False)
    mine = models.ForeignKey("samples.Mine", on_delete=models.PROTECT, related_name="+")

    class Meta:
        db_table = "samples_visit_mines"
        constraints = [models.UniqueConstraint(fields=["visit", "mine"], name="mine_once_per_visit")]

    def __str__(self) -> str:
        return f"{self.visit}: {self.mine}"


@history()
class VisitMember(Record):
    """One person of the team, of whichever organisation."""

    visit = models.ForeignKey(Visit, on_delete=models.PROTECT, related_name="members")
    organisation = models.ForeignKey("accounts.Organisation", on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=120)
    duty = models.CharField(max_length=80, blank=True)

    class Meta:
        ordering = ["organisation__name", "name"]

    def __str__(self) -> str:
        return self.name
