"""How many controls a batch carries.

No law fixes a rate; industry practice is about 20 % in all with external checks (Simon, AMEC; Long 1998), 5 % each of
blanks, reference materials and duplicates by default.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import ceil
from types import MappingProxyType

DEFAULT_RATES_PERCENT = MappingProxyType({"blank": 5.0, "reference_material": 5.0, "duplicate": 5.0})


@dataclass(frozen=True)
class InsertionPlan:
    """Controls of each sort for a number of samples, and the positions and trays they fill together."""

    counts: dict[str, int]
    controls: int
    positions: int
    share_percent: float
    trays: int


def count_controls(samples: int, rate_percent: float) -> int:
    """Controls at a rate in percent of samples, rounded up; exact in decimals, for 3 x 0.1 is 0.3 here."""
    if samples < 0 or rate_percent < 0:
        raise ValueError("A number of samples and a rate are not negative.")
    return ceil(samples * Fraction(str(float(rate_percent))) / 100)


def plan_insertion(samples: int, rates_percent: Mapping[str, float], tray: int) -> InsertionPlan:
    """Plan the controls of ``samples`` samples on trays of ``tray`` positions."""
    if tray < 1:
        raise ValueError("A tray has at least one position.")
    counts = {kind: count_controls(samples, rate) for kind, rate in rates_percent.items()}
    controls = sum(counts.values())
    positions = samples + controls
    return InsertionPlan(counts, controls, positions, 100 * controls / positions if positions else 0.0, ceil(positions / tray))
