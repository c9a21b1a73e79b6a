"""High-grade products: what a classical method version states, and what was weighed and titrated at a position of its run."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from lims.core.models import AppendOnly, Record, history

WET_CHEMISTRY = "Wet chemistry"
"""The technique of the bench a classical method's runs stand on, in place of an instrument that sends files."""


class Technique(models.TextChoices):
    """How total rare-earth oxides are found."""

    GRAVIMETRY = "gravimetry", _("oxalate ignited to oxide, weighed")
    TITRATION = "titration", _("EDTA titration")


@history()
class HighGradeConditions(Record):
    """What a method version of a high-grade product states: its technique, from which TREO on it is proposed, at how many °C the loss on
    ignition is found, the limits of the total, and standard uncertainties of its inputs as texts (`balance_g`, `solution_percent`,
    `aliquot_percent`, `repeat_percent`, `titre_ml`, `titrant_percent`, `mean_percent`)."""

    method_version = models.OneToOneField("assays.MethodVersion", on_delete=models.PROTECT, related_name="high_grade")
    technique = models.CharField(max_length=12, choices=Technique)
    proposed_from_percent = models.DecimalField(max_digits=5, decimal_places=2)
    ignition_c = models.PositiveSmallIntegerField(default=1000, help_text=_("Temperature of the loss on ignition, °C"))
    total_least_percent = models.DecimalField(max_digits=5, decimal_places=2)
    total_most_percent = models.DecimalField(max_digits=5, decimal_places=2)
    uncertainties = models.JSONField()
    source = models.CharField(max_length=400, blank=True)

    def __str__(self) -> str:
        return f"{self.method_version}: {self.technique}"


class Determination(AppendOnly):
    """What was weighed and titrated for one position, as texts by name. The newest of a position counts; one that takes another's place
    says why."""

    position = models.ForeignKey("assays.RunPosition", on_delete=models.PROTECT, related_name="determinations")
    values = models.JSONField()
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False)
    made_at = models.DateTimeField()
    corrects = models.OneToOneField("self", null=True, on_delete=models.PROTECT, related_name="corrected_by")
    reason = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["id"]
        constraints = [models.CheckConstraint(condition=Q(corrects=None) | ~Q(reason=""), name="determination_correction_says_why")]

    def __str__(self) -> str:
        return f"{self.position}"
