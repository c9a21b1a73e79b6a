"""Handover of a whole consignment: the giver relinquishes, the receiver acknowledges or refuses. Until the answer the giver still holds it,
in transit, and everybody concerned sees for whom it waits."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction

from lims.accounts.models import Organisation, OrganisationKind, Signature, SignatureMeaning
from lims.accounts.signing import sign
from lims.core.acting import acting
from lims.core.errors import Blocked, Blocker, Forbidden, refuse_if
from lims.core.roles import Action, require
from samples.custody.hashing import time_text
from samples.custody.kinds import EventKind
from samples.custody.ledger import append_events
from samples.lifecycle import CONSIGNMENT
from samples.models import Consignment, ConsignmentItem, Handover, Sample
from samples.models.consignments import HandoverState
from samples.models.receipts import SealCondition
from samples.services.holding import given_reason
from samples.services.locking import lock_samples
from samples.services.movement import (
    checked_moment,
    checked_texts,
    entries_of,
    invalid_at,
    last_moment,
    lock_consignment,
    travelling_items,
)


def offer_blockers(consignment: Consignment, by: Any) -> list[Blocker]:
    """Why the caller cannot hand the consignment over now."""
    if consignment.holder_id != by.organisation_id:
        return [Blocker("not_holder", f"{consignment.code} is held by {consignment.holder}; only its holder hands it over.")]
    return CONSIGNMENT.blockers(consignment, "hand_over")


def offer_handover(
    *,
    consignment: Consignment,
    receiver: Organisation,
    place: str = "",
    remark: str = "",
    password: str | None = None,
    by: Any,
    at: datetime | None = None,
) -> Handover:
    """Relinquish a consignment to `receiver`; it waits for that organisation's answer. A `password` makes it an electronic signature.

    Raises `Blocked` when the caller does not hold it or another offer waits, `Invalid` for a receiver who cannot take it.
    """
    require(by, Action.CONSIGNMENT_HANDOVER)
    texts = checked_texts(Handover, place=place, remark=remark)
    with transaction.atomic(), acting(by, "handover offered"):
        consignment = lock_consignment(consignment)
        refuse_if(offer_blockers(consignment, by))
        _check_receiver(consignment, receiver)
        moment = checked_moment(at, after=last_moment(consignment))
        items = list(travelling_items(consignment))
        handover = Handover(
            consignment=consignment, giver=by.organisation, giver_user=by, receiver=receiver, relinquished_at=moment, **texts
        )
        handover.giver_signature = _signed(handover, "relinquished", items, moment, password, by)
        handover.save()
        _note_seen(consignment, handover.place, moment)
        append_events(entries_of(items, EventKind.RELINQUISHED, consignment, moment, **_words_of(handover)), by=by)
    return handover


def answer_handover(
    *,
    handover: Handover,
    accept: bool,
    seals_intact: bool | None = None,
    remark: str = "",
    place: str = "",
    password: str | None = None,
    by: Any,
    at: datetime | None = None,
) -> Handover:
    """The receiver's answer: acknowledge (the caller's organisation holds the consignment from now on) or refuse (the giver keeps it).

    `seals_intact` is None where nobody looked; a refusal and a broken seal need a remark. Raises `Forbidden('not_receiver')` for anybody
    else, `Blocked('answered_already')` for a second answer.
    """
    require(by, Action.CONSIGNMENT_ACKNOWLEDGE)
    texts = checked_texts(Handover, answer_remark=remark, place=place)
    _check_remark(accept, seals_intact, texts["answer_remark"])
    with transaction.atomic(), acting(by, "handover acknowledged" if accept else "handover refused"):
        consignment, handover = _lock_pending(handover)
        if handover.receiver_id != by.organisation_id:
            raise Forbidden("not_receiver", f"This handover waits for {handover.receiver}; only its people answer it.")
        moment = checked_moment(at, after=handover.relinquished_at)
        items = list(travelling_items(consignment))
        handover.state = HandoverState.ACKNOWLEDGED if accept else HandoverState.REFUSED
        handover.receiver_user, handover.answered_at = by, moment
        handover.answer_remark, handover.seals_intact = texts["answer_remark"], seals_intact
        handover.receiver_signature = _signed(handover, str(handover.state), items, moment, password, by)
        handover.save()
        _note_seen(consignment, texts["place"], moment)
        if accept:
            consignment.holder = handover.receiver
            consignment.save(update_fields=["holder"])
            _move_samples(items, consignment)
        seen_at = consignment.last_seen if accept else texts["place"]
        append_events(_answer_entries(items, handover, seen_at, moment), by=by)
    return handover


def withdraw_handover(*, handover: Handover, reason: str, by: Any, at: datetime | None = None) -> Handover:
    """Take an offer back before it is answered, with a reason; the giver goes on holding the consignment."""
    require(by, Action.CONSIGNMENT_HANDOVER)
    reason = given_reason(checked_texts(Handover, answer_remark=reason)["answer_remark"])
    with transaction.atomic(), acting(by, reason):
        consignment, handover = _lock_pending(handover)
        if handover.giver_id != by.organisation_id:
            raise Forbidden("not_giver", f"This handover was offered by {handover.giver}; only its people take it back.")
        moment = checked_moment(at, after=handover.relinquished_at)
        handover.state, handover.answered_at, handover.answer_remark = HandoverState.WITHDRAWN, moment, reason
        handover.save(update_fields=["state", "answered_at", "answer_remark"])
        _note_seen(consignment, "", moment)
        append_events(_answer_entries(list(travelling_items(consignment)), handover, "", moment), by=by)
    return handover


def pending_handover(consignment: Consignment) -> Handover:
    """The offer that waits for an answer; raises `Blocked('no_handover_pending')` when there is none."""
    found = consignment.handovers.filter(state=HandoverState.PENDING).first()
    if found is None:
        sentence = f"No handover of {consignment.code} waits for an answer. Its holder, {consignment.holder}, offers one first."
        raise Blocked([Blocker("no_handover_pending", sentence)])
    return found


def _lock_pending(handover: Handover) -> tuple[Consignment, Handover]:
    """The consignment's row is the lock of all its handovers."""
    consignment = lock_consignment(handover.consignment)
    handover = consignment.handovers.select_related("giver", "receiver").get(pk=handover.pk)
    if handover.state != HandoverState.PENDING:
        sentence = f"This handover of {consignment.code} is {HandoverState(handover.state).label} already. Reload to see where it stands."
        raise Blocked([Blocker("answered_already", sentence)])
    return consignment, handover


