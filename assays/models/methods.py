"""Analytes, methods and their versions. A version in force is never edited: a change is a new version."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from lims.core.models import Record, history


@history()
class Analyte(Record):
    """A chemical element that is measured, with the oxide it is reported as."""

    symbol = models.CharField(max_length=4, unique=True)
    name = models.CharField(max_length=40)
    oxide = models.CharField(max_length=12)
    oxide_factor = models.DecimalField(max_digits=12, decimal_places=9, help_text=_("g oxide per g element, IUPAC 2021 weights"))
    order = models.PositiveSmallIntegerField()

    class Meta:
        ordering = ["order"]

    def __str__(self) -> str:
        return self.symbol


class Extraction(models.TextChoices):
    """Total and recoverable are two quantities and never mixed."""

    TOTAL = "total", _("total")
    FOUR_ACID = "four_acid", _("four-acid digestible")
    LEACHABLE = "leachable", _("leachable")


@history()
class Method(Record):
    """A measurement method; `method_group` is the key certified values are looked up by."""

    code = models.CharField(max_length=20, unique=True)
    name = models.CharField(max_length=160)
    method_group = models.CharField(max_length=60)
    extraction = models.CharField(max_length=12, choices=Extraction)
    description = models.TextField(blank=True)

    class Meta:
        ordering = ["code"]

    def __str__(self) -> str:
        return self.code


@history()
class MethodVersion(Record):
    """One version of a method with its working amounts. Concentrations of solutions in `solution_unit`, results in `unit` on `basis`."""

    method = models.ForeignKey(Method, on_delete=models.PROTECT, related_name="versions", db_index=False)
    number = models.PositiveSmallIntegerField()
    in_force_from = models.DateField()
    retired_on = models.DateField(null=True, blank=True)
    unit = models.CharField(max_length=12, default="mg/kg")
    basis = models.CharField(max_length=12, default="dry")
    solution_unit = models.CharField(max_length=12, default="ug/L")
    test_portion_g = models.DecimalField(max_digits=9, decimal_places=4)
    test_portion_tolerance_percent = models.DecimalField(max_digits=5, decimal_places=1, default=10)
    volume_ml = models.DecimalField(max_digits=9, decimal_places=3)
    dilution = models.DecimalField(max_digits=9, decimal_places=3)
    drying_c = models.PositiveSmallIntegerField()
    randomised = models.BooleanField(default=False, help_text=_("The samples of a tray stand in random order; its seed is kept"))
    reviewer_may_authorise = models.BooleanField(default=False)
    calculation = models.JSONField(
        default=dict, blank=True, help_text=_("The way from readings to results (assays.calculation.plan); empty: the plain one")
    )
    rule_set = models.CharField(max_length=40, help_text=_("Name and version of the quality-control rules"))
    note = models.TextField(blank=True)

    class Meta:
        ordering = ["method__code", "-number"]
        constraints = [models.UniqueConstraint(fields=["method", "number"], name="method_version_once")]

    def __str__(self) -> str:
        return f"{self.method.code} v{self.number}"


@history()
class MethodAnalyte(Record):
    """What a method version measures of one analyte; limits in the version's unit, `relative_uncertainty_percent` expanded with k = 2."""

    method_version = models.ForeignKey(MethodVersion, on_delete=models.PROTECT, related_name="analytes", db_index=False)
    analyte = models.ForeignKey(Analyte, on_delete=models.PROTECT, related_name="+")
    isotope = models.CharField(max_length=12)
    lod = models.DecimalField(max_digits=14, decimal_places=6)
    loq = models.DecimalField(max_digits=14, decimal_places=6)
    upper_limit = models.DecimalField(max_digits=14, decimal_places=4)
    relative_uncertainty_percent = models.DecimalField(max_digits=6, decimal_places=2)
    accredited = models.BooleanField(default=False)
    required = models.BooleanField(default=True, help_text=_("A run without a reading of it is blocked"))
    source = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["analyte__order"]
        constraints = [
            models.UniqueConstraint(fields=["method_version", "analyte"], name="analyte_once_per_method_version"),
            models.CheckConstraint(condition=Q(lod__lte=models.F("loq")) & Q(loq__lt=models.F("upper_limit")), name="limits_in_order"),
        ]

    def __str__(self) -> str:
        return f"{self.method_version} {self.analyte}"


@history()
class ControlRequirement(Record):
    """One control a run of this method version must hold, with its limits as data for the rule that judges it: at least `minimum_count`, or
    `rate_percent` of the samples where that is more. `analytes` must be judged on it; null means every required one of the method.

    `condemns` is what one that fails takes with it (`assays.qc.bracketing.Scope`); empty: what is usual for its kind. `placement` is for
    the planner (`assays.tray_layout.Placement`): where such controls stand and what they hold."""

    method_version = models.ForeignKey(MethodVersion, on_delete=models.PROTECT, related_name="controls", db_index=False)
    kind = models.CharField(max_length=40)
    minimum_count = models.PositiveSmallIntegerField(default=1)
    rule = models.CharField(max_length=60)
    rate_percent = models.DecimalField(max_digits=5, decimal_places=1, default=0)
    limits = models.JSONField(default=dict)
    analytes = ArrayField(models.CharField(max_length=4), null=True, blank=True)
    condemns = models.CharField(max_length=12, blank=True, default="")
    placement = models.JSONField(default=dict, blank=True)
    source = models.CharField(max_length=300, blank=True)
    order = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["order"]
        constraints = [models.UniqueConstraint(fields=["method_version", "kind", "rule"], name="control_once_per_method_version")]

    def __str__(self) -> str:
        return f"{self.method_version}: {self.kind}"
