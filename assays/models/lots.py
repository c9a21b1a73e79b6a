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


class ValueUnit(models.TextChoices):
    """Units a certificate gives amounts in."""

    MG_L = "mg/L", "mg/L"
    UG_L = "ug/L", "µg/L"
    MG_KG = "mg/kg", "mg/kg"
    PERCENT = "%", "%"


class LotValue(AppendOnly):
    """What a lot's certificate says of one element: the amount in `unit` with its expanded uncertainty and coverage factor. The newest of
    an element counts; one that takes another's place says why, and is signed where runs were planned with the lot before.

    Of a solution, `nominal` is the round amount on the label that dilutions are reckoned by, in the same unit; null where it is used as it
    comes. Of a reference material's lot, the content belongs to a `method_group` and stands on a `basis`; `sd` is its between-laboratory
    standard deviation, null where the certificate gives none."""

    lot = models.ForeignKey(Lot, on_delete=models.PROTECT, related_name="values")
    element = models.CharField(max_length=2)
    value = models.DecimalField(max_digits=18, decimal_places=8)
    decimals = models.PositiveSmallIntegerField(help_text=_("Of the value as the certificate prints it"))
    unit = models.CharField(max_length=8, choices=ValueUnit)
    uncertainty = models.DecimalField(max_digits=18, decimal_places=8, null=True, help_text=_("Expanded, in the unit of the value"))
    k = models.DecimalField(max_digits=4, decimal_places=2, null=True, help_text=_("Coverage factor"))
    nominal = models.DecimalField(max_digits=18, decimal_places=8, null=True)
    method_group = models.CharField(max_length=60, blank=True, default="")
    basis = models.CharField(max_length=12, blank=True, default="")
    sd = models.DecimalField(max_digits=18, decimal_places=8, null=True, help_text=_("Between laboratories"))
    entered_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False)
    entered_at = models.DateTimeField()
    corrects = models.OneToOneField("self", null=True, on_delete=models.PROTECT, related_name="corrected_by")
    reason = models.CharField(max_length=300, blank=True)
    signature = models.ForeignKey("accounts.Signature", null=True, on_delete=models.PROTECT, related_name="+", db_index=False)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(condition=Q(value__gt=0), name="lot_value_positive"),
            models.CheckConstraint(condition=Q(nominal=None) | Q(nominal__gt=0), name="lot_nominal_positive"),
            models.CheckConstraint(condition=Q(sd=None) | Q(sd__gt=0), name="lot_value_sd_positive"),
            models.CheckConstraint(
                condition=Q(method_group="", basis="") | ~Q(method_group="") & ~Q(basis=""), name="lot_content_has_basis"
            ),
            models.CheckConstraint(
                condition=Q(uncertainty=None, k=None) | Q(uncertainty__gte=0, k__gt=0), name="lot_uncertainty_with_its_k"
            ),
            models.CheckConstraint(condition=Q(corrects=None) | ~Q(reason=""), name="lot_value_correction_says_why"),
            models.UniqueConstraint(fields=["lot", "element", "method_group"], condition=Q(corrects=None), name="lot_value_first_once"),
        ]

    def __str__(self) -> str:
        return f"{self.lot_id} {self.element} {self.value_text} {self.unit}"

    @property
    def value_text(self) -> str:
        """The value with the decimals the certificate prints."""
        return f"{self.value:.{self.decimals}f}"

    @property
    def texts(self) -> dict[str, str | None]:
        """Its other numbers without the zeros their columns add."""
        numbers = {name: getattr(self, name) for name in ("uncertainty", "k", "nominal", "sd")}
        return {name: None if number is None else f"{number.normalize():f}" for name, number in numbers.items()}


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


class LotPurpose(models.TextChoices):
    """What a run is planned with a lot for."""

    CALIBRATION = "calibration", _("calibration standards")
    VERIFICATION = "verification", _("second source (ICV, CCV)")
    SPIKE = "spike", _("spiking solution")
    REFERENCE = "reference", _("reference material")
    REAGENT = "reagent", _("reagent")


class Use(AppendOnly):
    """That a lot or a piece of equipment was used, on a day, for a run, a test portion or a preparation. `purpose` is set where a run was
    planned with the lot."""

    lot = models.ForeignKey(Lot, null=True, on_delete=models.PROTECT, related_name="uses", db_index=False)
    equipment = models.ForeignKey(Equipment, null=True, on_delete=models.PROTECT, related_name="uses", db_index=False)
    run = models.ForeignKey("assays.Run", null=True, on_delete=models.PROTECT, related_name="uses")
    aliquot = models.ForeignKey("assays.Aliquot", null=True, on_delete=models.PROTECT, related_name="uses")
    preparation = models.ForeignKey("assays.Preparation", null=True, on_delete=models.PROTECT, related_name="uses")
    purpose = models.CharField(max_length=12, choices=LotPurpose, blank=True, default="")
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
                fields=["lot", "equipment", "run", "aliquot", "preparation", "purpose"], nulls_distinct=False, name="use_recorded_once"
            ),
        ]
        indexes = [models.Index(fields=["equipment", "used_on"], name="uses_of_equipment")]

    def __str__(self) -> str:
        return f"{self.lot_id or self.equipment_id} on {self.used_on}"
