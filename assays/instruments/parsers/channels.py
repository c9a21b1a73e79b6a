"""What was measured, as ICP and atomic absorption software writes it in one text: an isotope, or an element with its emission line."""

from __future__ import annotations

import re
from typing import NamedTuple

from .nomenclature import ELEMENTS, read_unit, repair_mojibake

LONGEST_ANALYTE = 12

_SYMBOL = r"[A-Z][a-z]?"
# `163Dy`, `163Dy (KED)`, `75As | 75As.16O (TQ-O2)`, where the second is the product ion
_ISOTOPE = re.compile(
    rf"(?P<number>\d{{1,3}})(?P<element>{_SYMBOL})(?:\s*\|\s*(?P<second>\d{{1,3}}{_SYMBOL}[\w.]*))?\s*(?:[(\[]\s*(?P<mode>[^)\]]*?)\s*[)\]])?"
)
# `Dy 353.170`, `Dy 353.170 nm`, `Dy (353.170 nm)`, `Dy 353.170 {95} (Axial)`, `Dy 353.170 Axial`,
# `Ag 107`, `Ag 107-1`, `Ag 107 (KED)`, `Dy`
_LINE = re.compile(
    rf"(?P<element>{_SYMBOL})(?:[ _-]*(?P<number>\d{{1,4}}(?:\.\d{{1,5}})?(?:-\d)?)(?:\s*nm)?)?"
    r"(?:\s*\{(?P<order>\d{1,4})\})?\s*(?:[(\[]\s*(?P<mode>[^)\]]*?)\s*[)\]]| (?P<view>(?i:axial|radial)))?"
)
_WAVELENGTH = re.compile(r"(?P<number>\d{3,4}(?:\.\d{1,5})?)\s*nm")
_STANDARD = re.compile(r"istd|is|int(?:ernal)? ?std|internal standard", re.IGNORECASE)
_STANDARD_BEHIND = re.compile(r"(?P<rest>.*[)\]])\s*[(\[]\s*(?:istd|is|int(?:ernal)? ?std|internal standard)\s*[)\]]", re.IGNORECASE)
_UNIT = re.compile(r"(?P<name>.*?)\s*[(\[]\s*(?P<unit>[^()\[\]]*?)\s*[)\]]", re.DOTALL)


class Channel(NamedTuple):
    """An element, the mass or wavelength as written (none where the text gives none), the gas mode or the view of the plasma, and the
    order of an echelle line, which tells apart what nothing else does."""

    analyte: str
    line: str | None = None
    mode: str | None = None
    order: str | None = None
    internal_standard: bool = False


def read_channel(text: str) -> Channel | None:
    """The channel that `text` names, or none."""
    plain = " ".join(repair_mojibake(text).split())
    standard = _STANDARD_BEHIND.fullmatch(plain)
    if standard and (channel := read_channel(standard["rest"])) is not None:
        return channel._replace(internal_standard=True)
    found = _ISOTOPE.fullmatch(plain) or _LINE.fullmatch(plain)
    if found is None or found["element"] not in ELEMENTS:
        return None
    parts = found.groupdict()
    number = f"{parts['number']} -> {_add_masses(parts['second'])}" if parts.get("second") else parts["number"]
    mode = parts["mode"] or parts.get("view") or None
    wavelength = _WAVELENGTH.fullmatch(mode or "")
    if wavelength and number is None:
        return Channel(found["element"], wavelength["number"], None, parts.get("order"))
    if mode and _STANDARD.fullmatch(mode):
        return Channel(found["element"], number, None, parts.get("order"), internal_standard=True)
    return Channel(found["element"], number, mode, parts.get("order")) if len(mode or "") <= 40 else None


def _add_masses(ion: str) -> int:
    """The mass of a product ion, of its parts: `75As.16O` gives 91, `47Ti.14N.1H3` 64."""
    return sum(int(mass) * int(count or 1) for mass, count in re.findall(r"(\d+)[A-Z][a-z]?(\d*)", ion))


def split_unit(text: str) -> tuple[str, str | None]:
    """A heading without the unit in brackets at its end, and that unit as written; none where the brackets hold none."""
    plain = " ".join(repair_mojibake(text).split())
    found = _UNIT.fullmatch(plain)
    if found and (read_unit(found["unit"]) or found["unit"] in {"%", ""}):
        return found["name"], found["unit"] or None
    return plain, None


def name_quantity(text: str) -> str:
    """A heading as a word of lower case letters, digits and underscores: the file's own name for what it measured."""
    return re.sub(r"[^a-z0-9]+", "_", text.replace("%", " percent ").casefold()).strip("_")[:40].strip("_")
