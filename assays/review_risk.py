"""How urgently a run asks for a reviewer's eyes: rules with points, each told in words beside the run. Pure.

The rules order the queue and decide nothing: a run of low risk is reviewed like every other. Points add up; the sum gives the level. What
the figures rest on stands beside them; all are the product's own choice and are shown on the page of the queue.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

HIGH_MG_KG = {"Dy": 134.0, "Tb": 25.0}
"""What a clay of 2300 mg/kg TREO (the upper twentieth of ion-adsorption clays) holds at 6.7 % Dy2O3 and 1.3 % Tb4O7 of it, as elements."""
FAR_FACTOR = 3.0
"""A result so many times the median of its source, or its inverse, is far from what was found there."""
LEAST_EARLIER = 3
"""Fewer earlier samples of a source than this say nothing, and would tell which single sample shares it."""
NEAR_LOQ = 2.0
"""A content below so many times its limit of quantification is near it."""
NEAR_ACTIVITY = 0.8
"""An activity that with its uncertainty reaches this part of the limit is near it."""
DUE_SOON_DAYS = 2
MOST_DAYS = 14

FAILED, MISSING, OVERRIDDEN, REPEATED, FAR, OVERDUE = "failed", "missing", "overridden", "repeated", "far_from_source", "overdue"
HIGH_CONTENT, NEAR_HOLD, OVER_RANGE, DUE_SOON, NEAR_LIMIT, WAITING = (
    "high_content",
    "near_hold_limit",
    "over_range",
    "due_soon",
    "near_loq",
    "waiting",
)

POINTS = {
    FAILED: 40,
    MISSING: 40,
    OVERRIDDEN: 30,
    REPEATED: 20,
    FAR: 20,
    OVERDUE: 20,
    HIGH_CONTENT: 15,
    NEAR_HOLD: 15,
    OVER_RANGE: 10,
    DUE_SOON: 10,
    NEAR_LIMIT: 5,
    WAITING: 1,
}
"""Points of each rule, given once a run whatever the number of samples; `waiting` counts once for each whole day, at most `MOST_DAYS`."""
LEVELS = (("high", 40), ("medium", 20), ("low", 0))
"""The levels, with the least sum of points of each."""


@dataclass(frozen=True)
class Found:
    """One current result as the rules look at it: element, value in the run's unit with `=`, `<` or `>`, expanded uncertainty, limit of
    quantification; `per_mass` where that unit is mg/kg; and what was found earlier at the sample's source, in the same unit."""

    symbol: str
    value: float
    qualifier: str
    uncertainty: float
    loq: float
    per_mass: bool
    earlier: tuple[float, ...] = ()


@dataclass(frozen=True)
class RunFacts:
    """What is known of a run that waits: its state, whether it repeats an earlier measurement or judgement, days it waits and days until
    it is due (negative: overdue; None: no due day), its results of Dy, Tb, Th and U."""

    state: str
    repeated: bool
    days_waiting: int
    days_left: int | None
    results: Sequence[Found] = ()


@dataclass(frozen=True)
class Risk:
    """The points of a run and the rules that gave them, heaviest first."""

    points: int
    level: str
    rules: tuple[str, ...]


def judge_risk(facts: RunFacts, highest_mg_kg: dict[str, float]) -> Risk:
    """The risk of a run. `highest_mg_kg` are the contents of Th and U that give the activity at which a sample is held."""
    fired = _rules_of_state(facts) | {rule for one in facts.results for rule in _rules_of_result(one, highest_mg_kg)}
    days = min(max(facts.days_waiting, 0), MOST_DAYS)
    points = sum(POINTS[rule] for rule in fired) + days * POINTS[WAITING]
    ordered = sorted(fired, key=lambda rule: (-POINTS[rule], rule)) + ([WAITING] if days else [])
    return Risk(points, next(name for name, least in LEVELS if points >= least), tuple(ordered))


def _rules_of_state(facts: RunFacts) -> set[str]:
    fired = {rule for state, rule in (("qc_failed", FAILED), ("blocked", MISSING), ("overridden", OVERRIDDEN)) if facts.state == state}
    if facts.repeated:
        fired.add(REPEATED)
    if facts.days_left is not None and facts.days_left < 0:
        fired.add(OVERDUE)
    elif facts.days_left is not None and facts.days_left <= DUE_SOON_DAYS:
        fired.add(DUE_SOON)
    return fired


def _rules_of_result(one: Found, highest_mg_kg: dict[str, float]) -> set[str]:
    fired = {OVER_RANGE} if one.qualifier == ">" else set()
    if one.symbol in HIGH_MG_KG:
        if one.per_mass and one.qualifier != "<" and one.value >= HIGH_MG_KG[one.symbol]:
            fired.add(HIGH_CONTENT)
        if one.qualifier == "<" or one.value < NEAR_LOQ * one.loq:
            fired.add(NEAR_LIMIT)
        if is_far(one.value, one.earlier):
            fired.add(FAR)
    elif one.per_mass and one.symbol in highest_mg_kg and one.value + one.uncertainty >= NEAR_ACTIVITY * highest_mg_kg[one.symbol]:
        fired.add(NEAR_HOLD)
    return fired


def is_far(value: float, earlier: Sequence[float]) -> bool:
    """Whether a content is more than `FAR_FACTOR` times away from the median of what was found earlier; never with fewer than
    `LEAST_EARLIER` values. A bound is taken at its limit."""
    if len(earlier) < LEAST_EARLIER or (middle := median(earlier)) <= 0:
        return False
    return value > FAR_FACTOR * middle or value * FAR_FACTOR < middle
