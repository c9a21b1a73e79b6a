"""Reading uploads: lists, one with its rows, its readings; as plain data for pages and the API."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import Any

from django.db.models import Count, Exists, IntegerField, OuterRef, Q, QuerySet, Subquery

from assays.instruments.models import Instrument, Reading, RowOutcome, Upload, UploadRow, UploadState
from assays.instruments.parsers.model import CONCENTRATIONS
from assays.instruments.parsers.nomenclature import find_oxide_element
from assays.models import Run
from assays.selectors.runs import number_text, tray_of, worklist_row

_ROW_FIELDS = (
    "upload", "index", "label", "type", "kind", "sheet", "row", "vial", "total_dilution", "acquired_at", "outcome", "reason", "warnings",
)  # fmt: skip
UNDECIDED = Q(state__in=[UploadState.UNREADABLE, UploadState.WAITING])


def upload_list(viewer: Any) -> QuerySet[Upload]:
    """The viewer's uploads with `row_count`, `matched_count`, `parked_count`; counted only for the rows that are read."""
    return (
        Upload.objects.visible_to(viewer)
        .select_related("instrument", "run", "received_from", "decided_by", "mapping__mapping", "job")
        .annotate(row_count=_count(), matched_count=_count(RowOutcome.MATCHED), parked_count=_count(RowOutcome.PARKED))
    )


def _count(outcome: str | None = None) -> Subquery:
    rows = UploadRow.objects.filter(upload=OuterRef("pk"), **({"outcome": outcome} if outcome else {}))
    return Subquery(rows.order_by().values("upload").annotate(n=Count("pk")).values("n"), output_field=IntegerField())


def error_queue(viewer: Any) -> QuerySet[Upload]:
    """What waits for a person: unreadable, unconfirmed, or recorded with rows still parked."""
    parked = UploadRow.objects.filter(upload=OuterRef("pk"), outcome=RowOutcome.PARKED)
    return Upload.objects.visible_to(viewer).filter(UNDECIDED | (Q(state=UploadState.RECORDED) & Exists(parked)))


def upload_data(upload: Upload) -> dict[str, Any]:
    """An upload of `upload_list`, in short."""
    run = upload.run
    return {
        "id": str(upload.pk),
        "state": upload.state,
        "file_name": upload.file_name,
        "sha256": upload.sha256,
        "size": upload.size,
        "format": upload.format or None,
        "instrument": upload.instrument.code,
        "run": {"id": str(run.pk), "code": run.code, "state": run.state, "verdict": run.verdict_text} if run else None,
        "stated_unit": upload.stated_unit or None,
        "stated_unit_by": ("instrument" if upload.unit_of_instrument else "person") if upload.stated_unit else None,
        "error": {"detail": upload.error, "place": upload.error_place} if upload.state == UploadState.UNREADABLE else None,
        "received_at": upload.received_at.isoformat(),
        "received_from": upload.received_from.full_name if upload.received_from else None,
        "decided_at": upload.decided_at.isoformat() if upload.decided_at else None,
        "decided_by": upload.decided_by.full_name if upload.decided_by else None,
        "decision_reason": upload.decision_reason,
    }


def upload_detail(upload: Upload) -> dict[str, Any]:
    """An upload with its notes, and what became of each row and each position."""
    rows = list(upload.rows.only(*_ROW_FIELDS, "position_id").order_by("index"))
    counted = Counter(row.outcome for row in rows)
    readings = Reading.objects.filter(row__upload=upload).count()
    numbers = dict(upload.run.positions.values_list("pk", "number")) if upload.run else {}
    placed = {row.index: numbers.get(row.position_id) for row in rows if row.position_id is not None}
    recorded = find_recorded_before(upload)
    return upload_data(upload) | {
        "job": _job_data(upload),
        "notes": upload.notes,
        "counts": {"rows": len(rows), "readings": readings} | {outcome: counted[outcome] for outcome in RowOutcome.values},
        "rows": [row_data(row, placed.get(row.index)) | {"already_recorded_by": recorded.get(row.index, [])} for row in rows],
        "unfilled_positions": sorted(set(numbers.values()) - set(placed.values())),
    }


def _job_data(upload: Upload) -> dict[str, Any] | None:
    """How far the worker is that reads the upload; none where nobody has to."""
    job = upload.job
    if job is None or upload.state != UploadState.READING:
        return None
    return {"id": str(job.pk), "state": job.state, "progress": job.progress, "message": job.message}


