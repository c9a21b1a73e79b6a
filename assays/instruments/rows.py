"""Writing an export's rows and cells, by COPY, and reading back what a check of them needs."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

from assays.instruments.matching import Matching, RowMatch
from assays.instruments.models import Reading, RowOutcome, Upload, UploadRow
from assays.instruments.parsers.model import CONCENTRATIONS, Kind, ParsedExport, ParsedReading, ParsedRow
from assays.models import Run
from lims.core.copying import copy_lines, copy_rows, write_text
from lims.core.ids import uuid7_series, uuid7_stream, uuid7_text_stream

_ROW_COLUMNS = [
    "id", "upload_id", "index", "sheet", "row", "label", "vial", "total_dilution", "type", "kind", "outcome", "reason", "warnings",
    "position_id", "acquired_at",
]  # fmt: skip
_READING_COLUMNS = [
    "id", "row_id", "sequence", "analyte", "isotope", "gas_mode", "quantity", "unit", "raw", "value", "source_row",
    "qualifier", "internal_standard", "replicate", "column",
]  # fmt: skip


def key_of(code: str) -> dict[str, Any]:
    """Look a run up by its UUID or its code."""
    try:
        return {"pk": UUID(code)}
    except ValueError:
        return {"code": code.strip().upper()}


def copy_readings(readings: Iterable[ParsedReading]) -> list[UUID]:
    """Store every cell with its text and number; returns the keys of the rows they belong to, which `insert_rows` stores in the same
    transaction. Cells that an iterator reads are read while the database takes those before."""
    row_ids: list[UUID] = []
    copy_lines("instruments_reading", _READING_COLUMNS, _reading_lines(readings, row_ids))
    return row_ids


def insert_rows(upload: Upload, export: ParsedExport, matching: Matching, positions: Mapping[int, UUID], row_ids: Sequence[UUID]) -> None:
    """Store every row with what became of it. `positions` are the keys of the run's by number, `row_ids` what `copy_readings` gave."""
    ids = [*row_ids, *uuid7_series(len(export.rows) - len(row_ids))]
    outcomes = {match.row_index: match for match in matching.rows}
    copy_rows(
        "instruments_uploadrow",
        _ROW_COLUMNS,
        [
            (
                ids[index], upload.pk, index + 1, row.sheet or "", row.row, row.label[:200], row.vial[:40], row.total_dilution,
                row.type[:40], outcomes[index].kind, *_outcome(outcomes[index], positions),
                row.acquired_at[:60],
            )
            for index, row in enumerate(export.rows)
        ],
    )  # fmt: skip


def _outcome(match: RowMatch, positions: Mapping[int, UUID]) -> tuple[str, str, list[str], UUID | None]:
    """Outcome, reason, warnings, position."""
    position = positions.get(match.position) if match.position is not None else None
    return match.outcome, match.reason, list(match.warnings), position


def _reading_lines(readings: Iterable[ParsedReading], row_ids: list[UUID]) -> Iterator[str]:
    """The readings as lines of `_READING_COLUMNS` for COPY; `row_ids` grows by the keys of their rows. A file says what was measured in a
    few ways and a hundred thousand times: those parts of a line are written once for each."""
    channels: dict[tuple[str | None, ...], str] = {}
    ends: dict[tuple[str, bool, int | None, str | None], str] = {}
    row_keys: list[str] = []
    sequences: list[int] = []
    fresh = uuid7_stream()
    for key, one in zip(uuid7_text_stream(), readings, strict=False):
        index = one.row_index
        while index >= len(row_keys):
            row_ids.append(next(fresh))
            row_keys.append(row_ids[-1].hex)
            sequences.append(0)
        sequences[index] += 1
        said = (one.analyte, one.isotope_or_line, one.gas_mode, one.quantity, one.unit)
        if (channel := channels.get(said)) is None:
            cut = zip(said, (12, 64, 64, 64, 20), strict=True)
            channel = channels[said] = "\t".join(write_text((text or "")[:most]) for text, most in cut)
        kept = (one.qualifier, one.internal_standard, one.replicate, one.column)
        if (end := ends.get(kept)) is None:
            end = ends[kept] = _write_end(*kept)
        value = r"\N" if one.value is None else str(one.value)
        raw = value if value == one.raw and one.value is not None else write_text(one.raw)
        yield f"{key}\t{row_keys[index]}\t{sequences[index]}\t{channel}\t{raw}\t{value}\t{one.row}\t{end}\n"


