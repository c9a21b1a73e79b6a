"""Lots of reagents and standards, equipment, and where each was used. What had expired or was overdue blocks the run it was used for."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from lims.core.models import AppendOnly, Record, history
from lims.core.roles import LABORATORY_ROLES, Role


class OwnedQuerySet(models.QuerySet[Any]):
    """What belongs to one laboratory, by viewer."""

    def visible_to(self, user: Any) -> OwnedQuerySet:
        """A laboratory's own; administrators may look."""
        if user.role == Role.ADMINISTRATOR:
            return self
        return self.filter(laboratory=user.organisation_id) if user.role in LABORATORY_ROLES else self.none()


class LotKind(models.TextChoices):
    """What a lot is used as."""

    REAGENT = "reagent", _("reagent")
    STANDARD = "standard", _("standard or calibration solution")
    FLUX = "flux", _("flux")
    ACID = "acid", _("acid")
    REFERENCE = "reference", _("reference material")


@history()
class Lot(Record):
    """One delivery of one substance. Without `expires_on` the supplier states no end. `material` is set for a reference material's lot."""

    code = models.CharField(max_length=24, unique=True, editable=False)
    laboratory = models.ForeignKey("accounts.Organisation", on_delete=models.PROTECT, related_name="+", db_index=False)
    kind = models.CharField(max_length=12, choices=LotKind)
    name = models.CharField(max_length=120)
    supplier = models.CharField(max_length=120, blank=True)
    supplier_lot = models.CharField(max_length=80)
    material = models.ForeignKey("assays.ReferenceMaterial", null=True, blank=True, on_delete=models.PROTECT, related_name="lots")
    received_on = models.DateField()
    opened_on = models.DateField(null=True, blank=True)
    expires_on = models.DateField(null=True, blank=True)
    certificate_sha256 = models.CharField(max_length=64, blank=True, editable=False)
    certificate_name = models.CharField(max_length=120, blank=True, editable=False)
    withdrawn = models.BooleanField(default=False, help_text=_("Not to be used any more"))

    objects = OwnedQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["laboratory", "name", "supplier", "supplier_lot"], name="lot_once_per_laboratory"),
            models.CheckConstraint(
                condition=Q(opened_on=None) | Q(opened_on__gte=models.F("received_on")), name="lot_opened_after_receipt"
            ),
            models.CheckConstraint(condition=~Q(kind="reference") | Q(material__isnull=False), name="reference_lot_names_its_material"),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.name}"


class EquipmentKind(models.TextChoices):
    """What is calibrated or checked beside the instruments that measure."""

    BALANCE = "balance", _("balance")
    OVEN = "oven", _("oven")
    FURNACE = "furnace", _("furnace")
    PIPETTE = "pipette", _("pipette or dispenser")
    CRUSHER = "crusher", _("crusher")
    MILL = "mill", _("mill")
    SIEVE = "sieve", _("sieve")
    PH_METER = "ph_meter", _("pH meter")
    BURETTE = "burette", _("burette")
    OTHER = "other", _("other")


@history()
class Equipment(Record):
    """A piece of equipment with the day its calibration is due (6.4.13). Instruments that measure runs have their own record."""

    code = models.CharField(max_length=24)
    laboratory = models.ForeignKey("accounts.Organisation", on_delete=models.PROTECT, related_name="+", db_index=False)
    kind = models.CharField(max_length=12, choices=EquipmentKind)
    name = models.CharField(max_length=120)
    serial = models.CharField(max_length=80, blank=True)
    calibrated_on = models.DateField(null=True, blank=True)
    calibration_due = models.DateField()
    withdrawn = models.BooleanField(default=False, help_text=_("Out of use"))

    objects = OwnedQuerySet.as_manager()

    class Meta:
        ordering = ["code"]
        constraints = [models.UniqueConstraint(fields=["laboratory", "code"], name="equipment_code_once_per_laboratory")]

    def __str__(self) -> str:
        return self.code


class Use(AppendOnly):
    """That a lot or a piece of equipment was used, on a day, for a run, a test portion or a preparation."""

    lot = models.ForeignKey(Lot, null=True, on_delete=models.PROTECT, related_name="uses", db_index=False)
    equipment = models.ForeignKey(Equipment, null=True, on_delete=models.PROTECT, related_name="uses", db_index=False)
    run = models.ForeignKey("assays.Run", null=True, on_delete=models.PROTECT, related_name="uses")
    aliquot = models.ForeignKey("assays.Aliquot", null=True, on_delete=models.PROTECT, related_name="uses")
    preparation = models.ForeignKey("assays.Preparation", null=True, on_delete=models.PROTECT, related_name="uses")
    used_on = models.DateField()
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False)
    recorded_at = models.DateTimeField()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(lot__isnull=False, equipment__isnull=True) | Q(lot__isnull=True, equipment__isnull=False),
                name="use_of_a_lot_or_of_equipment",
            ),
            models.CheckConstraint(
                condition=Q(run__isnull=False, aliquot__isnull=True, preparation__isnull=True)
                | Q(run__isnull=True, aliquot__isnull=False, preparation__isnull=True)
                | Q(run__isnull=True, aliquot__isnull=True, preparation__isnull=False),
                name="use_for_one_thing",
            ),
            models.UniqueConstraint(
                fields=["lot", "equipment", "run", "aliquot", "preparation"], nulls_distinct=False, name="use_recorded_once"
            ),
        ]
        indexes = [models.Index(fields=["equipment", "used_on"], name="uses_of_equipment")]

    def __str__(self) -> str:
        return f"{self.lot_id or self.equipment_id} on {self.used_on}"
