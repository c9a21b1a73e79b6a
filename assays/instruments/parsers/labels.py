"""Sample names that a spreadsheet program has rewritten."""

from __future__ import annotations

import re

from .model import Notes, Place

# `MAR1` becomes `1-Mar`, `1E5` becomes `1.00E+05`.
_MONTH = "(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)"
_MANGLED = re.compile(
    rf"\d{{1,2}}-{_MONTH}(?:-\d{{2,4}})?|{_MONTH}-\d{{2,4}}|" r"\d{1,4}[/.-]\d{1,2}[/.-]\d{2,4}(?: .*)?|\d+(?:\.\d+)?E[+-]\d+",
    re.IGNORECASE,
)


def note_mangled(text: str, kind: str, notes: Notes, place: Place) -> None:
    """Note a sample name that looks like a date or a number in powers of ten; the name is kept as it stands."""
    if kind in {"date", "error"} or _MANGLED.fullmatch(text):
        message = f"A spreadsheet program may have rewritten the sample name {text!r}. Compare it with the tube."
        notes.add("label_mangled", message, place)
