"""Calendar days, pure: a moment falls on another day in New Delhi than in UTC for five and a half hours of every twenty-four."""

from __future__ import annotations

from datetime import date, datetime, time
from zoneinfo import ZoneInfo

LABORATORY_ZONE = ZoneInfo("Asia/Kolkata")
"""Where the laboratories stand and their certificates are dated."""


def local_day(moment: datetime) -> date:
    """The laboratory's calendar day of an aware moment."""
    return moment.astimezone(LABORATORY_ZONE).date()


def begin_of(day: date) -> datetime:
    """The moment a calendar day begins at the laboratory."""
    return datetime.combine(day, time.min, LABORATORY_ZONE)
