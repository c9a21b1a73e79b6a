"""The papers of a consignment at customs and other offices, as data, with their files."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from lims.core.models import AppendOnly, Record, history
from lims.core.roles import Action, allowed
from samples.models.routes import PaperKind


class PaperStatus(models.TextChoices):
    """What the office said."""

    APPLIED = "applied", _("applied for")
    GRANTED = "granted", _("granted")
    REFUSED = "refused", _("refused")


class CustomsPaperQuerySet(models.QuerySet["CustomsPaper"]):
    """Papers by viewer."""

    def visible_to(self, user: Any) -> CustomsPaperQuerySet:
        """Those of the viewer's consignments; they name places, so no laboratory sees any."""
        from samples.models.consignments import Consignment

        if not allowed(user, Action.CUSTOMS_VIEW):
            return self.none()
        return self.filter(consignment__in=Consignment.objects.visible_to(user).values("pk"))


@history()
class CustomsPaper(Record):
    """One paper: its kind, number, who gives it, how it stands and how long it is valid (days, both included)."""

    consignment = models.ForeignKey("samples.Consignment", on_delete=models.PROTECT, related_name="papers")
    kind = models.CharField(max_length=16, choices=PaperKind)
    number = models.CharField(max_length=80, blank=True)
    issued_by = models.CharField(max_length=160, blank=True)
    status = models.CharField(max_length=10, choices=PaperStatus, default=PaperStatus.APPLIED)
    valid_from = models.DateField(null=True)
    valid_until = models.DateField(null=True)
    remark = models.TextField(blank=True)
    added_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    added_at = models.DateTimeField()

    objects = CustomsPaperQuerySet.as_manager()

    class Meta:
        ordering = ["kind", "added_at"]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.number}".strip()

    def holds_on(self, day: date) -> bool:
        """Whether it is valid that day, whatever its status."""
        return (self.valid_from is None or self.valid_from <= day) and (self.valid_until is None or self.valid_until >= day)


class PaperFile(AppendOnly):
    """A file of a paper; the bytes are kept by their SHA-256."""

    paper = models.ForeignKey(CustomsPaper, on_delete=models.PROTECT, related_name="files")
    sha256 = models.CharField(max_length=64)
    content_type = models.CharField(max_length=40)
    size = models.PositiveIntegerField()
    name = models.CharField(max_length=120)
    added_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    added_at = models.DateTimeField()

    class Meta:
        ordering = ["added_at"]

    def __str__(self) -> str:
        return self.name
