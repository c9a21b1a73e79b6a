"""From a solution to the solid it was made of."""

from collections.abc import Sequence
from math import prod


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
