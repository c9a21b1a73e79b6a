"""Working days, pure: when a request is due, and how a stopped clock moves that day.

Days are counted where the laboratories stand, Monday to Friday; public holidays differ by state and are not counted.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta

from lims.core.days import local_day

ROUTINE_DAYS, RUSH_DAYS = 10, 3
"""The short ends of what commercial rare-earth laboratories quote (routine 10–15, rush 3–5 working days): an assumption, not a contract."""

WORKING_DAYS = {"routine": ROUTINE_DAYS, "rush": RUSH_DAYS}
"""Working days by turnaround."""


def is_working_day(day: date) -> bool:
    """Monday to Friday."""
    return day.weekday() < 5


def add_working_days(start: date, days: int) -> date:
    """The `days`-th working day after `start`; `start` itself does not count. `days` is not negative."""
    day = start
    for _ in range(days):
        day += timedelta(days=1)
        while not is_working_day(day):
            day += timedelta(days=1)
    return day


def count_working_days(start: date, end: date) -> int:
    """Working days from `start` up to and without `end`; negative where `end` lies before."""
    if end < start:
        return -count_working_days(end, start)
    weeks, rest = divmod((end - start).days, 7)
    return 5 * weeks + sum(is_working_day(start + timedelta(days=offset)) for offset in range(rest))


def move_due_day(due: date, stopped_at: datetime, resumed_at: datetime) -> date:
    """The due day after the clock stood: later by the working days from the day it stopped up to the day it ran again."""
    return add_working_days(due, count_working_days(local_day(stopped_at), local_day(resumed_at)))
