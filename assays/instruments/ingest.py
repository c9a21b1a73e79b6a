"""Taking in what an instrument sends: keep the bytes, read them, place their rows, store every cell. Nothing that arrived is ever lost."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction

from assays.instruments import rows
from assays.instruments.deferring import defer_reading, is_too_long_to_wait
from assays.instruments.models import Instrument, Upload, UploadState
from assays.instruments.parsers.json_readings import Message, open_message
from assays.instruments.parsers.model import ParsedExport, ParsedReading, ParseError, gives_no_unit
from assays.instruments.placing import Placement, collect_notes, find_run, place_export, refuse_unfit_run
from assays.instruments.recording import find_taken, lock_run_of, note_unit, record_upload
from assays.instruments.taught import read_export, refuse_unreadable
from assays.models import Run
from assays.services.announcing import announce_upload
from lims.core import clock
from lims.core.acting import acting
from lims.core.errors import DomainError, Forbidden, Invalid, NotFound, Problem
from lims.core.files import store_bytes
from lims.core.roles import INSTRUMENT, Action, require

# What a message of readings is refused for, by the member that is wrong; an instrument can mend it and send again.
_WRONG_MEMBERS = {
    "unit_differs": "unit",
    "unit_converted": "unit",
    "oxide": "analyte",
    "several_channels": "isotope_or_line",
    "reading_twice": "replicate",
    "value_impossible": "value",
}
# A file's unit is a person's to confirm; a program sends the method's.
_CODES_AT_THE_DOOR = {"unit_converted": "unit_differs"}
# Instruments that send tube by tube leave analytes and positions for later.
_EXPECTED_IN_PARTS = frozenset({"analyte_missing"})
_MOST_PROBLEMS = 100


@dataclass(frozen=True)
class Stored:
    """What became of the bytes. `created` is False when the same bytes came from this instrument before; `problem` says why they cannot
    be read (the bytes are kept all the same)."""

    upload: Upload
    created: bool
    problem: ParseError | None = None


class TooLarge(Invalid):
    """More bytes than are taken (413)."""

    kind = "too_large"


def store_upload(*, instrument: Instrument, file_name: str, data: bytes, by: Any, run: Run | None = None) -> Stored:
    """Keep, read and place an export; record it at once when every row found its place without a warning, else it waits for a person.

    `by` is the person at the web form or the instrument itself. Without a `run` the one is taken that the labels belong to. The same bytes
    again give the first upload; bytes that could not be read are tried again. Raises `Invalid` for an empty or too large file and for a run
    that is another instrument's; a file that cannot be read is kept as `unreadable` and returned with its problem. One that takes
    too long to wait for is kept as `reading` with a job, which the edge sends (`edge.send_reading`).
    """
    _refuse_stranger(instrument, by)
    refuse_size(len(data), file_name)
    if run is not None:
        refuse_unfit_run(run, instrument)
    stored = store_bytes("uploads", data)
    with acting(by, "upload received"), transaction.atomic():
        _lock(instrument, stored.sha256)
        known = Upload.objects.filter(instrument=instrument, sha256=stored.sha256, replaced_by=None).first()
        if known is not None and known.state != UploadState.UNREADABLE:
            return Stored(known, False)
        upload = known or _make_upload(instrument, file_name, stored.sha256, stored.size, by)
        try:
            if is_too_long_to_wait(data):
                refuse_unreadable(file_name, data, instrument.laboratory_id)
                upload.run = run or upload.run
                return Stored(defer_reading(upload, by), known is None)
            export, upload.mapping = read_export(file_name, data, instrument.laboratory_id)
        except ParseError as problem:
            note_unreadable(upload, problem.message, str(problem.place))
            return Stored(upload, known is None, problem)
        fill_upload(upload, export, run, by)
    return Stored(upload, known is None)


def note_unreadable(upload: Upload, sentence: str, place: str = "") -> None:
    """The bytes are kept and nothing of them could be stored; a person finds it in the error queue. Part of the caller's transaction."""
    upload.state, upload.error, upload.error_place = UploadState.UNREADABLE, sentence, place[:80]
    upload.save()
    announce_upload(upload)


