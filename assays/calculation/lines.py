"""Calibration lines of the run: fitted as the method says, with what they give back for their own standards. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from assays.calculation.plan import CalibrationPlan, Through
from assays.qc.calibration import Calibration, fit_calibration


@dataclass(frozen=True)
class CalibrationLine:
    """A fitted calibration of one analyte: net counts per second over µg/L, with its standards in run order.

    `residual_sd` is the standard deviation of the (weighted) residuals in cps, None without a degree of freedom.
    """

    calibration: Calibration
    plan: CalibrationPlan
    concentrations: tuple[float, ...]
    signals: tuple[float, ...]
    residuals: tuple[float, ...]
    residual_sd: float | None

    @property
    def slope(self) -> float:
        """cps per µg/L."""
        return self.calibration.line.slope

    @property
    def intercept(self) -> float:
        """cps; zero where the line goes through the blank."""
        return self.calibration.line.intercept

    @property
    def r_squared(self) -> float:
        """The square of the (weighted) correlation coefficient."""
        return self.calibration.line.r**2

    @property
    def highest(self) -> float:
        """The highest standard in µg/L."""
        return max(self.concentrations)

    def standard_error(self, concentration: float, replicates: int = 1) -> float | None:
        """u of a concentration read from the line, µg/L: s/b·sqrt(1/(w₀p) + 1/Σw + (x₀ - x̄)²/Σw(x - x̄)²), through the blank
        s/b·sqrt(1/(w₀p) + x₀²/Σwx²) (ISO 8466-1:2021, DIN 32645). None without a degree of freedom."""
        if self.residual_sd is None:
            return None
        power = self.plan.weights.power
        weights = [c**-power if c > 0 else 1.0 for c in self.concentrations]
        least = min(c for c in self.concentrations if c > 0)
        own = max(concentration, least) ** -power * replicates
        total = math.fsum(weights)
        if self.plan.through == Through.BLANK:
            spread = concentration**2 / math.fsum(w * c * c for w, c in zip(weights, self.concentrations, strict=True))
        else:
            mean = math.fsum(w * c for w, c in zip(weights, self.concentrations, strict=True)) / total
            spread = 1 / total + (concentration - mean) ** 2 / math.fsum(
                w * (c - mean) ** 2 for w, c in zip(weights, self.concentrations, strict=True)
            )
        return self.residual_sd / abs(self.slope) * math.sqrt(1 / own + spread)


def fit_calibration_line(concentrations: Sequence[float], signals: Sequence[float], plan: CalibrationPlan) -> CalibrationLine:
    """Fit net signals over known concentrations. The blank (zero) takes part only in an unweighted line with an intercept: a line through
    it is forced, and a weight of 1/c has none for it. Raises `ValueError` for too few standards."""
    forced = plan.through == Through.BLANK
    takes_blank = not forced and plan.weights.power == 0
    points = [(c, y) for c, y in zip(concentrations, signals, strict=True) if c > 0 or takes_blank]
    if len({c for c, _ in points}) < 2:
        raise ValueError("A calibration needs standards of at least two different concentrations beside the blank.")
    x, y = tuple(c for c, _ in points), tuple(one for _, one in points)
    calibration = fit_calibration(x, y, plan.weights.power, through_zero=forced)
    residuals = tuple(one - calibration.line.intercept - calibration.line.slope * c for c, one in points)
    freedom = len(points) - (1 if forced else 2)
    squares = math.fsum(r * r * (c**-plan.weights.power if plan.weights.power else 1.0) for r, c in zip(residuals, x, strict=True))
    return CalibrationLine(calibration, plan, x, y, residuals, math.sqrt(squares / freedom) if freedom > 0 else None)
