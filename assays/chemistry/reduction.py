"""Reduction of an instrument's concentration to mg/kg of dry solid, in one place for values and limits alike."""

from typing import NamedTuple

from assays.chemistry.dilution import compute_method_factor
from assays.chemistry.moisture import to_dry


class ReducedValue(NamedTuple):
    """A content in mg/kg, ``as_received`` and ``dry``, and the ``method_factor`` V·DF/m in mL/g that led to it."""

    as_received: float
    dry: float
    method_factor: float


def reduce_to_dry_mg_kg(
    concentration_ug_l: float, blank_ug_l: float, volume_ml: float, dilution: float, mass_g: float, moisture_percent: float
) -> ReducedValue:
    """(c - blank)·V·DF/(1000 m) in mg/kg, then to the dry basis.

    ``concentration_ug_l`` and ``blank_ug_l`` are those of the measured solution, before any dilution is applied. A portion
    that was weighed dry has a moisture of 0. A net value below zero stays negative: censoring is the limit's business.
    """
    factor = compute_method_factor(volume_ml, dilution, mass_g)
    as_received = (concentration_ug_l - blank_ug_l) * factor / 1000
    return ReducedValue(as_received, to_dry(as_received, moisture_percent), factor)


def reduce_limit_to_dry_mg_kg(limit_ug_l: float, volume_ml: float, dilution: float, mass_g: float, moisture_percent: float) -> float:
    """A LOD or LOQ of the solution as mg/kg dry, by the very factors of the value it will be compared with."""
    return reduce_to_dry_mg_kg(limit_ug_l, 0.0, volume_ml, dilution, mass_g, moisture_percent).dry
