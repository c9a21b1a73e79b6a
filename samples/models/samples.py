"""The sample and what lies over it: holds and photos."""

from __future__ import annotations

from contextlib import suppress
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from lims.core.models import AppendOnly, Record, history
from lims.core.roles import LABORATORY_ROLES, Role
from samples.lifecycle import SampleState
from samples.models.places import coordinate


class Material(models.TextChoices):
    """What it is made of; the matrix decides method, units, drying and limits."""

    CLAY = "clay", _("ion-adsorption clay")
    SOIL = "soil", _("soil or saprolite")
    ROCK = "rock", _("hard rock or ore")
    CONCENTRATE = "concentrate", _("mineral concentrate")
    LIQUOR = "liquor", _("leach liquor")
    CARBONATE = "carbonate", _("rare-earth carbonate or oxalate")
    OXIDE = "oxide", _("calcined rare-earth oxide")


class SampleKind(models.TextChoices):
    """How it came to be."""

    FIELD = "field", _("field sample")
    FIELD_DUPLICATE = "field_duplicate", _("field duplicate")
    SUBSAMPLE = "subsample", _("sub-sample")
    PULP = "pulp", _("pulp")
    REJECT = "reject", _("coarse reject")
    COMPOSITE = "composite", _("composite")


class SamplingMethod(models.TextChoices):
    """How it was taken."""

    CHANNEL = "channel", _("channel")
    AUGER = "auger", _("auger")
    GRAB = "grab", _("grab")
    CORE = "core", _("drill core")
    TRENCH = "trench", _("trench")
    STOCKPILE = "stockpile", _("stockpile increments")
    LIQUOR = "liquor_dip", _("liquor dip")


class SampleQuerySet(models.QuerySet["Sample"]):
    """Samples by viewer and by what a person scans."""

    def visible_to(self, user: Any) -> SampleQuerySet:
        """Officials and administrators see all; firms their own; carriers what they carry or carried; laboratories what was sent to
        them."""
        if user.role in {Role.OFFICIAL, Role.ADMINISTRATOR}:
            return self
        if user.role == Role.COLLECTOR:
            return self.filter(owner=user.organisation_id)
        from samples.models.consignments import ConsignmentItem

        # What was taken out before the box left never reached anybody.
        items = ConsignmentItem.objects.filter(removed_at=None).exclude(consignment__state__in=["packing", "cancelled"])
        if user.role == Role.CUSTODIAN:
            carried = items.filter(Q(consignment__carrier=user.organisation_id) | Q(consignment__holder=user.organisation_id))
            return self.filter(pk__in=carried.values("sample"))
        if user.role in LABORATORY_ROLES:
            addressed = items.filter(consignment__addressee=user.organisation_id)
            return self.filter(Q(laboratory=user.organisation_id) | Q(pk__in=addressed.values("sample")))
        return self.none()

    def coded(self, code: str, user: Any) -> SampleQuerySet:
        """By human code, blind code or UUID. Laboratory staff but receptionists know samples by blind code only."""
        by_code = Q(blind_code=code)
        if user.role not in LABORATORY_ROLES or user.role == Role.RECEPTIONIST:
            by_code |= Q(code=code)
        with suppress(ValueError):
            by_code |= Q(pk=UUID(code))
        return self.filter(by_code)