def _write_end(qualifier: str, internal_standard: bool, replicate: int | None, column: str | None) -> str:
    """The last cells of a reading's line."""
    times = r"\N" if replicate is None else str(replicate)
    return "\t".join([write_text(qualifier[:12]), "t" if internal_standard else "f", times, write_text(column or "")])


def rematch_rows(
    upload: Upload, matching: Matching, run: Run | None, *, keep_decided: bool = False, only: Collection[int] | None = None
) -> None:
    """Give every row its outcome in the run; what a person has set aside stays so and, with `keep_decided`, what a person has placed.
    `only` are indexes of rows to look at, whoever decided about them."""
    positions = dict(run.positions.values_list("number", "pk")) if run else {}
    rows = upload.rows.exclude(outcome=RowOutcome.IGNORED) if only is None else upload.rows.filter(index__in=only)
    found = list(rows.filter(decided_by=None) if keep_decided else rows)
    outcomes = {match.row_index: match for match in matching.rows}
    for row in found:
        row.outcome, row.reason, row.warnings, row.position_id = _outcome(outcomes[row.index - 1], positions)
        row.decided_by = None
    UploadRow.objects.bulk_update(found, ["outcome", "reason", "warnings", "position", "decided_by"])


def recall_export(upload: Upload) -> ParsedExport:
    """The upload's rows and concentrations as they are stored, with the unit a person has stated, for a check after a decision."""
    rows = tuple(
        ParsedRow(label, kind_text, as_kind(kind), row or 0, sheet=sheet or None, vial=vial, total_dilution=dilution)
        for label, kind_text, kind, row, sheet, vial, dilution in upload.rows.order_by("index").values_list(
            "label", "type", "kind", "row", "sheet", "vial", "total_dilution"
        )
    )
    cells = Reading.objects.filter(row__upload=upload, quantity__in=CONCENTRATIONS).order_by("row__index", "sequence")
    readings = tuple(
        ParsedReading(
            sample=rows[index - 1].label,
            type=rows[index - 1].type,
            analyte=analyte,
            isotope_or_line=isotope or None,
            gas_mode=gas_mode or None,
            quantity=quantity,
            unit=unit or upload.stated_unit or None,
            raw=raw,
            value=value,
            qualifier=qualifier,
            sheet=rows[index - 1].sheet,
            row=row or 0,
            column=column or None,
            row_index=index - 1,
            internal_standard=standard,
            replicate=replicate,
        )
        for index, analyte, isotope, gas_mode, quantity, unit, raw, value, qualifier, row, column, standard, replicate in cells.values_list(
            "row__index", "analyte", "isotope", "gas_mode", "quantity", "unit", "raw", "value", "qualifier", "source_row", "column",
            "internal_standard", "replicate",
        )
    )  # fmt: skip
    return ParsedExport(upload.format, rows, readings)


def as_kind(text: str) -> Kind:
    """A stored kind as the matcher's own."""
    kinds: dict[str, Kind] = {"blank": "blank", "standard": "standard", "control": "control", "sample": "sample", "statistic": "statistic"}
    return kinds.get(text, "unknown")


def holds_same_cells(upload: Upload, export: ParsedExport) -> bool:
    """Whether the export has the rows and cells that are stored, so that a person's decisions about them still stand."""
    stored = upload.rows.order_by("index").values_list("label", "type", "row")
    if list(stored) != [(row.label[:200], row.type[:40], row.row) for row in export.rows]:
        return False
    cells = Reading.objects.filter(row__upload=upload).values_list(
        "row__index", "analyte", "isotope", "gas_mode", "quantity", "unit", "raw", "value", "qualifier", "column"
    )
    read = (
        (
            one.row_index + 1, one.analyte[:12], (one.isotope_or_line or "")[:64], (one.gas_mode or "")[:64], one.quantity[:64],
            (one.unit or "")[:20], one.raw, one.value, one.qualifier[:12], one.column or "",
        )
        for one in export.readings
    )  # fmt: skip
    return sorted(cells, key=str) == sorted(read, key=str)
