"""Handover of a whole consignment: the giver relinquishes, the receiver acknowledges or refuses. Until the answer the giver still holds it,
in transit, and everybody concerned sees for whom it waits."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction

from lims.accounts.models import Organisation
from lims.core.acting import acting
from lims.core.errors import Blocked, Blocker, Forbidden, Invalid, Problem, refuse_if
from lims.core.roles import Action, require
from samples.lifecycle import CONSIGNMENT
from samples.models import Consignment, Handover
from samples.models.consignments import HandoverState
from samples.services.handover_acts import check_receiver, check_remark, conclude, lock_pending, relinquish
from samples.services.holding import given_reason
from samples.services.movement import checked_moment, checked_texts, last_moment, lock_consignment


def offer_blockers(consignment: Consignment, by: Any) -> list[Blocker]:
    """Why the caller cannot hand the consignment over now."""
    if consignment.holder_id != by.organisation_id:
        return [Blocker("not_holder", f"{consignment.code} is held by {consignment.holder}; only its holder hands it over.")]
    return CONSIGNMENT.blockers(consignment, "hand_over")


def check_signed(password: str | None) -> None:
    """Raise `Invalid` for a side that does not sign, where this installation takes no handover without both signatures."""
    if settings.HANDOVERS_SIGNED and not password:
        sentence = "Both sides of a handover sign it here. Send your own password with it."
        raise Invalid("password", sentence, problems=[Problem("/password", "password", sentence)])


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

    Raises `Blocked` when the caller does not hold it or another offer waits, `Invalid` for a receiver who cannot take it or where the
    caller must sign and does not.
    """
    require(by, Action.CONSIGNMENT_HANDOVER)
    check_signed(password)
    texts = checked_texts(Handover, place=place, remark=remark)
    with transaction.atomic(), acting(by, "handover offered"):
        consignment = lock_consignment(consignment)
        refuse_if(offer_blockers(consignment, by))
        check_receiver(consignment, receiver)
        moment = checked_moment(at, after=last_moment(consignment))
        handover = Handover(consignment=consignment, giver=by.organisation, giver_user=by, receiver=receiver, **texts)
        return relinquish(handover, moment, password=password, by=by)


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
    check_signed(password)
    texts = checked_texts(Handover, answer_remark=remark, place=place)
    check_remark(accept, seals_intact, texts["answer_remark"])
    with transaction.atomic(), acting(by, "handover acknowledged" if accept else "handover refused"):
        _consignment, handover = lock_pending(handover)
        if handover.receiver_id != by.organisation_id:
            raise Forbidden("not_receiver", f"This handover waits for {handover.receiver}; only its people answer it.")
        moment = checked_moment(at, after=handover.relinquished_at)
        handover.state = HandoverState.ACKNOWLEDGED if accept else HandoverState.REFUSED
        handover.receiver_user, handover.seals_intact, handover.answer_remark = by, seals_intact, texts["answer_remark"]
        return conclude(handover, moment, place=texts["place"], password=password, by=by)


def withdraw_handover(*, handover: Handover, reason: str, by: Any, at: datetime | None = None) -> Handover:
    """Take an offer back before it is answered, with a reason; the giver goes on holding the consignment."""
    require(by, Action.CONSIGNMENT_HANDOVER)
    reason = given_reason(checked_texts(Handover, answer_remark=reason)["answer_remark"])
    with transaction.atomic(), acting(by, reason):
        _consignment, handover = lock_pending(handover)
        if handover.giver_id != by.organisation_id:
            raise Forbidden("not_giver", f"This handover was offered by {handover.giver}; only its people take it back.")
        moment = checked_moment(at, after=handover.relinquished_at)
        handover.state, handover.answer_remark = HandoverState.WITHDRAWN, reason
        return conclude(handover, moment, by=by)


def pending_handover(consignment: Consignment) -> Handover:
    """The offer that waits for an answer; raises `Blocked('no_handover_pending')` when there is none."""
    found = consignment.handovers.filter(state=HandoverState.PENDING).first()
    if found is None:
        sentence = f"No handover of {consignment.code} waits for an answer. Its holder, {consignment.holder}, offers one first."
        raise Blocked([Blocker("no_handover_pending", sentence)])
    return found
