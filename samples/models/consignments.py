"""Consignments and handovers."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from lims.core.models import Record, history
from lims.core.roles import LABORATORY_ROLES, Role
from samples.lifecycle import ConsignmentState, SampleState


class ConsignmentQuerySet(models.QuerySet["Consignment"]):
    """Consignments by viewer."""

    def visible_to(self, user: Any) -> ConsignmentQuerySet:
        """Officials see all; sender, carrier, holder, pending receiver and (once dispatched) addressee see theirs."""
        if user.role in {Role.OFFICIAL, Role.ADMINISTRATOR}:
            return self
        mine = user.organisation_id
        if user.role in {Role.COLLECTOR, Role.CUSTODIAN} or user.role in LABORATORY_ROLES:
            offered = Handover.objects.filter(receiver=mine).values("consignment")
            under_way = ~Q(state__in=["packing", "cancelled"])
            return self.filter(Q(sender=mine) | (under_way & (Q(carrier=mine) | Q(holder=mine) | Q(addressee=mine) | Q(pk__in=offered))))
        return self.none()


@history()
class Consignment(Record):
    """Samples travelling together under one waybill from a sender to an addressee."""

    code = models.CharField(max_length=24, unique=True, editable=False)
    state = models.CharField(max_length=12, choices=ConsignmentState, default=ConsignmentState.PACKING)
    sender = models.ForeignKey("accounts.Organisation", on_delete=models.PROTECT, related_name="+")
    carrier = models.ForeignKey("accounts.Organisation", null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    addressee = models.ForeignKey("accounts.Organisation", on_delete=models.PROTECT, related_name="incoming_consignments")
    holder = models.ForeignKey("accounts.Organisation", on_delete=models.PROTECT, related_name="+")
    purpose = models.CharField(max_length=200, default="geological sample for testing purposes only")
    waybill = models.CharField(max_length=80, blank=True)
    border_post = models.CharField(max_length=80, blank=True)
    outer_seal = models.CharField(max_length=40, blank=True)
    last_seen = models.CharField(max_length=160, blank=True)
    last_seen_at = models.DateTimeField(null=True, blank=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    dispatched_at = models.DateTimeField(null=True, blank=True)
    expected_by = models.DateTimeField(null=True, blank=True)
    received_at = models.DateTimeField(null=True, blank=True)

    route = models.ForeignKey("samples.RouteVersion", null=True, blank=True, on_delete=models.PROTECT, related_name="consignments")
    season_reason = models.TextField(blank=True, help_text=_("Why it left although a leg of its route is closed then"))
    hs_code = models.CharField(max_length=12, blank=True, help_text=_("As declared"))
    norm_notice = models.BooleanField(default=False, help_text=_("Declared to hold natural radioactivity"))
    soil_notice = models.BooleanField(default=False, help_text=_("Declared to hold soil"))
    returns = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="sent_back")

    objects = ConsignmentQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["outer_seal"], condition=~Q(outer_seal="") & ~Q(state="cancelled"), name="outer_seal_used_once")
        ]
        indexes = [models.Index(fields=["state", "-id"], name="consignment_by_state")]

    def __str__(self) -> str:
        return self.code


class PackKind(models.TextChoices):
    """What a pack is."""

    BOX = "box", _("box")
    DRUM = "drum", _("drum")
    BAG = "bag", _("sack")
    CASE = "case", _("case")


@history()
class Pack(Record):
    """One of several packs of a consignment, closed with a seal of its own. Gross mass in kilograms."""

    consignment = models.ForeignKey(Consignment, on_delete=models.PROTECT, related_name="packs", db_index=False)
    number = models.PositiveSmallIntegerField()
    kind = models.CharField(max_length=8, choices=PackKind, default=PackKind.BOX)
    seal_number = models.CharField(max_length=40, blank=True)
    gross_kg = models.DecimalField(max_digits=8, decimal_places=3, null=True)

    class Meta:
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["consignment", "number"], name="pack_number_once"),
            models.UniqueConstraint(fields=["seal_number"], condition=~Q(seal_number=""), name="pack_seal_used_once"),
        ]

    def __str__(self) -> str:
        return f"{self.consignment} / {self.number}"


@history()
class ConsignmentItem(Record):
    """One sample in one consignment, with the seal and mass it left with, and the state it returns to when it is taken out again."""

    consignment = models.ForeignKey(Consignment, on_delete=models.PROTECT, related_name="items", db_index=False)
    sample = models.ForeignKey("samples.Sample", on_delete=models.PROTECT, related_name="consignment_items")
    seal_number = models.CharField(max_length=40, blank=True)
    pack = models.ForeignKey(Pack, null=True, on_delete=models.PROTECT, related_name="items")
    container_count = models.PositiveSmallIntegerField(default=1)
    mass_g = models.DecimalField(max_digits=12, decimal_places=3)
    state_before = models.CharField(max_length=16, choices=SampleState, default=SampleState.COLLECTED)
    removed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["sample__code"]
        constraints = [models.UniqueConstraint(fields=["consignment", "sample"], name="sample_once_per_consignment")]

    def __str__(self) -> str:
        return f"{self.consignment} {self.sample}"


class HandoverState(models.TextChoices):
    """The receiver's answer."""

    PENDING = "pending", _("waits for the receiver")
    ACKNOWLEDGED = "acknowledged", _("acknowledged")
    REFUSED = "refused", _("refused")
    WITHDRAWN = "withdrawn", _("withdrawn by the giver")