@history()
class Sample(Record):
    """One sample with its sampling record (ISO/IEC 17025:2017, 7.3.3). Masses in grams, depths in metres.

    `state`, `holder`, `place` and `mass_g` follow from the custody ledger and are written only together with it.
    """

    code = models.CharField(max_length=24, unique=True, editable=False)
    blind_code = models.CharField(max_length=24, unique=True, editable=False)
    kind = models.CharField(max_length=16, choices=SampleKind, default=SampleKind.FIELD)
    parent = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="children")
    owner = models.ForeignKey("accounts.Organisation", on_delete=models.PROTECT, related_name="+", help_text=_("whose sample it is"))
    field_id = models.CharField(max_length=60, blank=True, help_text=_("What the collector wrote on the bag; unique per organisation"))
    visit = models.ForeignKey("samples.Visit", null=True, blank=True, on_delete=models.PROTECT, related_name="samples")
    mine = models.ForeignKey(
        "samples.Mine",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="samples",
        db_index=False,
        help_text=_("Empty only for a composite of several mines: its shares name them"),
    )
    pit = models.ForeignKey("samples.Pit", null=True, blank=True, on_delete=models.PROTECT, related_name="samples")
    material = models.CharField(max_length=16, choices=Material)
    method = models.CharField(max_length=16, choices=SamplingMethod)
    collected_by = models.CharField(max_length=120)
    collected_at = models.DateTimeField()
    collected_zone = models.CharField(max_length=40, help_text=_("IANA zone of the place, for example Asia/Yangon"))
    latitude = coordinate(90)
    longitude = coordinate(180)
    depth_from_m = models.DecimalField(max_digits=8, decimal_places=2, null=True, blank=True)
    depth_to_m = models.DecimalField(max_digits=8, decimal_places=2, null=True, blank=True)
    collected_mass_g = models.DecimalField(max_digits=12, decimal_places=3)
    container = models.CharField(max_length=40)
    container_count = models.PositiveSmallIntegerField(default=1)
    seal_number = models.CharField(max_length=40, null=True, blank=True)
    remark = models.TextField(blank=True)

    state = models.CharField(max_length=16, choices=SampleState, default=SampleState.COLLECTED)
    on_hold = models.BooleanField(default=False)
    has_open_discrepancy = models.BooleanField(default=False)
    needs_screen = models.BooleanField(default=False, help_text=_("Its dose rate has to be measured before anything is opened"))
    mass_g = models.DecimalField(max_digits=12, decimal_places=3)
    holder = models.ForeignKey("accounts.Organisation", on_delete=models.PROTECT, related_name="held_samples")
    place = models.CharField(max_length=160, blank=True)
    laboratory = models.ForeignKey(
        "accounts.Organisation", null=True, blank=True, on_delete=models.PROTECT, related_name="laboratory_samples"
    )
    received_at = models.DateTimeField(null=True, blank=True)
    retain_until = models.DateField(
        null=True, blank=True, help_text=_("Kept at least until then; from its arrival, and again from its report")
    )
    registered_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False)
    registered_at = models.DateTimeField()
    version = models.PositiveIntegerField(default=1, help_text=_("Counts corrections; the ETag"))

    objects = SampleQuerySet.as_manager()
    # What the seal register knew against the seal when the sample was registered; for the caller only, the register keeps it.
    seal_finding = ""

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["owner", "field_id"], condition=~Q(field_id=""), name="field_id_once_per_owner"),
            models.UniqueConstraint(fields=["seal_number"], name="seal_used_once"),
            models.CheckConstraint(condition=Q(collected_mass_g__gt=0), name="collected_mass_positive"),
            models.CheckConstraint(condition=Q(mass_g__gte=0), name="mass_not_negative"),
            models.CheckConstraint(
                condition=Q(mine__isnull=False) | Q(kind="composite") | Q(parent__isnull=False), name="only_composites_lack_a_mine"
            ),
            models.CheckConstraint(
                condition=Q(depth_from_m=None) | Q(depth_to_m=None) | Q(depth_to_m__gte=models.F("depth_from_m")),
                name="depth_interval_runs_down",
            ),
        ]
        indexes = [
            models.Index(fields=["state", "-id"], name="sample_by_state"),
            models.Index(fields=["mine", "-id"], name="sample_by_mine"),
            models.Index(fields=["owner", "-id"], name="sample_by_owner"),
            models.Index(fields=["laboratory", "-id"], name="sample_by_laboratory", condition=Q(laboratory__isnull=False)),
            models.Index(fields=["holder", "retain_until"], name="sample_by_retention", condition=Q(retain_until__isnull=False)),
            models.Index(models.F("received_at").desc(nulls_last=True), models.F("id").desc(), name="sample_by_reception"),
        ]

    def __str__(self) -> str:
        return self.code

    @property
    def code_for_refusal(self) -> str:
        """The code a refusal may name: at a laboratory the blind one."""
        return self.blind_code if self.laboratory_id else self.code

    def code_for(self, user: Any) -> str:
        """The code this viewer knows the sample by."""
        return self.blind_code if user.role in LABORATORY_ROLES else self.code


class HoldKind(models.TextChoices):
    """Why work on a sample stands still."""

    CUSTODY = "custody", _("custody")
    SAFETY = "safety", _("radiation safety")
    PROVENANCE = "provenance", _("provenance")
    CUSTOMER = "customer", _("customer")
    QUALITY = "quality", _("quality control")
    QUARANTINE = "quarantine", _("quarantine")


@history()
class Hold(Record):
    """A hold: opened with a reason, released with a reason."""

    sample = models.ForeignKey(Sample, on_delete=models.PROTECT, related_name="holds")
    kind = models.CharField(max_length=16, choices=HoldKind)
    reason = models.TextField()
    place = models.CharField(max_length=160, blank=True, help_text=_("Where a quarantined sample is kept apart"))
    opened_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    opened_at = models.DateTimeField()
    released_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    released_at = models.DateTimeField(null=True)
    release_reason = models.TextField(blank=True)
    release_signature = models.ForeignKey("accounts.Signature", null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["-opened_at"]
        indexes = [models.Index(fields=["opened_at"], condition=Q(released_at=None), name="open_holds")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.reason}"


class Photo(AppendOnly):
    """A photograph of a visit, a sample or a receipt; the bytes are kept by their SHA-256."""

    visit = models.ForeignKey("samples.Visit", null=True, on_delete=models.PROTECT, related_name="photos")
    sample = models.ForeignKey(Sample, null=True, on_delete=models.PROTECT, related_name="photos")
    receipt_item = models.ForeignKey("samples.ReceiptItem", null=True, on_delete=models.PROTECT, related_name="photos")
    discrepancy = models.ForeignKey("samples.Discrepancy", null=True, on_delete=models.PROTECT, related_name="photos")
    sha256 = models.CharField(max_length=64)
    content_type = models.CharField(max_length=20)
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    caption = models.CharField(max_length=200, blank=True)
    taken_at = models.DateTimeField(null=True)
    added_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    added_at = models.DateTimeField()

    class Meta:
        ordering = ["added_at"]
        constraints = [
            models.CheckConstraint(
                condition=Q(visit__isnull=False) | Q(sample__isnull=False) | Q(receipt_item__isnull=False), name="photo_shows_something"
            )
        ]

    def __str__(self) -> str:
        return self.caption or self.sha256[:12]
