"""Analytes as X-ray software writes them: elements, oxides and other compounds, the balance, and the lines they were measured on."""

from __future__ import annotations

import re
from typing import NamedTuple

from .nomenclature import ELEMENTS, find_oxide_element, read_unit, repair_mojibake

LONGEST_ANALYTE = 12
_FORMULA = re.compile(r"(?:[A-Z][a-z]?\d{0,3})+")
_LINE = re.compile(r"(?P<element>[A-Z][a-z]?)\s*[- ]\s*(?P<line>[KLM](?:[AaBbGgLlNn]\w{0,3}|[αβγ]\d?)(?:[- ][\w-]{1,12})?)")
_WITH_UNIT = re.compile(r"(?P<name>[^\s(\[]+)\s*(?:[(\[]\s*(?P<bracketed>[^)\]]*?)\s*[)\]]|(?P<bare>\S+))?")

# What is no substance but has a content all the same: the balance of light elements, the loss on ignition, the sum.
_WORDS = {"le": "LE", "bal": "Bal", "bal.": "Bal", "balance": "Bal", "loi": "LOI", "l.o.i.": "LOI", "l.o.i": "LOI"}


class Heading(NamedTuple):
    """A heading of a measured column: the analyte, the unit or none, the X-ray line or none."""

    analyte: str
    unit: str | None = None
    line: str | None = None


def read_analyte(text: str) -> str | None:
    """The element, oxide, balance or loss on ignition that `text` names, as it is written, or none."""
    text = text.strip()
    if text in ELEMENTS or (len(text) <= LONGEST_ANALYTE and find_oxide_element(text)):
        return text
    return _WORDS.get(text.casefold())


def read_compound(text: str) -> str | None:
    """As `read_analyte`, or any other formula of known elements, such as `CaCO3` or `C6H10O5`.

    Only for places where nothing but a formula may stand: `CPS` is a formula too.
    """
    text = text.strip()
    if len(text) <= LONGEST_ANALYTE and _FORMULA.fullmatch(text) and set(re.findall("[A-Z][a-z]?", text)) <= ELEMENTS:
        return text
    return read_analyte(text)


def read_line(text: str) -> Heading | None:
    """An element with its X-ray line, such as `U -LA`, `Pd-LA` or `Fe KA1-HR-Tr`, or none."""
    found = _LINE.fullmatch(" ".join(text.split()))
    return Heading(found["element"], line=found["line"]) if found and found["element"] in ELEMENTS else None


def read_heading(text: str) -> Heading | None:
    """An analyte with or without its unit: `SiO2`, `SiO2 (%)`, `Fe [ppm]`, `Dy2O3 %`; none where it is no analyte or no unit known."""
    found = _WITH_UNIT.fullmatch(" ".join(repair_mojibake(text).split()))
    analyte = read_analyte(found["name"]) if found else None
    if found is None or analyte is None:
        return None
    unit = found["bracketed"] if found["bracketed"] is not None else found["bare"]
    return Heading(analyte, unit or None) if not unit or read_unit(unit) else None
