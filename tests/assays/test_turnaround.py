"""Working days and the stopped clock."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assays.turnaround import add_working_days, count_working_days, is_working_day, move_due_day
from lims.core.days import local_day

MONDAY, FRIDAY, SATURDAY, SUNDAY = date(2026, 11, 2), date(2026, 11, 6), date(2026, 11, 7), date(2026, 11, 8)
DAYS = st.dates(date(2020, 1, 1), date(2030, 1, 1))


@pytest.mark.parametrize(
    ("start", "days", "due"),
    [
        (MONDAY, 3, date(2026, 11, 5)),
        (MONDAY, 10, date(2026, 11, 16)),
        (FRIDAY, 1, date(2026, 11, 9)),
        (SATURDAY, 1, date(2026, 11, 9)),
        (SUNDAY, 10, date(2026, 11, 20)),
        (FRIDAY, 0, FRIDAY),
    ],
)
def test_due_day_is_the_nth_working_day_after(start, days, due):
    assert add_working_days(start, days) == due


@given(DAYS, st.integers(0, 60))
def test_counting_undoes_adding(start, days):
    due = add_working_days(start, days)
    assert days == 0 or is_working_day(due)
    assert count_working_days(start + timedelta(days=1), due + timedelta(days=1)) == days


@given(DAYS, DAYS)
def test_days_are_counted_as_one_by_one(start, end):
    first, last = min(start, end), max(start, end)
    one_by_one = sum(is_working_day(first + timedelta(days=offset)) for offset in range((last - first).days))
    assert count_working_days(start, end) == (one_by_one if start <= end else -one_by_one)


@pytest.mark.parametrize(
    ("stopped", "resumed", "due"),
    [
        ("2026-11-03T05:00", "2026-11-03T11:00", "2026-11-10"),  # the same day
        ("2026-11-03T05:00", "2026-11-05T05:00", "2026-11-12"),
        ("2026-11-06T11:00", "2026-11-09T04:00", "2026-11-11"),  # Friday to Monday: one
        ("2026-11-07T05:00", "2026-11-08T05:00", "2026-11-10"),  # a weekend: none
    ],
)
def test_due_day_moves_by_the_working_days_the_clock_stood(stopped, resumed, due):
    moments = [datetime.fromisoformat(text).replace(tzinfo=UTC) for text in (stopped, resumed)]
    assert move_due_day(date(2026, 11, 10), *moments) == date.fromisoformat(due)


def test_day_is_the_laboratorys_not_utc():
    assert local_day(datetime(2026, 11, 1, 20, 0, tzinfo=UTC)) == date(2026, 11, 2)
