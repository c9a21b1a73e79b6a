"""A handover that was signed on paper, recorded afterwards: times and names as on the form, the scan kept, marked for what it is."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction

from lims.accounts.models import Organisation, SignatureMeaning
from lims.accounts.signing import sign
from lims.core import clock
from lims.core.acting import acting
from lims.core.errors import Blocker, Invalid, refuse_if
from lims.core.roles import Action, require
from samples.custody.hashing import time_text
from samples.lifecycle import CONSIGNMENT
from samples.models import Consignment, Handover
from samples.models.consignments import HandoverManner, HandoverState
from samples.services.handover_acts import check_receiver, check_remark, conclude, relinquish
from samples.services.holding import given_reason
from samples.services.movement import checked_moment, checked_texts, invalid_at, last_moment, lock_consignment
from samples.services.paper_files import keep_document


def record_paper_handover(
    *,
    consignment: Consignment,
    receiver: Organisation,
    giver_person: str,
    receiver_person: str,
    relinquished_at: datetime,
    answered_at: datetime,
    scan: bytes,
    reason: str,
    seals_intact: bool | None = None,
    place: str = "",
    remark: str = "",
    password: str,
    by: Any,
) -> Handover:
    """Record a handover from its paper form. Said by the people of the giver (its holder) or of the receiver, who sign for the record.

    Both acts stand in the ledger at the times of the form, recorded now, with the SHA-256 of the scan. An offer that waits for this
    receiver keeps its own time and is answered by it. Raises `Blocked` (not a party, another offer waits), `Invalid` (`reason_missing`,
    `name_missing`, `time_order` when a time is before the step before it, `not_a_document`).
    """
    require(by, Action.CONSIGNMENT_HANDOVER)
    reason = given_reason(checked_texts(Handover, paper_reason=reason)["paper_reason"])
    texts = checked_texts(Handover, place=place, remark=remark, giver_person=giver_person, receiver_person=receiver_person)
    for name in ("giver_person", "receiver_person"):
        if not texts[name]:
            raise invalid_at(f"/{name}", "name_missing", "Write the name as it stands on the form.")
    check_remark(True, seals_intact, texts["remark"])
    stored, content_type = keep_document(scan)
    with transaction.atomic(), acting(by, reason):
        consignment = lock_consignment(consignment)
        refuse_if(paper_blockers(consignment, receiver, by))
        check_receiver(consignment, receiver)
        handover = consignment.handovers.select_related("receiver").filter(state=HandoverState.PENDING).first()
        offered = handover is not None
        if handover is None:
            handover = Handover(giver=consignment.holder, receiver=receiver, giver_user=by, place=texts["place"], remark=texts["remark"])
        handover.consignment = consignment
        left = handover.relinquished_at if offered else _moment("/relinquished_at", relinquished_at, last_moment(consignment))
        came = _moment("/answered_at", answered_at, left)
        handover.manner, handover.paper_reason = HandoverManner.PAPER, reason
        handover.giver_person, handover.receiver_person = texts["giver_person"], texts["receiver_person"]
        handover.paper_sha256, handover.paper_type = stored.sha256, content_type
        handover.recorded_by, handover.recorded_at = by, clock.now()
        handover.recorder_signature = sign(
            by=by, password=password, meaning=SignatureMeaning.HANDOVER, content=_content(handover, left, came), reason=reason
        )
        if not offered:
            relinquish(handover, left, by=by)
        handover.state, handover.seals_intact, handover.answer_remark = HandoverState.ACKNOWLEDGED, seals_intact, texts["remark"]
        return conclude(handover, came, place=texts["place"], by=by)


def paper_blockers(consignment: Consignment, receiver: Organisation | None, by: Any) -> list[Blocker]:
    """Why the caller cannot record a paper handover to `receiver` (None: to anybody) now."""
    pending = consignment.handovers.filter(state=HandoverState.PENDING).select_related("receiver").first()
    if receiver is not None and by.organisation_id not in {consignment.holder_id, receiver.pk}:
        return [Blocker("not_a_party", "The people of who gave it or of who took it over record the form.")]
    if pending is None:
        return CONSIGNMENT.blockers(consignment, "hand_over")
    if receiver is not None and pending.receiver_id != receiver.pk:
        sentence = f"A handover of {consignment.code} waits for {pending.receiver}. It is taken back first, or the form is of that one."
        return [Blocker("handover_pending", sentence)]
    return []


def _moment(pointer: str, at: datetime, after: datetime) -> datetime:
    """A time of the form in the order of things; its refusal stands at its field."""
    try:
        return checked_moment(at, after=after)
    except Invalid as error:
        raise invalid_at(pointer, error.code, error.message) from error


def _content(handover: Handover, left: datetime, came: datetime) -> dict[str, Any]:
    """What the recorder signs: that the form says this."""
    return {
        "act": "recorded from paper",
        "consignment": handover.consignment.code,
        "giver": f"{handover.giver_person}, {handover.giver.name}",
        "receiver": f"{handover.receiver_person}, {handover.receiver.name}",
        "relinquished_at": time_text(left),
        "acknowledged_at": time_text(came),
        "scan_sha256": handover.paper_sha256,
        "reason": handover.paper_reason,
    }
