"""From a mass fraction an instrument reports of a solid to the content of the sample, dry; nothing was dissolved or diluted.

An X-ray spectrometer measures a specimen: a pressed pellet or a fused bead. What its software reports may be a content of the sample as it
was prepared, of the specimen with its binder or flux, or of the sample as ignited before it was fused; a method version says which.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

from assays.chemistry.moisture import to_dry
from assays.chemistry.tray import (
    AnalyteLimits,
    Average,
    SolidSource,
    SolutionReading,
    TrayReduction,
    TrayResult,
    censor_content,
    combine_readings,
)

SAMPLE, SPECIMEN, IGNITED, IGNITED_DRY = "sample", "specimen", "ignited", "ignited_dry"
"""What a reported content is a content of: the sample as prepared, the pellet or bead itself, the ignited sample. Of the last the loss on
ignition is one of the portion as weighed, moisture included, or one of the portion dried before."""

OF_IGNITED = frozenset({IGNITED, IGNITED_DRY})

GREATEST_GAIN_PERCENT = 4.0
"""What dried material may gain on ignition: pure magnetite, the richest in ferrous iron that is sent as a sample, gains 3.5 %."""


class NotReducible(ValueError):
    """What the content of the portion follows from is not known; the text is a clause of a sentence."""


@dataclass(frozen=True)
class SolidPortion:
    """The test portion behind a specimen: mass (g), moisture (% wet basis), mass of the finished specimen (g), and the loss on ignition (%)
    of what the method says; the last two None where nobody needs or knows them."""

    mass_g: float
    moisture_percent: float = 0.0
    specimen_g: float | None = None
    ignition_loss_percent: float | None = None


@dataclass(frozen=True)
class SolidInput:
    """One position: its number, its portion, and its readings in mg/kg of the element by analyte."""

    number: int
    portion: SolidPortion
    readings: Mapping[str, Sequence[SolutionReading]]


def specimen_factor(specimen_g: float, mass_g: float) -> float:
    """Mass of the specimen per mass of the portion in it: what a content of the specimen is multiplied by."""
    if not 0 < mass_g <= specimen_g:
        raise NotReducible(f"its specimen of {specimen_g:g} g cannot hold a portion of {mass_g:g} g")
    return specimen_g / mass_g


def ignition_factor(ignition_loss_percent: float) -> float:
    """(100 - LOI)/100: what a content of the ignited material is multiplied by. A loss below zero is a gain, as of ferrous iron."""
    if not -100 < ignition_loss_percent < 100:
        raise NotReducible(f"a loss on ignition of {ignition_loss_percent:g} % is impossible")
    return (100 - ignition_loss_percent) / 100


def refuse_dried_loss(ignition_loss_percent: float, moisture_percent: float) -> None:
    """Raise `NotReducible` where a loss cannot be of the material as weighed, whose moisture is lost with it: the content would be put on
    the dry basis twice."""
    if moisture_percent - ignition_loss_percent > GREATEST_GAIN_PERCENT:
        raise NotReducible(
            f"its loss on ignition of {ignition_loss_percent:g} % is less than its moisture of {moisture_percent:g} %, so it is not one of "
            "the material as weighed: record the loss with the moisture in it, or have the method say that losses are of dried portions"
        )


def portion_factor(portion: SolidPortion, reported_of: str) -> float:
    """What a reported content is multiplied by to be one of the portion as weighed. Raises `NotReducible`."""
    if reported_of == SPECIMEN:
        if portion.specimen_g is None:
            raise NotReducible("the mass of its specimen is not recorded")
        return specimen_factor(portion.specimen_g, portion.mass_g)
    if reported_of not in OF_IGNITED:
        return 1.0
    if portion.ignition_loss_percent is None:
        raise NotReducible("its loss on ignition is not recorded")
    if reported_of == IGNITED_DRY:
        return ignition_factor(portion.ignition_loss_percent) * (100 - portion.moisture_percent) / 100
    refuse_dried_loss(portion.ignition_loss_percent, portion.moisture_percent)
    return ignition_factor(portion.ignition_loss_percent)


def reduce_solids(
    positions: Sequence[SolidInput], limits: Mapping[str, AnalyteLimits], nominal: SolidPortion, reported_of: str, average: Average = fmean
) -> TrayReduction:
    """Reduce every position and analyte the method states limits for, to mg/kg dry.

    No blank is subtracted: a blank specimen is judged, not taken off. The method's limits hold for its `nominal` portion; where a content
    is one of the specimen they are carried to a portion by the factor of its value.
    """
    results: dict[tuple[int, str], TrayResult] = {}
    mismatches: dict[int, str] = {}
    for position in positions:
        portion = position.portion
        try:
            factor = portion_factor(portion, reported_of)
            if any(one.applied_dilution != 1 for readings in position.readings.values() for one in readings):
                raise NotReducible("the instrument applied a dilution, but a solid is not diluted")
        except NotReducible as error:
            if position.readings:
                mismatches[position.number] = str(error)
            continue
        of_specimen = reported_of == SPECIMEN and nominal.specimen_g is not None
        scale = to_dry(factor / portion_factor(nominal, reported_of) if of_specimen else 1.0, portion.moisture_percent)
        results |= {
            (position.number, analyte): _reduce_one(portion, readings, limits[analyte], factor, scale, reported_of, average)
            for analyte, readings in position.readings.items()
            if analyte in limits and readings
        }
    return TrayReduction(results, mismatches)


def _reduce_one(
    portion: SolidPortion,
    readings: Sequence[SolutionReading],
    limits: AnalyteLimits,
    factor: float,
    scale: float,
    reported_of: str,
    average: Average,
) -> TrayResult:
    read, qualifier, dilution = combine_readings(readings, 1.0, average)
    content = to_dry(read * factor, portion.moisture_percent)
    lod, loq, upper = limits.lod * scale, limits.loq * scale, limits.upper * scale
    value, final = censor_content(content, qualifier, loq, upper)
    return TrayResult(
        value=value,
        qualifier=final,
        net=None if qualifier else content,
        uncertainty=None if final else value * limits.relative_uncertainty_percent / 100,
        lod=lod,
        loq=loq,
        solution_ug_l=0.0,
        blank_ug_l=0.0,
        dilution=dilution,
        reading_ids=tuple(reading.reading_id for reading in readings),
        solid=SolidSource(read, reported_of, portion.specimen_g, portion.ignition_loss_percent),
    )
