"""The risk of a run that waits: every rule once, the sum, the level."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from assays.review_risk import LEVELS, POINTS, Found, RunFacts, is_far, judge_risk

LIMITS = {"Th": 246.0, "U": 81.0}
PLAIN = Found("Dy", 30.0, "=", 3.0, 0.5, True)


def facts(**more: Any) -> RunFacts:
    return RunFacts(**({"state": "qc_passed", "repeated": False, "days_waiting": 0, "days_left": 9, "results": (PLAIN,)} | more))


@pytest.mark.parametrize(
    ("more", "rules"),
    [
        ({}, ()),
        ({"state": "qc_failed"}, ("failed",)),
        ({"state": "blocked"}, ("missing",)),
        ({"state": "overridden"}, ("overridden",)),
        ({"repeated": True}, ("repeated",)),
        ({"days_left": -1}, ("overdue",)),
        ({"days_left": 2}, ("due_soon",)),
        ({"days_left": None}, ()),
        ({"days_waiting": 3}, ("waiting",)),
        ({"results": (dataclasses.replace(PLAIN, value=134.0),)}, ("high_content",)),
        ({"results": (dataclasses.replace(PLAIN, value=134.0, per_mass=False),)}, ()),
        ({"results": (dataclasses.replace(PLAIN, value=0.99),)}, ("near_loq",)),
        ({"results": (dataclasses.replace(PLAIN, value=0.5, qualifier="<"),)}, ("near_loq",)),
        ({"results": (dataclasses.replace(PLAIN, qualifier=">"),)}, ("over_range",)),
        ({"results": (dataclasses.replace(PLAIN, earlier=(9.0, 9.5, 10.0)),)}, ("far_from_source",)),
        ({"results": (Found("Th", 180.0, "=", 17.0, 1.0, True),)}, ("near_hold_limit",)),
        ({"results": (Found("Th", 180.0, "=", 16.0, 1.0, True),)}, ()),
    ],
)
def test_each_rule_gives_its_points(more: dict[str, Any], rules: tuple[str, ...]) -> None:
    risk = judge_risk(facts(**more), LIMITS)
    points = sum(POINTS[rule] * (3 if rule == "waiting" else 1) for rule in rules)
    assert (risk.rules, risk.points) == (rules, points)
    assert risk.level == next(name for name, least in LEVELS if points >= least)


def test_points_add_up_once_a_rule_and_days_are_capped() -> None:
    risk = judge_risk(facts(state="overridden", days_left=-4, days_waiting=40, results=(PLAIN, PLAIN)), LIMITS)
    assert (risk.points, risk.level, risk.rules) == (30 + 20 + 14, "high", ("overridden", "overdue", "waiting"))


def test_far_needs_three_earlier_samples_and_both_directions_count() -> None:
    assert not is_far(100.0, (10.0, 10.0))
    assert is_far(31.0, (9.0, 10.0, 11.0))
    assert not is_far(30.0, (9.0, 10.0, 11.0))
    assert is_far(3.3, (9.0, 10.0, 11.0))
