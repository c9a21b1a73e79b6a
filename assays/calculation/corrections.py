"""The standard uncertainty a correction for oxides and hydroxides brings into a result. Pure.

What is subtracted is kP: the factor k of the session times the parent's signal P. For a difference (JCGM 100:2008, 5.1.2) its standard
uncertainty is sqrt((P·u(k))² + (k·u(P))²); several parents add in quadrature. u(k) is the standard error of the factors found on the
session's single-element solutions, u(P) that of the replicates the parent was read in, else of its calibration line. Where a session shows
no scatter, the method version's assumption stands in: a correction is never taken for exact.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean, stdev

from assays.calculation.lines import CalibrationLine


@dataclass(frozen=True)
class Subtracted:
    """One parent's ions under one reading: the factor with its standard uncertainty, and the parent's signal in counts per second with
    what it was read from (its replicates, as read)."""

    parent: str
    factor: float
    u_factor: float
    signal: float
    replicates: tuple[float, ...] = ()


@dataclass(frozen=True)
class CorrectionUncertainty:
    """What the corrections of one result bring, in µg/L of the measured solution: by the factors, and by the parents' readings."""

    by_factors: float = 0.0
    by_readings: float = 0.0


@dataclass(frozen=True)
class SignalError:
    """u(P), the standard uncertainty of a parent's signal in counts per second, and what it was found from: replicates, line, assumed."""

    u: float
    source: str


NO_CORRECTION = CorrectionUncertainty()


def standard_error_of_factor(ratios: Sequence[float], assumed_percent: float) -> float:
    """u(k), as a share of the parent's signal: s/√n of the ratios found; of one alone, or of equal ones, the assumed percentage."""
    found = stdev(ratios) / math.sqrt(len(ratios)) if len(ratios) > 1 else 0.0
    return found or abs(fmean(ratios)) * assumed_percent / 100


def weigh_signal(one: Subtracted, line: CalibrationLine | None, assumed_percent: float) -> SignalError:
    """u(P) in counts per second: of the replicates (s/√n, scaled to the corrected signal), else of the line, else as assumed. Replicates
    that are equal and a line without residuals show no scatter; they are passed over."""
    if u := _error_of_replicates(one):
        return SignalError(u, "replicates")
    if u := _error_of_line(one.signal, line):
        return SignalError(u, "line")
    return SignalError(one.signal * assumed_percent / 100, "assumed")


def _error_of_replicates(one: Subtracted) -> float:
    if len(one.replicates) < 2 or fmean(one.replicates) <= 0:
        return 0.0
    return one.signal * stdev(one.replicates) / fmean(one.replicates) / math.sqrt(len(one.replicates))


def _error_of_line(signal: float, line: CalibrationLine | None) -> float:
    if line is None or (content := (signal - line.intercept) / line.slope) <= 0:
        return 0.0
    return (line.standard_error(content) or 0.0) * abs(line.slope)


def combine_corrections(subtracted: Sequence[Subtracted], errors: Sequence[SignalError], slope: float) -> CorrectionUncertainty:
    """What the corrections of one reading bring, `errors` being those of the parents' signals; `slope` is that of the corrected element,
    counts per second over µg/L."""
    readings = [one.factor * error.u for one, error in zip(subtracted, errors, strict=True)]
    return CorrectionUncertainty(
        math.hypot(*(one.signal * one.u_factor for one in subtracted)) / abs(slope), math.hypot(*readings) / abs(slope)
    )