def fill_upload(upload: Upload, export: ParsedExport, run: Run | None, by: Any, *, may_record: bool = True) -> None:
    """Store an export's rows and cells under an upload that has none; the run is the given one, the one the file names, or the one its
    labels belong to. Part of the caller's transaction."""
    notes: list[dict[str, Any]] = []
    if run is None and export.run:
        run, notes = _run_of_file(export.run, upload.instrument)
    unit = upload.instrument.default_unit
    if unit and not upload.stated_unit and any(map(gives_no_unit, export.readings)):
        upload.stated_unit, upload.unit_of_instrument = unit, True
    notes += note_unit(upload)
    run = run or find_run(export, upload.instrument)
    placement = place_export(export, run, upload.laboratory_id, upload.stated_unit)
    _fill(upload, export, rows.copy_readings(export.readings), run, by, notes, placement, may_record=may_record)


def store_readings(*, instrument: Instrument, body: bytes, by: Any) -> Stored:
    """Take readings an instrument sends as JSON for a run it names; see `parsers.json_readings`.

    Unlike a file, a message that cannot be placed is refused whole, with a pointer for each reading that is wrong (`/readings/3/position`):
    nothing is stored. Raises `ParseError` or `Invalid`, `NotFound` for an unknown run, `DomainError` for one that is closed.
    """
    _refuse_stranger(instrument, by)
    refuse_size(len(body), "The message")
    message = open_message(body)
    run = find_named_run(message.run, instrument)
    stored = store_bytes("uploads", body)
    with acting(by, "readings received"), transaction.atomic():
        _lock(instrument, stored.sha256)
        known = Upload.objects.filter(instrument=instrument, sha256=stored.sha256, replaced_by=None).first()
        if known is not None:
            return Stored(known, False)
        refuse_unfit_run(run, instrument)
        upload = _make_upload(instrument, f"readings-{stored.sha256[:8]}.json", stored.sha256, stored.size, by)
        export, row_ids = _copy_message(message)
        placement = place_export(export, run, instrument.laboratory_id)
        _refuse_misplaced(export, placement)
        _fill(upload, export, row_ids, run, by, [], placement)
    return Stored(upload, True)


def _copy_message(message: Message) -> tuple[ParsedExport, list[UUID]]:
    """Read the message's readings and store them as they are read, in a third less time than one after the other."""
    readings: list[ParsedReading] = []

    def keep() -> Iterator[ParsedReading]:
        for reading in message.read():
            readings.append(reading)
            yield reading

    row_ids = rows.copy_readings(keep())
    return message.export(readings), row_ids


def refuse_size(size: int, name: str) -> None:
    """Raise for nothing, and for more than is taken."""
    if not size:
        raise Invalid("empty_file", f"{name or 'The file'} is empty. Export it again and send it once it is complete.")
    if size > settings.MAX_UPLOAD_BYTES:
        limit = settings.MAX_UPLOAD_BYTES // 2**20
        raise TooLarge(
            "too_large", f"{name or 'The file'} has {size / 2**20:.0f} MB; at most {limit} MB are taken. Export one batch at a time."
        )


def _refuse_stranger(instrument: Instrument, by: Any) -> None:
    """An instrument sends its own readings; a person brings those of the own laboratory."""
    require(by, Action.INSTRUMENT_SEND if by.role == INSTRUMENT else Action.RUN_EDIT)
    if (by.role == INSTRUMENT and by.pk != instrument.pk) or by.organisation_id != instrument.laboratory_id:
        raise Forbidden("other_laboratory", f"{instrument.code} is not yours to send for.")
    if not instrument.active:
        raise Invalid("instrument_out_of_use", f"{instrument.code} is out of use. Choose the instrument that measured.")


