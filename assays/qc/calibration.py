"""Calibration lines, judged by what they give back for their own standards.

A correlation coefficient hides a bad low end: a line with r = 0.9998 may read its lowest standard a third too high.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from assays.qc.measurements import CalibrationMeasurement
from assays.qc.regression import Line, fit_line, fit_through_zero
from assays.qc.verdicts import Outcome, Verdict, exceeds


@dataclass(frozen=True)
class Calibration:
    """A fitted line with the concentrations it gives back and their errors in percent (None for a standard of zero)."""

    line: Line
    back_calculated: tuple[float, ...]
    errors_percent: tuple[float | None, ...]


def fit_calibration(
    concentrations: Sequence[float], intensities: Sequence[float], weight_power: int = 0, *, through_zero: bool = False
) -> Calibration:
    """Fit intensity = a + b·c with weights 1/c^``weight_power`` (0 ordinary, 1 or 2 weighted; then without the blank).

    ``through_zero`` sets a to zero, for intensities less their blank."""
    if weight_power and any(c <= 0 for c in concentrations):
        raise ValueError("A weight of 1/c or 1/c² needs standards above zero: leave the blank out.")
    fit = fit_through_zero if through_zero else fit_line
    line = fit(concentrations, intensities, [c**-weight_power for c in concentrations] if weight_power else None)
    if line.slope == 0:
        raise ValueError("The signal does not change with concentration; there is no calibration.")
    back = tuple((y - line.intercept) / line.slope for y in intensities)
    errors = tuple(100 * (found - c) / c if c else None for found, c in zip(back, concentrations, strict=True))
    return Calibration(line, back, errors)


def judge_back_calculation(measurements: Sequence[CalibrationMeasurement], limits: Mapping[str, float]) -> list[Verdict]:
    """Each curve by its worst standard: the lowest within ``lowest_percent`` of nominal, the others within ``other_percent``."""
    return [_judge_curve(m, limits) for m in measurements]


def _judge_curve(measurement: CalibrationMeasurement, limits: Mapping[str, float]) -> Verdict:
    calibration = fit_calibration(
        measurement.concentrations, measurement.intensities, measurement.weight_power, through_zero=measurement.through_zero
    )
    lowest = min(c for c in measurement.concentrations if c > 0)
    judged = [
        (abs(error) / limits["lowest_percent" if c == lowest else "other_percent"], c, error)
        for c, error in zip(measurement.concentrations, calibration.errors_percent, strict=True)
        if error is not None
    ]
    share, concentration, error = max(judged)
    return Verdict(
        kind=measurement.kind,
        control=measurement.control,
        analyte=measurement.analyte,
        statistic="back_calculation_error_percent",
        value=error,
        limit=f"lowest standard ±{limits['lowest_percent']:g} %, others ±{limits['other_percent']:g} %",
        rule="calibration_back_calculation",
        outcome=Outcome.FAIL if exceeds(share, 1) else Outcome.PASS,
        sentence=f"{measurement.analyte}: the standard of {concentration:g} reads back {error:+.1f} % (r = {calibration.line.r:.5f}).",
    )
