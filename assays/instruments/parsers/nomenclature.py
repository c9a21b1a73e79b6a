"""The names instruments write: element symbols, oxides, units, and the texts that stand where a number should."""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Decimal
from functools import lru_cache

from assays.chemistry.elements import parse_oxide
from assays.chemistry.units import UNITS, Kind, find_kinds, normalise_unit

from .model import ABOVE, BELOW, MISSING, NOT_AVAILABLE, NOT_DETECTED, NOT_UNDERSTOOD, OVER

_SYMBOLS = """
    H He Li Be B C N O F Ne Na Mg Al Si P S Cl Ar K Ca Sc Ti V Cr Mn Fe Co Ni Cu Zn Ga Ge As Se Br Kr Rb Sr Y Zr Nb Mo Tc Ru Rh Pd Ag
    Cd In Sn Sb Te I Xe Cs Ba La Ce Pr Nd Pm Sm Eu Gd Tb Dy Ho Er Tm Yb Lu Hf Ta W Re Os Ir Pt Au Hg Tl Pb Bi Po At Rn Fr Ra Ac Th Pa
    U Np Pu Am Cm
"""
ELEMENTS = frozenset(_SYMBOLS.split())

_COUNTING_UNITS = {"cps": "cps", "c/s": "cps", "counts/s": "cps", "kcps": "kcps", "count": "counts", "counts": "counts"}
_CONCENTRATIONS = {Kind.MASS_FRACTION, Kind.MASS_CONCENTRATION}

_NUMBER = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,4})?")
_LONGEST_NUMBER = 64
_LARGEST_EXPONENT = 320  # beyond a double; keeps a hostile exponent from becoming a number of a gigabyte when printed

# What instruments and round robins write for no number, without signs and spaces.
_WORDS = {
    "over": OVER, "or": OVER, "overrange": OVER, "saturated": OVER, "sat": OVER,
    "nd": NOT_DETECTED, "notdetected": NOT_DETECTED, "<lod": NOT_DETECTED, "lod": NOT_DETECTED, "bdl": NOT_DETECTED, "<dl": NOT_DETECTED,
    "n/a": NOT_AVAILABLE, "na": NOT_AVAILABLE, "nr": NOT_AVAILABLE,
    "-": MISSING, "--": MISSING, "---": MISSING, "----": MISSING, "-----": MISSING,
}  # fmt: skip


def find_oxide_element(text: str) -> str | None:
    """The element whose oxide `text` names (`Dy2O3` gives `Dy`), or none where it is no oxide formula."""
    try:
        element = parse_oxide(text).symbol
    except ValueError:
        return None
    return element if element in ELEMENTS - {"O"} else None


def repair_mojibake(text: str) -> str:
    """Undo UTF-8 read as cp1252 in a unit (`Âµg/l`) and write both micro signs as one."""
    return text.replace("Âµ", "µ").replace("Î¼", "µ").replace("μ", "µ")


@lru_cache(maxsize=1024)
def read_unit(text: str) -> str | None:
    """The one spelling of a unit of concentration or counting (`µg/l` gives `ug/L`), or none where the unit is neither."""
    counting = _COUNTING_UNITS.get("".join(text.split()).casefold())
    if counting:
        return counting
    try:
        return normalise_unit(text) if find_kinds(text) & _CONCENTRATIONS else None
    except ValueError:
        return None


@lru_cache(maxsize=4096)
def find_mass_or_line(text: str | None) -> str | None:
    """The mass that enters the instrument: `163` of `163`, `163Dy` and `163 -> 179`; the wavelength of an emission line, without its order
    (`353.170` of `353.170 {95}`)."""
    found = re.search(r"\d+(?:\.\d+)?", text or "")
    return found[0] if found else None


def list_units() -> list[str]:
    """Every unit known, in its one spelling."""
    return sorted({*UNITS[Kind.MASS_CONCENTRATION], *UNITS[Kind.MASS_FRACTION], *_COUNTING_UNITS.values()})


def _read_number(text: str) -> Decimal | None:
    if len(text) > _LONGEST_NUMBER or not _NUMBER.fullmatch(text):
        return None
    number = Decimal(text)
    return number if abs(number.adjusted()) <= _LARGEST_EXPONENT else None


def read_value(text: str, decimal_sign: str = ".") -> tuple[Decimal | None, str]:
    """Number and qualifier of a cell's text.

    `<0.05` and `>1000` give their bound with `<` or `>`; `<0.000` is how MassHunter writes a negative result and is kept as a bound too.
    Words for no number give none with their qualifier; what is not understood gives none with `?`, never a guess: `1,234` is no number
    where the sign is a point.
    """
    if decimal_sign == "." and text.isascii() and (number := _read_number(text)) is not None:
        return number, ""
    stripped = text.strip()
    qualifier, digits = "", stripped
    if stripped[:1] in (BELOW, ABOVE):
        qualifier, digits = stripped[0], stripped[1:].lstrip("= ")
    if decimal_sign == ",":
        digits = digits.replace(".", "?").replace(",", ".")
    number = _read_number(digits) if digits.isascii() else None
    if number is not None:
        return number, qualifier
    return None, _WORDS.get(re.sub(r"[\s.]+", "", stripped).casefold(), NOT_UNDERSTOOD)


def find_decimal_sign(texts: Iterable[str]) -> str:
    """The decimal sign of a file whose fields are not separated by commas: a comma where one occurs as such and no point does."""
    has_comma = False
    for text in texts:
        digits = text.strip().lstrip("<>= ")
        if "." in digits and _NUMBER.fullmatch(digits):
            return "."
        has_comma = has_comma or ("," in digits and _NUMBER.fullmatch(digits.replace(",", ".", 1)) is not None)
    return "," if has_comma else "."
