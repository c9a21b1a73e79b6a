"""What goes wrong on the way: samples are lost and found again, and a laboratory refuses what stands at its door, wholly or in part."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import transaction

from lims.core.acting import acting
from lims.core.errors import Blocked, Blocker, Forbidden, refuse_if
from lims.core.roles import Action, require
from samples.custody.kinds import EventKind
from samples.custody.ledger import append_events
from samples.lifecycle import CONSIGNMENT, ConsignmentState, SampleState
from samples.models import Consignment, ConsignmentItem, Sample
from samples.models.receipts import SealCondition
from samples.services.holding import given_reason
from samples.services.locking import lock_samples
from samples.services.movement import (
    active_items,
    checked_moment,
    checked_texts,
    entries_of,
    invalid_at,
    last_moment,
    lock_consignment,
    step_blockers,
    travelling_items,
)


def lose_samples(
    *,
    consignment: Consignment,
    samples: Sequence[Sample] | None = None,
    reason: str,
    place: str = "",
    by: Any,
    at: datetime | None = None,
) -> Consignment:
    """Declare samples lost on the way (None: everything that travels). Their holder goes on answering for them.

    When nothing is left that travels and nothing was received, the consignment is lost. Said by its holder or its sender. Raises `Blocked`
    (not on their way, a handover pending), `Invalid('reason_missing')`.
    """
    require(by, Action.CONSIGNMENT_HANDOVER)
    reason = given_reason(checked_texts(Sample, remark=reason)["remark"])
    place = checked_texts(Consignment, last_seen=place)["last_seen"]
    with transaction.atomic(), acting(by, reason):
        consignment = lock_consignment(consignment)
        refuse_if(loss_blockers(consignment, by))
        moment = checked_moment(at, after=last_moment(consignment))
        items = _step_items(consignment, samples, "lose", by)
        Sample.objects.filter(pk__in=[item.sample_id for item in items]).update(state=SampleState.LOST)
        _end_if_empty(consignment, ConsignmentState.LOST, place, moment)
        append_events(entries_of(items, EventKind.LOST, consignment, moment, place=place, remark=reason), by=by)
    return consignment


def loss_blockers(consignment: Consignment, by: Any) -> list[Blocker]:
    """Why the caller cannot declare anything of it lost now."""
    if by.organisation_id not in {consignment.holder_id, consignment.sender_id}:
        return [Blocker("not_holder", f"Whoever holds {consignment.code}, or sent it, says that something is lost.")]
    return CONSIGNMENT.blockers(consignment, "lose")


def find_samples(
    *,
    consignment: Consignment,
    samples: Sequence[Sample] | None = None,
    place: str,
    seals_intact: bool | None = None,
    remark: str = "",
    by: Any,
    at: datetime | None = None,
) -> Consignment:
    """Samples that were lost turn up at `place` (None: all that are lost): they are on their way again, held by whoever held them.

    `seals_intact` is None where nobody looked; a broken seal needs a remark. Said by any party of the consignment. The
    time between stays in the ledger as it was. Raises `Blocked('not_lost')`, `Invalid('place_missing' | 'remark_missing')`.
    """
    require(by, Action.CONSIGNMENT_HANDOVER)
    texts = checked_texts(Consignment, last_seen=place) | checked_texts(Sample, remark=remark)
    if not texts["last_seen"]:
        raise invalid_at("/place", "place_missing", "Say where they were found.")
    if seals_intact is False and not texts["remark"]:
        raise invalid_at("/remark", "remark_missing", "Say what is wrong with the seals.")
    with transaction.atomic(), acting(by, "found again"):
        consignment = lock_consignment(consignment)
        refuse_if(finding_blockers(consignment, by))
        moment = checked_moment(at, after=last_moment(consignment))
        items = _step_items(consignment, samples, "find", by)
        Sample.objects.filter(pk__in=[item.sample_id for item in items]).update(state=SampleState.IN_TRANSIT, place=texts["last_seen"])
        if consignment.state == ConsignmentState.LOST:
            consignment.state = CONSIGNMENT.target(consignment, "find")
        _note_seen(consignment, texts["last_seen"], moment)
        words = {"place": texts["last_seen"], "remark": texts["remark"], "seal_condition": _condition(seals_intact)}
        append_events(entries_of(items, EventKind.FOUND, consignment, moment, **words), by=by)
    return consignment


def finding_blockers(consignment: Consignment, by: Any) -> list[Blocker]:
    """Why the caller cannot say that something lost of it was found."""
    parties = {consignment.holder_id, consignment.sender_id, consignment.addressee_id, consignment.carrier_id}
    if by.organisation_id not in parties:
        return [Blocker("not_a_party", f"Its sender, holder, carrier or addressee says that something of {consignment.code} was found.")]
    if not active_items(consignment).filter(sample__state=SampleState.LOST).exists():
        return [Blocker("not_lost", f"Nothing of {consignment.code} is lost.")]
    return CONSIGNMENT.blockers(consignment, "find")


def refuse_receipt(
    *, consignment: Consignment, samples: Sequence[Sample] | None = None, reason: str, by: Any, at: datetime | None = None
) -> Consignment:
    """The addressee refuses samples before it receives them (None: all that travel); they stay with their holder, who sends them back.

    When nothing is left that travels and nothing was received, the consignment is refused. Raises `Forbidden('not_addressee')`, `Blocked`,
    `Invalid('reason_missing')`.
    """
    require(by, Action.CONSIGNMENT_RECEIVE)
    reason = given_reason(checked_texts(Sample, remark=reason)["remark"])
    with transaction.atomic(), acting(by, reason):
        consignment = lock_consignment(consignment)
        if consignment.addressee_id != by.organisation_id:
            raise Forbidden("not_addressee", f"{consignment.code} is addressed to {consignment.addressee}, which alone refuses it.")
        refuse_if(CONSIGNMENT.blockers(consignment, "refuse"))
        moment = checked_moment(at, after=last_moment(consignment))
        items = _step_items(consignment, samples, "refuse", by)
        Sample.objects.filter(pk__in=[item.sample_id for item in items]).update(state=SampleState.REFUSED)
        _end_if_empty(consignment, ConsignmentState.REFUSED, consignment.addressee.name[:160], moment)
        words = {"giver": consignment.holder.name, "receiver": consignment.addressee.name, "place": consignment.addressee.name}
        detail = {"receipt": "refused"}
        append_events(entries_of(items, EventKind.REFUSED, consignment, moment, remark=reason, detail=detail, **words), by=by)
    return consignment


def _step_items(consignment: Consignment, samples: Sequence[Sample] | None, step: str, by: Any) -> list[ConsignmentItem]:
    """The items that take the step, their samples locked; raises `Blocked` naming each that cannot, or is not in the consignment."""
    if samples is None:
        wanted = active_items(consignment).filter(sample__state=SampleState.LOST) if step == "find" else travelling_items(consignment)
        items = list(wanted)
        if not items:
            raise Blocked([Blocker("nothing_travels", f"Nothing of {consignment.code} is on its way any more.")])
    else:
        if not samples:
            raise invalid_at("/samples", "empty", "No sample is named. Name at least one, or leave the list out for all.")
        items = list(active_items(consignment).filter(sample__in=samples))
        here = {item.sample_id for item in items}
        strange = [sample for sample in samples if sample.pk not in here]
        refuse_if([Blocker("not_packed", f"Sample {one.code_for(by)} is not in consignment {consignment.code}.") for one in strange])
    refuse_if(step_blockers(lock_samples(item.sample_id for item in items), step, by))
    return items


def _end_if_empty(consignment: Consignment, otherwise: ConsignmentState, place: str, moment: datetime) -> None:
    """Without anything that travels its way ends: received when a part was, else as all of it ended."""
    if not travelling_items(consignment).exists():
        came = consignment.receipts.exists()
        consignment.state = ConsignmentState.RECEIVED if came else otherwise
        consignment.received_at = moment if came else None
    _note_seen(consignment, place, moment)


def _note_seen(consignment: Consignment, place: str, moment: datetime) -> None:
    consignment.last_seen, consignment.last_seen_at = place or consignment.last_seen, moment
    consignment.save(update_fields=["state", "received_at", "last_seen", "last_seen_at"])


def _condition(seals_intact: bool | None) -> str:
    return "" if seals_intact is None else str(SealCondition.INTACT if seals_intact else SealCondition.BROKEN)
