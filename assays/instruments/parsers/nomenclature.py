"""The names instruments write: element symbols, oxides, units, and the texts that stand where a number should."""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Decimal
from functools import lru_cache

from assays.chemistry.elements import parse_oxide
from assays.chemistry.units import UNITS, Kind, find_kinds, normalise_unit
from lims.core.plain_numbers import is_within_reach

from .model import ABOVE, BELOW, MISSING, NOT_AVAILABLE, NOT_DETECTED, NOT_UNDERSTOOD, OVER

_SYMBOLS = """
    H He Li Be B C N O F Ne Na Mg Al Si P S Cl Ar K Ca Sc Ti V Cr Mn Fe Co Ni Cu Zn Ga Ge As Se Br Kr Rb Sr Y Zr Nb Mo Tc Ru Rh Pd Ag
    Cd In Sn Sb Te I Xe Cs Ba La Ce Pr Nd Pm Sm Eu Gd Tb Dy Ho Er Tm Yb Lu Hf Ta W Re Os Ir Pt Au Hg Tl Pb Bi Po At Rn Fr Ra Ac Th Pa
    U Np Pu Am Cm
"""
ELEMENTS = frozenset(_SYMBOLS.split())

_COUNTING_UNITS = {"cps": "cps", "c/s": "cps", "counts/s": "cps", "kcps": "kcps", "count": "counts", "counts": "counts"}
_CONCENTRATIONS = {Kind.MASS_FRACTION, Kind.MASS_CONCENTRATION}

_NUMBER = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,3})?")
_LONGEST_NUMBER = 64

# Groups of three digits, as people and spreadsheet programs set them off. With one comma or point alone it stays open which is meant.
_GROUPED = {
    ",": re.compile(r"[+-]?[1-9]\d{0,2}(?:,\d{3})+\.\d+|[+-]?[1-9]\d{0,2}(?:,\d{3}){2,}"),
    ".": re.compile(r"[+-]?[1-9]\d{0,2}(?:\.\d{3})+,\d+|[+-]?[1-9]\d{0,2}(?:\.\d{3}){2,}"),
    " ": re.compile(r"[+-]?[1-9]\d{0,2}(?: \d{3})+(?:[.,]\d+)?"),
    "'": re.compile(r"[+-]?[1-9]\d{0,2}(?:'\d{3})+(?:[.,]\d+)?"),
}
_MAY_GROUP = re.compile(r"[+-]?[1-9]\d{0,2}\.\d{3}")
_ONLY_DECIMAL = re.compile(r"[+-]?(?:0|\d+(?=,(?!\d{3}(?!\d)))|\d{4,}),\d+(?:[eE][+-]?\d{1,4})?")  # `1,5`, `0,123`, `1234,567`
_X_RAY_LINE = re.compile(r"\b[KLM][ABG]\d?\b")
_WITH_LIMIT = re.compile(r"<\s*LOD\s*[:=]\s*(?P<limit>[\d.,]+)", re.IGNORECASE)
_NO_RESULT = Decimal(-9999)
_SPACES = str.maketrans({"\u00a0": " ", "\u202f": " ", "\u2009": " ", "\u2019": "'", "\u2212": "-"})

