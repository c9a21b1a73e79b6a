"""Statements of conformity with their decision rule (ISO/IEC 17025:2017, 7.8.6; ILAC-G8:09/2019).

Compared as decimals: a value that stands exactly on a limit is on it, whatever binary floats make of 0.1.
"""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from statistics import NormalDist


class Side(StrEnum):
    """A ``lower`` limit is a grade to be reached; an ``upper`` one a content not to be exceeded."""

    LOWER = "lower"
    UPPER = "upper"


class Statement(StrEnum):
    """The non-binary statements of ILAC-G8, 4.2.3."""

    PASS = "pass"  # noqa: S105
    CONDITIONAL_PASS = "conditional pass"  # noqa: S105
    CONDITIONAL_FAIL = "conditional fail"
    FAIL = "fail"


@dataclass(frozen=True)
class Decision:
    """A statement against ``limit`` with guard band ``guard_band``.

    ``acceptance_limit`` is the limit moved inwards by the guard band; ``simple_acceptance`` ignores the uncertainty;
    ``violation_probability`` is that of the true value lying beyond the limit, for a normal distribution of u = U/2.
    """

    statement: Statement
    simple_acceptance: Statement
    acceptance_limit: float
    guard_band: float
    violation_probability: float


def decide(value: float, expanded_uncertainty: float, limit: float, side: Side, guard_band: float | None = None) -> Decision:
    """State conformity: pass, conditional pass, conditional fail or fail.

    ``expanded_uncertainty`` is U (k = 2). ``guard_band`` defaults to U; 1.64 u keeps the specific risk below 5 %, 0 is
    simple acceptance. A value on the acceptance limit passes, on the limit it passes conditionally, and at one guard band
    beyond the limit it still fails only conditionally.
    """
    if expanded_uncertainty < 0 or (guard_band is not None and guard_band < 0):
        raise ValueError("An uncertainty and a guard band are not negative.")
    band = expanded_uncertainty if guard_band is None else guard_band
    inwards = 1 if side is Side.LOWER else -1
    # How far the value lies on the good side of the limit.
    margin = inwards * (_exact(value) - _exact(limit))
    return Decision(
        statement=_state(margin, _exact(band)),
        simple_acceptance=Statement.PASS if margin >= 0 else Statement.FAIL,
        acceptance_limit=float(_exact(limit) + inwards * _exact(band)),
        guard_band=band,
        violation_probability=_find_violation_probability(float(margin), expanded_uncertainty / 2),
    )


def _state(margin: Decimal, band: Decimal) -> Statement:
    if margin >= band:
        return Statement.PASS
    if margin >= 0:
        return Statement.CONDITIONAL_PASS
    return Statement.CONDITIONAL_FAIL if margin >= -band else Statement.FAIL


def _find_violation_probability(margin: float, standard_uncertainty: float) -> float:
    if standard_uncertainty == 0:
        return 0.0 if margin >= 0 else 1.0
    return NormalDist().cdf(-margin / standard_uncertainty)


def _exact(number: float) -> Decimal:
    return Decimal(str(number))
