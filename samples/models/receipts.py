"""Receipt at a laboratory, item by item, and the discrepancies it finds."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from lims.core.models import AppendOnly, Record, history
from lims.core.roles import LABORATORY_ROLES, Role


class Receipt(AppendOnly):
    """A reception of (part of) a consignment."""

    consignment = models.ForeignKey("samples.Consignment", on_delete=models.PROTECT, related_name="receipts")
    laboratory = models.ForeignKey("accounts.Organisation", on_delete=models.PROTECT, related_name="+")
    received_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    received_at = models.DateTimeField()
    remark = models.TextField(blank=True)

    class Meta:
        ordering = ["-received_at"]

    def __str__(self) -> str:
        return f"{self.consignment} {self.received_at:%Y-%m-%d}"


class SealCondition(models.TextChoices):
    """How the seal was found."""

    INTACT = "intact", _("intact")
    BROKEN = "broken", _("broken")
    MISSING = "missing", _("missing")
    NONE = "none", _("none was applied")


class ReceiptItem(AppendOnly):
    """What was found of one sample."""

    receipt = models.ForeignKey(Receipt, on_delete=models.PROTECT, related_name="items")
    sample = models.ForeignKey("samples.Sample", on_delete=models.PROTECT, related_name="receipt_items")
    present = models.BooleanField()
    seal_number = models.CharField(max_length=40, blank=True)
    seal_condition = models.CharField(max_length=10, choices=SealCondition, blank=True)
    container_intact = models.BooleanField(null=True)
    container_count = models.PositiveSmallIntegerField(null=True)
    mass_g = models.DecimalField(max_digits=12, decimal_places=3, null=True)
    remark = models.TextField(blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["receipt", "sample"], name="sample_once_per_receipt")]

    def __str__(self) -> str:
        return f"{self.receipt} {self.sample}"


class ReceiptPack(AppendOnly):
    """How the seal around several samples was found at a reception: that of a pack, or (`pack` empty) the one of the whole consignment."""

    receipt = models.ForeignKey(Receipt, on_delete=models.PROTECT, related_name="packs")
    pack = models.ForeignKey("samples.Pack", null=True, on_delete=models.PROTECT, related_name="+")
    seal_number = models.CharField(max_length=40, blank=True)
    seal_condition = models.CharField(max_length=10, choices=SealCondition)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["receipt", "pack"], nulls_distinct=False, name="outer_seal_once_per_receipt")]

    def __str__(self) -> str:
        return f"{self.receipt} {self.pack or ''}".strip()


class DiscrepancyKind(models.TextChoices):
    """What differs from what was sent."""

    MISSING = "missing", _("sample missing")
    SEAL_BROKEN = "seal_broken", _("seal broken")
    SEAL_MISSING = "seal_missing", _("seal missing")
    SEAL_DIFFERS = "seal_differs", _("seal differs")
    SEAL_UNISSUED = "seal_unissued", _("seal not in the register")
    SEAL_FOREIGN = "seal_foreign", _("seal issued to somebody else")
    SEAL_VOID = "seal_void", _("seal void or returned")
    SEAL_REUSED = "seal_reused", _("seal used before")
    CONTAINER = "container", _("container damaged")
    CONTAINER_MISSING = "container_missing", _("container missing")
    CONTAINER_EXTRA = "container_extra", _("container too many")
    MASS = "mass", _("mass outside tolerance")
    UNEXPECTED = "unexpected", _("sample not on the list")
    TIME_REVERSED = "time_reversed", _("time runs backwards")
    NOT_ADDRESSEE = "not_addressee", _("receiver was not the addressee")
    ACTIVITY = "activity", _("radioactivity above the limit")
    CUSTODY_GAP = "custody_gap", _("lost for a time and found again")
    OTHER = "other", _("something else")


class Decision(models.TextChoices):
    """How a discrepancy is settled."""

    ACCEPT = "accept", _("accept the sample, with the deviation on its report")
    REFUSE = "refuse", _("refuse the sample")
    LOST = "lost", _("declare the sample lost")


class DiscrepancyQuerySet(models.QuerySet["Discrepancy"]):
    """Discrepancies by viewer."""

    def visible_to(self, user: Any) -> DiscrepancyQuerySet:
        """Officials and administrators see all, a laboratory those it found, firms and carriers those of their samples and consignments."""
        if user.role in {Role.OFFICIAL, Role.ADMINISTRATOR}:
            return self
        if user.role in LABORATORY_ROLES:
            return self.filter(laboratory=user.organisation_id)
        from samples.models.consignments import Consignment

        theirs = Q(receipt_item__receipt__consignment__in=Consignment.objects.visible_to(user).values("pk"))
        return self.filter(theirs | Q(sample__owner=user.organisation_id))

    def undecided(self) -> DiscrepancyQuerySet:
        """Those that still block their sample."""
        return self.filter(decided_at=None)


@history()
class Discrepancy(Record):
    """Something that blocks the sample until its laboratory's quality manager has decided, with a reason and a signature.

    What was found never changes. The decision is a `Settlement` of its own and an event in the ledger; the members from `decision` on are
    copied from it, so that queues need not look further.
    """

    sample = models.ForeignKey("samples.Sample", on_delete=models.PROTECT, related_name="discrepancies")
    receipt_item = models.ForeignKey(ReceiptItem, null=True, on_delete=models.PROTECT, related_name="discrepancies")
    receipt_pack = models.ForeignKey(
        ReceiptPack, null=True, on_delete=models.PROTECT, related_name="discrepancies", help_text=_("The seal around it that was found so")
    )
    laboratory = models.ForeignKey("accounts.Organisation", on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=24, choices=DiscrepancyKind)
    detail = models.TextField()
    found_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    found_at = models.DateTimeField()
    decision = models.CharField(max_length=10, choices=Decision, blank=True)
    reason = models.TextField(blank=True)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    decided_at = models.DateTimeField(null=True)
    signature = models.ForeignKey("accounts.Signature", null=True, on_delete=models.PROTECT, related_name="+")

    objects = DiscrepancyQuerySet.as_manager()

    class Meta:
        ordering = ["-found_at"]
        verbose_name_plural = "discrepancies"
        indexes = [models.Index(fields=["laboratory", "found_at"], condition=Q(decided_at=None), name="open_discrepancies")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.detail}"


class Settlement(AppendOnly):
    """The signed decision on one discrepancy: never changed, never removed. `shown_hash` is that of what the signer was shown."""

    discrepancy = models.OneToOneField(Discrepancy, on_delete=models.PROTECT, related_name="settlement")
    decision = models.CharField(max_length=10, choices=Decision)
    reason = models.TextField()
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    decided_at = models.DateTimeField()
    signature = models.ForeignKey("accounts.Signature", on_delete=models.PROTECT, related_name="+")
    shown_hash = models.CharField(max_length=64, blank=True)

    def __str__(self) -> str:
        return f"{self.discrepancy}: {self.get_decision_display()}"
