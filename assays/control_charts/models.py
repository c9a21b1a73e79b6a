"""What control charts are drawn from: every measurement of a control material as it was judged, limits set from history, and what people
found out about a point. All append-only."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from assays.models.judgements import Outcome
from lims.core.models import AppendOnly
from lims.core.roles import LABORATORY_ROLES, Role


class SeriesQuerySet(models.QuerySet["ControlSeries"]):
    """Series by viewer."""

    def visible_to(self, user: Any) -> SeriesQuerySet:
        """A laboratory's own; administrators may look."""
        if user.role == Role.ADMINISTRATOR:
            return self
        if user.role in LABORATORY_ROLES:
            return self.filter(laboratory=user.organisation_id)
        return self.none()


class ControlSeries(AppendOnly):
    """What one chart follows: one material, one analyte, one method, one instrument, in one laboratory."""

    laboratory = models.ForeignKey("accounts.Organisation", on_delete=models.PROTECT, related_name="+", db_index=False)
    material = models.ForeignKey("assays.ReferenceMaterial", on_delete=models.PROTECT, related_name="+")
    analyte = models.ForeignKey("assays.Analyte", on_delete=models.PROTECT, related_name="+", db_index=False)
    method = models.ForeignKey("assays.Method", on_delete=models.PROTECT, related_name="+")
    instrument = models.ForeignKey("instruments.Instrument", on_delete=models.PROTECT, related_name="+")

    objects = SeriesQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["laboratory", "material", "method", "analyte", "instrument"], name="one_series_per_control")
        ]

    def __str__(self) -> str:
        return f"{self.analyte_id} in {self.material_id}"


class ControlPoint(AppendOnly):
    """One measurement of a series as one evaluation judged it, in `unit` on the basis of the method.

    `value` is unrounded, or the limit where `qualifier` is `<` or `>`: such a point is shown and never averaged. `expected` and `sd` are
    the material's at that time for the method's group, null where it has none. A later evaluation of the run brings points of its own;
    those of the newest count.
    """

    series = models.ForeignKey(ControlSeries, on_delete=models.PROTECT, related_name="points", db_index=False)
    run = models.ForeignKey("assays.Run", on_delete=models.PROTECT, related_name="+")
    evaluation = models.ForeignKey("assays.Evaluation", on_delete=models.PROTECT, related_name="+", db_index=False)
    evaluation_number = models.PositiveSmallIntegerField()
    position = models.ForeignKey("assays.RunPosition", on_delete=models.PROTECT, related_name="+", db_index=False)
    verdict = models.ForeignKey("assays.Verdict", null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    measured_at = models.DateTimeField()
    value = models.DecimalField(max_digits=24, decimal_places=12)
    qualifier = models.CharField(max_length=1, blank=True)
    unit = models.CharField(max_length=12)
    expected = models.DecimalField(max_digits=24, decimal_places=12, null=True)
    sd = models.DecimalField(max_digits=24, decimal_places=12, null=True)
    outcome = models.CharField(max_length=8, choices=Outcome)

    class Meta:
        indexes = [
            models.Index(fields=["series", "-measured_at", "-id"], name="points_of_a_series"),
            models.Index(fields=["series", "-measured_at"], condition=models.Q(outcome=Outcome.FAIL), name="failed_points_of_a_series"),
        ]

    def __str__(self) -> str:
        return f"{self.qualifier}{self.value:f} {self.unit}"


class ChartLimits(AppendOnly):
    """Limits of a series from its own history (ISO 7870-2, individuals), in force from `set_at` until the next are set.

    `centre` and `sigma` (mean moving range / 1.128) come from the `n` points measured from `first_at` to `last_at`, without those that are
    bounds.
    """

    series = models.ForeignKey(ControlSeries, on_delete=models.PROTECT, related_name="limits", db_index=False)
    centre = models.DecimalField(max_digits=24, decimal_places=12)
    sigma = models.DecimalField(max_digits=24, decimal_places=12)
    unit = models.CharField(max_length=12)
    n = models.PositiveIntegerField()
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()
    reason = models.TextField()
    set_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    set_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["series", "-set_at"], name="limits_of_a_series")]

    def __str__(self) -> str:
        return f"{self.centre:f} ± {self.sigma:f}"


class NoteKind(models.TextChoices):
    """What a note on a point is."""

    CAUSE = "cause", _("cause found")
    NO_CAUSE = "no_cause", _("no cause found")
    REMARK = "remark", _("remark")


class PointNote(AppendOnly):
    """What a person says of one measurement of a control. A point that failed is explained once it carries a cause, or that none was
    found."""

    series = models.ForeignKey(ControlSeries, on_delete=models.PROTECT, related_name="notes")
    position = models.ForeignKey("assays.RunPosition", on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=10, choices=NoteKind)
    text = models.TextField()
    noted_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    noted_at = models.DateTimeField()

    class Meta:
        ordering = ["noted_at"]

    def __str__(self) -> str:
        return self.text
