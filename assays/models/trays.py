"""What trays are made of: layouts of racks, and reference materials that stand among the samples unseen."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from lims.core.models import Record, history
from lims.core.roles import LABORATORY_ROLES, Role


class TrayLayoutQuerySet(models.QuerySet["TrayLayout"]):
    """Layouts by viewer."""

    def visible_to(self, user: Any) -> TrayLayoutQuerySet:
        """Those everyone has, and a laboratory's own."""
        if user.role == Role.ADMINISTRATOR:
            return self
        if user.role in LABORATORY_ROLES:
            return self.filter(Q(laboratory=None) | Q(laboratory=user.organisation_id))
        return self.none()


@history()
class TrayLayout(Record):
    """How the tubes of an autosampler stand: `rows` × `columns`, numbered row by row from 1. `reserved` are the numbers a planner leaves
    free (rinse, tuning solution). Without a laboratory it is everyone's."""

    code = models.CharField(max_length=20)
    name = models.CharField(max_length=80)
    laboratory = models.ForeignKey("accounts.Organisation", null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    rows = models.PositiveSmallIntegerField()
    columns = models.PositiveSmallIntegerField()
    reserved = ArrayField(models.PositiveSmallIntegerField(), default=list, blank=True)
    active = models.BooleanField(default=True)

    objects = TrayLayoutQuerySet.as_manager()

    class Meta:
        ordering = ["code"]
        constraints = [
            models.UniqueConstraint(fields=["laboratory", "code"], name="layout_once_per_laboratory", nulls_distinct=False),
            models.CheckConstraint(condition=Q(rows__gte=1) & Q(columns__gte=1), name="layout_has_places"),
        ]

    def __str__(self) -> str:
        return f"{self.code} ({self.rows} × {self.columns})"

    @property
    def free(self) -> list[int]:
        """The numbers a planner may fill, in order."""
        kept = set(self.reserved)
        return [number for number in range(1, self.rows * self.columns + 1) if number not in kept]


class BlindControlQuerySet(models.QuerySet["BlindControl"]):
    """Blind controls by viewer: only those who judge know that there are any."""

    def visible_to(self, user: Any) -> BlindControlQuerySet:
        if user.role in {Role.QUALITY_MANAGER, Role.REVIEWER, Role.SIGNATORY}:
            return self.filter(laboratory=user.organisation_id)
        return self.none()


@history()
class BlindControl(Record):
    """A portion of a reference material that the quality manager has put among the aliquots of a method. `code` and `sample_code` look like
    an aliquot's and a sample's; who measures it reads nothing else. Masses in grams, volume in mL."""

    code = models.CharField(max_length=24, unique=True, editable=False)
    sample_code = models.CharField(max_length=24, unique=True, editable=False)
    laboratory = models.ForeignKey("accounts.Organisation", on_delete=models.PROTECT, related_name="+")
    method_version = models.ForeignKey("assays.MethodVersion", on_delete=models.PROTECT, related_name="+", db_index=False)
    material = models.ForeignKey("assays.ReferenceMaterial", on_delete=models.PROTECT, related_name="+", db_index=False)
    mass_g = models.DecimalField(max_digits=12, decimal_places=5)
    inserted_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    inserted_at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    objects = BlindControlQuerySet.as_manager()

    class Meta:
        ordering = ["-inserted_at"]
        constraints = [models.CheckConstraint(condition=Q(mass_g__gt=0), name="blind_control_has_mass")]

    def __str__(self) -> str:
        return self.code
