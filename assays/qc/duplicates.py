"""Precision from pairs: HARD, ARD (also called RPD), CV and their averages, Thompson and Howarth's regression.

Stanley & Lawie 2007 (doi:10.2113/gsemg.16.3-4.265), Abzalov 2008; Thompson & Howarth 1976 (doi:10.1039/AN9760100690).
"""

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from assays.qc.measurements import DuplicateMeasurement
from assays.qc.regression import fit_line
from assays.qc.verdicts import Outcome, Verdict, exceeds, write_number

Pair = tuple[float, float]


@dataclass(frozen=True)
class PrecisionModel:
    """s(c) = ``s0`` + ``k``·c from ``n_pairs`` pairs in ``n_groups`` groups."""

    s0: float
    k: float
    n_pairs: int
    n_groups: int

    def predict_sd(self, content: float) -> float:
        """Standard deviation expected at a content."""
        return self.s0 + self.k * content

    def predict_precision_percent(self, content: float) -> float:
        """P(95 %) = 200 s/c."""
        return 200 * self.predict_sd(content) / content


def compute_hard_percent(first: float, second: float) -> float:
    """Half absolute relative difference: 100 |a - b|/(a + b); 0 for two zeros."""
    if first < 0 or second < 0:
        raise ValueError("A relative difference is defined for contents that are not negative.")
    return 100 * (abs(first - second) / (first + second)) if first + second else 0.0


def compute_ard_percent(first: float, second: float) -> float:
    """Absolute relative difference, the RPD of other fields: 2 HARD."""
    return 2 * compute_hard_percent(first, second)


def compute_pair_cv_percent(first: float, second: float) -> float:
    """Coefficient of variation of one pair: 100 |a - b|/(√2 mean) = √2 HARD."""
    return math.sqrt(2) * compute_hard_percent(first, second)


def compute_average_cv_percent(pairs: Sequence[Pair]) -> float:
    """CV_avg = 100 sqrt(2/N sum((a - b)²/(a + b)²)), the root mean square of the pairs' CV."""
    _require_pairs(pairs)
    return math.hypot(*(compute_pair_cv_percent(*pair) for pair in pairs)) / math.sqrt(len(pairs))


def compute_duplicate_sd(pairs: Sequence[Pair]) -> float:
    """Standard deviation of one result: sqrt(sum((a - b)²/2)/N)."""
    _require_pairs(pairs)
    return math.hypot(*(first - second for first, second in pairs)) / math.sqrt(2 * len(pairs))


def fit_precision_model(pairs: Sequence[Pair], group_size: int = 11) -> PrecisionModel:
    """Thompson and Howarth: sort by mean, take groups, regress 1.048 median|a - b| of each on its mean content.

    Sorting is stable, an incomplete last group is dropped, the line is ordinary least squares; 1.048 = 1/(√2·0.6745).
    At least two full groups are needed.
    """
    n_groups = len(pairs) // group_size
    if n_groups < 2:
        raise ValueError(f"The regression needs at least two groups of {group_size} pairs; {len(pairs)} pairs are there.")
    ordered = sorted(pairs, key=lambda pair: (pair[0] + pair[1]) / 2)
    groups = [ordered[i * group_size : (i + 1) * group_size] for i in range(n_groups)]
    means = [statistics.fmean((a + b) / 2 for a, b in group) for group in groups]
    spreads = [1.048 * statistics.median(abs(a - b) for a, b in group) for group in groups]
    line = fit_line(means, spreads)
    return PrecisionModel(line.intercept, line.slope, len(pairs), n_groups)


def judge_hard(measurements: Sequence[DuplicateMeasurement], limits: Mapping[str, float]) -> list[Verdict]:
    """Each pair: HARD at most ``hard_percent``, or a difference of at most ``loq_multiple`` LOQ, whichever allows more.

    Near the LOQ a relative difference says little, hence the absolute one (as EPA's contract laboratories judge duplicates
    below five times the quantitation limit). A ``<`` reading stands at its limit, so a failure is certain. Above ``warn_percent``,
    where it is given, a pair that does not fail warns.
    """
    return [_judge_pair(m, limits["hard_percent"], limits["loq_multiple"], limits.get("warn_percent")) for m in measurements]


