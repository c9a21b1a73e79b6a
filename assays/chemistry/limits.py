"""Limits of detection and quantification from procedural blanks."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from assays.distributions import student_t_quantile


@dataclass(frozen=True)
class BlankLimits:
    """Limits in the unit of the blanks.

    ``lod`` = 3 s and ``loq`` = 10 s are for blank-corrected (net) signals (Currie 1995); ``lod_with_mean`` and
    ``loq_with_mean`` add the mean, for signals that are not corrected; ``mdl`` = t(0.99, n - 1)·s (40 CFR 136 App. B).
    ``s`` is the sample standard deviation (n - 1). A certificate says which was used.
    """

    n: int
    mean: float
    s: float
    lod: float
    loq: float
    lod_with_mean: float
    loq_with_mean: float
    t_99: float
    mdl: float


def estimate_limits(blanks: Sequence[float]) -> BlankLimits:
    """Limits from procedural blanks that went through fusion or digestion; at least 2, and 10 or more are wanted."""
    n = len(blanks)
    if n < 2:
        raise ValueError("Limits need at least 2 procedural blanks; 10 or more are wanted.")
    mean, s = statistics.fmean(blanks), statistics.stdev(blanks)
    t_99 = student_t_quantile(0.99, n - 1)
    return BlankLimits(n, mean, s, 3 * s, 10 * s, mean + 3 * s, mean + 10 * s, t_99, t_99 * s)
