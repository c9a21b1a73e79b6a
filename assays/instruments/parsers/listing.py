"""A parsed export as JSON, for `parse_export` and for whoever compares it with the file."""

from __future__ import annotations

from typing import Any

import msgspec

from .model import Note, ParsedExport, ParsedReading

# Numbers are written with every digit they have, never by way of a float.
_ENCODER = msgspec.json.Encoder(decimal_format="number")


def encode_export(export: ParsedExport) -> bytes:
    """The export as UTF-8 JSON: `format`, `readings` and `notes`. `value` is a JSON number, or null where the cell says none."""
    return _ENCODER.encode(
        {
            "format": export.format,
            "readings": [_list_reading(reading) for reading in export.readings],
            "notes": [_list_note(note) for note in export.notes],
        }
    )


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
    }


def _list_note(note: Note) -> dict[str, Any]:
    return {"code": note.code, "message": note.message, **note.place.as_details()}
