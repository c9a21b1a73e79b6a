"""The ledger: events, what their commitments hide, and the ends of the chains."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from lims.core.models import AppendOnly
from samples.custody.kinds import EventKind


class CustodyHead(models.Model):
    """The end of one sample's chain. The mutable row writers lock; never the events."""

    sample = models.OneToOneField("samples.Sample", primary_key=True, on_delete=models.PROTECT, related_name="custody_head")
    seq = models.PositiveIntegerField()
    hash = models.BinaryField(max_length=32)

    def __str__(self) -> str:
        return f"{self.sample_id} #{self.seq}"


class CustodyEvent(AppendOnly):
    """One event. `canonical` are the exact bytes whose SHA-256 is `hash`; the other columns repeat them for queries and are checked
    against them by `verify_custody`."""

    sample = models.ForeignKey("samples.Sample", on_delete=models.PROTECT, related_name="custody_events", db_index=False)
    seq = models.PositiveIntegerField()
    kind = models.CharField(max_length=16, choices=EventKind)
    occurred_at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    previous = models.BinaryField(max_length=32, null=True)
    organisation = models.ForeignKey(
        "accounts.Organisation",
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
        help_text=_("whose person recorded it; decides who sees what"),
    )
    canonical = models.BinaryField()
    hash = models.BinaryField(max_length=32)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["sample", "seq"], name="custody_seq_once_per_sample")]

    def __str__(self) -> str:
        return f"{self.sample_id} #{self.seq} {self.kind}"


class CustodyDisclosure(AppendOnly):
    """The salts and values behind the commitments in one event's bytes: `{field: [salt in hex, value]}`, shown by permission."""

    event = models.OneToOneField(CustodyEvent, on_delete=models.PROTECT, related_name="disclosure")
    fields = models.JSONField()

    def __str__(self) -> str:
        return f"{self.event_id}"
