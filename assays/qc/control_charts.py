"""Control charts: Westgard's and Nelson's rules, the chart of individuals with moving range, and the cumulative sum.

Westgard et al. 1981 (Clin. Chem. 27:493), Nelson 1984 (J. Qual. Technol. 16:237), ISO 7870-2 and ISO 7870-4. Every rule looks at
the window that ends at a point, and fires at that point; indices count from 0 and points stand in the order of measurement.
"""

import itertools
import statistics
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from assays.qc.verdicts import exceeds

MOVING_RANGE_D2 = 1.128
MOVING_RANGE_D4 = 3.267
CUSUM_SLACK = 0.5
CUSUM_DECISION = 5.0
FEWEST_FOR_LIMITS = 20
"""Points that limits are set from at least; ISO 7870-2 advises some 25."""


@dataclass(frozen=True)
class Signal:
    """A rule that fired at point ``index``."""

    rule: str
    index: int


@dataclass(frozen=True)
class IndividualsChart:
    """Limits of a chart of individuals, x̄ ± 3 σ with σ = MR̄/1.128, and of its moving range, 3.267 MR̄."""

    center: float
    mean_range: float
    sigma: float
    upper: float
    lower: float
    range_upper: float


@dataclass(frozen=True)
class Cusum:
    """The tabular cumulative sums of z scores, upwards and downwards, both zero or more, and whether the point passes the decision
    interval."""

    up: float
    down: float
    signals: bool


Window = Sequence[float]


def find_westgard_signals(z: Sequence[float]) -> list[Signal]:
    """1_2s (a warning), 1_3s, 2_2s, R_4s, 4_1s and 10_x over successive z scores of one control.

    R_4s fires where two adjacent points lie beyond 2 on opposite sides; within one run it is meant for two controls.
    """
    return list(_scan(z, _WESTGARD))


def find_nelson_signals(z: Sequence[float]) -> list[Signal]:
    """Nelson's rules ``nelson_1`` to ``nelson_8``.

    Rules 5 (2 of 3 beyond 2 on one side) and 6 (4 of 5 beyond 1) need a full window and fire at its last point, even if
    that point itself lies inside.
    """
    return list(_scan(z, _NELSON))


def compute_individuals_chart(values: Sequence[float]) -> IndividualsChart:
    """Chart limits from at least two values in the order of measurement."""
    if len(values) < 2:
        raise ValueError("A chart of individuals needs at least two values.")
    center = statistics.fmean(values)
    mean_range = statistics.fmean(abs(b - a) for a, b in itertools.pairwise(values))
    sigma = mean_range / MOVING_RANGE_D2
    return IndividualsChart(center, mean_range, sigma, center + 3 * sigma, center - 3 * sigma, MOVING_RANGE_D4 * mean_range)


def compute_moving_ranges(values: Sequence[float]) -> list[float | None]:
    """|x_i - x_(i-1)| in the order of measurement; the first point has none."""
    return [None, *(abs(b - a) for a, b in itertools.pairwise(values))] if values else []


def compute_cusum(z: Sequence[float], slack: float = CUSUM_SLACK, decision: float = CUSUM_DECISION) -> list[Cusum]:
    """Tabular cusum of z scores: C+ = max(0, C+ + z - k), C- = max(0, C- - z - k), a signal above h (ISO 7870-4, with k 0.5 and h 5:
    a shift of one standard deviation is found after about ten points, a false alarm comes every 465).
    """
    found: list[Cusum] = []
    up = down = 0.0
    for score in z:
        up, down = max(0.0, up + score - slack), max(0.0, down - score - slack)
        found.append(Cusum(up, down, max(up, down) > decision))
    return found


@dataclass(frozen=True)
class _WindowRule:
    name: str
    length: int
    fires: Callable[[Window], bool]


def _scan(z: Sequence[float], rules: Sequence[_WindowRule]) -> Iterator[Signal]:
    for index in range(len(z)):
        for rule in rules:
            start = index + 1 - rule.length
            if start >= 0 and rule.fires(z[start : index + 1]):
                yield Signal(rule.name, index)


def _beyond_on_one_side(limit: float, at_least: int) -> Callable[[Window], bool]:
    return lambda w: sum(exceeds(x, limit) for x in w) >= at_least or sum(exceeds(-x, limit) for x in w) >= at_least


def _outside(limit: float) -> Callable[[Window], bool]:
    return lambda w: all(exceeds(abs(x), limit) for x in w)


def _inside(limit: float) -> Callable[[Window], bool]:
    return lambda w: all(exceeds(limit, abs(x)) for x in w)


def _opposite(w: Window) -> bool:
    return exceeds(-min(w), 2) and exceeds(max(w), 2)


def _steps(w: Window) -> list[float]:
    return [b - a for a, b in itertools.pairwise(w)]


def _trends(w: Window) -> bool:
    return all(step > 0 for step in _steps(w)) or all(step < 0 for step in _steps(w))


def _alternates(w: Window) -> bool:
    steps = _steps(w)
    return all(a * b < 0 for a, b in itertools.pairwise(steps))


def _mixes(w: Window) -> bool:
    return _outside(1)(w) and min(w) < 0 < max(w)


_WESTGARD = (
    _WindowRule("1_2s", 1, _outside(2)),
    _WindowRule("1_3s", 1, _outside(3)),
    _WindowRule("2_2s", 2, _beyond_on_one_side(2, 2)),
    _WindowRule("R_4s", 2, _opposite),
    _WindowRule("4_1s", 4, _beyond_on_one_side(1, 4)),
    _WindowRule("10_x", 10, _beyond_on_one_side(0, 10)),
)

_NELSON = (
    _WindowRule("nelson_1", 1, _outside(3)),
    _WindowRule("nelson_2", 9, _beyond_on_one_side(0, 9)),
    _WindowRule("nelson_3", 6, _trends),
    _WindowRule("nelson_4", 14, _alternates),
    _WindowRule("nelson_5", 3, _beyond_on_one_side(2, 2)),
    _WindowRule("nelson_6", 5, _beyond_on_one_side(1, 4)),
    _WindowRule("nelson_7", 15, _inside(1)),
    _WindowRule("nelson_8", 8, _mixes),
)
