"""The log over the ledger: leaves in commit order, the hashes above them, signed checkpoints, and who cosigns them."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from lims.core.models import AppendOnly, Record, history
from samples.custody.models.events import CustodyEvent


class Unsequenced(models.Model):
    """An event that waits for its place in the log, written in the transaction that appends it. Rows go when the leaf is there.

    A queue instead of a mark by number or time: whatever order transactions commit in, a row is seen as soon as, and not before, its event
    is. `id` keeps the events of one sample in order, because the sample's head is locked before a row is added.
    """

    id = models.BigAutoField(primary_key=True)
    event = models.OneToOneField(CustodyEvent, on_delete=models.DO_NOTHING, db_constraint=False, related_name="+")

    def __str__(self) -> str:
        return f"{self.event_id}"


class LogKey(AppendOnly):
    """A key that signs checkpoints, from the leaf that announces it on. `record` are the exact bytes of that leaf, signed by the key before
    it; the private half is never in the database."""

    verifier = models.CharField(max_length=300, unique=True, help_text=_("C2SP verifier key"))
    record = models.BinaryField()
    recorded_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.verifier


class LogLeaf(AppendOnly):
    """One leaf: an event, or the announcement of a key. `hash` is SHA-256(0x00 ‖ its bytes)."""

    id = None  # type: ignore[assignment]
    index = models.BigIntegerField(primary_key=True)
    # Without a constraint: its check would lock, and so rewrite, every event. Events are never deleted, and `verify_custody` looks.
    event = models.OneToOneField(CustodyEvent, null=True, on_delete=models.DO_NOTHING, db_constraint=False, related_name="leaf")
    key = models.ForeignKey(LogKey, null=True, on_delete=models.PROTECT, related_name="leaves", db_index=False)
    hash = models.BinaryField(max_length=32)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["key"], condition=Q(key__isnull=False), name="log_key_announced_once"),
            models.CheckConstraint(condition=Q(event__isnull=False) ^ Q(key__isnull=False), name="log_leaf_is_event_or_key"),
            models.CheckConstraint(condition=Q(index__gte=0), name="log_leaf_index"),
        ]

    def __str__(self) -> str:
        return f"leaf {self.index}"


class LogNode(AppendOnly):
    """The hash of a complete subtree of sixteen leaves or more: `key` is level · 2⁵⁶ + position (`log_nodes`). Smaller ones are computed
    from their leaves, so that only one row is kept for every eight leaves."""

    id = None  # type: ignore[assignment]
    key = models.BigIntegerField(primary_key=True)
    hash = models.BinaryField(max_length=32)

    def __str__(self) -> str:
        return f"node {self.key >> 56}/{self.key & ((1 << 56) - 1)}"


class LogCheckpoint(AppendOnly):
    """A signed state of the log: the first `size` leaves have this root. `note` is the signed text."""

    id = None  # type: ignore[assignment]
    size = models.BigIntegerField(primary_key=True)
    root = models.BinaryField(max_length=32)
    note = models.TextField()
    signed_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"checkpoint {self.size}"


class WitnessQuerySet(models.QuerySet["Witness"]):
    """Witnesses belong to nobody's scope: who may see the log sees them."""

    def visible_to(self, user: Any) -> WitnessQuerySet:
        """All of them."""
        return self


@history()
class Witness(Record):
    """Who may cosign checkpoints, known by the key it was registered with. A witness that ended stays known, and its cosignatures count no
    longer for anything that waits."""

    name = models.CharField(max_length=200, unique=True)
    verifier = models.CharField(max_length=300, unique=True, help_text=_("C2SP verifier key of type 4, as the witness printed it"))
    operator = models.ForeignKey("accounts.Organisation", on_delete=models.PROTECT, related_name="+", help_text=_("who runs it"))
    active = models.BooleanField(default=True)
    registered_at = models.DateTimeField()
    registered_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")

    objects = WitnessQuerySet.as_manager()

    def __str__(self) -> str:
        return self.name


class Cosignature(AppendOnly):
    """A witness saw this checkpoint and found it a consistent extension of what it saw before."""

    checkpoint = models.ForeignKey(LogCheckpoint, on_delete=models.PROTECT, related_name="cosignatures", db_index=False)
    witness = models.ForeignKey(Witness, on_delete=models.PROTECT, related_name="cosignatures")
    line = models.TextField(help_text=_("The signature line of the note"))
    signed_at = models.DateTimeField(help_text=_("By the witness's clock"))
    received_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["checkpoint", "witness"], name="witness_cosigns_a_checkpoint_once")]

    def __str__(self) -> str:
        return f"{self.witness_id} at {self.checkpoint_id}"
