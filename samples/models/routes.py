"""How consignments travel: border posts and routes as reference data, the legs a consignment passed, the alarms when one is overdue.

A route is never edited: a change is a new version, and a consignment keeps the version it left with.
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from lims.core.models import AppendOnly, Record, history
from lims.core.roles import Action, allowed
from samples.route_rules import LegPlan


class PostStatus(models.TextChoices):
    """Whether goods pass a border post."""

    OPEN = "open", _("open")
    LIMITED = "limited", _("people only, or with permits of its own")
    CLOSED = "closed", _("not working")
    UNKNOWN = "unknown", _("not known")


@history()
class BorderPost(Record):
    """A place where a border is crossed, with what is known of it and from where."""

    code = models.CharField(max_length=12, unique=True)
    name = models.CharField(max_length=80, unique=True)
    far_side = models.CharField(max_length=80, blank=True)
    region = models.CharField(max_length=80, blank=True)
    status = models.CharField(max_length=10, choices=PostStatus, default=PostStatus.UNKNOWN)
    remark = models.TextField(blank=True)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class RouteQuerySet(models.QuerySet["Route"]):
    """Routes by viewer."""

    def visible_to(self, user: Any) -> RouteQuerySet:
        """Whoever plans or oversees ways; laboratories learn no places of the road."""
        return self if allowed(user, Action.ROUTE_VIEW) else self.none()


@history()
class Route(Record):
    """A way from the field to a laboratory."""

    code = models.CharField(max_length=12, unique=True)
    name = models.CharField(max_length=120)
    active = models.BooleanField(default=True)

    objects = RouteQuerySet.as_manager()

    class Meta:
        ordering = ["code"]

    def __str__(self) -> str:
        return self.code


class RouteVersion(AppendOnly):
    """One version of a route; the highest number is in force."""

    route = models.ForeignKey(Route, on_delete=models.PROTECT, related_name="versions", db_index=False)
    number = models.PositiveSmallIntegerField()
    reason = models.TextField(blank=True)
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField()

    class Meta:
        ordering = ["route__code", "-number"]
        constraints = [models.UniqueConstraint(fields=["route", "number"], name="route_version_once")]

    def __str__(self) -> str:
        return f"{self.route.code} {self.number}"

    def plan(self) -> list[LegPlan]:
        """Its legs as the rules read them."""
        return [
            LegPlan(
                number=leg.number,
                mode=leg.mode,
                origin=leg.origin,
                destination=leg.destination,
                transit_days=leg.transit_days,
                closed_months=tuple(leg.closed_months),
                papers=tuple(leg.papers),
            )
            for leg in self.legs.all()
        ]


class LegMode(models.TextChoices):
    """How a leg is travelled."""

    ROAD = "road", _("road")
    RIVER = "river", _("river")
    AIR = "air", _("air")
    RAIL = "rail", _("rail")
    BORDER_POST = "border_post", _("border post")


class PaperKind(models.TextChoices):
    """What customs and other offices ask for."""

    EXPORT_PERMIT = "export_permit", _("export permit")
    IMPORT_LICENCE = "import_licence", _("import licence")
    DECLARATION = "declaration", _("customs declaration")
    INVOICE = "invoice", _("invoice for customs")
    TRANSIT_PERMIT = "transit_permit", _("transit permit")
    NORM_NOTICE = "norm_notice", _("notice of natural radioactivity (NORM)")
    SOIL_PERMIT = "soil_permit", _("soil permit of plant quarantine")
    OTHER = "other", _("other paper")


class RouteLeg(AppendOnly):
    """One leg of a route version. Transit in days; cost for one consignment in `currency` (ISO 4217); `closed_months` 1 to 12; `papers` are
    the kinds that are asked for on it."""

    version = models.ForeignKey(RouteVersion, on_delete=models.PROTECT, related_name="legs", db_index=False)
    number = models.PositiveSmallIntegerField()
    mode = models.CharField(max_length=12, choices=LegMode)
    origin = models.CharField(max_length=80)
    destination = models.CharField(max_length=80)
    border_post = models.ForeignKey(BorderPost, null=True, on_delete=models.PROTECT, related_name="+")
    transit_days = models.DecimalField(max_digits=5, decimal_places=2, validators=[MinValueValidator(0), MaxValueValidator(365)])
    cost = models.DecimalField(max_digits=12, decimal_places=2, null=True)
    currency = models.CharField(max_length=3, blank=True)
    hazard = models.CharField(max_length=200, blank=True)
    closed_months = ArrayField(models.PositiveSmallIntegerField(), default=list)
    papers = ArrayField(models.CharField(max_length=16, choices=PaperKind), default=list)

    class Meta:
        ordering = ["number"]
        constraints = [models.UniqueConstraint(fields=["version", "number"], name="leg_once_per_version")]

    def __str__(self) -> str:
        return f"{self.number}. {self.origin} → {self.destination}"


class LegPassage(AppendOnly):
    """A consignment passed a leg of its route."""

    consignment = models.ForeignKey("samples.Consignment", on_delete=models.PROTECT, related_name="passages", db_index=False)
    leg = models.ForeignKey(RouteLeg, on_delete=models.PROTECT, related_name="+")
    place = models.CharField(max_length=160)
    remark = models.TextField(blank=True)
    passed_at = models.DateTimeField()
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField()

    class Meta:
        ordering = ["passed_at"]
        constraints = [models.UniqueConstraint(fields=["consignment", "leg"], name="leg_passed_once")]

    def __str__(self) -> str:
        return f"{self.consignment} {self.leg}"


class OverdueAlarm(AppendOnly):
    """A consignment had not arrived when it was promised. Open as long as it travels under that promise; a later one gets its own."""

    consignment = models.ForeignKey("samples.Consignment", on_delete=models.PROTECT, related_name="alarms", db_index=False)
    expected_by = models.DateTimeField()
    raised_at = models.DateTimeField()

    class Meta:
        ordering = ["raised_at"]
        constraints = [models.UniqueConstraint(fields=["consignment", "expected_by"], name="one_alarm_per_promise")]

    def __str__(self) -> str:
        return f"{self.consignment} {self.expected_by:%Y-%m-%d}"
