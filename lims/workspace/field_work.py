"""What waits for those who collect, carry and receive."""

from __future__ import annotations

from typing import Any

from django.db.models import F, Q, QuerySet
from django.utils.translation import gettext as _

from lims.workspace.work import Entry, WorkItem, address, ask
from samples.lifecycle import ConsignmentState, SampleState
from samples.models import Consignment, Handover, Hold, OverdueAlarm, Sample, SampleImport
from samples.models.consignments import HandoverState
from samples.selectors.consignments import filter_overdue, select_incoming

_HELD = Q(on_hold=True) | Q(has_open_discrepancy=True)


def _consignment(found: Consignment) -> Entry:
    return Entry(found.code, address("samples:consignment", found.code))


def _sample(found: Sample, user: Any) -> Entry:
    code = found.code_for(user)
    return Entry(code, address("samples:sample", code))


def _pending(**party: Any) -> QuerySet[Handover]:
    return Handover.objects.filter(state=HandoverState.PENDING, **party).select_related("consignment")


def _of_handover(found: Handover) -> Entry:
    return _consignment(found.consignment)


def to_pack(user: Any) -> WorkItem:
    """Samples that lie where they were collected."""
    rows = Sample.objects.visible_to(user).filter(state=SampleState.COLLECTED, holder=user.organisation_id)
    return WorkItem(
        _("To pack"),
        _("Collected samples that stand in no consignment"),
        address("samples:list", state=SampleState.COLLECTED.value),
        ask(rows, since="registered_at", held=_HELD, show=lambda one: _sample(one, user)),
    )


def being_packed(user: Any) -> WorkItem:
    """Own consignments that have not left."""
    rows = Consignment.objects.visible_to(user).filter(state=ConsignmentState.PACKING, sender=user.organisation_id)
    return WorkItem(
        _("Consignments being packed"),
        _("Pack, seal and dispatch them"),
        address("samples:consignments", state=ConsignmentState.PACKING.value),
        ask(rows, since="created_at", show=_consignment),
    )


def to_acknowledge(user: Any) -> WorkItem:
    """Handovers somebody offered to us."""
    return WorkItem(
        _("Handovers to acknowledge"),
        _("Somebody offers you a consignment; check the seals, then accept or refuse"),
        address("samples:incoming"),
        ask(_pending(receiver=user.organisation_id), since="relinquished_at", show=_of_handover),
    )


def not_acknowledged(user: Any) -> WorkItem:
    """Handovers we offered and nobody answered."""
    return WorkItem(
        _("Waiting for the receiver"),
        _("You offered them; until the receiver answers they are still yours"),
        address("samples:consignments", waiting="true"),
        ask(_pending(giver=user.organisation_id), since="relinquished_at", show=_of_handover),
    )


def we_hold(user: Any) -> WorkItem:
    """Consignments on their way that are in our hands."""
    rows = Consignment.objects.visible_to(user).filter(state=ConsignmentState.DISPATCHED, holder=user.organisation_id)
    return WorkItem(
        _("In your hands"),
        _("Consignments you hold, to be handed on"),
        address("samples:consignments", state=ConsignmentState.DISPATCHED.value, holder=user.organisation.code),
        ask(rows, since="last_seen_at", due="expected_by", show=_consignment),
    )


def overdue_on_the_way(user: Any) -> WorkItem:
    """What we sent or carry and has not arrived in time."""
    rows = filter_overdue(Consignment.objects.visible_to(user))
    return WorkItem(
        _("Overdue"),
        _("Should have arrived and has not; ask the holder"),
        address("samples:consignments", overdue="true"),
        ask(rows, since="dispatched_at", due="expected_by", show=_consignment),
    )


def alarms(user: Any) -> WorkItem:
    """What the regular check found not to have arrived when it was promised."""
    rows = OverdueAlarm.objects.filter(
        consignment__in=filter_overdue(Consignment.objects.visible_to(user)).values("pk"), expected_by=F("consignment__expected_by")
    ).select_related("consignment")
    return WorkItem(
        _("Overdue on the way to you"),
        _("Should have arrived and has not; ask the sender or the carrier"),
        address("samples:consignments", overdue="true"),
        ask(rows, since="raised_at", due="expected_by", show=lambda one: _consignment(one.consignment)),
    )


def imports_waiting(user: Any) -> WorkItem:
    """Files that were read and wait for a decision."""
    rows = SampleImport.objects.filter(organisation=user.organisation_id, state="preview")
    return WorkItem(
        _("Imports waiting"),
        _("Files that were read; look at the preview, then register or discard"),
        address("samples:imports"),
        ask(rows, since="uploaded_at", show=lambda one: Entry(one.file_name, address("samples:import", one.pk))),
    )


def to_receive(user: Any) -> WorkItem:
    """Consignments that are on their way to our laboratory or at its door."""
    rows = select_incoming(user)
    return WorkItem(
        _("To receive"),
        _("On the way to you or at the door: seals, containers and masses, item by item"),
        address("samples:incoming"),
        ask(rows, since="dispatched_at", due="expected_by", show=_consignment),
    )


def holds(user: Any) -> WorkItem:
    """What keeps samples from being worked on."""
    rows = Hold.objects.filter(sample__in=Sample.objects.visible_to(user), released_at=None).select_related("sample")
    return WorkItem(
        _("Holds"),
        _("Work on these samples stands still until somebody whose role may releases them"),
        address("samples:list", hold="true"),
        ask(rows, since="opened_at", show=lambda one: _sample(one.sample, user)),
        alarm=True,
    )