# What instruments and round robins write for no number, without signs and spaces.
_WORDS = {
    "over": OVER, "or": OVER, "overrange": OVER, "saturated": OVER, "sat": OVER,
    "nd": NOT_DETECTED, "notdetected": NOT_DETECTED, "<lod": NOT_DETECTED, "lod": NOT_DETECTED, "bdl": NOT_DETECTED, "<dl": NOT_DETECTED,
    "<lld": NOT_DETECTED, "<mdl": NOT_DETECTED, "<loq": NOT_DETECTED, "bql": NOT_DETECTED, "blq": NOT_DETECTED, "udl": NOT_DETECTED,
    "n/a": NOT_AVAILABLE, "na": NOT_AVAILABLE, "nr": NOT_AVAILABLE, "ind": NOT_AVAILABLE, "uncal": NOT_AVAILABLE,
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


def read_concentration_unit(text: str) -> str | None:
    """As `read_unit`, for a unit a concentration can have."""
    unit = read_unit(text)
    return None if unit is None or unit in _COUNTING_UNITS.values() else unit


@lru_cache(maxsize=4096)
def find_mass_or_line(text: str | None) -> str | None:
    """The mass that enters the instrument: `163` of `163`, `163Dy` and `163 -> 179`; the wavelength of an emission line, without its order
    (`353.170` of `353.170 {95}`). A line of X-rays (`Dy LA1`) is neither."""
    if _X_RAY_LINE.search(text or ""):
        return None
    found = re.search(r"\d+(?:\.\d+)?", text or "")
    return found[0] if found else None


def list_units() -> list[str]:
    """Every unit known, in its one spelling."""
    return sorted({*UNITS[Kind.MASS_CONCENTRATION], *UNITS[Kind.MASS_FRACTION], *_COUNTING_UNITS.values()})


def _read_number(text: str) -> Decimal | None:
    if len(text) > _LONGEST_NUMBER or not _NUMBER.fullmatch(text):
        return None
    number = Decimal(text)
    return number if is_within_reach(number) else None


def read_value(text: str, decimal_sign: str = ".") -> tuple[Decimal | None, str]:
    """Number and qualifier of a text whose decimal sign is agreed.

    `<0.05` and `>1000` give their bound with `<` or `>`; `<0.000` is how MassHunter writes a negative result and is kept as a bound too.
    Words for no number give none with their qualifier; what is not understood gives none with `?`, never a guess: `1,234` is no number
    where the sign is a point.
    """
    if decimal_sign == "." and text.isascii() and (number := _read_number(text)) is not None:
        return number, ""
    qualifier, digits = _split_bound(text.strip())
    if decimal_sign == ",":
        digits = digits.replace(".", "?").replace(",", ".")
    number = _read_number(digits) if digits.isascii() else None
    if number is not None:
        return number, qualifier
    return None, _WORDS.get(re.sub(r"[\s.]+", "", text).casefold(), NOT_UNDERSTOOD)


def read_cell_text(text: str, decimal_sign: str = ".") -> tuple[Decimal | None, str]:
    """As `read_value`, for a cell of a table in which the decimal sign was found, and which people and other programs may have written.

    Digits in groups (`1,234.5`, `1.234.567`, `1 234,5`) and a comma that can only be decimal (`1,5`) are read, `1,234` alone is not. The
    code `-9999` is no number.
    """
    plain = text if text.isascii() else text.translate(_SPACES)
    value, qualifier = read_value(plain, decimal_sign)
    if value is None and qualifier == NOT_UNDERSTOOD:
        qualifier, digits = _split_bound(plain.strip())
        value = _read_number(_write_plain(digits)) if digits.isascii() else None
        qualifier = NOT_UNDERSTOOD if value is None else qualifier
    return (None, MISSING) if value == _NO_RESULT and not qualifier else (value, qualifier)


def _split_bound(text: str) -> tuple[str, str]:
    """`<` or `>` before a number, and the number's text; `< LOD : 12` is `<` and `12`."""
    found = _WITH_LIMIT.fullmatch(text)
    if found:
        return BELOW, found["limit"]
    return (text[0], text[1:].lstrip("= ")) if text[:1] in (BELOW, ABOVE) else ("", text)


def _write_plain(digits: str) -> str:
    """A number's text with a decimal point and without groups of digits, as far as it can be read in one way only; else as it is."""
    group = next((sign for sign, pattern in _GROUPED.items() if pattern.fullmatch(digits)), None)
    if group is not None:
        return digits.replace(group, "").replace(",", ".")
    return digits.replace(",", ".") if _ONLY_DECIMAL.fullmatch(digits) else "?"


def find_decimal_sign(texts: Iterable[str]) -> str:
    """The decimal sign of a file whose fields are not separated by commas: a comma where one occurs as such and no point does.

    A point that may group thousands (`1.150`) does not outweigh a comma that cannot (`0,5`).
    """
    has_comma = has_point = is_sure = False
    for text in texts:
        digits = text.strip().lstrip("<>= ")
        if "." in digits and _NUMBER.fullmatch(digits):
            if not _MAY_GROUP.fullmatch(digits):
                return "."
            has_point = True
        elif "," in digits and _NUMBER.fullmatch(written := digits.replace(",", ".", 1)):
            has_comma = True
            is_sure = is_sure or not _MAY_GROUP.fullmatch(written)
    return "," if is_sure or (has_comma and not has_point) else "."