def _move_samples(items: list[ConsignmentItem], consignment: Consignment) -> None:
    """The samples go where their consignment went."""
    moving = lock_samples(item.sample_id for item in items)
    Sample.objects.filter(pk__in=[sample.pk for sample in moving]).update(holder=consignment.holder, place=consignment.last_seen)


def _check_receiver(consignment: Consignment, receiver: Organisation) -> None:
    detail = ""
    if receiver.pk == consignment.holder_id:
        detail = f"{receiver} holds {consignment.code} already. Choose who takes it over."
    elif receiver.kind == OrganisationKind.MINISTRY or not receiver.active:
        detail = f"{receiver} does not take consignments over. Choose a carrier, a firm or the laboratory."
    if detail:
        raise invalid_at("/receiver", "receiver", detail)


def _check_remark(accept: bool, seals_intact: bool | None, remark: str) -> None:
    if remark or (accept and seals_intact is not False):
        return
    detail = "Say what is wrong with the seals." if accept else "Say why it is refused: the giver and the sender read it."
    raise invalid_at("/remark", "remark_missing", detail)


def _signed(
    handover: Handover, act: str, items: list[ConsignmentItem], moment: datetime, password: str | None, by: Any
) -> Signature | None:
    """The signature over what is handed over, where a password was given."""
    if password is None:
        return None
    content = {
        "act": act,
        "consignment": handover.consignment.code,
        "giver": handover.giver.name,
        "receiver": handover.receiver.name,
        "at": time_text(moment),
        "samples": [item.sample.code for item in items],
        "seals": [item.seal_number for item in items],
        "outer_seal": handover.consignment.outer_seal,
    }
    return sign(by=by, password=password, meaning=SignatureMeaning.HANDOVER, content=content)


def _words_of(handover: Handover) -> dict[str, Any]:
    return {
        "giver": handover.giver.name,
        "receiver": handover.receiver.name,
        "place": handover.place,
        "waybill": handover.consignment.waybill,
        "remark": handover.remark,
    }


_ANSWER_KINDS = {
    HandoverState.ACKNOWLEDGED: EventKind.ACKNOWLEDGED,
    # Refused by the receiver or taken back by the giver: either way the sample stays where it was.
    HandoverState.REFUSED: EventKind.REFUSED,
    HandoverState.WITHDRAWN: EventKind.REFUSED,
}


def _answer_entries(items: list[ConsignmentItem], handover: Handover, place: str, moment: datetime) -> list[Any]:
    state = HandoverState(handover.state)
    words = _words_of(handover) | {"place": place or handover.place, "remark": handover.answer_remark, "detail": {"handover": str(state)}}
    if state == HandoverState.ACKNOWLEDGED:
        words["holder"] = handover.receiver_id
    if handover.seals_intact is not None:
        words["seal_condition"] = SealCondition.INTACT if handover.seals_intact else SealCondition.BROKEN
    return entries_of(items, _ANSWER_KINDS[state], handover.consignment, moment, **words)


def _note_seen(consignment: Consignment, place: str, moment: datetime) -> None:
    """Where and when the consignment was last seen; a step without a place leaves the place as it was."""
    consignment.last_seen, consignment.last_seen_at = place or consignment.last_seen, moment
    consignment.save(update_fields=["last_seen", "last_seen_at"])
