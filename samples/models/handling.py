"""What becomes of a sample after its work: what splitting may lose, how long it is kept, what it was mixed from, how it left."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from lims.core.models import AppendOnly, Record, history
from samples.models.samples import Material

USUAL_LOSS_PERCENT = Decimal("2.00")


@history()
class MaterialHandling(Record):
    """What holds for one material at one laboratory, or (`laboratory` empty) wherever a laboratory has set nothing: the share a splitter
    or a pulveriser may keep without being asked why, in percent of the mass, and how many days a sample is kept after it arrived, and
    again after it was reported. The rows without a laboratory are working assumptions of this product."""

    laboratory = models.ForeignKey("accounts.Organisation", null=True, on_delete=models.PROTECT, related_name="+")
    material = models.CharField(max_length=16, choices=Material)
    loss_tolerance_percent = models.DecimalField(
        max_digits=5, decimal_places=2, default=USUAL_LOSS_PERCENT, validators=[MinValueValidator(0), MaxValueValidator(20)]
    )
    retention_days = models.PositiveIntegerField(validators=[MaxValueValidator(36500)])

    class Meta:
        ordering = ["material"]
        constraints = [
            models.UniqueConstraint(fields=["material", "laboratory"], nulls_distinct=False, name="handling_once_per_laboratory")
        ]

    def __str__(self) -> str:
        return self.get_material_display()

    @classmethod
    def of(cls, laboratory_id: Any, material: str) -> MaterialHandling | None:
        """What holds for the material at the laboratory: its own, else the default."""
        return cls.in_force(laboratory_id).filter(material=material).first()

    @classmethod
    def in_force(cls, laboratory_id: Any) -> models.QuerySet[MaterialHandling]:
        """One row for each material: the laboratory's own, else the default."""
        rows = cls.objects.filter(Q(laboratory=laboratory_id) | Q(laboratory=None))
        return rows.order_by("material", models.F("laboratory").asc(nulls_last=True)).distinct("material")


class CompositeShare(AppendOnly):
    """How much of one sample went into a composite, in grams. What a composite is made of decides which mines it speaks for."""

    composite = models.ForeignKey("samples.Sample", on_delete=models.PROTECT, related_name="shares")
    source = models.ForeignKey("samples.Sample", on_delete=models.PROTECT, related_name="given_shares")
    mass_g = models.DecimalField(max_digits=12, decimal_places=3)

    class Meta:
        ordering = ["composite", "source"]
        constraints = [
            models.UniqueConstraint(fields=["composite", "source"], name="source_once_per_composite"),
            models.CheckConstraint(condition=Q(mass_g__gt=0), name="share_has_mass"),
        ]

    def __str__(self) -> str:
        return f"{self.source_id} → {self.composite_id}: {self.mass_g} g"


class DepartureKind(models.TextChoices):
    """How it left for good."""

    DISPOSED = "disposed", _("disposed of")
    RETURNED = "returned", _("given back")


class Departure(AppendOnly):
    """One sample that left a laboratory for good, signed by who did it and by a witness; `early` when its retention had not ended."""

    sample = models.OneToOneField("samples.Sample", on_delete=models.PROTECT, related_name="departure")
    kind = models.CharField(max_length=10, choices=DepartureKind)
    reason = models.TextField()
    mass_g = models.DecimalField(max_digits=12, decimal_places=3)
    receiver = models.ForeignKey("accounts.Organisation", null=True, on_delete=models.PROTECT, related_name="+")
    early = models.BooleanField(default=False)
    performed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    witness = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    signature = models.ForeignKey("accounts.Signature", on_delete=models.PROTECT, related_name="+")
    witness_signature = models.ForeignKey("accounts.Signature", on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        constraints = [models.CheckConstraint(condition=~Q(performed_by=models.F("witness")), name="witness_is_another_person")]

    def __str__(self) -> str:
        return f"{self.sample_id} {self.kind}"
