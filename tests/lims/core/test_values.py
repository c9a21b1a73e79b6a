"""Numbers, times and ages as they are printed."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone, translation

from lims.core.templatetags.values import age, age_words, measured, when, zone_label

MOMENT = datetime(2026, 11, 22, 8, 35, 7, tzinfo=UTC)


def text(html: str) -> str:
    """What a reader sees of some HTML."""
    return re.sub(r"<[^>]+>", "", html).replace("&lt;", "<").replace("&gt;", ">")


@pytest.mark.parametrize(
    ("arguments", "seen"),
    [
        ({"value": "23.20", "unit": "mg/kg", "uncertainty": "0.88", "k": "2", "basis": "dry"}, "23.20 ± 0.88 mg/kg dry (k=2)"),
        ({"value": Decimal("0.05"), "unit": "mg/kg", "qualifier": "<"}, "<0.05 mg/kg"),
        ({"value": "1000", "unit": "mg/kg", "qualifier": ">", "basis": "as_received"}, ">1000 mg/kg as received"),
        ({"value": Decimal("1E+3"), "unit": "mg/kg"}, "1000 mg/kg"),
        ({"value": Decimal("46.10"), "unit": "mg/kg", "uncertainty": Decimal("3.0"), "k": 2}, "46.10 ± 3.0 mg/kg (k=2)"),
        ({"value": "12", "unit": "mg/kg", "k": "2"}, "12 mg/kg"),
        ({"value": None, "unit": "mg/kg"}, "—"),
    ],
)
def test_measured_value_is_printed_in_full_and_as_stored(arguments: dict[str, Any], seen: str) -> None:
    assert text(measured(**arguments)) == seen


def test_measured_value_keeps_its_point_in_every_language() -> None:
    with translation.override("hi"):
        assert text(measured("23.20", "mg/kg")) == "23.20 mg/kg"


def test_measured_value_refuses_a_float_because_it_has_no_last_digit() -> None:
    with pytest.raises(TypeError, match=r"23\.2"):
        measured(23.2, "mg/kg")


def test_measured_value_escapes_what_an_instrument_wrote() -> None:
    assert "<script>" not in measured("<script>", "mg/kg")


@pytest.mark.parametrize(
    ("zone", "seen"),
    [
        ("Asia/Kolkata", "22 Nov 2026 14:05 IST"),
        ("Asia/Yangon", "22 Nov 2026 15:05 MMT +06:30"),
        ("UTC", "22 Nov 2026 08:35 UTC"),
        ("Asia/Kathmandu", "22 Nov 2026 14:20 +05:45"),
    ],
)
def test_time_is_shown_in_the_viewers_zone_with_the_zone_named(zone: str, seen: str) -> None:
    with timezone.override(ZoneInfo(zone)):
        assert text(when(MOMENT)) == seen


def test_time_carries_its_offset_for_machines_and_seconds_on_request() -> None:
    with timezone.override(ZoneInfo("Asia/Kolkata")):
        shown = when(MOMENT, seconds=True)
    assert 'datetime="2026-11-22T14:05:07+05:30"' in shown
    assert text(shown) == "22 Nov 2026 14:05:07 IST"


def test_date_alone_shows_no_zone_and_nothing_is_a_dash() -> None:
    assert text(when(date(2026, 11, 22))) == "22 Nov 2026"
    assert text(when(None)) == "—"
    assert text(age(None)) == "—"


def test_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="no zone"):
        when(datetime(2026, 11, 22, 8, 35))  # noqa: DTZ001


@pytest.mark.parametrize(
    ("span", "seen"),
    [
        (timedelta(seconds=-5), "now"),
        (timedelta(seconds=59), "now"),
        (timedelta(minutes=59, seconds=59), "59 min"),
        (timedelta(minutes=60), "1 h"),
        (timedelta(hours=47, minutes=59), "47 h"),
        (timedelta(hours=48), "2 d"),
        (timedelta(days=9, hours=23), "9 d"),
    ],
)
def test_age_is_given_in_its_largest_whole_unit(span: timedelta, seen: str) -> None:
    assert age_words(span) == seen


def test_age_follows_the_products_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lims.core.clock.now", lambda: MOMENT + timedelta(days=3))
    with timezone.override(ZoneInfo("Asia/Kolkata")):
        shown = age(MOMENT)
    assert text(shown) == "3 d"
    assert 'title="22 Nov 2026 14:05 IST"' in shown


@pytest.mark.parametrize(
    ("zone", "seen"),
    [("Asia/Kolkata", "IST (UTC+05:30)"), ("Asia/Yangon", "MMT (UTC+06:30)"), ("UTC", "UTC"), ("Asia/Kathmandu", "UTC+05:45")],
)
def test_zone_is_named_in_full_in_the_top_bar(zone: str, seen: str) -> None:
    assert zone_label(zone) == seen
