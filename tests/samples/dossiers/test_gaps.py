"""What a reader of custody should stumble over, each rule with its sentence."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from samples.dossiers.gaps import Step, find_gaps, span_words

START = datetime(2026, 11, 1, 8, 0, tzinfo=UTC)
NOW = START + timedelta(days=30)


def chain(*steps: tuple[float, str, dict[str, Any]], code: str = "S-1") -> list[Step]:
    """Steps as (hours after the start, kind, more)."""
    return [
        Step(sample=code, seq=index, kind=kind, at=START + timedelta(hours=hours), **({"recorded": START + timedelta(hours=hours)} | more))
        for index, (hours, kind, more) in enumerate(steps, 1)
    ]


COLLECTED = (0.0, "collected", {"mass_g": Decimal("1000.000")})
SEALED = (0.0, "sealed", {"seal_number": "A1", "seal_condition": "intact"})
BOX = {"consignment": "CN-1"}

CASES: dict[str, tuple[Sequence[tuple[float, str, dict[str, Any]]], str, str, str]] = {
    "slow": ([COLLECTED, (1, "relinquished", BOX), (40, "acknowledged", BOX)], "warn", "Slow handover", "1 day 15 hours later"),
    "unanswered": ([COLLECTED, (1, "relinquished", BOX | {"receiver": "NEF"})], "fail", "Handover without an answer", "to NEF"),
    "silent": ([COLLECTED, (1, "acknowledged", BOX), (100, "received", BOX)], "warn", "Silence on the road", "4 days 3 hours"),
    "lost": ([COLLECTED, (5, "lost", {}), (53, "found", {})], "fail", "Time without a holder", "2 days without a holder"),
    "unmet": ([COLLECTED, (1, "dispatched", BOX), (5, "received", BOX)], "warn", "Arrival without a handover", "without an acknowledged"),
    "broken": ([SEALED, (5, "received", BOX | {"seal_condition": "broken"})], "fail", "Seal", "Seal A1 was found broken"),
    "exchanged": ([SEALED, (5, "received", BOX | {"seal_number": "B2"})], "fail", "Seal", "B2 was found on 1 Nov 2026 13:00 where A1"),
    "lighter": ([COLLECTED, (5, "received", {"mass_g": Decimal("800.000")})], "fail", "Mass", "-20.0 %"),
    "open": ([COLLECTED, (5, "discrepancy", {"detail": {"kind": "mass"}})], "fail", "Open discrepancy", "the sample is blocked"),
    "settled": (
        [COLLECTED, (5, "discrepancy", {"detail": {"kind": "mass"}}), (9, "settled", {"detail": {"kind": "mass", "decision": "accept"}})],
        "none",
        "Settled discrepancy",
        "accepted",
    ),
    "found again": (
        [
            COLLECTED,
            (5, "discrepancy", {"detail": {"kind": "mass"}}),
            (9, "settled", {"detail": {"kind": "mass", "decision": "accept"}}),
            (19, "discrepancy", {"detail": {"kind": "mass"}}),
        ],
        "fail",
        "Open discrepancy",
        "Found on 2 Nov 2026 03:00: mass",
    ),
    "on paper": (
        [COLLECTED, (1, "relinquished", BOX), (2, "acknowledged", BOX | {"detail": {"signed": "on paper"}})],
        "warn",
        "Handover told by paper",
        "one side alone put on record",
    ),
    "unsigned": (
        [COLLECTED, (1, "relinquished", BOX | {"signed": False}), (2, "acknowledged", BOX)],
        "warn",
        "Handover without a signature",
        "Handed over on 1 Nov 2026 09:00 without a signature",
    ),
    "held": ([COLLECTED, (5, "hold", {"detail": {"hold": "safety"}, "remark": "dose rate"})], "warn", "On hold", "(safety)"),
    "backwards": ([COLLECTED, (-5, "packed", {})], "fail", "Time runs backwards", "packed on 1 Nov 2026 03:00"),
    "late": ([(0, "collected", {"recorded": START + timedelta(days=5)})], "none", "Recorded later", "5 days later"),
}


@pytest.mark.parametrize("name", CASES)
def test_each_thing_is_told_with_its_measure(name: str) -> None:
    steps, tone, title, words = CASES[name]
    found = {gap.title: gap for gap in find_gaps([chain(*steps)], NOW)}
    assert title in found
    assert (found[title].tone, found[title].samples) == (tone, ("S-1",))
    assert words in found[title].sentence


def test_an_orderly_journey_has_nothing_to_tell() -> None:
    steps = [COLLECTED, SEALED, (1, "dispatched", BOX), (2, "relinquished", BOX), (3, "acknowledged", BOX)]
    steps += [(20, "received", BOX | {"seal_number": "A1", "seal_condition": "intact", "mass_g": Decimal("999.000")})]
    assert find_gaps([chain(*steps)], NOW) == []


def test_the_same_thing_of_many_samples_is_told_once_and_the_gravest_first() -> None:
    slow = [COLLECTED, (1, "relinquished", BOX), (40, "acknowledged", BOX)]
    broken = [SEALED, (5, "received", BOX | {"seal_condition": "broken"})]
    gaps = find_gaps([chain(*slow, code="S-1"), chain(*slow, code="S-2"), chain(*broken, code="S-3")], NOW)
    assert [(gap.tone, gap.samples) for gap in gaps if gap.title in {"Seal", "Slow handover"}] == [
        ("fail", ("S-3",)),
        ("warn", ("S-1", "S-2")),
    ]


def test_spans_read_as_people_say_them() -> None:
    assert [span_words(timedelta(minutes=m)) for m in (0, 61, 1500, 1440 * 20)] == ["0 minutes", "1 hour", "1 day 1 hour", "20 days"]
