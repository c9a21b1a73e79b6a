"""The lives of samples and consignments, as tables."""

from __future__ import annotations

from typing import Any

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from lims.core.errors import Blocker
from lims.core.transitions import Machine, step


class SampleState(TextChoices):
    """Where a sample is on its way. A hold lies over the state and is not one."""

    COLLECTED = "collected", _("collected")
    PACKED = "packed", _("packed")
    IN_TRANSIT = "in_transit", _("in transit")
    RECEIVED = "received", _("received")
    IN_PREPARATION = "in_preparation", _("in preparation")
    IN_ANALYSIS = "in_analysis", _("in analysis")
    REPORTED = "reported", _("reported")
    REFUSED = "refused", _("refused")
    LOST = "lost", _("lost")
    RETURNED = "returned", _("returned")
    DISPOSED = "disposed", _("disposed of")


def _on_hold(sample: Any) -> list[Blocker]:
    if sample.on_hold:
        return [Blocker("on_hold", f"Sample {sample.code_for_refusal} is on hold. Someone whose role may release it decides first.")]
    return []


def _open_discrepancy(sample: Any) -> list[Blocker]:
    if sample.has_open_discrepancy:
        return [
            Blocker(
                "open_discrepancy",
                f"Sample {sample.code_for_refusal} has an open discrepancy. The quality manager settles it with a reason first.",
            )
        ]
    return []


_AT_REST = {"collected", "received", "in_preparation", "in_analysis", "reported", "refused"}
_IN_LABORATORY = {"received", "in_preparation", "in_analysis", "reported"}

SAMPLE = Machine(
    "sample",
    dict(SampleState.choices),
    (
        step("pack", _AT_REST, "packed", _on_hold, _open_discrepancy),
        # Taken out again, a sample is what it was before (kept with its consignment item); from the field that is collected.
        step("unpack", {"packed"}, "collected"),
        step("dispatch", {"packed"}, "in_transit", _on_hold),
        step("receive", {"in_transit"}, "received"),
        # A bag found in a box it was not listed for: on record it may still be with its sender, on another way, or lost.
        step("arrive", {"collected", "packed", "in_transit", "lost"}, "received"),
        step("refuse", {"in_transit", "received"}, "refused"),
        step("lose", {"in_transit", "packed"}, "lost"),
        step("find", {"lost"}, "in_transit"),
        step("prepare", {"received", "in_preparation", "in_analysis", "reported"}, "in_preparation", _on_hold, _open_discrepancy),
        step("analyse", {"received", "in_preparation", "in_analysis", "reported"}, "in_analysis", _on_hold, _open_discrepancy),
        step("report", {"in_analysis", "reported"}, "reported", _on_hold, _open_discrepancy),
        step("split", _AT_REST - {"refused"}, "collected", _on_hold, _open_discrepancy),
        step("dispose", _IN_LABORATORY | {"refused"}, "disposed", _on_hold, _open_discrepancy),
        step("return", _IN_LABORATORY | {"refused"}, "returned", _on_hold),
        # Sent back, it is returned when its sender has it again; what is refused or reported travels back like everything else.
        step("take_back", {"in_transit"}, "returned"),
    ),
)


class ConsignmentState(TextChoices):
    """Where a consignment is on its way."""

    PACKING = "packing", _("being packed")
    DISPATCHED = "dispatched", _("dispatched")
    RECEIVED = "received", _("received")
    CANCELLED = "cancelled", _("cancelled")
    LOST = "lost", _("lost on the way")
    REFUSED = "refused", _("refused at the door")


def _nothing_packed(consignment: Any) -> list[Blocker]:
    if not consignment.items.filter(removed_at=None).exists():
        return [Blocker("nothing_packed", f"Consignment {consignment.code} holds no sample. Pack at least one before dispatch.")]
    return []


def _nothing_outstanding(consignment: Any) -> list[Blocker]:
    if not consignment.items.filter(removed_at=None, sample__state="in_transit").exists():
        return [Blocker("already_received", f"Consignment {consignment.code} was received already, and no sample of it is still awaited.")]
    return []


def _handover_pending(consignment: Any) -> list[Blocker]:
    if consignment.handovers.filter(state="pending").exists():
        return [
            Blocker(
                "handover_pending",
                f"A handover of {consignment.code} waits for the receiver, who acknowledges or refuses it first.",
            )
        ]
    return []


CONSIGNMENT = Machine(
    "consignment",
    dict(ConsignmentState.choices),
    (
        step("pack", {"packing"}, "packing"),
        step("dispatch", {"packing"}, "dispatched", _nothing_packed),
        step("cancel", {"packing"}, "cancelled"),
        step("hand_over", {"dispatched"}, "dispatched", _handover_pending),
        step("receive", {"dispatched"}, "received", _handover_pending),
        # A part of it came; the rest is still on its way.
        step("receive_part", {"dispatched"}, "dispatched", _handover_pending),
        step("receive_rest", {"received"}, "received", _nothing_outstanding),
        step("refuse", {"dispatched"}, "refused", _handover_pending),
        step("lose", {"dispatched"}, "lost", _handover_pending),
        # Found while the rest travels or was received, a sample is on its way again; a consignment that was lost as a whole goes on.
        step("find", {"dispatched", "lost", "received"}, "dispatched"),
    ),
)
