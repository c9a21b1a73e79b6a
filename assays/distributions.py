"""Student's t distribution, which the standard library lacks; everything Gaussian is ``statistics.NormalDist``.

The cumulative probability is the regularised incomplete beta function by its continued fraction (DLMF 8.17.22), summed by
Lentz's method; the quantile is found by bisection. Good to about 1e-12 relative.
"""

import math
from functools import lru_cache

_TINY = 1e-300


def student_t_cdf(t: float, degrees: float) -> float:
    """Probability that Student's t with ``degrees`` of freedom is at most ``t``."""
    if degrees <= 0:
        raise ValueError("Student's t needs a positive number of degrees of freedom.")
    tail = 0.5 * _incomplete_beta(degrees / (degrees + t * t), degrees / 2, 0.5)
    return tail if t < 0 else 1 - tail


@lru_cache(maxsize=256)
def student_t_quantile(probability: float, degrees: float) -> float:
    """The ``t`` below which Student's t lies with ``probability`` (one-sided)."""
    if not 0 < probability < 1:
        raise ValueError("A quantile is asked for a probability between 0 and 1.")
    if probability < 0.5:
        return -student_t_quantile(1 - probability, degrees)
    low, high = 0.0, 1.0
    while student_t_cdf(high, degrees) < probability:
        low, high = high, 2 * high
    while (middle := (low + high) / 2) not in (low, high):
        if student_t_cdf(middle, degrees) < probability:
            low = middle
        else:
            high = middle
    return high


def _incomplete_beta(x: float, a: float, b: float) -> float:
    if x in (0.0, 1.0):
        return x
    # The fraction converges fast only below the mean; above it the complement does.
    if x > (a + 1) / (a + b + 2):
        return 1 - _incomplete_beta(1 - x, b, a)
    front = math.exp(math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x))
    return front * _beta_fraction(x, a, b) / a


def _beta_fraction(x: float, a: float, b: float) -> float:
    numerator, denominator = 1.0, 1 / _away_from_zero(1 - (a + b) * x / (a + 1))
    value = denominator
    for m in range(1, 500):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        for term in (even, odd):
            denominator = 1 / _away_from_zero(1 + term * denominator)
            numerator = _away_from_zero(1 + term / numerator)
            step = denominator * numerator
            value *= step
        if abs(step - 1) < 1e-15:
            return value
    return value


def _away_from_zero(number: float) -> float:
    return number if abs(number) > _TINY else _TINY
