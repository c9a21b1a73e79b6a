"""Entering what the certificate of a lot says, element by element (ISO/IEC 17025:2017, 6.5 and 6.6)."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction

from assays.chemistry.standards import SYMBOLS
from assays.models import Lot, LotValue, Method, Use
from assays.models.lots import LotKind, ValueUnit
from lims.accounts.models import Signature, SignatureMeaning
from lims.accounts.signing import sign
from lims.core import clock
from lims.core.acting import acting
from lims.core.errors import Blocker, Invalid, Problem, refuse_if
from lims.core.roles import Action, allowed, require
from lims.core.scope import fetch_visible
from samples.services.movement import checked_texts

_MOST = Decimal(10) ** 9
_PLACES = 8
BASES = ("dry", "as_received")


@dataclass(frozen=True, kw_only=True)
class CertifiedAmount:
    """One line of a certificate: the amount of an element in `unit`, its expanded `uncertainty` with coverage factor `k`.

    Of a solution, `nominal` is the amount on the label (same unit) that dilutions are reckoned by; None where it is used as it comes. Of a
    reference material, the content is for a `method_group` on a `basis`, with its between-laboratory `sd` where the certificate has one."""

    element: str
    value: Decimal
    unit: str
    uncertainty: Decimal | None = None
    k: Decimal | None = None
    nominal: Decimal | None = None
    method_group: str = ""
    basis: str = ""
    sd: Decimal | None = None


_KEPT = tuple(one.name for one in fields(CertifiedAmount))
Key = tuple[str, str]


def record_lot_values(
    *, lot: Lot, amounts: Sequence[CertifiedAmount], reason: str = "", password: str = "", by: Any, at: datetime | None = None
) -> list[LotValue]:
    """Put what a certificate says on record. An amount that is on record as it stands is left; one that differs takes its place, with a
    `reason`. Tubes of runs that are planned already keep what they were planned to hold; a material's tubes are judged by what is on
    record when they are. Once a run was planned with the lot, its amounts are corrected by the quality manager alone, who signs with the
    `password`: what the lot touched is to be looked at then.

    Raises `Invalid` with a problem per wrong member (`/values/3/value`, `/reason`, `/password`), `Blocked('correction_is_signed')`.
    """
    require(by, Action.LOT_EDIT)
    reason = checked_texts(LotValue, reason=reason)["reason"]
    moment = at or clock.now()
    with transaction.atomic(), acting(by, reason or "certificate entered"):
        found = fetch_visible(Lot, by, lock=True, pk=lot.pk)
        _refuse(list(_problems(found, amounts)))
        standing = {(one.element, one.method_group): one for one in LotValue.objects.filter(lot=found, corrected_by=None)}
        fresh = [one for one in amounts if not _same(one, standing.get(_key(one)))]
        changed = [(standing[_key(one)], one) for one in fresh if _key(one) in standing]
        if changed and not reason:
            _refuse([Problem("/reason", "reason_missing", "Say why an amount on record is changed: the reason is kept.")])
        refuse_if(correction_blockers(found, by) if changed else [])
        signature = _sign(found, changed, reason, password, by) if changed and runs_of_lot(found) else None
        rows = [
            LotValue(
                lot=found,
                entered_by=by,
                entered_at=moment,
                corrects=standing.get(_key(one)),
                reason=reason if _key(one) in standing else "",
                signature=signature if _key(one) in standing else None,
                decimals=max(0, -int(one.value.as_tuple().exponent)),
                **{name: getattr(one, name) for name in _KEPT},
            )
            for one in fresh
        ]
        return LotValue.objects.bulk_create(rows)


def runs_of_lot(lot: Lot) -> int:
    """How many runs were planned with a lot, or had it recorded as used; the given up ones too."""
    return Use.objects.filter(lot=lot, run__isnull=False).values("run").distinct().count()


def correction_blockers(lot: Lot, by: Any) -> list[Blocker]:
    """Why this person may not change an amount on record of the lot; other elements of its certificate may still be entered."""
    if allowed(by, Action.LOT_CORRECT) or not (runs := runs_of_lot(lot)):
        return []
    sentence = f"Runs were planned with lot {lot.code} ({runs}): only the quality manager corrects what is on record, with a signature."
    return [Blocker("correction_is_signed", sentence)]


def _sign(lot: Lot, changed: Sequence[tuple[LotValue, CertifiedAmount]], reason: str, password: str, by: Any) -> Signature:
    """Sign what stood on record of each element and what takes its place."""
    lines = [
        {"element": one.element, "method_group": one.method_group, "was": _as_text(before), "is": _as_text(one)} for before, one in changed
    ]
    content = {"act": "correct_lot_values", "lot": lot.code, "reason": reason, "amounts": lines}
    try:
        return sign(by=by, password=password, meaning=SignatureMeaning.CERTIFIED_AMOUNT, content=content, reason=reason)
    except Invalid as error:
        error.problems = [Problem("/password", error.code, error.message)]
        raise


def _as_text(one: LotValue | CertifiedAmount) -> dict[str, str]:
    numbers = {name: getattr(one, name) for name in ("value", "uncertainty", "k", "nominal", "sd")}
    return {"unit": one.unit, "basis": one.basis} | {name: f"{value.normalize():f}" for name, value in numbers.items() if value is not None}


def _refuse(problems: Sequence[Problem]) -> None:
    if problems:
        raise Invalid(problems[0].code, problems[0].detail, problems=problems)


def _key(one: CertifiedAmount) -> Key:
    return one.element, one.method_group


def _same(one: CertifiedAmount, standing: LotValue | None) -> bool:
    return standing is not None and all(getattr(one, name) == getattr(standing, name) for name in _KEPT)


def _problems(lot: Lot, amounts: Sequence[CertifiedAmount]) -> Iterator[Problem]:
    if lot.kind not in (LotKind.STANDARD, LotKind.REFERENCE):
        detail = (
            f"Lot {lot.code} is on record as {lot.get_kind_display()}: only standards and reference materials are certified by element."
        )
        yield Problem("/values", "not_certified", detail)
        return
    if not amounts:
        yield Problem("/values", "empty", "Give at least one element with its amount.")
    groups = set(Method.objects.values_list("method_group", flat=True)) if lot.kind == LotKind.REFERENCE else set()
    seen: set[Key] = set()
    for index, one in enumerate(amounts):
        place = f"/values/{index}"
        if one.element not in SYMBOLS:
            yield Problem(f"{place}/element", "unknown", f"“{one.element}” is no element. Write its symbol, as in Dy.")
        elif _key(one) in seen:
            yield Problem(f"{place}/element", "repeated", f"{one.element} stands twice. Each element has one amount.")
        seen.add(_key(one))
        if lot.kind == LotKind.STANDARD:
            yield from _solution_problems(one, place)
        else:
            yield from _content_problems(one, place, groups)
        yield from _number_problems(one, place)


def _solution_problems(one: CertifiedAmount, place: str) -> Iterator[Problem]:
    if one.unit not in (ValueUnit.MG_L, ValueUnit.UG_L, ValueUnit.MG_KG):
        yield Problem(f"{place}/unit", "unknown_choice", f"“{one.unit}” is no unit of a solution: mg/L, ug/L or mg/kg.")
    if one.method_group or one.basis or one.sd is not None:
        detail = f"{one.element}: a solution has no method group, basis or between-laboratory SD. Leave them out."
        yield Problem(f"{place}/method_group", "not_a_material", detail)


def _content_problems(one: CertifiedAmount, place: str, groups: Collection[str]) -> Iterator[Problem]:
    if one.unit not in (ValueUnit.MG_KG, ValueUnit.PERCENT):
        yield Problem(f"{place}/unit", "unknown_choice", f"“{one.unit}” is no unit of a content: mg/kg or %.")
    if one.method_group not in groups:
        detail = f"“{one.method_group}” is no method group. A certified content is for one of: {', '.join(sorted(groups))}."
        yield Problem(f"{place}/method_group", "unknown_choice", detail)
    if one.basis not in BASES:
        yield Problem(f"{place}/basis", "unknown_choice", f"{one.element}: say on which basis: {' or '.join(BASES)}.")
    if one.nominal is not None:
        yield Problem(f"{place}/nominal", "not_a_solution", f"{one.element}: only a solution has an amount on its label. Leave it out.")


def _number_problems(one: CertifiedAmount, place: str) -> Iterator[Problem]:
    numbers = {"value": one.value, "nominal": one.nominal, "sd": one.sd, "uncertainty": one.uncertainty}
    for member, number in numbers.items():
        if number is not None and not _possible(number, 0 if member == "uncertainty" else None):
            sentence = f"{one.element}: {number} is no amount. Give a number above 0 with at most {_PLACES} decimals."
            yield Problem(f"{place}/{member}", "impossible", sentence)
    if (one.uncertainty is None) != (one.k is None):
        yield Problem(f"{place}/k", "missing", f"{one.element}: an uncertainty has a coverage factor, and the other way round.")
    elif one.k is not None and not (one.k.is_finite() and 1 <= one.k <= 10 and one.k == round(one.k, 2)):
        yield Problem(f"{place}/k", "impossible", f"{one.element}: a coverage factor lies from 1 to 10; {one.k} does not.")
    elif one.uncertainty is not None and one.uncertainty.is_finite() and one.value.is_finite() and one.uncertainty >= one.value:
        yield Problem(f"{place}/uncertainty", "impossible", f"{one.element}: the uncertainty is as large as the amount.")


def _possible(number: Decimal, least: int | None) -> bool:
    return number.is_finite() and (number > 0 if least is None else number >= least) and number < _MOST and number == round(number, _PLACES)
