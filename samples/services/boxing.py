"""Several packs in one consignment, each closed with a seal of its own."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Max

from lims.core.acting import acting
from lims.core.errors import Blocked, Blocker
from lims.core.roles import Action, require
from samples.models import Consignment, Pack
from samples.models.consignments import PackKind
from samples.models.seals import SealUseKind
from samples.services.consigning import lock_for_packing
from samples.services.movement import checked_moment, checked_texts, invalid_at
from samples.services.sealing import SealSeen, note_seals

MOST_PACKS = 99


def add_pack(*, consignment: Consignment, kind: str = PackKind.BOX, by: Any) -> Pack:
    """One more pack while it is open; the next number. Raises `Invalid('unknown_choice')`, `Blocked` (not the sender's, dispatched)."""
    require(by, Action.CONSIGNMENT_EDIT)
    if kind not in PackKind.values:
        raise invalid_at("/kind", "unknown_choice", f"“{kind}” is none of: {', '.join(PackKind.values)}.")
    with transaction.atomic(), acting(by, "pack added"):
        consignment = lock_for_packing(consignment, by)
        number = (consignment.packs.aggregate(last=Max("number"))["last"] or 0) + 1
        if number > MOST_PACKS:
            raise Blocked([Blocker("too_many_packs", f"A consignment has at most {MOST_PACKS} packs. Make a second consignment.")])
        return Pack.objects.create(consignment=consignment, number=number, kind=kind)


def close_pack(*, pack: Pack, seal_number: str, gross_kg: Decimal | None = None, by: Any, at: datetime | None = None) -> Pack:
    """Put a seal on a pack, or another in its place, with its gross mass where it was weighed. Raises `Invalid('duplicate_seal')`."""
    require(by, Action.CONSIGNMENT_EDIT)
    seal = checked_texts(Pack, seal_number=seal_number)["seal_number"]
    if gross_kg is not None and not (gross_kg.is_finite() and 0 < gross_kg < 100_000 and round(gross_kg, 3) == gross_kg):
        raise invalid_at("/gross_kg", "out_of_range", "Gross mass in kilograms, above 0, to the gram.")
    with transaction.atomic(), acting(by, "pack closed"):
        consignment = lock_for_packing(pack.consignment, by)
        moment = checked_moment(at, after=consignment.created_at)
        pack = consignment.packs.get(pk=pack.pk)
        is_new = bool(seal) and seal != pack.seal_number
        pack.seal_number, pack.gross_kg = seal, gross_kg
        try:
            with transaction.atomic():
                pack.save()
        except IntegrityError as error:
            detail = f"Seal {seal} closes another pack already. A seal is used once: read the number again."
            raise invalid_at("/seal_number", "duplicate_seal", detail) from error
        if is_new:
            use = SealSeen(number=seal, organisation_id=by.organisation_id, kind=SealUseKind.APPLIED, consignment_id=consignment.pk)
            note_seals([use], by=by, at=moment)
    return pack


def find_pack(consignment: Consignment, number: int, pointer: str = "/pack") -> Pack:
    """A pack by its number; raises `Invalid('unknown_pack')`."""
    found = consignment.packs.filter(number=number).first()
    if found is None:
        raise invalid_at(pointer, "unknown_pack", f"{consignment.code} has no pack {number}. Add it first.")
    return found
