"""Read the line a balance sends. Strict and pure: a weight with its unit, or a refusal that says why; never a guess.

Understood are the lines of Sartorius (`N     +   0.2513 g`), of Mettler Toledo (MT-SICS: `S S     0.2513 g`), and a plain number with its
unit. A Sartorius balance leaves the unit out, and a Mettler says `S D`, as long as the pan is not at rest.
"""

from __future__ import annotations

import re
from decimal import Decimal

from lims.core.errors import Invalid, Problem

GRAMS = {"mg": Decimal("0.001"), "g": Decimal(1), "kg": Decimal(1000)}
_LINE = re.compile(
    r"(?:(?P<sics>S [SD])\s+|(?P<header>[A-Z][A-Z#]{0,5})\s+)?(?P<sign>[+-]?)\s*(?P<number>\d+(?:\.\d+)?)\s*(?P<unit>[a-zA-Z]*)"
)
_LONGEST = 80


def read_weight(raw: str, unit: str = "") -> tuple[Decimal, str]:
    """The number as written and its unit (`mg`, `g` or `kg`). `unit` is what the sender says where the line has none; where both speak they
    must agree. Raises `Invalid` for anything that is no resting weight above zero."""
    text = raw.strip()
    match = _LINE.fullmatch(text) if text.isascii() and len(raw) <= _LONGEST else None
    if match is None:
        raise _refusal("no_weight", f"“{raw[:_LONGEST]}” is no weight. Send the balance's line as it came, such as “+   0.2513 g”.")
    if (match["sics"] or "").endswith("D"):
        raise _refusal("not_at_rest", f"“{text}” was sent before the balance was at rest. Wait, and send again.")
    written = match["unit"] or unit
    if not written:
        raise _refusal("not_at_rest", f"“{text}” has no unit, which a balance leaves out until it is at rest. Wait, and send again.")
    if written not in GRAMS:
        raise _refusal("unit", f"{written} is no unit of mass here. Set the balance to {', '.join(GRAMS)}.")
    if unit and unit != written:
        raise _refusal("unit_differs", f"The line says {written}, the message {unit}. Send the unit of the line.")
    value = Decimal(match["number"])
    if match["sign"] == "-" or value == 0:
        raise _refusal("mass_not_positive", f"“{text}” is not above zero. Tare, load and weigh again.")
    return value, written


def to_grams(value: Decimal, unit: str) -> Decimal:
    """The mass in grams, every digit kept."""
    return value * GRAMS[unit]


def _refusal(code: str, message: str) -> Invalid:
    return Invalid(code, message, problems=[Problem("/raw", code, message)])
