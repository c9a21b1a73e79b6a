"""Which ions of which element fall on which isotope: the facts of `assays/reference/interferences.json`. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import msgspec

from assays.calculation.plan import element_of, mass_of

_FILE = Path(__file__).resolve().parent.parent / "reference" / "interferences.json"


class _Ion(msgspec.Struct):
    ion: str
    kind: str
    combined_abundance_percent: str


class _Row(msgspec.Struct):
    isotope: str
    parent: str
    ions: list[_Ion]


class _File(msgspec.Struct):
    source: str
    abundance_percent: dict[str, str]
    interferences: list[_Row]


@dataclass(frozen=True)
class Overlap:
    """The ions of `parent` that fall on an isotope, with their summed combined abundance in percent."""

    parent: str
    ions: tuple[str, ...]
    abundance_percent: float


@cache
def overlaps_on(isotope: str) -> dict[str, Overlap]:
    """The overlaps on an isotope by parent element; empty for an isotope the table does not know."""
    mass, symbol = mass_of(isotope), element_of(isotope)
    return {
        row.parent: Overlap(row.parent, tuple(one.ion for one in row.ions), sum(float(one.combined_abundance_percent) for one in row.ions))
        for row in _table().interferences
        if (mass_of(row.isotope), element_of(row.isotope)) == (mass, symbol)
    }


@cache
def abundance_of(isotope: str) -> float | None:
    """The natural abundance of an isotope in percent; None where the table has none."""
    found = _table().abundance_percent.get(f"{mass_of(isotope)}{element_of(isotope)}")
    return None if found is None else float(found)


def ratio_of_ions(factor: float, isotope: str, parent_isotope: str) -> float | None:
    """MO⁺/M⁺ (with MOH⁺, of equal abundance weight) that a factor stands for: the signal at `isotope` over that at the parent's isotope,
    brought to equal abundances. None where an abundance is not known."""
    overlap = overlaps_on(isotope).get(element_of(parent_isotope))
    measured = abundance_of(parent_isotope)
    return None if overlap is None or measured is None else factor * measured / overlap.abundance_percent


@cache
def _table() -> _File:
    return msgspec.json.decode(_FILE.read_bytes(), type=_File)
