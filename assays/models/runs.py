"""Runs and their trays."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from assays.lifecycle import RunState
from lims.core.models import Record, history
from lims.core.roles import LABORATORY_ROLES, Role


class RunQuerySet(models.QuerySet["Run"]):
    """Runs by viewer."""

    def visible_to(self, user: Any) -> RunQuerySet:
        """A laboratory's own; administrators may look."""
        if user.role == Role.ADMINISTRATOR:
            return self
        if user.role in LABORATORY_ROLES or user.role == "instrument":
            return self.filter(laboratory=user.organisation_id)
        return self.none()


@history()
class Run(Record):
    """One tray measured by one method version on one instrument. `verdict_text` says in words why it stands where it stands."""

    code = models.CharField(max_length=24, unique=True, editable=False)
    state = models.CharField(max_length=12, choices=RunState, default=RunState.PLANNED)
    laboratory = models.ForeignKey("accounts.Organisation", on_delete=models.PROTECT, related_name="+")
    instrument = models.ForeignKey("instruments.Instrument", on_delete=models.PROTECT, related_name="runs")
    method_version = models.ForeignKey("assays.MethodVersion", on_delete=models.PROTECT, related_name="+")
    planned_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    planned_at = models.DateTimeField()
    layout = models.ForeignKey("assays.TrayLayout", null=True, blank=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    seed = models.PositiveIntegerField(null=True, blank=True, help_text=_("Of the random order of its samples; empty: by due day"))
    measured_at = models.DateTimeField(null=True)
    reviewed_at = models.DateTimeField(null=True)
    authorised_at = models.DateTimeField(null=True)
    verdict_text = models.TextField(blank=True)

    objects = RunQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["laboratory", "state", "-id"], name="run_worklist"),
            models.Index(fields=["instrument", "measured_at"], name="runs_of_instrument"),
        ]

    def __str__(self) -> str:
        return self.code


class PositionKind(models.TextChoices):
    """What stands at a position."""

    SAMPLE = "sample", _("sample")
    DUPLICATE = "duplicate", _("pulp duplicate")
    BLANK = "blank", _("reagent blank")
    REFERENCE = "reference", _("reference material")
    CALIBRATION = "calibration", _("calibration")
    DRIFT = "drift", _("drift check")
    SPIKE = "spike", _("matrix spike")


@history()
class RunPosition(Record):
    """One tube. `label` is its name in the instrument's sequence and export. A control's amounts stand here, a sample's on its aliquot; a
    dilution that stands here is that of this tube.

    `control` is the sort of control (`assays.qc.measurements.ControlKind`), empty for a sample and where its kind says all. `nominal` is
    what a tube is known to hold, by symbol or `*` for every analyte: µg/L in calibration standards and checks, µg added in a spike.
    `duplicate_of` is the original of a duplicate and the native sample of a spike; `retest_of` the earlier tube whose result is measured
    again here, for `analytes` alone where they are given: the others are carried over from it.
    """

    run = models.ForeignKey(Run, on_delete=models.PROTECT, related_name="positions", db_index=False)
    number = models.PositiveSmallIntegerField()
    kind = models.CharField(max_length=12, choices=PositionKind)
    control = models.CharField(max_length=40, blank=True, default="")
    label = models.CharField(max_length=80)
    aliquot = models.ForeignKey("assays.Aliquot", null=True, blank=True, on_delete=models.PROTECT, related_name="positions")
    duplicate_of = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="duplicates")
    material = models.ForeignKey("assays.ReferenceMaterial", null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    blind = models.ForeignKey("assays.BlindControl", null=True, blank=True, on_delete=models.PROTECT, related_name="positions")
    retest_of = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="retests")
    analytes = ArrayField(models.CharField(max_length=4), null=True, blank=True)
    nominal = models.JSONField(default=dict, blank=True)
    mass_g = models.DecimalField(max_digits=12, decimal_places=5, null=True, blank=True)
    volume_ml = models.DecimalField(max_digits=9, decimal_places=3, null=True, blank=True)
    dilution = models.DecimalField(max_digits=12, decimal_places=4, null=True, blank=True)

    class Meta:
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["run", "number"], name="position_once_per_run"),
            models.UniqueConstraint(fields=["run", "label"], name="label_once_per_run"),
            models.CheckConstraint(
                condition=~Q(kind__in=["sample", "duplicate"]) | Q(aliquot__isnull=False), name="sample_position_has_aliquot"
            ),
            models.CheckConstraint(condition=~Q(kind="reference") | Q(material__isnull=False), name="reference_position_has_material"),
            models.CheckConstraint(condition=~Q(kind="spike") | Q(duplicate_of__isnull=False), name="spike_position_has_native"),
        ]

    def __str__(self) -> str:
        return f"{self.run} {self.number}"
