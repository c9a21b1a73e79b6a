"""Codes that records bring along from printed labels: each must have been set aside for the organisation, be unused and rightly typed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Q

from lims.core.codes import SAMPLE, check_code
from lims.core.errors import Invalid, Problem
from samples.allotments.models import Allotment
from samples.models import Sample


@dataclass(frozen=True)
class KnownCodes:
    """Of the codes that records bring along: those set aside for the organisation, those of closed sets, and its own samples' codes."""

    allotted: frozenset[str]
    ended: frozenset[str]
    used: frozenset[str]


def look_up_codes(texts: Sequence[str], by: Any) -> KnownCodes:
    """What is known of the codes; wrong ones are left out."""
    found = {code: place for code in set(texts) - {""} if (place := place_of(code))}
    if not found:
        return KnownCodes(frozenset(), frozenset(), frozenset())
    wanted = Q()
    for year, number in found.values():
        wanted |= Q(year=year, first__lte=number, last__gte=number)
    sets = list(Allotment.objects.filter(wanted, organisation=by.organisation_id).select_related("end"))

    def inside(place: tuple[int, int], closed: bool) -> bool:
        return any(one.year == place[0] and one.first <= place[1] <= one.last and hasattr(one, "end") == closed for one in sets)

    return KnownCodes(
        frozenset(code for code, place in found.items() if inside(place, closed=False)),
        frozenset(code for code, place in found.items() if inside(place, closed=True)),
        frozenset(Sample.objects.filter(code__in=found).values_list("code", flat=True)),
    )


def place_of(code: str) -> tuple[int, int] | None:
    """Year and number of a right sample code."""
    try:
        parts = check_code(code).split("-")
    except Invalid:
        return None
    if parts[0] != SAMPLE or len(parts) != 4 or not (parts[1].isdigit() and parts[2].isdigit()):
        return None
    return 2000 + int(parts[1]), int(parts[2])


def code_problems(code: str, known: KnownCodes, counts: Counter[str]) -> Iterator[Problem]:
    """What is wrong with the code of one record."""
    if not code:
        return
    try:
        check_code(code)
    except Invalid as error:
        yield Problem("/code", error.code, error.message)
        return
    ours = code in known.allotted | known.ended
    if not code.startswith(f"{SAMPLE}-"):
        yield Problem("/code", "code_shape", f"“{code}” is not the code of a sample. Those begin with {SAMPLE}-.")
    elif not ours:
        # The same words whether others have it or nobody.
        detail = f"{code} was not set aside for your organisation. Scan the label again, or leave the code empty and a new one is given."
        yield Problem("/code", "not_allotted", detail)
    elif code in known.used:
        yield Problem("/code", "used_code", f"{code} is on a sample already. Was this bag registered before? Else take another label.")
    elif code in known.ended:
        yield Problem(
            "/code", "allotment_ended", f"The set of {code} was closed: its labels were lost or returned. Use one of an open set."
        )
    elif counts[code] > 1:
        yield Problem("/code", "duplicate_code", f"{code} stands on {counts[code]} records of this request. A label is used once.")
