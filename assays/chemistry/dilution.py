"""From a solution to the solid it was made of."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import hypot, prod


def compute_dilution_factor(steps: Sequence[tuple[float, float]]) -> float:
    """Product of final volume over aliquot for each step ``(aliquot, final volume)`` in one volume unit; 1 for no step."""
    if any(aliquot <= 0 or final < aliquot for aliquot, final in steps):
        raise ValueError("A dilution step takes a positive aliquot to a volume at least as large.")
    return prod(final / aliquot for aliquot, final in steps)


def compute_method_factor(volume_ml: float, dilution: float, mass_g: float) -> float:
    """V·DF/m in mL/g: ng/mL in the measured solution times this is ng/g, that is µg/kg, in the solid."""
    if mass_g <= 0 or volume_ml <= 0 or dilution < 1:
        raise ValueError("A test portion and a volume are positive, and a dilution factor is at least 1.")
    return volume_ml * dilution / mass_g


def solution_to_solid_mg_kg(concentration_ug_l: float, volume_ml: float, dilution: float, mass_g: float) -> float:
    """A net concentration in µg/L (= ng/mL) as mg/kg of the test portion: c·V·DF/(1000 m)."""
    return concentration_ug_l * compute_method_factor(volume_ml, dilution, mass_g) / 1000


def apply_instrument_dilution(measured: float, total_dilution: float) -> float:
    """MassHunter's ``Conc.`` from its ``Meas. Conc.`` and ``Total Dil.``.

    An importer reads either the one or this product, never both: ``Conc.`` already carries the dilution.
    """
    return measured * total_dilution


WELL_WITHIN = 0.7
"""The share of the working range a content that was over it is brought to."""


def choose_dilution_step(excess: float) -> int:
    """The smallest factor of the series 2, 5, 10, 20, 50, … that brings a content of ``excess`` times the end of the working range to at
    most 70 % of it; bench volumes make these by pipette."""
    if excess <= 0:
        raise ValueError("A content over range is above zero.")
    for step in (lead * decade for decade in (1, 10, 100, 1_000, 10_000, 100_000) for lead in (2, 5, 10)):
        if excess / step <= WELL_WITHIN:
            return step
    raise ValueError(f"A content of {excess:g} times the working range is beyond any dilution.")


@dataclass(frozen=True)
class DilutionStep:
    """One step of a series: ``taken`` brought to ``final``, both mL or both g, with their standard uncertainties in the same unit."""

    taken: float
    final: float
    u_taken: float = 0.0
    u_final: float = 0.0


def combine_dilution_steps(steps: Sequence[DilutionStep]) -> tuple[float, float]:
    """The factor of a series and its relative standard uncertainty.

    The factor is the product of final over taken. Its inputs are independent, so their relative variances add up:
    (u_F/F)² = sum (u_taken/taken)² + (u_final/final)² (JCGM 100:2008, 5.1.6; EURACHEM/CITAC CG 4, A1).
    """
    factor = compute_dilution_factor([(one.taken, one.final) for one in steps])
    if any(one.u_taken < 0 or one.u_final < 0 for one in steps):
        raise ValueError("A standard uncertainty is not negative.")
    return factor, hypot(*(part for one in steps for part in (one.u_taken / one.taken, one.u_final / one.final)))
