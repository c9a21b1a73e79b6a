"""Issuing numbered seals in ranges, and taking them back: returned, lost or void, each with its reason."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.db.models import Q

from lims.accounts.models import Organisation
from lims.core import clock
from lims.core.acting import acting
from lims.core.errors import Blocked, Blocker, Forbidden
from lims.core.roles import Action, Role, require
from samples.models import SealBatch, SealUse, SealVoiding
from samples.seal_numbers import SealNumber, split_seal
from samples.services.holding import given_reason
from samples.services.movement import checked_texts, invalid_at

MOST_SEALS = 100_000
# Issuing is rare and must not overlap: one at a time, by an advisory lock of PostgreSQL.
_ISSUING = 7_301_846


def issue_seals(
    *,
    first: str,
    last: str,
    organisation: Organisation,
    team: str = "",
    person: str = "",
    remark: str = "",
    by: Any,
    at: datetime | None = None,
) -> SealBatch:
    """Issue the seals from `first` to `last` (`DM-000101`, `DM-000200`) to an organisation, and to whom in it.

    Raises `Invalid` with pointers: numbers that make no range, too many at once, or seals that were issued before (`issued_before`).
    """
    require(by, Action.SEAL_ISSUE)
    texts = checked_texts(SealBatch, team=team, person=person, remark=remark)
    start, end = _range_of(first, last)
    with transaction.atomic(), acting(by, "seals issued"):
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_ISSUING])
        same_kind = SealBatch.objects.filter(prefix=start.prefix, width=start.width)
        overlapping = same_kind.filter(first__lte=end.number, last__gte=start.number).select_related("organisation").first()
        if overlapping is not None:
            detail = f"{overlapping} were issued before, to {overlapping.organisation}. A seal is issued once: check the numbers."
            raise invalid_at("/first", "issued_before", detail)
        return SealBatch.objects.create(
            prefix=start.prefix,
            first=start.number,
            last=end.number,
            width=start.width,
            organisation=organisation,
            **texts,
            issued_by=by,
            issued_at=at or clock.now(),
        )


def _range_of(first: str, last: str) -> tuple[SealNumber, SealNumber]:
    start, end = _part_of("first", first), _part_of("last", last)
    if (start.prefix, start.width) != (end.prefix, end.width):
        raise invalid_at("/last", "seal_range", "First and last seal must begin alike and have as many digits.")
    if end.number < start.number:
        raise invalid_at("/last", "seal_range", "The last seal lies before the first. Exchange the two.")
    if end.number - start.number >= MOST_SEALS:
        raise invalid_at("/last", "seal_range", f"At most {MOST_SEALS} seals at once. Check the number of digits.")
    return start, end


def _part_of(name: str, text: str) -> SealNumber:
    part = split_seal(text)
    if part is None or len(text) > 40 or len(part.prefix) > 24 or not text.isprintable():
        raise invalid_at(f"/{name}", "seal_shape", "A seal number ends in digits, as in DM-000101, with at most 40 characters.")
    return part


def void_seals(
    *, batch: SealBatch, first: str, last: str = "", kind: str = "void", reason: str, by: Any, at: datetime | None = None
) -> SealVoiding:
    """Take seals of a batch out of use: `returned` unused, `lost` or `void` (damaged). From then on each is a discrepancy where it
    turns up.

    Raises `Forbidden('not_holder')` for another organisation's seals, `Invalid` for seals outside the batch, `Blocked('seal_used')` for a
    seal that is on something already.
    """
    require(by, Action.SEAL_VOID)
    reason = given_reason(checked_texts(SealVoiding, reason=reason)["reason"])
    if by.role != Role.OFFICIAL and batch.organisation_id != by.organisation_id:
        raise Forbidden("not_holder", "These seals were issued to another organisation, whose people take them back.")
    kinds = [value for value, _ in SealVoiding._meta.get_field("kind").flatchoices]
    if kind not in kinds:
        raise invalid_at("/kind", "unknown_choice", f"“{kind}” is none of: {', '.join(kinds)}.")
    start, end = _range_of(first, last or first)
    if (start.prefix, start.width) != (batch.prefix, batch.width) or start.number < batch.first or end.number > batch.last:
        raise invalid_at("/first", "seal_range", f"These seals are not among {batch}.")
    with transaction.atomic(), acting(by, reason):
        numbers = [f"{batch.prefix}{number:0{batch.width}d}" for number in range(start.number, end.number + 1)]
        used = SealUse.objects.filter(number__in=numbers, kind="applied").order_by("number").first()
        if used is not None:
            raise Blocked(
                [Blocker("seal_used", f"Seal {used.number} is in use since {used.used_at:%Y-%m-%d}. Void the others without it.")]
            )
        already = batch.voidings.filter(Q(first__lte=end.number) & Q(last__gte=start.number)).first()
        if already is not None:
            raise Blocked([Blocker("voided_already", f"Some of these seals were taken out of use already: {already.reason}")])
        return SealVoiding.objects.create(
            batch=batch, first=start.number, last=end.number, kind=kind, reason=reason, voided_by=by, voided_at=at or clock.now()
        )
