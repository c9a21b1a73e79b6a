"""Which oxides of an export stand for elements of a method, and what their contents are divided by.

A spectrometer that reports `Dy2O3` says what it means by the formula, so its content becomes that of Dy by the factor of that formula. An
oxide counts only where the export has no concentration of the element itself: else the instrument would be heard twice. Two oxides of one
element (`Tb4O7` and `Tb2O3`) leave open which one was calibrated, and neither counts.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from assays.chemistry.oxides import find_factor

from .parsers.nomenclature import find_oxide_element


@dataclass(frozen=True, slots=True)
class OxideFactor:
    """The element an oxide stands for, and the mass of the oxide per mass of the element (1.147683 for Dy2O3)."""

    symbol: str
    factor: float


def find_oxide_factors(names: Collection[str], symbols: Collection[str]) -> dict[str, OxideFactor]:
    """The oxides among `names`, the analytes of an export's concentrations, that stand for one of the elements `symbols`."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    for name in dict.fromkeys(names):
        element = find_oxide_element(name)
        if element is not None and element in symbols and element not in names:
            found[element].append(name)
    factors = {}
    for symbol, oxides in found.items():
        factor = _find_factor(symbol, oxides[0]) if len(oxides) == 1 else None
        if factor is not None:
            factors[oxides[0]] = OxideFactor(symbol, factor)
    return factors


def find_upload_oxides(named: Collection[tuple[UUID, str]], symbols: Collection[str]) -> dict[tuple[UUID, str], OxideFactor]:
    """As `find_oxide_factors`, for the concentrations of several uploads: by the upload and the oxide's formula."""
    names: defaultdict[UUID, set[str]] = defaultdict(set)
    for upload, name in named:
        names[upload].add(name)
    factors = {upload: find_oxide_factors(found, symbols) for upload, found in names.items()}
    return {(upload, oxide): factor for upload, found in factors.items() for oxide, factor in found.items()}


def _find_factor(symbol: str, oxide: str) -> float | None:
    try:
        return find_factor(symbol, oxide)
    except ValueError:
        return None
