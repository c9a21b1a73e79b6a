"""Dates, times, formulae: written one way everywhere."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from lims.documents.wording import format_date, format_formula, format_moment, format_qualifier, format_span, join_words


@pytest.mark.parametrize(
    ("hours", "written"),
    [
        (5.5, "22 Nov 2026, 14:05:09 IST (UTC+05:30)"),
        (6.5, "22 Nov 2026, 14:05:09 MMT (UTC+06:30)"),
        (0, "22 Nov 2026, 14:05:09 UTC"),
        (8, "22 Nov 2026, 14:05:09 UTC+08:00"),
        (-3.5, "22 Nov 2026, 14:05:09 UTC-03:30"),
    ],
)
def test_a_moment_names_its_zone(hours: float, written: str) -> None:
    assert format_moment(datetime(2026, 11, 22, 14, 5, 9, tzinfo=timezone(timedelta(hours=hours)))) == written


def test_a_moment_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        format_moment(datetime(2026, 11, 22))  # noqa: DTZ001


def test_a_date_is_the_day_in_its_own_zone() -> None:
    assert format_date(datetime(2026, 11, 22, 23, 59, tzinfo=UTC)) == "22 Nov 2026"


@pytest.mark.parametrize(
    ("first", "last", "written"),
    [
        (date(2026, 11, 12), date(2026, 11, 12), "12 Nov 2026"),
        (date(2026, 11, 12), date(2026, 11, 14), "12 – 14 Nov 2026"),
        (date(2026, 10, 30), date(2026, 11, 2), "30 Oct 2026 – 2 Nov 2026"),
        (date(2026, 11, 2), date(2027, 11, 3), "2 Nov 2026 – 3 Nov 2027"),
    ],
)
def test_a_span_says_each_part_once(first: date, last: date, written: str) -> None:
    assert format_span(first, last) == written


@pytest.mark.parametrize(
    ("plain", "written"),
    [
        ("Dy2O3", "Dy₂O₃"),
        ("Pr6O11 + CeO2 + U3O8", "Pr₆O₁₁ + CeO₂ + U₃O₈"),
        ("Dy × 1.147683", "Dy × 1.147683"),
        ("TREO = La2O3 to Lu2O3", "TREO = La₂O₃ to Lu₂O₃"),
        ("S-26-00142-K", "S-26-00142-K"),
        ("SOP-S-02 v4", "SOP-S-02 v4"),
    ],
)
def test_oxides_have_subscripts_and_nothing_else_has(plain: str, written: str) -> None:
    assert format_formula(plain) == written


def test_small_words() -> None:
    assert [join_words(names) for names in ([], ["Tb"], ["Tb", "Lu"], ["Tb", "Tm", "Lu"])] == ["", "Tb", "Tb and Lu", "Tb, Tm and Lu"]
    assert (format_qualifier("<"), format_qualifier("")) == ("<\u202f", "")
