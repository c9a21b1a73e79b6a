"""Putting right what is on record of lots and equipment, and taking them out of use: each with a reason that history keeps."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import IntegrityError, transaction

from assays.models import Equipment, Lot
from lims.core import clock
from lims.core.acting import acting
from lims.core.errors import Blocked, Blocker, DomainError, Invalid, Problem
from lims.core.roles import Action, require
from lims.core.scope import fetch_visible
from samples.services.movement import checked_texts


@dataclass(frozen=True, kw_only=True)
class LotChange:
    """What of a lot may be put right; its kind, material and day of receipt stay."""

    name: str
    supplier: str
    supplier_lot: str
    opened_on: date | None
    expires_on: date | None


def correct_lot(*, lot: Lot, change: LotChange, reason: str, by: Any) -> Lot:
    """Put a lot's record right. Raises `Invalid` with a problem per wrong member, `DomainError('lot_exists')`."""
    require(by, Action.LOT_EDIT)
    reason = _given(reason, "the record is changed")
    problems = []
    if not change.name.strip():
        problems.append(Problem("/name", "missing", "Say what it is, with its concentration or grade."))
    if not change.supplier_lot.strip():
        problems.append(Problem("/supplier_lot", "missing", "Write the supplier's lot number from the label."))
    if change.opened_on is not None and not lot.received_on <= change.opened_on <= clock.today():
        problems.append(Problem("/opened_on", "opened_on", "It was opened between the day it came and today."))
    if problems:
        raise Invalid(problems[0].code, problems[0].detail, problems=problems)
    texts = checked_texts(Lot, name=change.name, supplier=change.supplier, supplier_lot=change.supplier_lot)
    try:
        with transaction.atomic(), acting(by, reason):
            found = fetch_visible(Lot, by, lock=True, pk=lot.pk)
            for name, value in {**texts, "opened_on": change.opened_on, "expires_on": change.expires_on}.items():
                setattr(found, name, value)
            found.save()
    except IntegrityError as error:
        raise DomainError("lot_exists", f"Lot {change.supplier_lot} of {change.name} is on record already. Use that one.") from error
    return found


def withdraw_thing(*, thing: Lot | Equipment, reason: str, by: Any) -> Lot | Equipment:
    """Take a lot or a piece of equipment out of use; its uses stay on record. Raises `Blocked('withdrawn')` the second time."""
    require(by, Action.LOT_EDIT)
    reason = _given(reason, "it is taken out of use")
    with transaction.atomic(), acting(by, reason):
        found: Any = fetch_visible(type(thing), by, lock=True, pk=thing.pk)
        if found.withdrawn:
            raise Blocked([Blocker("withdrawn", f"{found.code} is out of use already.")])
        found.withdrawn = True
        found.save(update_fields=["withdrawn"])
    result: Lot | Equipment = found
    return result


def _given(reason: str, what: str) -> str:
    if not reason.strip():
        detail = f"Say why {what}: the reason is kept."
        raise Invalid("reason_missing", detail, problems=[Problem("/reason", "reason_missing", detail)])
    return " ".join(reason.split())[:300]
