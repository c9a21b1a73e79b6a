"""Blanks and carry-over."""

from collections.abc import Mapping, Sequence

from assays.qc.measurements import BlankMeasurement
from assays.qc.verdicts import Outcome, Reading, Verdict, exceeds, write_number


def classify_blank(reading: Reading, limit: float) -> Outcome:
    """Pass where |blank| is at most ``limit``.

    A reading ``<a`` passes where ``a`` is within the limit; otherwise it does not show that the blank is clean, and fails.
    """
    if reading.value is None:
        raise ValueError("A blank without a reading is a missing control.")
    return Outcome.FAIL if exceeds(abs(reading.value), limit) or reading.qualifier == ">" else Outcome.PASS


def compute_carry_over_percent(after: float, baseline: float, previous: float) -> float:
    """100 (blank after - blank before)/content of the sample between them."""
    if previous <= 0:
        raise ValueError("Carry-over is measured after a sample of positive content.")
    return 100 * (after - baseline) / previous


def classify_carry_over(percent: float, limit_percent: float = 0.1) -> Outcome:
    """Pass up to the limit; a blank that fell after the sample shows none."""
    return Outcome.FAIL if exceeds(percent, limit_percent) else Outcome.PASS


def judge_blank_lod(measurements: Sequence[BlankMeasurement], limits: Mapping[str, float]) -> list[Verdict]:
    """|blank| at most ``multiple`` times the LOD (pulp 3-5, coarse 5-10 by industry practice)."""
    return [_judge(m, "LOD", m.lod, limits["multiple"], "blank_lod") for m in measurements]


def judge_blank_loq(measurements: Sequence[BlankMeasurement], limits: Mapping[str, float]) -> list[Verdict]:
    """|blank| at most ``multiple`` times the LOQ."""
    return [_judge(m, "LOQ", m.loq, limits["multiple"], "blank_loq") for m in measurements]


def _judge(measurement: BlankMeasurement, name: str, unit_limit: float, multiple: float, rule: str) -> Verdict:
    limit = multiple * unit_limit
    outcome = classify_blank(measurement.reading, limit)
    relation = "is within" if outcome is Outcome.PASS else "is not shown to be within"
    where = f"{measurement.analyte} {measurement.reading.text} in the {measurement.kind.words}"
    return Verdict(
        kind=measurement.kind,
        control=measurement.control,
        analyte=measurement.analyte,
        statistic="blank",
        value=measurement.reading.value,
        limit=f"|blank| <= {multiple:g} {name} = {write_number(limit)}",
        rule=rule,
        outcome=outcome,
        sentence=f"{where} {relation} {multiple:g} {name} ({write_number(limit)}).",
    )
