"""Reduction of a whole tray: every position and analyte from the solution's concentration to mg/kg dry, censored where it must be.

The moisture of a position is that of the material in the state in which its test portion was weighed, so a portion weighed dry has none.
A limit is carried to the position by the very factors of its value. Values keep their bounds: a replicate mean is formed only over
quantified readings; as soon as one replicate is censored the group is reported as a bound.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import hypot
from statistics import fmean
from typing import NamedTuple

from assays.chemistry.reduction import reduce_limit_to_dry_mg_kg, reduce_to_dry_mg_kg


class SolutionReading(NamedTuple):
    """A concentration in µg/L, or a mass fraction of a solid in mg/kg (`chemistry.solids`). `applied_dilution` is the factor the instrument
    has already multiplied in (1 for none); `qualifier` is `""`, `"<"`, `">"`; `reading_id` leads back to the raw cell."""

    value: float
    qualifier: str = ""
    applied_dilution: float = 1.0
    reading_id: str = ""


@dataclass(frozen=True)
class AnalyteLimits:
    """What the method version states of an analyte, in mg/kg at its nominal amounts; the uncertainty is relative, expanded, k = 2."""

    lod: float
    loq: float
    upper: float
    relative_uncertainty_percent: float


@dataclass(frozen=True)
class Portion:
    """The test portion behind a position: mass (g), final volume (mL), dilution factor, moisture (% wet basis).

    `dilution_u_percent` is the relative standard uncertainty of a factor that was pipetted in steps of its own; 0 where the method's usual
    dilution was made, which its stated uncertainty holds already."""

    mass_g: float
    volume_ml: float
    dilution: float
    moisture_percent: float = 0.0
    dilution_u_percent: float = 0.0


@dataclass(frozen=True)
class TrayInput:
    """One position: its number, its portion, and its readings by analyte. `is_blank` positions give the blank of the others; neither they
    nor those that are not `corrected` have it subtracted."""

    number: int
    portion: Portion
    readings: Mapping[str, Sequence[SolutionReading]]
    is_blank: bool = False
    corrected: bool = True


class SolidSource(NamedTuple):
    """What a content was made of that was read in a solid: the mg/kg reported, of what (`chemistry.solids`), the mass of the specimen (g)
    and the loss on ignition (%) where they are known."""

    read_mg_kg: float
    reported_of: str
    specimen_g: float | None = None
    ignition_loss_percent: float | None = None


class TrayResult(NamedTuple):
    """One content in mg/kg dry. `value` is the bound where `qualifier` is `<` or `>`; `net` is the value before censoring (None where only
    a bound was read); `uncertainty` is expanded (k = 2), for quantified values only; the rest is what it was made of: a solution, unless
    `solid` says that nothing was dissolved."""

    value: float
    qualifier: str
    net: float | None
    uncertainty: float | None
    lod: float
    loq: float
    solution_ug_l: float
    blank_ug_l: float
    dilution: float
    reading_ids: tuple[str, ...]
    solid: SolidSource | None = None


@dataclass(frozen=True)
class TrayReduction:
    """The contents by (position, analyte), and for each position that could not be reduced why, as a clause of a sentence."""

    results: dict[tuple[int, str], TrayResult]
    mismatches: dict[int, str]


class DilutionMismatch(ValueError):
    """The instrument has applied a dilution that is neither none nor the portion's: applying ours again would be wrong."""


# A dilution weighed in is known to about a thousandth.
_SAME_DILUTION = 1e-3


def remaining_dilution(portion_dilution: float, applied: float) -> float:
    """The dilution still to apply: never twice. Raises `DilutionMismatch` when the two disagree by more than a thousandth."""
    if applied == 1:
        return portion_dilution
    if abs(applied - portion_dilution) <= _SAME_DILUTION * portion_dilution:
        return 1.0
    raise DilutionMismatch(f"the instrument applied a dilution of {applied:g}, the portion has {portion_dilution:g}")


def count_blank(reading: SolutionReading) -> float:
    """What a reading of a blank counts, µg/L of the measured solution: a bound or a negative one as nothing."""
    return max(reading.value / reading.applied_dilution, 0.0) if not reading.qualifier else 0.0


