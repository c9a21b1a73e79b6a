"""Preparation weights and aliquots."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from lims.core.models import Record, history


@history()
class Preparation(Record):
    """A sample's preparation: the moisture aliquot weighed wet and dry (grams), and the route. Moisture is on the wet basis, in percent."""

    sample = models.ForeignKey("samples.Sample", on_delete=models.PROTECT, related_name="preparations")
    laboratory = models.ForeignKey("accounts.Organisation", on_delete=models.PROTECT, related_name="+")
    route = models.CharField(max_length=120, help_text=_("For example: dry 105 °C, crush < 2 mm, pulverise 85 % < 75 µm"))
    drying_c = models.PositiveSmallIntegerField()
    wet_mass_g = models.DecimalField(max_digits=12, decimal_places=4)
    dry_mass_g = models.DecimalField(max_digits=12, decimal_places=4)
    sieve_passing_percent = models.DecimalField(max_digits=5, decimal_places=1, null=True, blank=True)
    prepared_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    prepared_at = models.DateTimeField()
    remark = models.TextField(blank=True)

    class Meta:
        ordering = ["-prepared_at"]
        constraints = [
            models.CheckConstraint(
                condition=Q(dry_mass_g__gt=0) & Q(wet_mass_g__gte=models.F("dry_mass_g")), name="dry_not_heavier_than_wet"
            )
        ]

    def __str__(self) -> str:
        return f"{self.sample.blind_code} {self.prepared_at:%Y-%m-%d}"


@history()
class Aliquot(Record):
    """A test portion: mass (g), final volume (mL) and dilution factor of the measured solution. Its mass leaves the sample by a
    *consumed* event."""

    code = models.CharField(max_length=24, unique=True, editable=False)
    test = models.ForeignKey("assays.SubmissionTest", on_delete=models.PROTECT, related_name="aliquots")
    preparation = models.ForeignKey(Preparation, on_delete=models.PROTECT, related_name="aliquots")
    duplicate_of = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="duplicates")
    mass_g = models.DecimalField(max_digits=12, decimal_places=5)
    volume_ml = models.DecimalField(max_digits=9, decimal_places=3)
    dilution = models.DecimalField(max_digits=12, decimal_places=4)
    weighed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    weighed_at = models.DateTimeField()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=Q(mass_g__gt=0) & Q(volume_ml__gt=0) & Q(dilution__gte=1), name="aliquot_amounts_positive")
        ]

    def __str__(self) -> str:
        return self.code
