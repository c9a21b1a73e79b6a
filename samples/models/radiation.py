"""Radiation: what a laboratory asks for at its door, dose rates measured there, activities that clear a sample or hold it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from lims.core import clock
from lims.core.models import AppendOnly
from lims.core.roles import LABORATORY_ROLES, Role

# What holds where a laboratory has set nothing: contents are judged by 1 Bq/g (IAEA RS-G-1.7, GSR Part 3 Table I.3), nothing is asked at
# the door, two balances may differ by 1 % or 2 g, two clocks by five minutes.
DEFAULT_ACTIVITY_LIMIT = Decimal(1)
DEFAULT_DOSE_RATE_LIMIT = Decimal("0.5")
DEFAULT_CLOCK_SKEW = 5


class DoorPolicy(AppendOnly):
    """What one laboratory asks for and tolerates at its door, from a day on; the newest counts. Limits are data: check the regulator's
    text before they are called a legal requirement."""

    laboratory = models.ForeignKey("accounts.Organisation", on_delete=models.PROTECT, related_name="door_policies")
    requires_screen = models.BooleanField(default=False)
    dose_rate_limit = models.DecimalField(
        max_digits=8, decimal_places=3, default=DEFAULT_DOSE_RATE_LIMIT, help_text=_("µSv/h above background, at 10 cm of the package")
    )
    activity_limit = models.DecimalField(
        max_digits=8, decimal_places=3, default=DEFAULT_ACTIVITY_LIMIT, help_text=_("Bq/g of each nuclide of natural origin")
    )
    gamma_for_processed = models.BooleanField(default=True)
    quarantine_place = models.CharField(max_length=160, blank=True)
    mass_tolerance_percent = models.DecimalField(max_digits=5, decimal_places=2, default=Decimal(1))
    mass_tolerance_g = models.DecimalField(max_digits=8, decimal_places=3, default=Decimal(2))
    clock_skew_minutes = models.PositiveSmallIntegerField(default=DEFAULT_CLOCK_SKEW)
    reason = models.TextField()
    set_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    set_at = models.DateTimeField()

    class Meta:
        ordering = ["-set_at", "-id"]

    def __str__(self) -> str:
        return f"{self.laboratory} {self.set_at:%Y-%m-%d}"

    @classmethod
    def of(cls, laboratory: Any) -> DoorPolicy:
        """The policy of a laboratory (an organisation or its id) that is in force; the defaults, unsaved, where it has set none."""
        key = getattr(laboratory, "pk", laboratory)
        return cls.objects.filter(laboratory=key, set_at__lte=clock.now()).first() or cls(laboratory_id=key, gamma_for_processed=False)


class RadiationQuerySet(models.QuerySet[Any]):
    """Measurements by viewer."""

    def visible_to(self, user: Any) -> RadiationQuerySet:
        """A laboratory's own; officials and administrators see all, firms those of their samples."""
        if user.role in {Role.OFFICIAL, Role.ADMINISTRATOR}:
            return self
        if user.role in LABORATORY_ROLES:
            return self.filter(laboratory=user.organisation_id)
        return self.filter(sample__owner=user.organisation_id) if user.role == Role.COLLECTOR else self.none()


class DoorScreen(AppendOnly):
    """One dose rate, measured at the closed package. µSv/h, distance in cm; the uncertainty is expanded (k stated)."""

    sample = models.ForeignKey("samples.Sample", on_delete=models.PROTECT, related_name="door_screens")
    laboratory = models.ForeignKey("accounts.Organisation", on_delete=models.PROTECT, related_name="+")
    dose_rate = models.DecimalField(max_digits=9, decimal_places=3)
    background = models.DecimalField(max_digits=9, decimal_places=3)
    uncertainty = models.DecimalField(max_digits=9, decimal_places=3, default=Decimal(0))
    k = models.DecimalField(max_digits=3, decimal_places=1, default=Decimal(2))
    distance_cm = models.DecimalField(max_digits=5, decimal_places=1)
    instrument = models.CharField(max_length=80)
    limit = models.DecimalField(max_digits=8, decimal_places=3)
    passed = models.BooleanField()
    remark = models.TextField(blank=True)
    measured_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    measured_at = models.DateTimeField()

    objects = RadiationQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(dose_rate__gte=0) & Q(background__gte=0) & Q(uncertainty__gte=0), name="dose_rates_not_negative"
            )
        ]
        indexes = [models.Index(fields=["laboratory", "-id"], name="door_screens_by_laboratory")]

    def __str__(self) -> str:
        return f"{self.dose_rate} µSv/h"

    @property
    def sentence(self) -> str:
        """The measurement against its limit, in words."""
        net = max(self.dose_rate - self.background, Decimal(0))
        side = "below" if self.passed else "not below"
        return (
            f"{net.normalize():f} + {self.uncertainty.normalize():f} µSv/h above background (k = {self.k.normalize():f}) ="
            f" {(net + self.uncertainty).normalize():f} µSv/h, {side} the limit of {self.limit.normalize():f} µSv/h."
        )


class ActivitySource(models.TextChoices):
    """How activities became known."""

    CONTENT = "content", _("computed from Th and U")
    GAMMA = "gamma", _("gamma spectrometry")


class ActivityAssessment(AppendOnly):
    """Activities of one sample judged against a limit: cleared only where every nuclide's value + expanded uncertainty is below it."""

    sample = models.ForeignKey("samples.Sample", on_delete=models.PROTECT, related_name="activity_assessments")
    laboratory = models.ForeignKey("accounts.Organisation", on_delete=models.PROTECT, related_name="+")
    source = models.CharField(max_length=8, choices=ActivitySource)
    measured_by_name = models.CharField(max_length=160, blank=True, help_text=_("The laboratory of the spectrometer"))
    reference = models.CharField(max_length=80, blank=True, help_text=_("Report, spectrum or run it comes from"))
    processed = models.BooleanField()
    limit = models.DecimalField(max_digits=8, decimal_places=3)
    cleared = models.BooleanField()
    reasons = models.JSONField(default=list)
    nuclides = models.JSONField(help_text=_("[{nuclide, activity, qualifier, uncertainty, k}], Bq/g as texts"))
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField()

    objects = RadiationQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["laboratory", "-id"], name="activities_by_laboratory")]

    def __str__(self) -> str:
        return f"{self.get_source_display()}: {'; '.join(self.reasons) or 'below the limit'}"
