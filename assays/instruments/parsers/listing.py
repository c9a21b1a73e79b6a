"""A parsed export as JSON, for `parse_export` and for whoever compares it with the file."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from .model import Note, ParsedReading
from .registry import OpenedExport

# Numbers are written with every digit they have, never by way of a float.
_ENCODER = msgspec.json.Encoder(decimal_format="number")


def encode_export(export: OpenedExport) -> Iterator[bytes]:
    """The export as UTF-8 JSON, piece by piece: `format`, `readings` and `notes`. `value` is a JSON number, or null where the cell says
    none."""
    yield b'{"format":' + _ENCODER.encode(export.format) + b',"readings":['
    separator = b"\n"
    for item in export.items:
        if isinstance(item, ParsedReading):
            yield separator + _ENCODER.encode(_list_reading(item))
            separator = b",\n"
    yield b'],"notes":' + _ENCODER.encode([_list_note(note) for note in export.notes.as_tuple()]) + b"}"


def _list_reading(reading: ParsedReading) -> dict[str, Any]:
    return {
        "sample": reading.sample,
        "type": reading.type,
        "analyte": reading.analyte,
        "isotope_or_line": reading.isotope_or_line,
        "gas_mode": reading.gas_mode,
        "quantity": reading.quantity,
        "unit": reading.unit,
        "raw": reading.raw,
        "value": reading.value,
        "qualifier": reading.qualifier,
        "sheet": reading.sheet,
        "row": reading.row,
        "column": reading.column,
        "internal_standard": reading.internal_standard,
        "replicate": reading.replicate,
    }


def _list_note(note: Note) -> dict[str, Any]:
    return {"code": note.code, "message": note.message, **note.place.as_details()}
