"""What becomes of a test portion in solution: how it was leached, and the steps its solution was diluted in. Both are append-only: the
newest record of an aliquot counts, and one that takes another's place says why."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from lims.core.models import AppendOnly, Record, history


@history()
class LeachConditions(Record):
    """How a method version leaches: reagent, and limits by quantity as texts, `{"ph_start": ["3.8", "4.2"]}`, null for an open end.
    Where `pore_water_counts` the water of a moist portion is part of the volume its elements are dissolved in."""

    method_version = models.OneToOneField("assays.MethodVersion", on_delete=models.PROTECT, related_name="leach")
    reagent = models.CharField(max_length=40)
    concentration_mol_l = models.DecimalField(max_digits=6, decimal_places=3, help_text=_("Nominal"))
    limits = models.JSONField(default=dict)
    pore_water_counts = models.BooleanField(default=True)
    source = models.CharField(max_length=400, blank=True)

    def __str__(self) -> str:
        return f"{self.method_version}: {self.concentration_mol_l} mol/L {self.reagent}"


class Leach(AppendOnly):
    """How one aliquot was leached. `fault` says which limits of the method were not kept."""

    aliquot = models.ForeignKey("assays.Aliquot", on_delete=models.PROTECT, related_name="leaches")
    lot = models.ForeignKey("assays.Lot", null=True, on_delete=models.PROTECT, related_name="+", help_text=_("Of the leachant or its salt"))
    concentration_mol_l = models.DecimalField(max_digits=6, decimal_places=3)
    leachant_ml = models.DecimalField(max_digits=9, decimal_places=3)
    ph_start = models.DecimalField(max_digits=4, decimal_places=2)
    ph_end = models.DecimalField(max_digits=4, decimal_places=2)
    minutes = models.DecimalField(max_digits=7, decimal_places=1)
    temperature_c = models.DecimalField(max_digits=4, decimal_places=1)
    pore_water_ml = models.DecimalField(max_digits=9, decimal_places=3, help_text=_("From mass and moisture of the portion"))
    liquid_to_solid = models.DecimalField(max_digits=9, decimal_places=3, help_text=_("mL of leachant per g of dry solid"))
    pore_water_counts = models.BooleanField()
    fault = models.CharField(max_length=300, blank=True)
    leached_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False)
    leached_at = models.DateTimeField()
    corrects = models.OneToOneField("self", null=True, on_delete=models.PROTECT, related_name="corrected_by")
    reason = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["id"]
        constraints = [models.CheckConstraint(condition=Q(corrects=None) | ~Q(reason=""), name="leach_correction_says_why")]

    def __str__(self) -> str:
        return f"{self.aliquot} pH {self.ph_start}–{self.ph_end}"


class DilutionSeries(AppendOnly):
    """How an aliquot's solution was diluted: `steps` in order, each `taken`, `final`, `unit` (mL or g), `u_taken`, `u_final` as texts and
    the code of the `equipment`; their product and its relative standard uncertainty."""

    aliquot = models.ForeignKey("assays.Aliquot", on_delete=models.PROTECT, related_name="dilutions")
    steps = models.JSONField()
    factor = models.DecimalField(max_digits=12, decimal_places=4)
    relative_u_percent = models.DecimalField(max_digits=8, decimal_places=4)
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False)
    made_at = models.DateTimeField()
    reason = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.aliquot} ×{self.factor}"