def find_recorded_before(upload: Upload) -> dict[int, list[dict[str, str]]]:
    """Rows of a waiting upload, by their index, whose tubes another recorded upload of the run has given the same elements already: the
    id and file name of each such upload."""
    if upload.state != UploadState.WAITING:
        return {}
    found: defaultdict[int, set[tuple[str, str]]] = defaultdict(set)
    for index, _number, pk, name in find_measured_twice(upload):
        found[index].add((pk, name))
    return {index: [{"id": pk, "file_name": name} for pk, name in sorted(uploads)] for index, uploads in found.items()}


def find_measured_twice(upload: Upload) -> set[tuple[int, int, str, str]]:
    """Where the upload's matched rows measure what another recorded upload of its run has given already: the row's index, its position's
    number, and the other's id and file name. An oxide is a measurement of its element."""
    others = Upload.objects.filter(run=upload.run_id, state=UploadState.RECORDED).exclude(pk=upload.pk)
    if upload.run_id is None or not others.exists():
        return set()
    cells = Reading.objects.filter(row__outcome=RowOutcome.MATCHED, quantity__in=CONCENTRATIONS, internal_standard=False).order_by()
    earlier: defaultdict[tuple[int, str], set[tuple[str, str]]] = defaultdict(set)
    columns = ("row__position__number", "analyte")
    taken = cells.filter(row__upload__in=others).values_list(*columns, "row__upload", "row__upload__file_name")
    for number, analyte, pk, name in taken.distinct():
        earlier[number, find_oxide_element(analyte) or analyte].add((str(pk), name))
    mine = cells.filter(row__upload=upload).values_list(*columns, "row__index").distinct()
    return {
        (index, number, *other)
        for number, analyte, index in mine
        for other in earlier.get((number, find_oxide_element(analyte) or analyte), ())
    }


def rows_of(upload: Upload) -> list[UploadRow]:
    """The upload's rows in the order of the file."""
    return list(upload.rows.select_related("position", "decided_by").order_by("index"))


def row_data(row: UploadRow, position: int | None) -> dict[str, Any]:
    """What became of one row, and the number of the position it stands at."""
    return {
        "index": row.index,
        "label": row.label,
        "type": row.type,
        "kind": row.kind,
        "sheet": row.sheet or None,
        "row": row.row,
        "vial": row.vial or None,
        "total_dilution": number_text(row.total_dilution),
        "acquired_at": row.acquired_at or None,
        "outcome": row.outcome,
        "position": position,
        "reason": row.reason,
        "warnings": row.warnings,
    }


def readings_of(upload: Upload) -> QuerySet[Reading]:
    """Every stored cell of an upload; by id they stand in the order of the file."""
    return Reading.objects.filter(row__upload=upload).select_related("row__position").order_by("pk")


def reading_data(reading: Reading) -> dict[str, Any]:
    """One cell: its text as it came, the number it is, and where it stood."""
    return {
        "id": str(reading.pk),
        "row_index": reading.row.index,
        "sample": reading.row.label,
        "type": reading.row.type,
        "position": reading.row.position.number if reading.row.position else None,
        "analyte": reading.analyte,
        "isotope_or_line": reading.isotope or None,
        "gas_mode": reading.gas_mode or None,
        "quantity": reading.quantity,
        "unit": reading.unit or None,
        "raw": reading.raw,
        "value": number_text(reading.value),
        "qualifier": reading.qualifier,
        "internal_standard": reading.internal_standard,
        "replicate": reading.replicate,
        "sheet": reading.row.sheet or None,
        "row": reading.source_row,
        "column": reading.column or None,
    }


def waiting_runs(instrument: Instrument) -> QuerySet[Run]:
    """The instrument's runs that wait for their readings, oldest first."""
    return Run.objects.filter(instrument=instrument, state="planned").select_related("method_version__method").order_by("pk")


def instrument_worklist(instrument: Instrument, waiting: QuerySet[Run]) -> dict[str, Any]:
    """What waits for an instrument: its planned runs (`waiting_runs`, perhaps narrowed) with their trays."""
    return {
        "instrument": instrument.code,
        "runs": [
            {
                "id": str(run.pk),
                "code": run.code,
                "method": run.method_version.method.code,
                "method_version": run.method_version.number,
                "solution_unit": run.method_version.solution_unit,
                "planned_at": run.planned_at.isoformat(),
                "positions": [worklist_row(position) for position in tray_of(run, instrument)],
            }
            for run in waiting[:50]
        ],
    }
