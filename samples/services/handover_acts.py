"""The two acts of a handover, relinquishing and answering, as every way of handing over writes them. The caller has locked the consignment,
checked who may, and holds the transaction."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from lims.accounts.models import Organisation, OrganisationKind, Signature, SignatureMeaning
from lims.accounts.signing import sign
from lims.core.errors import Blocked, Blocker
from samples.custody.hashing import time_text
from samples.custody.kinds import EventKind
from samples.custody.ledger import append_events
from samples.models import Consignment, ConsignmentItem, Handover, Sample
from samples.models.consignments import HandoverState
from samples.models.receipts import SealCondition
from samples.services.locking import lock_samples
from samples.services.movement import entries_of, invalid_at, lock_consignment, travelling_items


def relinquish(handover: Handover, moment: datetime, *, password: str | None = None, by: Any) -> Handover:
    """Save a new offer: signed where a password was given, in the ledger of every sample that travels."""
    consignment = handover.consignment
    items = list(travelling_items(consignment))
    handover.relinquished_at = moment
    handover.giver_signature = _signed(handover, "relinquished", items, moment, password, by)
    handover.save()
    _note_seen(consignment, handover.place, moment)
    words = _words_of(handover) | {"signature": _signed_hash(handover.recorder_signature or handover.giver_signature)}
    append_events(entries_of(items, EventKind.RELINQUISHED, consignment, moment, **words), by=by)
    return handover


def conclude(handover: Handover, moment: datetime, *, place: str = "", password: str | None = None, by: Any) -> Handover:
    """Save the end of an offer (its `state` and `answer_remark` are set): acknowledged, the consignment and its samples change hands."""
    consignment = handover.consignment
    items = list(travelling_items(consignment))
    handover.answered_at = moment
    if handover.state != HandoverState.WITHDRAWN:
        handover.receiver_signature = _signed(handover, str(handover.state), items, moment, password, by)
    handover.save()
    _note_seen(consignment, place, moment)
    if handover.state == HandoverState.ACKNOWLEDGED:
        consignment.holder = handover.receiver
        consignment.save(update_fields=["holder"])
        moving = lock_samples(item.sample_id for item in items)
        Sample.objects.filter(pk__in=[sample.pk for sample in moving]).update(holder=consignment.holder, place=consignment.last_seen)
    # Acknowledged, it is where it was last seen: the place the samples got just now.
    seen_at = consignment.last_seen if handover.state == HandoverState.ACKNOWLEDGED else place
    append_events(_answer_entries(items, handover, seen_at, moment), by=by)
    return handover


def lock_pending(handover: Handover) -> tuple[Consignment, Handover]:
    """The consignment, whose row is the lock of all its handovers, and the offer; raises `Blocked('answered_already')`."""
    consignment = lock_consignment(handover.consignment)
    handover = consignment.handovers.select_related("giver", "receiver").get(pk=handover.pk)
    if handover.state != HandoverState.PENDING:
        sentence = f"This handover of {consignment.code} is {HandoverState(handover.state).label} already. Reload to see where it stands."
        raise Blocked([Blocker("answered_already", sentence)])
    handover.consignment = consignment
    return consignment, handover


def check_receiver(consignment: Consignment, receiver: Organisation, pointer: str = "/receiver") -> None:
    """Raise `Invalid('receiver')` for who holds it already or takes nothing over."""
    detail = ""
    if receiver.pk == consignment.holder_id:
        detail = f"{receiver} holds {consignment.code} already. Choose who takes it over."
    elif receiver.kind == OrganisationKind.MINISTRY or not receiver.active:
        detail = f"{receiver} does not take consignments over. Choose a carrier, a firm or the laboratory."
    if detail:
        raise invalid_at(pointer, "receiver", detail)


def check_remark(accept: bool, seals_intact: bool | None, remark: str) -> None:
    """Raise `Invalid('remark_missing')` where a refusal or a broken seal is not explained."""
    if remark or (accept and seals_intact is not False):
        return
    detail = "Say what is wrong with the seals." if accept else "Say why it is refused: the giver and the sender read it."
    raise invalid_at("/remark", "remark_missing", detail)


def handover_content(handover: Handover, act: str, items: list[ConsignmentItem], moment: datetime) -> dict[str, Any]:
    """What a side of a handover signs."""
    return {
        "act": act,
        "consignment": handover.consignment.code,
        "giver": handover.giver.name,
        "receiver": handover.receiver.name,
        "at": time_text(moment),
        "samples": [item.sample.code for item in items],
        "seals": [item.seal_number for item in items],
        "outer_seal": handover.consignment.outer_seal,
    }


def _signed(
    handover: Handover, act: str, items: list[ConsignmentItem], moment: datetime, password: str | None, by: Any
) -> Signature | None:
    """The signature over what is handed over, where a password was given."""
    if password is None:
        return None
    content = handover_content(handover, act, items, moment)
    return sign(by=by, password=password, meaning=SignatureMeaning.HANDOVER, content=content)


def _words_of(handover: Handover) -> dict[str, Any]:
    return {
        "giver": handover.giver.name,
        "receiver": handover.receiver.name,
        "place": handover.place,
        "waybill": handover.consignment.waybill,
        "remark": handover.remark,
        "detail": _paper_detail(handover),
    }


def _signed_hash(signature: Signature | None) -> str:
    """What binds a signature to the ledger: a row of signatures that is changed, or put there later, fits no event."""
    return signature.content_hash if signature is not None else ""


def _paper_detail(handover: Handover) -> dict[str, str]:
    """From paper, with the SHA-256 of the scan: the bytes of the record are bound to those of the paper."""
    return {"signed": "on paper", "scan_sha256": handover.paper_sha256} if handover.paper_sha256 else {}


_ANSWER_KINDS = {
    HandoverState.ACKNOWLEDGED: EventKind.ACKNOWLEDGED,
    # Refused by the receiver or taken back by the giver: either way the sample stays where it was.
    HandoverState.REFUSED: EventKind.REFUSED,
    HandoverState.WITHDRAWN: EventKind.REFUSED,
}


def _answer_entries(items: list[ConsignmentItem], handover: Handover, place: str, moment: datetime) -> list[Any]:
    state = HandoverState(handover.state)
    words = _words_of(handover) | {"place": place or handover.place, "remark": handover.answer_remark}
    words["detail"] = {"handover": str(state)} | _paper_detail(handover)
    words["signature"] = _signed_hash(handover.recorder_signature or handover.receiver_signature)
    if state == HandoverState.ACKNOWLEDGED:
        words["holder"] = handover.receiver_id
    if handover.seals_intact is not None:
        words["seal_condition"] = SealCondition.INTACT if handover.seals_intact else SealCondition.BROKEN
    return entries_of(items, _ANSWER_KINDS[state], handover.consignment, moment, **words)


def _note_seen(consignment: Consignment, place: str, moment: datetime) -> None:
    """Where and when the consignment was last seen; a step without a place leaves the place as it was."""
    consignment.last_seen, consignment.last_seen_at = place or consignment.last_seen, moment
    consignment.save(update_fields=["last_seen", "last_seen_at"])
