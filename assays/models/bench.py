"""Preparation weights and aliquots."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from assays.chemistry.moisture import compute_moisture_percent
from lims.core.models import Record, history


@history()
class Preparation(Record):
    """A sample's preparation: its route, and the moisture aliquot weighed wet, dried at `drying_c` and weighed dry (grams).

    `portion_dried_c` is the temperature the material was dried at before test portions are weighed; null where they are weighed as
    received.
    """

    sample = models.ForeignKey("samples.Sample", on_delete=models.PROTECT, related_name="preparations")
    laboratory = models.ForeignKey("accounts.Organisation", on_delete=models.PROTECT, related_name="+")
    route = models.CharField(max_length=120, help_text=_("For example: dry 105 °C, crush < 2 mm, pulverise 85 % < 75 µm"))
    drying_c = models.PositiveSmallIntegerField(help_text=_("Of the moisture aliquot"))
    portion_dried_c = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text=_("Of the material test portions are weighed from; empty when they are weighed as received")
    )
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

    @property
    def moisture_percent(self) -> float:
        """Moisture of the aliquot, wet basis."""
        return compute_moisture_percent(float(self.wet_mass_g), float(self.dry_mass_g))

    @property
    def portion_moisture_percent(self) -> float:
        """The moisture a test portion still holds when it is weighed, which brings its content to the dry basis: none once the material was
        dried as hot as the moisture aliquot, else the aliquot's."""
        return 0.0 if self.portion_dried_c is not None and self.portion_dried_c >= self.drying_c else self.moisture_percent


@history()
class Aliquot(Record):
    """A test portion: mass (g), final volume (mL) and dilution factor of the measured solution. Its mass leaves the sample by a
    *consumed* event.

    A solid has no volume: it is pressed or fused into a specimen of `specimen_g`, and `ignition_loss_percent` is what its material lost
    when it was ignited (the method says whether it was dried before); each where the method needs it.
    """

    code = models.CharField(max_length=24, unique=True, editable=False)
    test = models.ForeignKey("assays.SubmissionTest", on_delete=models.PROTECT, related_name="aliquots")
    preparation = models.ForeignKey(Preparation, on_delete=models.PROTECT, related_name="aliquots")
    duplicate_of = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="duplicates")
    mass_g = models.DecimalField(max_digits=12, decimal_places=5)
    volume_ml = models.DecimalField(max_digits=9, decimal_places=3, null=True, blank=True)
    dilution = models.DecimalField(max_digits=12, decimal_places=4, default=1)
    specimen_g = models.DecimalField(max_digits=12, decimal_places=5, null=True, blank=True)
    ignition_loss_percent = models.DecimalField(max_digits=6, decimal_places=3, null=True, blank=True)
    weighed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    weighed_at = models.DateTimeField()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=Q(mass_g__gt=0) & Q(volume_ml__gt=0) & Q(dilution__gte=1), name="aliquot_amounts_positive"),
            models.CheckConstraint(
                condition=(Q(specimen_g=None) | Q(specimen_g__gte=models.F("mass_g")))
                & (Q(ignition_loss_percent=None) | Q(ignition_loss_percent__gt=-100, ignition_loss_percent__lt=100)),
                name="specimen_amounts_possible",
            ),
        ]

    def __str__(self) -> str:
        return self.code
