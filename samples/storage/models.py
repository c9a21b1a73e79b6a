"""Where samples are kept: each organisation's tree of places, which sample lies where, who moved it, what was read there."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from lims.core.models import AppendOnly, Record, history
from lims.core.roles import Role
from samples.storage.conditions import Range

PATH_SEPARATOR = " / "


@history()
class LocationKind(Record):
    """A kind of place (site, room, rack, shelf, box, position, and what a laboratory adds); `depth` orders them from the outside in."""

    code = models.SlugField(max_length=20, unique=True)
    name = models.CharField(max_length=40)
    depth = models.PositiveSmallIntegerField()
    holds_samples = models.BooleanField(default=False, help_text=_("A sample may lie in it"))

    class Meta:
        ordering = ["depth", "name"]

    def __str__(self) -> str:
        return self.name


class LocationQuerySet(models.QuerySet["Location"]):
    """Places by viewer."""

    def visible_to(self, user: Any) -> LocationQuerySet:
        """Officials and administrators see all, everybody else their own organisation's."""
        if user.role in {Role.OFFICIAL, Role.ADMINISTRATOR}:
            return self
        return self.filter(organisation=user.organisation_id)


@history()
class Location(Record):
    """One place in the tree. Temperatures in °C, humidity in % r.h.; a place without a range of its own has that of the place around it.

    `roles` are those who may put in and take out there (empty: whoever may move samples), and holds for everything inside.
    """

    code = models.CharField(max_length=24, unique=True, editable=False)
    organisation = models.ForeignKey("accounts.Organisation", on_delete=models.PROTECT, related_name="+")
    kind = models.ForeignKey(LocationKind, on_delete=models.PROTECT, related_name="+", db_index=False)
    parent = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="children", db_index=False)
    name = models.CharField(max_length=60)
    path = models.CharField(max_length=240, editable=False)
    row = models.PositiveSmallIntegerField(null=True, blank=True)
    column = models.PositiveSmallIntegerField(null=True, blank=True)
    rows = models.PositiveSmallIntegerField(null=True, blank=True)
    columns = models.PositiveSmallIntegerField(null=True, blank=True)
    temperature_min_c = models.DecimalField(max_digits=5, decimal_places=1, null=True, blank=True)
    temperature_max_c = models.DecimalField(max_digits=5, decimal_places=1, null=True, blank=True)
    humidity_min_percent = models.DecimalField(max_digits=5, decimal_places=1, null=True, blank=True)
    humidity_max_percent = models.DecimalField(max_digits=5, decimal_places=1, null=True, blank=True)
    radiation_controlled = models.BooleanField(default=False)
    locked = models.BooleanField(default=False)
    roles = models.JSONField(default=list, blank=True)
    active = models.BooleanField(default=True)
    remark = models.TextField(blank=True)

    objects = LocationQuerySet.as_manager()

    class Meta:
        ordering = ["path"]
        constraints = [
            models.UniqueConstraint(fields=["parent", "name"], name="location_name_once_in_its_place"),
            models.UniqueConstraint(fields=["organisation", "name"], condition=Q(parent=None), name="site_name_once_per_organisation"),
            models.UniqueConstraint(fields=["parent", "row", "column"], condition=Q(row__isnull=False), name="one_position_per_cell"),
        ]
        indexes = [models.Index(fields=["organisation", "path"], name="location_by_path")]

    def __str__(self) -> str:
        return self.path

    @property
    def temperature(self) -> Range:
        """Its own range, in °C."""
        return Range(self.temperature_min_c, self.temperature_max_c, "°C")

    @property
    def humidity(self) -> Range:
        """Its own range, in % relative humidity."""
        return Range(self.humidity_min_percent, self.humidity_max_percent, "% r.h.")


@history()
class Placement(Record):
    """A sample in a position, now. The database lets one sample lie in one position, and one position hold one sample."""

    sample = models.OneToOneField("samples.Sample", on_delete=models.PROTECT, related_name="placement")
    location = models.OneToOneField(Location, on_delete=models.PROTECT, related_name="placement")
    placed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False)
    placed_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.sample_id} in {self.location_id}"


class Movement(AppendOnly):
    """One time a sample was put in (no `source`), moved, or taken out (no `target`). The ledger has the same; this is for looking up."""

    sample = models.ForeignKey("samples.Sample", on_delete=models.PROTECT, related_name="movements")
    source = models.ForeignKey(Location, null=True, on_delete=models.PROTECT, related_name="+")
    target = models.ForeignKey(Location, null=True, on_delete=models.PROTECT, related_name="+")
    reason = models.CharField(max_length=500, blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        ordering = ["-at", "-id"]
        constraints = [
            models.CheckConstraint(condition=Q(source__isnull=False) | Q(target__isnull=False), name="movement_goes_somewhere"),
        ]

    def __str__(self) -> str:
        return f"{self.sample_id}: {self.source_id} → {self.target_id}"


class ConditionReading(AppendOnly):
    """Temperature (°C) and humidity (% r.h.) read at a place; `excursion` says how far outside the range that held then, or is empty."""

    location = models.ForeignKey(Location, on_delete=models.PROTECT, related_name="readings", db_index=False)
    temperature_c = models.DecimalField(max_digits=5, decimal_places=1, null=True)
    humidity_percent = models.DecimalField(max_digits=5, decimal_places=1, null=True)
    excursion = models.CharField(max_length=160, blank=True)
    remark = models.CharField(max_length=300, blank=True)
    read_at = models.DateTimeField()
    read_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["-read_at"]
        constraints = [
            models.CheckConstraint(
                condition=Q(temperature_c__isnull=False) | Q(humidity_percent__isnull=False), name="reading_reads_something"
            )
        ]
        indexes = [models.Index(fields=["location", "-read_at"], name="readings_of_location")]

    def __str__(self) -> str:
        return f"{self.location_id} {self.read_at}"