def _make_upload(instrument: Instrument, file_name: str, sha256: str, size: int, by: Any) -> Upload:
    return Upload(
        laboratory_id=instrument.laboratory_id,
        instrument=instrument,
        sha256=sha256,
        size=size,
        file_name=_clean_name(file_name),
        received_at=clock.now(),
        received_from=None if by.role == INSTRUMENT else by,
        state=UploadState.WAITING,
    )


def _fill(
    upload: Upload,
    export: ParsedExport,
    row_ids: Sequence[UUID],
    run: Run | None,
    by: Any,
    notes: list[dict[str, Any]],
    placement: Placement,
    *,
    may_record: bool = True,
) -> None:
    """Store the rows of cells that are stored, and record them when nobody needs to look."""
    upload.format, upload.run, upload.state, upload.error, upload.error_place = export.format, run, UploadState.WAITING, "", ""
    upload.notes = notes + collect_notes(export, placement.warnings)
    upload.save()
    rows.insert_rows(upload, export, placement.matching, placement.positions, row_ids)
    if may_record and run is not None and _needs_nobody(export, placement):
        # The lock makes uploads of one run that come at the same moment follow one another.
        locked = lock_run_of(upload)
        locked.method_version = run.method_version
        if not find_taken(upload):
            record_upload(upload=upload, by=by, reason="every row matched without a warning", run=locked)
            return
    announce_upload(upload)


def _needs_nobody(export: ParsedExport, placement: Placement) -> bool:
    if export.format != "json_readings":
        return placement.needs_nobody
    open_questions = [one for one in placement.warnings if not one.is_information and one.code not in _EXPECTED_IN_PARTS]
    return placement.matching.is_complete and not open_questions


def _lock(instrument: Instrument, sha256: str) -> None:
    """Two doors may bring the same bytes at once; the second waits for the first."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 1))", [f"{instrument.pk}{sha256}"])


def _clean_name(name: str) -> str:
    """The file's own name without folders or control characters: for people only, never a path."""
    return "".join(character for character in name.replace("\\", "/").rsplit("/", 1)[-1] if character.isprintable())[:255] or "upload"


def find_named_run(code: str, instrument: Instrument) -> Run:
    """The instrument's run with that code or id; raises `NotFound('unknown_run')`."""
    runs = Run.objects.select_related("method_version__method", "instrument").filter(instrument=instrument)
    run = runs.filter(**rows.key_of(code)).first()
    if run is None:
        raise NotFound("unknown_run", f"{instrument.code} has no run {code!r}. Ask for the worklist and give the code as it stands there.")
    return run


def _run_of_file(code: str, instrument: Instrument) -> tuple[Run | None, list[dict[str, Any]]]:
    """The run a file names; what it names wrongly is noted, and the file waits."""
    try:
        run = find_named_run(code, instrument)
        refuse_unfit_run(run, instrument)
    except DomainError as error:
        return None, [{"code": error.code, "message": error.message, "place": "run", "information": False}]
    return run, []


def _refuse_misplaced(export: ParsedExport, placement: Placement) -> None:
    parked = {row.row_index: row.reason for row in placement.matching.rows if row.outcome == "parked"}
    problems = [
        Problem(f"/readings/{reading.row - 1}/position", "unknown_position", parked[reading.row_index])
        for reading in export.readings
        if reading.row_index in parked
    ]
    for warning in placement.warnings:
        if warning.code in _WRONG_MEMBERS:
            member, code = _WRONG_MEMBERS[warning.code], _CODES_AT_THE_DOOR.get(warning.code, warning.code)
            problems += [
                Problem(f"/readings/{export.readings[index].row - 1}/{member}", code, warning.message) for index in warning.reading_indexes
            ]
    if problems:
        first = problems[0]
        raise Invalid(first.code, f"{first.pointer}: {first.detail}", problems=problems[:_MOST_PROBLEMS])
