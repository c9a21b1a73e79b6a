"""Taking in what an instrument sends: keep the bytes, read them, match them, store every cell. Nothing that arrived is ever lost."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import connection, transaction

from assays.instruments import rows
from assays.instruments.checking import AnalyteExpectation, MethodExpectation, ReadingWarning, check_readings
from assays.instruments.matching import Matching, TrayPosition, list_rows, match_positions
from assays.instruments.models import Instrument, Upload, UploadState
from assays.instruments.parsers import registry
from assays.instruments.parsers.model import ParsedExport, ParseError
from assays.models import Run
from lims.core import clock
from lims.core.acting import acting
from lims.core.errors import Invalid, NotFound
from lims.core.files import store_bytes

# States in which a run still takes readings.
OPEN_RUN = ("planned", "measured", "sent_back", "qc_failed", "blocked", "qc_passed")


@dataclass(frozen=True)
class Stored:
    """What became of the bytes. `created` is False when the same bytes came from this instrument before; `problem` says why they cannot
    be read (the bytes are kept all the same)."""

    upload: Upload
    created: bool
    problem: ParseError | None = None


def store_upload(*, instrument: Instrument, file_name: str, data: bytes, by: Any, run: Run | None = None) -> Stored:
    """Keep, read and match an export; record it at once when every row matches without a warning, else it waits for a person.

    `by` is the person at the web form or the instrument itself. Raises `Invalid` for an empty or too large file; a file that cannot be read
    is kept as `unreadable` and returned with its problem.
    """
    if not data:
        raise Invalid("empty_file", f"{file_name or 'The file'} is empty. Export it again and send it once it is complete.")
    if len(data) > settings.MAX_UPLOAD_BYTES:
        limit = settings.MAX_UPLOAD_BYTES // 2**20
        raise TooLarge(
            "too_large", f"{file_name} has {len(data) / 2**20:.0f} MB; at most {limit} MB are taken. Export one batch at a time."
        )
    stored = store_bytes("uploads", data)
    with acting(by, "upload received"), transaction.atomic():
        _lock(instrument, stored.sha256)
        known = Upload.objects.filter(instrument=instrument, sha256=stored.sha256).first()
        if known is not None:
            return Stored(known, False, _problem_of(known))
        upload = Upload(
            laboratory_id=instrument.laboratory_id,
            instrument=instrument,
            sha256=stored.sha256,
            size=stored.size,
            file_name=_safe_name(file_name),
            received_at=clock.now(),
            received_from=by if getattr(by, "full_name", None) else None,
            state=UploadState.WAITING,
        )
        try:
            export = registry.parse(file_name, data)
        except ParseError as problem:
            upload.state, upload.error, upload.error_place = UploadState.UNREADABLE, problem.message, str(problem.place)[:80]
            upload.save()
            return Stored(upload, True, problem)
        upload.format = export.format
        upload.run = run or _run_named(export.run, instrument) or _run_by_labels(export, instrument)
        matching, warnings = match_export(export, upload.run)
        upload.notes = collect_notes(export, warnings)
        upload.save()
        rows.insert_rows(upload, export, matching, upload.run)
        if upload.run is not None and matching.is_complete and not any(not warning.is_information for warning in warnings):
            from assays.instruments.recording import record_upload

            record_upload(upload=upload, by=by, reason="every row matched without a warning")
    upload.refresh_from_db()
    return Stored(upload, True)


class TooLarge(Invalid):
    """More bytes than are taken (413)."""

    kind = "too_large"


def match_export(export: ParsedExport, run: Run | None) -> tuple[Matching, tuple[ReadingWarning, ...]]:
    """The export's rows against the run's tray and the method; without a run everything that is not calibration is parked."""
    if run is None:
        return match_positions(export, []), ()
    matching = match_positions(export, tray_of(run))
    return matching, check_readings(export, expectation_of(run), list_rows(matching, {"matched"}))


def tray_of(run: Run) -> list[TrayPosition]:
    """The run's positions as the matcher knows them: a tube also goes by its aliquot's and its sample's blind code, and by its material."""
    return [
        TrayPosition(position.number, position.label, position.kind, names=_names_of(position))
        for position in run.positions.select_related("aliquot__test__sample", "material")
    ]


def _names_of(position: Any) -> tuple[str, ...]:
    if position.material is not None:
        return (position.material.code,)
    if position.aliquot is None:
        return ()
    blind = (position.aliquot.test.sample.blind_code,) if position.kind == "sample" else ()
    return (position.aliquot.code, *blind)


def expectation_of(run: Run) -> MethodExpectation:
    """What the run's method version measures, in its solution unit. The working range is judged after reduction."""
    analytes = run.method_version.analytes.select_related("analyte")
    return MethodExpectation(
        run.method_version.solution_unit, tuple(AnalyteExpectation(one.analyte.symbol, one.isotope) for one in analytes)
    )


def _lock(instrument: Instrument, sha256: str) -> None:
    """Two doors may bring the same bytes at once; the second waits for the first."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 1))", [f"{instrument.pk}{sha256}"])


def _problem_of(upload: Upload) -> ParseError | None:
    return ParseError("unreadable", upload.error) if upload.state == UploadState.UNREADABLE else None


def _safe_name(name: str) -> str:
    """The file's own name without folders or control characters: for people only, never a path."""
    return "".join(character for character in name.replace("\\", "/").rsplit("/", 1)[-1] if character.isprintable())[:255] or "upload"


def collect_notes(export: ParsedExport, warnings: Iterable[ReadingWarning]) -> list[dict[str, Any]]:
    noted = [{"code": note.code, "message": note.message, "place": str(note.place), "information": True} for note in export.notes]
    return noted + [
        {"code": one.code, "message": one.message, "readings": len(one.reading_indexes), "information": one.is_information}
        for one in warnings
    ]


def _open_runs(instrument: Instrument) -> Sequence[Run]:
    return Run.objects.filter(instrument=instrument, state__in=OPEN_RUN).order_by("-id")[:50]


def _run_named(code: str | None, instrument: Instrument) -> Run | None:
    """The run a JSON body names, by code or id; one it names wrongly is refused."""
    if not code:
        return None
    found = Run.objects.filter(instrument=instrument).filter(**rows.key_of(code)).first()
    if found is None:
        raise NotFound("unknown_run", f"This instrument has no run {code!r}. Ask for the worklist and use the code given there.")
    if found.state not in OPEN_RUN:
        raise Invalid("run_closed", f"Run {found.code} is {found.get_state_display()} and takes no more readings.")
    return found


def _run_by_labels(export: ParsedExport, instrument: Instrument) -> Run | None:
    """The one open run of the instrument that most rows belong to; None when there is none or two are as good."""
    scores = []
    for run in _open_runs(instrument):
        samples = {position.number for position in tray_of(run) if position.kind in {"sample", "duplicate"}}
        found = match_positions(export, tray_of(run))
        scores.append((sum(row.position in samples for row in found.rows), run))
    best = max((score for score, _ in scores), default=0)
    winners = [run for score, run in scores if score == best]
    return winners[0] if best and len(winners) == 1 else None
