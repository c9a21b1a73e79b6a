"""Summaries of contents that may be censored: a median that stays honest about what is only a bound."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from assays.chemistry.censored import Censored

# ISO 13528:2022, 7.2: 1.483 MAD estimates the standard deviation robustly; 1.25 s/√n is the standard uncertainty of a median (7.7.3).
_MAD_TO_SD = 1.483
_MEDIAN_FACTOR = 1.25


@dataclass(frozen=True)
class Summary:
    """The median of `n` contents, `censored` of which are bounds. It lies between `lower` and `upper`, which are equal as long as no bound
    reaches the middle. `uncertainty` is expanded (k = 2) and None below three values or where the median is itself a bound."""

    n: int
    censored: int
    lower: float
    upper: float
    uncertainty: float | None

    @property
    def is_exact(self) -> bool:
        """Whether the median is a number rather than a range."""
        return self.lower == self.upper


def summarise(values: Sequence[Censored]) -> Summary | None:
    """The median over bounds: once with every `<` at zero and every `>` at its limit, once with the opposite ends; None for no value."""
    if not values:
        return None
    lower = median(value.lower for value in values)
    upper = median(value.upper for value in values)
    return Summary(
        n=len(values),
        censored=sum(value.is_censored for value in values),
        lower=lower,
        upper=upper,
        uncertainty=_median_uncertainty(values, lower) if lower == upper and len(values) >= 3 else None,
    )


def _median_uncertainty(values: Sequence[Censored], middle: float) -> float | None:
    """2 · 1.25 · 1.483 MAD / √n with each bound at the end that is farther from the median, so that it never looks surer than it is."""
    deviations = [max(abs(value.lower - middle), abs(value.upper - middle)) for value in values]
    spread = median(deviations)
    return None if math.isinf(spread) else 2 * _MEDIAN_FACTOR * _MAD_TO_SD * spread / math.sqrt(len(values))


def percentile(values: Sequence[float], share: float) -> float | None:
    """The value below which `share` (0 to 1) of the values lie, by linear interpolation; None for no value."""
    if not values:
        return None
    ordered = sorted(values)
    position = share * (len(ordered) - 1)
    below = math.floor(position)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (position - below)
