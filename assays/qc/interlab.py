"""Comparison between laboratories: robust mean, scores, consensus, repeatability and outliers.

ISO 13528:2015 (Algorithm A of Annex C.3, scores of clause 9), ISO 5725-2 (s_r, s_R, Grubbs).
"""

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from assays.distributions import student_t_quantile
from assays.qc.verdicts import Outcome, exceeds

_CLIP = 1.5
_CONSISTENCY = 1.134
_MAD_TO_SD = 1.483
_CONVERGED = 1e-12
_MAXIMUM_ROUNDS = 10_000


@dataclass(frozen=True)
class RobustEstimate:
    """Algorithm A: robust mean ``x_star`` and SD ``s_star`` of ``p`` results, starting from ``median``; u = 1.25 s*/√p."""

    p: int
    median: float
    x_star: float
    s_star: float
    u: float


@dataclass(frozen=True)
class WeightedMean:
    """Mean weighted by 1/u² with its ``u``, the chi-square of the inputs about it and the Birge ratio sqrt(chi²/(n - 1))."""

    mean: float
    u: float
    chi2: float
    birge_ratio: float


@dataclass(frozen=True)
class Precision:
    """ISO 5725: repeatability ``s_r``, between-laboratory ``s_l`` and reproducibility ``s_big_r`` SD about ``grand_mean``.

    The limits 2.8 s are the differences that two results exceed in 5 % of cases.
    """

    grand_mean: float
    s_r: float
    s_l: float
    s_big_r: float

    @property
    def repeatability_limit(self) -> float:
        """r = 2.8 s_r."""
        return 2.8 * self.s_r

    @property
    def reproducibility_limit(self) -> float:
        """R = 2.8 s_R."""
        return 2.8 * self.s_big_r


@dataclass(frozen=True)
class GrubbsTest:
    """The value farthest from the mean: above the 5 % critical value a straggler, above the 1 % one an outlier (ISO 5725-2, 7.3.4)."""

    g: float
    suspect: float
    critical_5: float
    critical_1: float

    @property
    def is_straggler(self) -> bool:
        """Beyond the 5 % critical value."""
        return self.g > self.critical_5

    @property
    def is_outlier(self) -> bool:
        """Beyond the 1 % critical value."""
        return self.g > self.critical_1


def estimate_robust(values: Sequence[float]) -> RobustEstimate:
    """Algorithm A: start at median and 1.483 MAD, clip at 1.5 s*, s* = 1.134 SD of the clipped, until nothing moves.

    Where more than half of the values are equal the MAD is zero and the ordinary SD starts instead.
    """
    p = len(values)
    if p < 2:
        raise ValueError("A robust mean needs at least two results.")
    median = statistics.median(values)
    x_star, s_star = median, _MAD_TO_SD * statistics.median(abs(x - median) for x in values) or statistics.stdev(values)
    for _ in range(_MAXIMUM_ROUNDS):
        low, high = x_star - _CLIP * s_star, x_star + _CLIP * s_star
        clipped = [min(max(x, low), high) for x in values]
        x_next, s_next = statistics.fmean(clipped), _CONSISTENCY * statistics.stdev(clipped)
        moved = max(abs(x_next - x_star), abs(s_next - s_star))
        x_star, s_star = x_next, s_next
        if moved <= _CONVERGED * max(abs(x_star), s_star, _CONVERGED):
            break
    return RobustEstimate(p, median, x_star, s_star, 1.25 * s_star / math.sqrt(p))


def compute_z_score(value: float, assigned: float, sigma: float, u_assigned: float = 0.0) -> float:
    """z = (x - X)/σ; with the uncertainty of the assigned value z' = (x - X)/sqrt(σ² + u²), wanted where u > 0.3 σ."""
    spread = math.hypot(sigma, u_assigned)
    if spread <= 0:
        raise ValueError("A score needs a spread above zero.")
    return (value - assigned) / spread


def compute_zeta_score(value: float, u_value: float, assigned: float, u_assigned: float) -> float:
    """zeta = (x - X)/sqrt(u_x² + u_X²), with standard uncertainties."""
    return compute_z_score(value, assigned, u_value, u_assigned)


def compute_en_score(value: float, expanded_value: float, assigned: float, expanded_assigned: float) -> float:
    """E_n = (x - X)/sqrt(U_x² + U_X²), with expanded uncertainties; |E_n| <= 1 is satisfactory."""
    return compute_z_score(value, assigned, expanded_value, expanded_assigned)


def classify_score(score: float) -> Outcome:
    """|z| < 2 satisfactory (pass), from 2 to below 3 questionable (warn), from 3 on unsatisfactory (fail)."""
    if not exceeds(3, abs(score)):
        return Outcome.FAIL
    return Outcome.PASS if exceeds(2, abs(score)) else Outcome.WARN


def compute_weighted_mean(results: Sequence[tuple[float, float]]) -> WeightedMean:
    """Consensus of ``(value, standard uncertainty)`` pairs."""
    if len(results) < 2 or any(u <= 0 for _, u in results):
        raise ValueError("A weighted mean needs at least two results with uncertainties above zero.")
    weights = [u**-2 for _, u in results]
    total = math.fsum(weights)
    mean = math.fsum(w * x for w, (x, _) in zip(weights, results, strict=True)) / total
    chi2 = math.fsum(w * (x - mean) ** 2 for w, (x, _) in zip(weights, results, strict=True))
    return WeightedMean(mean, total**-0.5, chi2, math.sqrt(chi2 / (len(results) - 1)))


def estimate_precision(replicates: Mapping[str, Sequence[float]]) -> Precision:
    """s_r, s_L and s_R from equally many replicates of each laboratory.

    s_r² is the mean within-laboratory variance, s_L² = var(means) - s_r²/n, not below zero, s_R² = s_r² + s_L².
    """
    sizes = {len(values) for values in replicates.values()}
    if len(replicates) < 2 or len(sizes) != 1 or min(sizes) < 2:
        raise ValueError("ISO 5725 needs at least two laboratories with equally many replicates, at least two each.")
    means = [statistics.fmean(values) for values in replicates.values()]
    within = statistics.fmean(statistics.variance(values) for values in replicates.values())
    between = max(0.0, statistics.variance(means) - within / sizes.pop())
    return Precision(statistics.fmean(means), math.sqrt(within), math.sqrt(between), math.sqrt(within + between))


def find_grubbs_critical_value(n: int, alpha: float) -> float:
    """Two-sided critical value of G = max|x - mean|/s for ``n`` values: (n - 1)/√n sqrt(t²/(n - 2 + t²)), t at α/(2n)."""
    if n < 3:
        raise ValueError("Grubbs' test needs at least three values.")
    t2 = student_t_quantile(1 - alpha / (2 * n), n - 2) ** 2
    return (n - 1) / math.sqrt(n) * math.sqrt(t2 / (n - 2 + t2))


def run_grubbs_test(values: Sequence[float]) -> GrubbsTest:
    """Test the value farthest from the mean of at least three."""
    n = len(values)
    critical_5, critical_1 = find_grubbs_critical_value(n, 0.05), find_grubbs_critical_value(n, 0.01)
    mean, s = statistics.fmean(values), statistics.stdev(values)
    suspect = max(values, key=lambda x: abs(x - mean))
    return GrubbsTest(abs(suspect - mean) / s if s else 0.0, suspect, critical_5, critical_1)
