"""Straight lines by least squares."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import fsum, sqrt


@dataclass(frozen=True)
class Line:
    """y = intercept + slope·x; ``r`` is the (weighted) correlation coefficient."""

    slope: float
    intercept: float
    r: float


def fit_line(x: Sequence[float], y: Sequence[float], weights: Sequence[float] | None = None) -> Line:
    """Least squares, with ``weights`` on the squared residuals (all 1 by default).

    ``x`` and ``y`` have one length of at least 2 and ``x`` is not constant, else ``ValueError``.
    """
    weights = [1.0] * len(x) if weights is None else weights
    if len(x) < 2 or not len(x) == len(y) == len(weights):
        raise ValueError("A line needs two or more points, with a value and a weight for each.")
    total = fsum(weights)
    mean_x = fsum(w * one for w, one in zip(weights, x, strict=True)) / total
    mean_y = fsum(w * one for w, one in zip(weights, y, strict=True)) / total
    points = [(w / total, one - mean_x, other - mean_y) for w, one, other in zip(weights, x, y, strict=True)]
    sxx = fsum(w * dx * dx for w, dx, _ in points)
    syy = fsum(w * dy * dy for w, _, dy in points)
    sxy = fsum(w * dx * dy for w, dx, dy in points)
    if sxx == 0 or len(set(x)) < 2:
        raise ValueError("A line needs points at different x.")
    slope = sxy / sxx
    return Line(slope, mean_y - slope * mean_x, sxy / sqrt(sxx * syy) if syy > 0 else 0.0)


def fit_through_zero(x: Sequence[float], y: Sequence[float], weights: Sequence[float] | None = None) -> Line:
    """Least squares of y = slope·x: slope = sum(w x y)/sum(w x²); ``r`` is that of the same points about their means.

    For signals whose blank was subtracted; the intercept is zero by decision.
    """
    weights = [1.0] * len(x) if weights is None else weights
    free = fit_line(x, y, weights)
    slope = fsum(w * a * b for w, a, b in zip(weights, x, y, strict=True)) / fsum(w * a * a for w, a in zip(weights, x, strict=True))
    return Line(slope, 0.0, free.r)