def mean_blanks(positions: Iterable[TrayInput]) -> dict[str, float]:
    """The mean blank of each analyte in µg/L of the measured solution; readings that are bounds or negative count as nothing."""
    found: dict[str, list[float]] = {}
    for position in positions:
        if position.is_blank:
            for analyte, readings in position.readings.items():
                found.setdefault(analyte, []).extend(count_blank(reading) for reading in readings)
    return {analyte: fmean(values) for analyte, values in found.items() if values}


Average = Callable[[Sequence[float]], float]
"""How accepted replicates become one value: their mean unless the method says otherwise."""


def reduce_tray(
    positions: Sequence[TrayInput], limits: Mapping[str, AnalyteLimits], nominal: Portion, average: Average = fmean
) -> TrayReduction:
    """Reduce every position and analyte the method states limits for; what was not read is absent, not zero."""
    blanks = mean_blanks(positions)
    results: dict[tuple[int, str], TrayResult] = {}
    mismatches: dict[int, str] = {}
    for position in positions:
        scale = _scale_limits(position.portion, nominal)
        try:
            results |= {
                (position.number, analyte): _reduce_one(position, readings, limits[analyte], scale, blanks.get(analyte, 0.0), average)
                for analyte, readings in position.readings.items()
                if analyte in limits and readings
            }
        except DilutionMismatch as mismatch:
            mismatches[position.number] = str(mismatch)
    return TrayReduction(results, mismatches)


def combine_readings(readings: Sequence[SolutionReading], portion_dilution: float, average: Average) -> tuple[float, str, float]:
    """Replicates as one concentration of the measured solution, or one content of a solid: (number, qualifier, dilution still to apply).

    A concentration that already carries the dilution is taken as it is, with the factor 1 that remains.
    """
    if len(readings) == 1:
        # By far the most; a mean of one is itself.
        (one,) = readings
        return one.value, one.qualifier, remaining_dilution(portion_dilution, one.applied_dilution)
    remaining = [remaining_dilution(portion_dilution, reading.applied_dilution) for reading in readings]
    if len(set(remaining)) > 1:
        raise DilutionMismatch("some of its replicates were exported with their dilution and some without")
    qualifiers = {reading.qualifier for reading in readings}
    if qualifiers == {""}:
        return average([reading.value for reading in readings]), "", remaining[0]
    if ">" in qualifiers:
        return max(reading.value for reading in readings if reading.qualifier == ">"), ">", remaining[0]
    return max(reading.value for reading in readings), "<", remaining[0]


def _scale_limits(portion: Portion, nominal: Portion) -> float:
    """What the method's limits are multiplied by at a portion that is not the nominal one."""
    limits = (
        reduce_limit_to_dry_mg_kg(1000.0, one.volume_ml, one.dilution, one.mass_g, one.moisture_percent) for one in (portion, nominal)
    )
    return next(limits) / next(limits)


def _reduce_one(
    position: TrayInput, readings: Sequence[SolutionReading], limits: AnalyteLimits, scale: float, blank: float, average: Average
) -> TrayResult:
    portion = position.portion
    solution, qualifier, dilution = combine_readings(readings, portion.dilution, average)
    applied = portion.dilution / dilution
    subtracted = 0.0 if position.is_blank or not position.corrected else blank * applied
    reduced = reduce_to_dry_mg_kg(solution, subtracted, portion.volume_ml, dilution, portion.mass_g, portion.moisture_percent).dry
    lod, loq, upper = limits.lod * scale, limits.loq * scale, limits.upper * scale
    value, final = censor_content(reduced, qualifier, loq, upper)
    return TrayResult(
        value=value,
        qualifier=final,
        net=None if qualifier else reduced,
        uncertainty=None if final else value * hypot(limits.relative_uncertainty_percent, 2 * portion.dilution_u_percent) / 100,
        lod=lod,
        loq=loq,
        solution_ug_l=solution,
        blank_ug_l=subtracted,
        dilution=dilution,
        reading_ids=tuple(reading.reading_id for reading in readings),
    )


def censor_content(reduced: float, qualifier: str, loq: float, upper: float) -> tuple[float, str]:
    """Below the LOQ the LOQ is a bound; above the working range the range's end is. A reading that is itself a lower bound says no more
    than its own number; without one it was above the range."""
    if qualifier == ">":
        return (reduced if reduced > 0 else upper), ">"
    if reduced > upper:
        return upper, ">"
    if qualifier == "<":
        return max(reduced, loq), "<"
    return (loq, "<") if reduced < loq else (reduced, "")
