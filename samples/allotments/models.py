"""Codes set aside for a team before it goes where there is no network: their labels are printed, their samples registered later."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from lims.core.codes import SAMPLE, make_code
from lims.core.models import AppendOnly
from lims.core.roles import Role


class AllotmentQuerySet(models.QuerySet["Allotment"]):
    """Sets by viewer."""

    def visible_to(self, user: Any) -> AllotmentQuerySet:
        """Officials and administrators see all, collectors those of their organisation, nobody else any."""
        if user.role in {Role.OFFICIAL, Role.ADMINISTRATOR}:
            return self
        return self.filter(organisation=user.organisation_id) if user.role == Role.COLLECTOR else self.none()


class Allotment(AppendOnly):
    """A run of consecutive sample codes, taken out of the sequence for one organisation's team: nobody else is ever given them."""

    code = models.CharField(max_length=24, unique=True, editable=False)
    organisation = models.ForeignKey("accounts.Organisation", on_delete=models.PROTECT, related_name="+")
    year = models.PositiveSmallIntegerField()
    first = models.PositiveIntegerField()
    last = models.PositiveIntegerField()
    team = models.CharField(max_length=120, help_text=_("Who takes the labels along"))
    purpose = models.CharField(max_length=200, blank=True)
    issued_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    issued_at = models.DateTimeField()

    objects = AllotmentQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=Q(last__gte=F("first")), name="allotment_runs_up"),
            models.UniqueConstraint(fields=["year", "first"], name="number_set_aside_once"),
        ]
        indexes = [models.Index(fields=["organisation", "year", "first"], name="allotments_of_organisation")]

    def __str__(self) -> str:
        return self.code

    @property
    def count(self) -> int:
        """How many codes it holds."""
        return self.last - self.first + 1

    def codes(self) -> list[str]:
        """Its codes in order, with their check characters."""
        return [make_code(SAMPLE, self.year, number) for number in range(self.first, self.last + 1)]


class AllotmentEnd(AppendOnly):
    """That a set is closed: labels were lost or came back. Codes of it that are on no sample are refused from then on."""

    allotment = models.OneToOneField(Allotment, on_delete=models.PROTECT, related_name="end")
    reason = models.TextField()
    ended_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    ended_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.allotment}: {self.reason}"
