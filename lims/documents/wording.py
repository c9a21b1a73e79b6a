"""How dates, times, formulae and qualifiers are written on paper, the same in every locale."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, datetime, timedelta

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_ZONES = {timedelta(0): "UTC", timedelta(hours=5, minutes=30): "IST", timedelta(hours=6, minutes=30): "MMT"}
_SUBSCRIPTS = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")
_OXIDE = re.compile(r"\b[A-Z][a-z]?\d*O\d*\b")


def format_date(day: date) -> str:
    """`22 Nov 2026`; of a moment, the day in its own zone."""
    return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"


def format_span(first: date, last: date) -> str:
    """`12 Nov 2026`, `12 – 14 Nov 2026` or `30 Oct 2026 – 2 Nov 2026`."""
    if first == last:
        return format_date(first)
    start = str(first.day) if (first.year, first.month) == (last.year, last.month) else format_date(first)
    return f"{start} – {format_date(last)}"


def format_moment(moment: datetime) -> str:
    """`22 Nov 2026, 14:05:09 IST (UTC+05:30)`. Raises ValueError without a zone."""
    return f"{format_date(moment)}, {moment:%H:%M:%S} {format_zone(moment)}"


def format_zone(moment: datetime) -> str:
    """The zone a moment is written in: `IST (UTC+05:30)`, `UTC`. Raises ValueError without a zone."""
    offset = moment.utcoffset()
    if offset is None:
        raise ValueError("A moment on a paper needs a time zone.")
    if not offset:
        return "UTC"
    sign, minutes = ("-", -offset) if offset < timedelta(0) else ("+", offset)
    hours, rest = divmod(int(minutes.total_seconds()) // 60, 60)
    written = f"UTC{sign}{hours:02}:{rest:02}"
    return f"{_ZONES[offset]} ({written})" if offset in _ZONES else written


def format_formula(text: str) -> str:
    """The text with every oxide's digits as subscripts: `Dy2O3` as `Dy₂O₃`; other numbers untouched."""
    return _OXIDE.sub(lambda oxide: oxide[0].translate(_SUBSCRIPTS), text)


def format_qualifier(qualifier: str) -> str:
    """The sign before a limit, with the thin space that keeps it together."""
    return f"{qualifier}\u202f" if qualifier else ""


def join_words(words: Sequence[str]) -> str:
    """`Tb`, `Tb and Lu`, `Tb, Tm and Lu`."""
    return " and ".join(filter(None, [", ".join(words[:-1]), *words[-1:]]))
