"""The seal register: numbered seals issued in ranges, void ones, and every use of one."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Length
from django.utils.translation import gettext_lazy as _

from lims.core.models import AppendOnly
from lims.core.roles import LABORATORY_ROLES, Role


class SealBatchQuerySet(models.QuerySet["SealBatch"]):
    """Batches by viewer."""

    def visible_to(self, user: Any) -> SealBatchQuerySet:
        """Officials and administrators see the whole register, everyone else what was issued to or by their organisation."""
        if user.role in {Role.OFFICIAL, Role.ADMINISTRATOR}:
            return self
        if user.role in {Role.COLLECTOR, Role.CUSTODIAN} or user.role in LABORATORY_ROLES:
            return self.filter(Q(organisation=user.organisation_id) | Q(issued_by__organisation=user.organisation_id))
        return self.none()


class SealBatch(AppendOnly):
    """Seals `prefix` + number from `first` to `last` (written with `width` digits), issued to one organisation, team or person."""

    prefix = models.CharField(max_length=24, blank=True)
    first = models.BigIntegerField()
    last = models.BigIntegerField()
    width = models.PositiveSmallIntegerField()
    organisation = models.ForeignKey("accounts.Organisation", on_delete=models.PROTECT, related_name="seal_batches")
    team = models.CharField(max_length=120, blank=True)
    person = models.CharField(max_length=120, blank=True)
    remark = models.TextField(blank=True)
    issued_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    issued_at = models.DateTimeField()

    objects = SealBatchQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [models.CheckConstraint(condition=Q(first__gte=0) & Q(last__gte=F("first")), name="seal_range_runs_up")]
        indexes = [models.Index(fields=["prefix", "width", "first"], name="seal_ranges")]

    def __str__(self) -> str:
        return f"{self.first_number}–{self.last_number}"

    @property
    def first_number(self) -> str:
        """The first seal as it is printed."""
        return f"{self.prefix}{self.first:0{self.width}d}"

    @property
    def last_number(self) -> str:
        """The last seal as it is printed."""
        return f"{self.prefix}{self.last:0{self.width}d}"

    @property
    def count(self) -> int:
        """How many seals."""
        return self.last - self.first + 1


class SealVoiding(AppendOnly):
    """Seals of a batch that may not be used any more: returned unused, lost, damaged. With the reason."""

    batch = models.ForeignKey(SealBatch, on_delete=models.PROTECT, related_name="voidings")
    first = models.BigIntegerField()
    last = models.BigIntegerField()
    kind = models.CharField(max_length=10, choices=[("returned", _("returned")), ("void", _("void")), ("lost", _("lost"))], default="void")
    reason = models.TextField()
    voided_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    voided_at = models.DateTimeField()

    class Meta:
        ordering = ["id"]
        constraints = [models.CheckConstraint(condition=Q(last__gte=F("first")), name="seal_voiding_runs_up")]

    def __str__(self) -> str:
        return f"{self.batch}: {self.get_kind_display()}"


class SealUseKind(models.TextChoices):
    """What happened to a seal."""

    APPLIED = "applied", _("applied")
    SEEN = "seen", _("seen intact")
    BROKEN = "broken", _("found broken")
    MISSING = "missing", _("not found")


class SealUseQuerySet(models.QuerySet["SealUse"]):
    """Uses by number."""

    def between(self, batch: SealBatch, first: int, last: int) -> SealUseQuerySet:
        """Uses of a batch's seals with these numbers: as many digits each, so that texts sort as numbers."""
        ends = [f"{batch.prefix}{number:0{batch.width}d}" for number in (first, last)]
        alike = self.filter(number__gte=ends[0], number__lte=ends[1], number__startswith=batch.prefix)
        return alike.alias(length=Length("number")).filter(length=len(ends[0]))


class SealUse(AppendOnly):
    """One thing that happened to one seal. `finding` says what the register knew against it (a kind of discrepancy), or nothing."""

    number = models.CharField(max_length=40, help_text=_("In capitals, without blanks"))
    kind = models.CharField(max_length=8, choices=SealUseKind)
    sample = models.ForeignKey("samples.Sample", null=True, on_delete=models.PROTECT, related_name="seal_uses")
    consignment = models.ForeignKey("samples.Consignment", null=True, on_delete=models.PROTECT, related_name="seal_uses")
    finding = models.CharField(max_length=24, blank=True)
    organisation = models.ForeignKey("accounts.Organisation", on_delete=models.PROTECT, related_name="+")
    used_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False)
    used_at = models.DateTimeField()

    objects = SealUseQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        indexes = [models.Index(fields=["number"], name="seal_uses_by_number")]

    def __str__(self) -> str:
        return f"{self.number} {self.get_kind_display()}"
