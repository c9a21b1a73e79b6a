"""Checks that a sample's own results must stand: the sum of its oxides, the smoothness of its rare-earth pattern, another technique."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from math import exp, log

from assays.qc.measurements import ComparisonMeasurement, PatternMeasurement, TotalMeasurement
from assays.qc.verdicts import Outcome, Verdict

REDOX_SENSITIVE = frozenset({"Ce", "Eu"})
"""Rare earths with a second valence: nature itself lifts them off the smooth curve, so they neither are judged nor serve as neighbours."""

Point = tuple[str, int, float]


def find_pattern_residuals(points: Sequence[Point]) -> dict[str, float]:
    """How far each rare earth stands off the line between its neighbours, in percent of what the line gives.

    ``points`` are (symbol, atomic number, content over chondrite) by atomic number; the line is straight in log content over atomic number.
    Cerium and europium are left out, the first and the last element cannot be judged. A natural pattern is smooth (Masuda 1962, Coryell et
    al. 1963); one element off it is an error of measurement, several in turn are the saw-tooth of a wrong normalisation or calibration.
    """
    curve = [(symbol, z, log(ratio)) for symbol, z, ratio in points if symbol not in REDOX_SENSITIVE and ratio > 0]
    if any(b[1] <= a[1] for a, b in pairwise(curve)):
        raise ValueError("The points of a pattern stand by rising atomic number.")
    residuals = {}
    for (_, left, low), (symbol, z, found), (_, right, high) in zip(curve, curve[1:], curve[2:], strict=False):
        expected = low + (high - low) * (z - left) / (right - left)
        residuals[symbol] = 100 * (exp(found - expected) - 1)
    return residuals


def judge_pattern(measurements: Sequence[PatternMeasurement], limits: Mapping[str, float]) -> list[Verdict]:
    """Each sample by the element that stands off most: warn above ``warn_percent``, fail above ``fail_percent``, in either direction on
    a logarithmic scale (+100 % and -50 % weigh the same)."""
    return [verdict for m in measurements if (verdict := _judge_one_pattern(m, limits)) is not None]


def judge_sum_of_oxides(measurements: Sequence[TotalMeasurement], limits: Mapping[str, float]) -> list[Verdict]:
    """The sum of the oxides of a sample from ``low_percent`` to ``high_percent`` by mass."""
    return [_judge_one_total(m, limits) for m in measurements]


def judge_comparison(measurements: Sequence[ComparisonMeasurement], limits: Mapping[str, float]) -> list[Verdict]:
    """Two techniques on one sample: warn above ``warn_percent`` and fail above ``fail_percent`` of their mean."""
    return [_judge_one_comparison(m, limits) for m in measurements]


def _judge_one_pattern(measurement: PatternMeasurement, limits: Mapping[str, float]) -> Verdict | None:
    residuals = find_pattern_residuals(measurement.points)
    if not residuals:
        return None
    symbol = max(residuals, key=lambda one: abs(log(1 + residuals[one] / 100)))
    residual = residuals[symbol]
    size = 100 * (exp(abs(log(1 + residual / 100))) - 1)
    outcome = _classify(size, limits)
    return Verdict(
        kind=measurement.kind,
        control=measurement.control,
        analyte=symbol,
        statistic="pattern_residual_percent",
        value=residual,
        limit=f"within {limits['warn_percent']:g} % of its neighbours' line (fail above {limits['fail_percent']:g} %)",
        rule="ree_pattern_smoothness",
        outcome=outcome,
        sentence=f"{symbol} stands {residual:+.0f} % off the line between its neighbours in the chondrite-normalised pattern of "
        f"{measurement.control}.",
    )


def _judge_one_total(measurement: TotalMeasurement, limits: Mapping[str, float]) -> Verdict:
    low, high = limits["low_percent"], limits["high_percent"]
    within = low <= measurement.total <= high
    return Verdict(
        kind=measurement.kind,
        control=measurement.control,
        analyte="",
        statistic="sum_of_oxides_percent",
        value=measurement.total,
        limit=f"{low:g}-{high:g} %",
        rule="sum_of_oxides",
        outcome=Outcome.PASS if within else Outcome.FAIL,
        sentence=f"{measurement.count} oxides of {measurement.control} add up to {measurement.total:.3g} %.",
    )


def _judge_one_comparison(measurement: ComparisonMeasurement, limits: Mapping[str, float]) -> Verdict:
    first, second = measurement.reading.value, measurement.other.value
    if first is None or second is None:
        raise ValueError(f"{measurement.control} has nothing to compare for {measurement.analyte}.")
    mean = (first + second) / 2
    difference = 100 * (first - second) / mean if mean else 0.0
    return Verdict(
        kind=measurement.kind,
        control=measurement.control,
        analyte=measurement.analyte,
        statistic="difference_percent",
        value=difference,
        limit=f"|difference| <= {limits['warn_percent']:g} % (fail above {limits['fail_percent']:g} %)",
        rule="method_comparison",
        outcome=_classify(abs(difference), limits),
        sentence=f"{measurement.analyte} {measurement.reading.text} here, {measurement.other.text} by {measurement.other_method}: "
        f"{difference:+.1f} % of their mean.",
    )


def _classify(size: float, limits: Mapping[str, float]) -> Outcome:
    if size > limits["fail_percent"]:
        return Outcome.FAIL
    return Outcome.WARN if size > limits["warn_percent"] else Outcome.PASS