class HandoverManner(models.TextChoices):
    """How the two sides of a handover were recorded."""

    SEPARATE = "separate", _("each side on its own")
    ONE_PHONE = "one_phone", _("both on one phone")
    TWO_PHONES = "two_phones", _("by a code from phone to phone")
    PAPER = "paper", _("from a paper form")


@history()
class Handover(Record):
    """One offered transfer of a whole consignment: the giver relinquishes, the receiver acknowledges or refuses."""

    consignment = models.ForeignKey(Consignment, on_delete=models.PROTECT, related_name="handovers")
    state = models.CharField(max_length=12, choices=HandoverState, default=HandoverState.PENDING)
    giver = models.ForeignKey("accounts.Organisation", on_delete=models.PROTECT, related_name="+")
    giver_user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    receiver = models.ForeignKey("accounts.Organisation", on_delete=models.PROTECT, related_name="+")
    receiver_user = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    place = models.CharField(max_length=160, blank=True)
    remark = models.TextField(blank=True)
    relinquished_at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True)
    answer_remark = models.TextField(blank=True)
    seals_intact = models.BooleanField(null=True)
    giver_signature = models.ForeignKey("accounts.Signature", null=True, on_delete=models.PROTECT, related_name="+")
    receiver_signature = models.ForeignKey("accounts.Signature", null=True, on_delete=models.PROTECT, related_name="+")
    manner = models.CharField(max_length=12, choices=HandoverManner, default=HandoverManner.SEPARATE)
    # Of a handover that was signed on paper: who signed, why on paper, the scan, and who vouches for the record of it.
    giver_person = models.CharField(max_length=120, blank=True)
    receiver_person = models.CharField(max_length=120, blank=True)
    paper_reason = models.TextField(blank=True)
    paper_sha256 = models.CharField(max_length=64, blank=True)
    paper_type = models.CharField(max_length=40, blank=True)
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField(null=True)
    recorder_signature = models.ForeignKey("accounts.Signature", null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["-relinquished_at"]
        constraints = [models.UniqueConstraint(fields=["consignment"], condition=Q(state="pending"), name="one_pending_handover")]

    def __str__(self) -> str:
        return f"{self.consignment}: {self.giver} → {self.receiver}"


@history()
class HandoverToken(Record):
    """What the giver's phone shows as a QR and the receiver's phone answers with: good once, for minutes. Only its SHA-256 is kept."""

    handover = models.ForeignKey(Handover, on_delete=models.PROTECT, related_name="tokens")
    digest = models.CharField(max_length=64, unique=True)
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)
    used_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")

    def __str__(self) -> str:
        return f"{self.handover} until {self.expires_at:%H:%M}"
