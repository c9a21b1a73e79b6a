"""Which contents of an export are mass fractions of a solid.

A spectrometer of X-rays measures a pellet, a bead or a surface: its `%` and `ppm` are shares of a mass. The same `ppm` in the export of a
plasma spectrometer is mg/L of a solution, so the unit alone does not tell. A content such a file gives in another unit stays what the file
calls it: solutions are measured in cups too (`g/L`).
"""

from __future__ import annotations

from dataclasses import replace

import msgspec

from assays.chemistry.units import Kind, find_kinds

from . import bruker_spectraplus, bruker_titan, olympus_vanta, panalytical_superq, rigaku, thermo_arl, thermo_niton, xrf_bead
from .model import CONCENTRATIONS, MASS_FRACTION, ParsedExport

X_RAY_FORMATS = frozenset(
    one.FORMAT for one in (bruker_spectraplus, bruker_titan, olympus_vanta, panalytical_superq, rigaku, thermo_arl, thermo_niton, xrf_bead)
)


def tell_mass_fractions(export: ParsedExport) -> ParsedExport:
    """The export with the quantity of its contents of solids as `mass_fraction`; any other format's as it is."""
    if export.format not in X_RAY_FORMATS:
        return export
    told = tuple(
        msgspec.structs.replace(one, quantity=MASS_FRACTION)
        if one.quantity in CONCENTRATIONS and not one.internal_standard and is_mass_fraction(one.unit or "")
        else one
        for one in export.readings
    )
    return replace(export, readings=told)


def is_mass_fraction(unit: str) -> bool:
    """Whether the unit may be one of a share of a mass; `ppm` may."""
    try:
        return Kind.MASS_FRACTION in find_kinds(unit)
    except ValueError:
        return False