def judge_average_cv(measurements: Sequence[DuplicateMeasurement], limits: Mapping[str, float]) -> list[Verdict]:
    """CV_avg over a run's quantified pairs at most ``cv_avg_percent``; judged from ``minimum_pairs`` on."""
    pairs = [_numbers(m) for m in measurements if not m.first.qualifier and not m.second.qualifier]
    if len(pairs) < limits["minimum_pairs"]:
        return []
    first, average, limit = measurements[0], compute_average_cv_percent(pairs), limits["cv_avg_percent"]
    return [
        Verdict(
            kind=first.kind,
            control=f"{len(pairs)} pairs",
            analyte=first.analyte,
            statistic="cv_avg_percent",
            value=average,
            limit=f"CV_avg <= {limit:g} %",
            rule="duplicate_cv_avg",
            outcome=Outcome.FAIL if exceeds(average, limit) else Outcome.PASS,
            sentence=f"{first.analyte}: CV_avg {average:.1f} % over {len(pairs)} pairs of {first.kind.words}s.",
        )
    ]


def judge_precision_model(measurements: Sequence[DuplicateMeasurement], limits: Mapping[str, float]) -> list[Verdict]:
    """Thompson and Howarth's precision of the stage, from its earlier pairs and this run's, at the mean content of this run's pairs: at
    most ``precision_percent`` (95 %). Judged from two full groups of ``group_size`` pairs on, for fewer give no line."""
    own = [_numbers(m) for m in measurements if not m.first.qualifier and not m.second.qualifier]
    pairs = [*measurements[0].previous_pairs, *own]
    group_size = int(limits["group_size"])
    content = statistics.fmean((a + b) / 2 for a, b in own) if own else 0.0
    if len(pairs) < 2 * group_size or content <= 0:
        return []
    try:
        precision = fit_precision_model(pairs, group_size).predict_precision_percent(content)
    except ValueError:  # every group has one mean content: no line goes through them
        return []
    first, limit = measurements[0], limits["precision_percent"]
    return [
        Verdict(
            kind=first.kind,
            control=f"{len(pairs)} pairs",
            analyte=first.analyte,
            statistic="precision_percent",
            value=precision,
            limit=f"P(95 %) <= {limit:g} %",
            rule="duplicate_thompson_howarth",
            outcome=Outcome.PASS if precision <= limit else Outcome.FAIL,
            sentence=f"{first.analyte}: precision {precision:.1f} % (95 %) at {write_number(content)},"
            f" by Thompson and Howarth over {len(pairs)}"
            f" pairs of {first.kind.words}s.",
        )
    ]


def _judge_pair(measurement: DuplicateMeasurement, hard_limit: float, loq_multiple: float, warn_limit: float | None = None) -> Verdict:
    first, second = _numbers(measurement)
    difference, allowed = abs(first - second), loq_multiple * measurement.loq
    hard = compute_hard_percent(max(first, 0.0), max(second, 0.0))
    over_range = ">" in (measurement.first.qualifier, measurement.second.qualifier)
    passed = not over_range and not (exceeds(hard, hard_limit) and exceeds(difference, allowed))
    warns = passed and warn_limit is not None and exceeds(hard, warn_limit) and exceeds(difference, allowed)
    limit = f"HARD <= {hard_limit if warn_limit is None else warn_limit:g} %"
    pair = f"{measurement.first.text} and {measurement.second.text}"
    return Verdict(
        kind=measurement.kind,
        control=measurement.control,
        analyte=measurement.analyte,
        statistic="hard_percent",
        value=hard,
        limit=f"{limit} or difference <= {write_number(allowed)}",
        rule="duplicate_hard",
        outcome=Outcome.WARN if warns else Outcome.PASS if passed else Outcome.FAIL,
        sentence=f"{measurement.analyte} {pair}: HARD {hard:.1f} %, difference {write_number(difference, 3)}.",
    )


def _numbers(measurement: DuplicateMeasurement) -> Pair:
    if measurement.first.value is None or measurement.second.value is None:
        raise ValueError(f"{measurement.control} has no pair for {measurement.analyte}.")
    return measurement.first.value, measurement.second.value


def _require_pairs(pairs: Sequence[Pair]) -> None:
    if not pairs:
        raise ValueError("A precision needs at least one pair.")
