"""Reference materials. A certified value belongs to (material, analyte, method group)."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from lims.core.models import AppendOnly, Record, history


class MaterialKind(models.TextChoices):
    """Where its values come from."""

    CERTIFIED = "certified", _("certified reference material")
    IN_HOUSE = "in_house", _("in-house reference material")


@history()
class ReferenceMaterial(Record):
    """A control material. `laboratory` is set for in-house materials only."""

    code = models.CharField(max_length=40, unique=True)
    kind = models.CharField(max_length=12, choices=MaterialKind)
    producer = models.CharField(max_length=120, blank=True)
    matrix = models.CharField(max_length=160, blank=True)
    mineralisation = models.CharField(max_length=160, blank=True)
    status = models.CharField(max_length=40, blank=True, help_text=_("In the producer's catalogue"))
    note = models.TextField(blank=True)
    laboratory = models.ForeignKey("accounts.Organisation", null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    expires_on = models.DateField(null=True, blank=True)
    active = models.BooleanField(default=True)

    class Meta:
        ordering = ["code"]

    def __str__(self) -> str:
        return self.code


@history()
class CertifiedValue(Record):
    """A content of the element with its between-laboratory standard deviation `sd` (never the interval of the mean; without one it is
    information and no control). The interval is what `interval_type` says. An in-house value is the mean of `n` runs, `sd` from run to
    run."""

    material = models.ForeignKey(ReferenceMaterial, on_delete=models.PROTECT, related_name="values", db_index=False)
    analyte = models.ForeignKey("assays.Analyte", on_delete=models.PROTECT, related_name="+")
    method_group = models.CharField(max_length=60)
    value = models.DecimalField(max_digits=24, decimal_places=12)
    unit = models.CharField(max_length=12)
    sd = models.DecimalField(max_digits=24, decimal_places=12, null=True, blank=True)
    interval_low = models.DecimalField(max_digits=24, decimal_places=12, null=True, blank=True)
    interval_high = models.DecimalField(max_digits=24, decimal_places=12, null=True, blank=True)
    expanded_uncertainty = models.DecimalField(max_digits=24, decimal_places=12, null=True, blank=True)
    interval_type = models.CharField(max_length=40, blank=True)
    value_type = models.CharField(max_length=20)
    confidence = models.CharField(max_length=10, blank=True)
    stated = models.CharField(max_length=120, blank=True, help_text=_("In the source's own words, where it gives an oxide or another unit"))
    n = models.PositiveIntegerField(null=True, blank=True)
    source = models.CharField(max_length=400)

    class Meta:
        ordering = ["material__code", "analyte__order"]
        constraints = [models.UniqueConstraint(fields=["material", "analyte", "method_group"], name="one_value_per_material_analyte_group")]

    def __str__(self) -> str:
        return f"{self.material} {self.analyte} ({self.method_group})"


class InHouseMeasurement(AppendOnly):
    """One run of an in-house material, recorded to establish its value (at least ten are needed)."""

    material = models.ForeignKey(ReferenceMaterial, on_delete=models.PROTECT, related_name="measurements")
    analyte = models.ForeignKey("assays.Analyte", on_delete=models.PROTECT, related_name="+")
    method_group = models.CharField(max_length=60)
    value = models.DecimalField(max_digits=24, decimal_places=12)
    unit = models.CharField(max_length=12)
    measured_on = models.DateField()
    recorded_by: Any = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["material", "analyte", "method_group", "measured_on"], name="one_in_house_run_per_day"),
        ]

    def __str__(self) -> str:
        return f"{self.material} {self.analyte} {self.measured_on}"
