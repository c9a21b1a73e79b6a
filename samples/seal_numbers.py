"""Seal numbers as a register reads them: a prefix and a number with a fixed count of digits. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

_SHAPE = re.compile(r"(.*?)([0-9]{1,15})")
MOST_DIGITS = 15


@dataclass(frozen=True)
class SealNumber:
    """`DM-000123` is prefix `DM-`, number 123, width 6."""

    prefix: str
    number: int
    width: int


def plain_seal(text: str) -> str:
    """As numbers are compared: without blanks and in capitals, as scanners and people write them differently."""
    return "".join(text.split()).upper()


def split_seal(text: str) -> SealNumber | None:
    """The parts of a seal number; None for one that does not end in digits and so lies in no range."""
    found = _SHAPE.fullmatch(plain_seal(text))
    return SealNumber(found[1], int(found[2]), len(found[2])) if found else None
