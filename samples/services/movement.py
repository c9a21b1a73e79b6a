"""What every step of a consignment needs: the locked row, tidy texts, a moment in the order of things, words for the ledger."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import models

from lims.core import clock
from lims.core.errors import Blocker, Invalid, Problem
from samples.custody.ledger import Entry
from samples.lifecycle import SAMPLE, SampleState
from samples.models import Consignment, ConsignmentItem, Sample

# A clock of a phone may run ahead a little; more is a mistake.
_TOLERATED_FUTURE = timedelta(minutes=5)
_BIDIRECTIONAL = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def lock_consignment(consignment: Consignment) -> Consignment:
    """The consignment as it stands now with its parties, locked until the transaction ends: one step at a time."""
    # Locked alone, then read: a row that was joined to its holder would not be found again if the holder changed while we waited.
    Consignment.objects.select_for_update(no_key=True).get(pk=consignment.pk)
    return Consignment.objects.select_related("sender", "carrier", "addressee", "holder").get(pk=consignment.pk)


def active_items(consignment: Consignment) -> models.QuerySet[ConsignmentItem]:
    """What is in the consignment now, without what was taken out again."""
    return consignment.items.filter(removed_at=None).select_related("sample").order_by("sample__code")


def travelling_items(consignment: Consignment) -> models.QuerySet[ConsignmentItem]:
    """What is on its way in it now: without what was received, refused or lost meanwhile."""
    return active_items(consignment).filter(sample__state=SampleState.IN_TRANSIT)


def checked_texts(model: type[models.Model], **texts: str) -> dict[str, str]:
    """The texts without blanks around them; raises `Invalid('text')` naming each that is too long for its column or cannot be printed."""
    tidy = {name: text.strip() for name, text in texts.items()}
    problems = [problem for name, text in tidy.items() for problem in _text_problems(name, text, model)]
    if problems:
        raise Invalid(problems[0].code, f"{problems[0].pointer[1:]}: {problems[0].detail}", problems=problems)
    return tidy


def _text_problems(name: str, text: str, model: type[models.Model]) -> Iterable[Problem]:
    longest = getattr(model._meta.get_field(name), "max_length", None) or 2000
    if len(text) > longest:
        yield Problem(f"/{name}", "too_long", f"At most {longest} characters; these are {len(text)}. Shorten it.")
    if not is_printable(text):
        yield Problem(f"/{name}", "unprintable", "This holds a character that cannot be printed. Type it again.")


def is_printable(text: str) -> bool:
    """Whether a label can print it and a database keep it: no control characters, no halves of surrogate pairs, no marks that turn the
    reading direction."""
    return not any((unicodedata.category(one) in {"Cc", "Cs"} and one not in "\r\n\t") or one in _BIDIRECTIONAL for one in text)


def checked_moment(at: datetime | None, *, after: datetime | None = None) -> datetime:
    """When the step happened (default: now). Raises `Invalid('future_time' | 'time_order')` when that cannot be."""
    now = clock.now()
    moment = at or now
    if moment > now + _TOLERATED_FUTURE:
        raise invalid_at("/at", "future_time", f"{_shown(moment)} lies in the future. Check the date, the time and its zone.")
    if after is not None and moment < after:
        raise invalid_at(
            "/at", "time_order", f"{_shown(moment)} is before the step before it, {_shown(after)}. Check the time and its zone."
        )
    return moment


# A way of half a year is the longest that was planned; a slip in the year is not taken for a promise.
_LATEST_ARRIVAL = timedelta(days=400)


def checked_arrival(expected_by: datetime, *, after: datetime, early: str) -> datetime:
    """When something is promised to arrive. Raises `Invalid('expected_too_early' | 'expected_too_late')`, the first with the words of the
    caller."""
    if expected_by <= after:
        raise invalid_at("/expected_by", "expected_too_early", early)
    if expected_by > after + _LATEST_ARRIVAL:
        raise invalid_at("/expected_by", "expected_too_late", f"{_shown(expected_by)} is more than a year away. Check the date of arrival.")
    return expected_by


def invalid_at(pointer: str, code: str, detail: str) -> Invalid:
    """The refusal of one member, to be raised."""
    return Invalid(code, detail, problems=[Problem(pointer, code, detail)])


def _shown(moment: datetime) -> str:
    return moment.isoformat(timespec="minutes")


def last_moment(consignment: Consignment) -> datetime:
    """The moment of the consignment's latest step; the next cannot be earlier."""
    return consignment.last_seen_at or consignment.created_at


def step_blockers(samples: Sequence[Sample], step: str, by: Any) -> list[Blocker]:
    """Why the samples cannot take a step, each reason naming its sample as the caller knows it."""
    return [
        Blocker(blocker.code, f"{sample.code_for(by)}: {blocker.sentence}" if blocker.code == "wrong_state" else blocker.sentence)
        for sample in samples
        for blocker in SAMPLE.blockers(sample, step)
    ]


def entries_of(items: Iterable[ConsignmentItem], kind: str, consignment: Consignment, moment: datetime, **words: Any) -> list[Entry]:
    """One ledger entry per item: the same thing happened to every sample of the consignment."""
    return [
        Entry(
            sample_id=item.sample_id,
            kind=kind,
            occurred_at=moment,
            consignment=consignment.code,
            seal_number=item.seal_number,
            container_count=item.container_count,
            **words,
        )
        for item in items
    ]
