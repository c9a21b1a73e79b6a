"""The lives of samples and consignments, as tables."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from lims.core.errors import Blocker
from lims.core.transitions import Machine, step
from samples.blocking import HOLDS, discrepancy_blocks, hold_blocks


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


Guard = Callable[[Any], list[Blocker]]


def _held(step_name: str) -> Guard:
    """A guard: no open hold stops this step. Looks at the holds only where there are any."""

    def guard(sample: Any) -> list[Blocker]:
        if not sample.on_hold:
            return []
        found = [one for one in sample.holds.all() if one.released_at is None]
        kinds = [one.get_kind_display() for one in found if hold_blocks(one.kind, step_name)]
        if found and not kinds:
            return []
        named = f" ({', '.join(kinds)})" if kinds else ""
        clearing = any(HOLDS[one.kind].needs_clearance for one in found if one.kind in HOLDS)
        remedy = "It stays until a measurement shows value + uncertainty below the limit; then the" if clearing else "The"
        sentence = f"Sample {sample.code_for_refusal} is on hold{named}. {remedy} quality manager or an official releases it first."
        return [Blocker("on_hold", sentence)]

    guard.__name__ = "_on_hold"  # as the reference of states names it
    return guard


def _undecided(step_name: str) -> Guard:
    """A guard: no open discrepancy stops this step, and who settles those that do."""

    def guard(sample: Any) -> list[Blocker]:
        if not sample.has_open_discrepancy:
            return []
        found = [one for one in sample.discrepancies.all() if one.decided_at is None]
        kinds = [one.get_kind_display() for one in found if discrepancy_blocks(one.kind, step_name)]
        if found and not kinds:
            return []
        named = f" ({', '.join(kinds)})" if kinds else ""
        sentence = f"Sample {sample.code_for_refusal} has an open discrepancy{named}. The quality manager settles it with a reason first."
        return [Blocker("open_discrepancy", sentence)]

    guard.__name__ = "_open_discrepancy"
    return guard


def _unscreened(sample: Any) -> list[Blocker]:
    if sample.needs_screen:
        return [
            Blocker(
                "not_screened",
                f"Sample {sample.code_for_refusal} was not screened for radiation. Measure its dose rate before anything is opened.",
            )
        ]
    return []


def laboratory_blockers(sample: Any, step_name: str) -> list[Blocker]:
    """What stops a step of laboratory work (`prepare`, `analyse`, `report`), whatever the sample's state: holds and discrepancies."""
    return [*_held(step_name)(sample), *_undecided(step_name)(sample)]


_AT_REST = {"collected", "received", "in_preparation", "in_analysis", "reported", "refused"}
_IN_LABORATORY = {"received", "in_preparation", "in_analysis", "reported"}

SAMPLE = Machine(
    "sample",
    dict(SampleState.choices),
    (
        step("pack", _AT_REST, "packed", _held("pack"), _undecided("pack")),
        # Taken out again, a sample is what it was before (kept with its consignment item); from the field that is collected.
        step("unpack", {"packed"}, "collected"),
        step("dispatch", {"packed"}, "in_transit", _held("dispatch")),
        step("receive", {"in_transit"}, "received"),
        # A bag found in a box it was not listed for: on record it may still be with its sender, on another way, or lost.
        step("arrive", {"collected", "packed", "in_transit", "lost"}, "received"),
        step("refuse", {"in_transit", "received"}, "refused"),
        step("lose", {"in_transit", "packed"}, "lost"),
        step("find", {"lost"}, "in_transit"),
        step(
            "prepare",
            {"received", "in_preparation", "in_analysis", "reported"},
            "in_preparation",
            _held("prepare"),
            _undecided("prepare"),
            _unscreened,
        ),
        step(
            "analyse",
            {"received", "in_preparation", "in_analysis", "reported"},
            "in_analysis",
            _held("analyse"),
            _undecided("analyse"),
            _unscreened,
        ),
        step("report", {"in_analysis", "reported"}, "reported", _held("report"), _undecided("report")),
        step("split", _AT_REST - {"refused"}, "collected", _held("split"), _undecided("split"), _unscreened),
        step("dispose", _IN_LABORATORY | {"refused"}, "disposed", _held("dispose"), _undecided("dispose")),
        step("return", _IN_LABORATORY | {"refused"}, "returned", _held("return")),
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
