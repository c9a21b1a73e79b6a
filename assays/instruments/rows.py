"""Writing an export's rows and cells, by COPY."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from uuid import UUID

from assays.instruments.matching import Matching, RowMatch
from assays.instruments.models import RowOutcome, Upload, UploadRow
from assays.instruments.parsers.model import ParsedExport, ParsedReading
from assays.models import Run
from lims.core.copying import copy_rows
from lims.core.ids import uuid7

_ROW_COLUMNS = [
    "id", "upload_id", "index", "sheet", "row", "label", "vial", "total_dilution", "type", "outcome", "reason", "warnings", "position_id",
    "acquired_at",
]  # fmt: skip
_READING_COLUMNS = [
    "id", "row_id", "sequence", "analyte", "isotope", "gas_mode", "quantity", "unit", "raw", "value", "qualifier", "internal_standard",
    "replicate", "source_row", "column",
]  # fmt: skip

# The column's range; a number beyond it is kept as text and never used.
_LARGEST = Decimal(10) ** 20


def key_of(code: str) -> dict[str, Any]:
    """Look a run up by its UUID or its code."""
    try:
        return {"pk": UUID(code)}
    except ValueError:
        return {"code": code}


def insert_rows(upload: Upload, export: ParsedExport, matching: Matching, run: Run | None) -> None:
    """Store every row with what became of it, and every cell with its text and number."""
    positions = dict(run.positions.values_list("number", "pk")) if run else {}
    ids = [uuid7() for _ in export.rows]
    outcomes = {match.row_index: match for match in matching.rows}
    copy_rows(
        "instruments_uploadrow",
        _ROW_COLUMNS,
        [
            (
                ids[index], upload.pk, index + 1, row.sheet or "", row.row, row.label[:200], row.vial[:40], row.total_dilution, row.type[:40],
                *_outcome(outcomes[index], positions), row.acquired_at[:60],
            )
            for index, row in enumerate(export.rows)
        ],
    )  # fmt: skip
    sequences: dict[int, int] = {}
    copy_rows("instruments_reading", _READING_COLUMNS, [_reading(reading, ids, sequences) for reading in export.readings])


def _outcome(match: RowMatch, positions: dict[int, UUID]) -> tuple[str, str, list[str], UUID | None]:
    """Outcome, reason, warnings, position."""
    position = positions.get(match.position) if match.position is not None else None
    return match.outcome, match.reason, list(match.warnings), position


def _reading(reading: ParsedReading, ids: list[UUID], sequences: dict[int, int]) -> tuple[Any, ...]:
    sequence = sequences[reading.row_index] = sequences.get(reading.row_index, 0) + 1
    value = reading.value if reading.value is not None and abs(reading.value) < _LARGEST else None
    return (
        uuid7(), ids[reading.row_index], sequence, reading.analyte[:12], (reading.isotope_or_line or "")[:40], (reading.gas_mode or "")[:40],
        reading.quantity[:40], (reading.unit or "")[:20], reading.raw, value, reading.qualifier[:12], reading.internal_standard,
        reading.replicate, reading.row, reading.column or "",
    )  # fmt: skip


def rematch(upload: Upload, matching: Matching, run: Run) -> None:
    """Give every row its outcome in another run; what a person has set aside stays so."""
    positions = dict(run.positions.values_list("number", "pk"))
    found = list(upload.rows.exclude(outcome=RowOutcome.IGNORED))
    outcomes = {match.row_index: match for match in matching.rows}
    for row in found:
        row.outcome, row.reason, row.warnings, row.position_id = _outcome(outcomes[row.index - 1], positions)
    UploadRow.objects.bulk_update(found, ["outcome", "reason", "warnings", "position"])
