"""The course of the sensitivity through a session, from the repeated measurement of one solution. Pure."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class DriftCourse:
    """Sensitivities at the drift checks relative to the first of them, by order of acquisition."""

    orders: tuple[int, ...]
    factors: tuple[float, ...]

    @property
    def last(self) -> int:
        """The order of the last check: what comes after it is not bracketed."""
        return self.orders[-1]

    @property
    def worst_percent(self) -> float:
        """The largest departure from the first check in percent."""
        return max(abs(factor - 1) * 100 for factor in self.factors)

    def at(self, order: int) -> tuple[float, float, float]:
        """The factors of the checks before and after an acquisition, and its place between them from 0 to 1. Before the first check the
        sensitivity is that of the calibration; after the last it stays as it was found there."""
        after = bisect_right(self.orders, order)
        if after == 0:
            return 1.0, 1.0, 0.0
        if after == len(self.orders):
            return self.factors[-1], self.factors[-1], 0.0
        start, end = self.orders[after - 1], self.orders[after]
        return self.factors[after - 1], self.factors[after], (order - start) / (end - start)


def follow_drift(checks: Sequence[tuple[int, float]]) -> DriftCourse | None:
    """The course from `(order, net signal)` of each check in order; None where the first
    gave no signal."""
    if not checks or checks[0][1] <= 0:
        return None
    first = checks[0][1]
    return DriftCourse(tuple(order for order, _ in checks), tuple(signal / first for _, signal in checks))
