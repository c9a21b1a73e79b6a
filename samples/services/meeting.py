"""Handover between two people who meet: both sign on one phone, or the receiver's phone reads a code from the giver's."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.hashers import make_password
from django.db import transaction

from lims.accounts.models import User
from lims.core import clock
from lims.core.acting import acting
from lims.core.errors import Blocker, Forbidden, Invalid, NotFound, refuse_if
from lims.core.roles import Action, allowed, require
from samples.models import Consignment, Handover, HandoverToken
from samples.models.consignments import HandoverManner, HandoverState
from samples.services.handing_over import offer_blockers
from samples.services.handover_acts import check_receiver, check_remark, conclude, lock_pending, relinquish
from samples.services.movement import checked_moment, checked_texts, invalid_at, last_moment, lock_consignment

TOKEN_LIFE = timedelta(minutes=5)
"""How long a code may be answered: as long as two people stand beside each other."""


def hand_over_here(
    *,
    consignment: Consignment,
    taker: str,
    taker_password: str,
    password: str,
    seals_intact: bool | None = None,
    place: str = "",
    remark: str = "",
    by: Any,
    at: datetime | None = None,
) -> Handover:
    """Both sides at once on the giver's phone: the caller relinquishes and `taker` (a username) takes over for their organisation, each
    signing with their own password.

    Raises `Invalid('taker')` for a name or password that is not right, or of somebody who takes nothing over, `Invalid('password')` for the
    giver's, `Blocked` as `offer_handover`. A refusal needs no phone of the giver: it is not offered at all.
    """
    require(by, Action.CONSIGNMENT_HANDOVER)
    texts = checked_texts(Handover, place=place, remark=remark)
    check_remark(True, seals_intact, texts["remark"])
    person = _find_taker(taker, taker_password)
    with transaction.atomic(), acting(by, "handed over on one phone"):
        consignment = lock_consignment(consignment)
        refuse_if(offer_blockers(consignment, by))
        check_receiver(consignment, person.organisation, "/taker")
        moment = checked_moment(at, after=last_moment(consignment))
        handover = Handover(
            consignment=consignment,
            giver=by.organisation,
            giver_user=by,
            receiver=person.organisation,
            manner=HandoverManner.ONE_PHONE,
            **texts,
        )
        _own(relinquish, "/password", handover, moment, password=password, by=by)
        handover.state, handover.receiver_user, handover.seals_intact = HandoverState.ACKNOWLEDGED, person, seals_intact
        handover.answer_remark = texts["remark"] if seals_intact is False else ""
        return _own(conclude, "/taker_password", handover, moment, place=texts["place"], password=taker_password, by=person)


def _find_taker(username: str, password: str) -> User:
    """The person who takes over. A name nobody has, and one that takes nothing over, answer alike and as slowly as a wrong password."""
    person: User | None = User.objects.select_related("organisation").filter(username=username.strip(), is_active=True).first()
    if person is None or not allowed(person, Action.CONSIGNMENT_ACKNOWLEDGE) or person.must_change_password:
        make_password(password)
        raise invalid_at("/taker", "taker", "This name and password are nobody's who takes consignments over. Both type their own.")
    return person


def _own(act: Any, pointer: str, *arguments: Any, **named: Any) -> Handover:
    """An act whose wrong password is told at its field."""
    try:
        done: Handover = act(*arguments, **named)
    except Invalid as error:
        if error.code != "password":
            raise
        raise invalid_at(pointer, "password", error.message) from error
    return done


# --- Two phones -----------------------------------------------------------------------------------------------------------------------


def show_handover(*, handover: Handover, by: Any) -> tuple[HandoverToken, str]:
    """A new one-time token for a pending offer, and the token itself, which is not kept; earlier ones end. Only the giver's people show it.

    Raises `Blocked('answered_already')`, `Forbidden('not_giver')`.
    """
    require(by, Action.CONSIGNMENT_HANDOVER)
    token = secrets.token_urlsafe(18)
    with transaction.atomic(), acting(by, "handover shown as a code"):
        _consignment, handover = lock_pending(handover)
        if handover.giver_id != by.organisation_id:
            raise Forbidden("not_giver", f"This handover was offered by {handover.giver}; only its people show it.")
        now = clock.now()
        handover.tokens.filter(used_at=None, expires_at__gt=now).update(expires_at=now)
        row = HandoverToken.objects.create(handover=handover, digest=_digest(token), made_by=by, made_at=now, expires_at=now + TOKEN_LIFE)
    return row, token


def find_shown(token: str, by: Any) -> Handover:
    """What a token hands over, for the people of its receiver; for anybody else it does not exist. Raises `NotFound`, and `Blocked` as
    `token_blockers`."""
    row = HandoverToken.objects.select_related("handover").filter(digest=_digest(token), handover__receiver=by.organisation_id).first()
    if row is None:
        raise NotFound()
    refuse_if(token_blockers(row))
    return row.handover


def token_blockers(row: HandoverToken) -> list[Blocker]:
    """Why the token cannot be answered with any more."""
    if row.used_at is not None:
        return [Blocker("token_used", "This code was answered already. It is good once; ask the giver where the handover stands.")]
    if row.expires_at <= clock.now():
        minutes = int(TOKEN_LIFE.total_seconds() // 60)
        return [Blocker("token_expired", f"This code was good for {minutes} minutes and no longer is. The giver shows a new one.")]
    return []


def answer_shown(
    *,
    token: str,
    consignment: Consignment | None = None,
    accept: bool = True,
    seals_intact: bool | None = None,
    remark: str = "",
    place: str = "",
    password: str,
    by: Any,
    at: datetime | None = None,
) -> Handover:
    """The receiver's answer with the code read from the giver's phone, signed. `consignment` is the one the caller means, if named.

    Raises `NotFound` for a code that is nobody's or another receiver's, `Blocked('token_expired' | 'token_used' | 'answered_already')`.
    """
    require(by, Action.CONSIGNMENT_ACKNOWLEDGE)
    texts = checked_texts(Handover, answer_remark=remark, place=place)
    check_remark(accept, seals_intact, texts["answer_remark"])
    shown = find_shown(token, by)
    if consignment is not None and shown.consignment_id != consignment.pk:
        raise NotFound()
    with transaction.atomic(), acting(by, "handover answered by code"):
        consignment = lock_consignment(shown.consignment)
        # Read again under the lock: of two answers with one code the second finds it used.
        row = HandoverToken.objects.get(digest=_digest(token))
        refuse_if(token_blockers(row))
        _consignment, handover = lock_pending(shown)
        moment = checked_moment(at, after=handover.relinquished_at)
        handover.state = HandoverState.ACKNOWLEDGED if accept else HandoverState.REFUSED
        handover.manner, handover.receiver_user = HandoverManner.TWO_PHONES, by
        handover.seals_intact, handover.answer_remark = seals_intact, texts["answer_remark"]
        row.used_at, row.used_by = clock.now(), by
        row.save(update_fields=["used_at", "used_by"])
        return conclude(handover, moment, place=texts["place"], password=password, by=by)


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def shown_blockers(consignment: Consignment, by: Any) -> list[Blocker]:
    """Why the caller has nothing to show as a code."""
    pending = consignment.handovers.filter(state=HandoverState.PENDING).first()
    if pending is None or pending.giver_id != by.organisation_id:
        return [Blocker("no_handover_pending", "First hand it over to an organisation; then its people read the code from your phone.")]
    return []
