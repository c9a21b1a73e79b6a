"""Straight lines by least squares."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


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
    xs, ys = np.asarray(x, float), np.asarray(y, float)
    w = np.ones_like(xs) if weights is None else np.asarray(weights, float)
    if xs.ndim != 1 or xs.shape != ys.shape or xs.shape != w.shape or xs.size < 2:
        raise ValueError("A line needs two or more points, with a value and a weight for each.")
    w = w / w.sum()
    dx, dy = xs - (w * xs).sum(), ys - (w * ys).sum()
    sxx, syy, sxy = (w * dx * dx).sum(), (w * dy * dy).sum(), (w * dx * dy).sum()
    if sxx == 0:
        raise ValueError("A line needs points at different x.")
    slope = sxy / sxx
    r = sxy / np.sqrt(sxx * syy) if syy > 0 else 0.0
    return Line(float(slope), float((w * ys).sum() - slope * (w * xs).sum()), float(r))
