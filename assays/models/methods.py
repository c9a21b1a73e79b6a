"""Analytes, methods and their versions. A version in force is never edited: a change is a new version."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from assays.chemistry import solids
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


class Form(models.TextChoices):
    """What of a sample stands before the instrument: a solution, or a solid that is not dissolved."""

    SOLUTION = "solution", _("solution")
    PRESSED_PELLET = "pressed_pellet", _("pressed pellet")
    FUSED_BEAD = "fused_bead", _("fused bead")


class ReportedOf(models.TextChoices):
    """What a content that an instrument reports of a solid is a content of."""

    SAMPLE = solids.SAMPLE, _("the sample as prepared")
    SPECIMEN = solids.SPECIMEN, _("the pellet or bead itself")
    IGNITED = solids.IGNITED, _("the ignited sample")
    IGNITED_DRY = solids.IGNITED_DRY, _("the ignited sample, its loss on ignition being of the dried portion")


@history()
class MethodVersion(Record):
    """One version of a method with its working amounts. The instrument's contents in `solution_unit`, results in `unit` on `basis`.

    `form` says what is measured. A solid has no volume and no dilution: its instrument reports mass fractions, of what `reported_of` says;
    `specimen_g` is the mass of its finished pellet or bead, binder or flux included, where contents are of that.
    """

    method = models.ForeignKey(Method, on_delete=models.PROTECT, related_name="versions", db_index=False)
    number = models.PositiveSmallIntegerField()
    in_force_from = models.DateField()
    retired_on = models.DateField(null=True, blank=True)
    unit = models.CharField(max_length=12, default="mg/kg")
    basis = models.CharField(max_length=12, default="dry")
    solution_unit = models.CharField(max_length=12, default="ug/L")
    test_portion_g = models.DecimalField(max_digits=9, decimal_places=4)
    test_portion_tolerance_percent = models.DecimalField(max_digits=5, decimal_places=1, default=10)
    form = models.CharField(max_length=16, choices=Form, default=Form.SOLUTION)
    reported_of = models.CharField(max_length=12, choices=ReportedOf, default=ReportedOf.SAMPLE)
    volume_ml = models.DecimalField(max_digits=9, decimal_places=3, null=True, blank=True)
    dilution = models.DecimalField(max_digits=9, decimal_places=3, default=1)
    specimen_g = models.DecimalField(max_digits=12, decimal_places=5, null=True, blank=True)
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
        constraints = [
            models.UniqueConstraint(fields=["method", "number"], name="method_version_once"),
            models.CheckConstraint(
                condition=Q(form="solution", volume_ml__gt=0, specimen_g=None, reported_of="sample")
                | (~Q(form="solution") & Q(volume_ml=None, dilution=1) & (~Q(reported_of="specimen") | Q(specimen_g__gt=0))),
                name="method_amounts_fit_form",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.method.code} v{self.number}"

    @property
    def is_solid(self) -> bool:
        """Whether a solid is measured, so that nothing is dissolved or diluted."""
        return self.form != Form.SOLUTION


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
