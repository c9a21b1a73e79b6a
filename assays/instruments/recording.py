"""What a person (or a perfect match) decides about an upload: record, assign, set aside, withdraw. The raw cells never change."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from assays.instruments import rows
from assays.instruments.deferring import defer_again, defer_reading, is_large
from assays.instruments.models import Reading, RowOutcome, Upload, UploadRow, UploadState
from assays.instruments.parsers.model import CONCENTRATIONS, ParsedExport
from assays.instruments.parsers.nomenclature import read_concentration_unit
from assays.instruments.placing import collect_notes, find_warnings, load_tray, place_export, refuse_unfit_run
from assays.instruments.taught import read_again
from assays.lifecycle import RUN, TEST
from assays.models import Run, RunPosition, SubmissionTest
from assays.selectors.measured_runs import live_tests
from assays.selectors.uploads import find_measured_twice
from assays.services.announcing import announce_upload
from assays.services.judging import clear_run, judge_run
from lims.core import clock
from lims.core.acting import acting
from lims.core.errors import Blocker, DomainError, Invalid, NotFound, Problem, refuse_if
from lims.core.roles import INSTRUMENT, Action, require

# What no confirmation can put right: the readings would mean something else than the method takes them for.
_UNFIT = frozenset({"oxide", "unit_differs", "several_channels", "reading_twice", "value_impossible"})


def record_upload(*, upload: Upload, by: Any, reason: str, at: datetime | None = None, run: Run | None = None) -> Upload:
    """Take the matched rows as the run's readings, reduce them and judge the run. Part of the caller's transaction; `run` is the upload's
    where the caller has locked it already.

    Parked rows stay parked; a control that is missing because of it blocks the run.
    """
    run = run or lock_run_of(upload)
    refuse_if(RUN.blockers(run, "record"))
    moment = at or clock.now()
    upload.state, upload.decided_at, upload.decision_reason = UploadState.RECORDED, moment, reason
    upload.decided_by = None if by.role == INSTRUMENT else by
    upload.save()
    run.measured_at = moment
    _judge_measured(run, by, moment)
    upload.run = run
    announce_upload(upload)
    return upload


def confirm_upload(
    *,
    upload: Upload,
    by: Any,
    run: Run | None = None,
    assignments: Mapping[int, int] | None = None,
    unit: str = "",
    at: datetime | None = None,
) -> Upload:
    """A person takes a waiting upload as it is matched. First `run` chooses or changes its run, `assignments` (row index in the file →
    position number) give rows their tubes, and `unit` says what the concentrations are in that the file gives without a unit; all of it
    or nothing. Where another run is chosen for what takes too long to wait for, a worker does it all (`edge.send_reading`)."""
    require(by, Action.RUN_EDIT)
    with acting(by, "upload confirmed"), transaction.atomic():
        upload = lock_upload(upload)
        if run is not None and run.pk != upload.run_id:
            refuse_unless_waiting(upload)
            refuse_unfit_run(run, upload.instrument)
            if is_large(upload):
                return defer_again(upload, by, "confirm", run=str(run.pk), assignments=dict(assignments or {}), unit=unit)
            match_against(upload, run, read_again(upload))
        return confirm_matched(upload, assignments or {}, unit, by, at)


def confirm_matched(upload: Upload, assignments: Mapping[int, int], unit: str, by: Any, at: datetime | None = None) -> Upload:
    """Record a waiting upload that is matched against its run; see `confirm_upload`. Part of the caller's transaction."""
    if assignments:
        _assign(upload, assignments, by)
        note_anew(upload)
    if unit:
        _state_unit(upload, unit)
    locked = lock_run_of(upload) if upload.run is not None else None
    refuse_if(confirm_blockers(upload))
    return record_upload(upload=upload, by=by, reason="confirmed", at=at, run=locked)


def lacks_unit(upload: Upload) -> bool:
    """Whether the file gives concentrations without a unit, of which nobody has said it yet."""
    without = Reading.objects.filter(row__upload=upload, quantity__in=CONCENTRATIONS, unit="", internal_standard=False)
    return not upload.stated_unit and without.exists()


def takes_unit(upload: Upload) -> bool:
    """Whether a person may say the unit: nobody has, or the instrument's settings did."""
    return upload.unit_of_instrument or lacks_unit(upload)


def note_unit(upload: Upload) -> list[dict[str, Any]]:
    """What is to be said of a unit that neither the file nor a person gave."""
    if not upload.unit_of_instrument:
        return []
    message = f"The file states no unit: {upload.stated_unit} is the unit from the instrument's settings."
    return [{"code": "unit_of_instrument", "message": message, "place": upload.instrument.code, "information": True}]


def _state_unit(upload: Upload, unit: str) -> None:
    if read_concentration_unit(unit) is None:
        raise Invalid("unknown_unit", f"{unit[:40]!r} is no unit of a concentration. Write one such as ug/L, mg/L or mg/kg.")
    if not takes_unit(upload):
        raise Invalid("unit_given", f"{upload.file_name} gives its concentrations with their units; none is stated for it.")
    upload.stated_unit, upload.unit_of_instrument = unit.strip(), False
    upload.notes = [note for note in upload.notes if note["code"] != "unit_of_instrument"]
    upload.save(update_fields=["stated_unit", "unit_of_instrument", "notes"])
    note_anew(upload)


def confirm_blockers(upload: Upload) -> list[Blocker]:
    """Why the upload cannot be recorded now; the button shows it."""
    if upload.state != UploadState.WAITING:
        return [Blocker("wrong_state", f"{upload.file_name} is {upload.get_state_display()}; only an upload that waits can be confirmed.")]
    if upload.run is None:
        return [Blocker("no_run", f"{upload.file_name} belongs to no run yet. Choose its run first.")]
    found = RUN.blockers(upload.run, "record")
    found += [Blocker(note["code"], note["message"]) for note in upload.notes if note["code"] in _UNFIT]
    if not upload.rows.filter(outcome=RowOutcome.MATCHED).exists():
        sentence = f"No row of {upload.file_name} has a position in run {upload.run.code}. Assign rows to positions first."
        found.append(Blocker("nothing_matched", sentence))
    return found + find_taken(upload)


def find_taken(upload: Upload) -> list[Blocker]:
    """Positions of the run whose analytes another recorded upload has given already: two measurements are never averaged unseen.

    Who records by the answer holds the run's lock (`lock_run_of`): without it an upload that is recorded at the same moment is not seen.
    """
    taken: defaultdict[tuple[str, str], set[int]] = defaultdict(set)
    for _index, number, *other in sorted(find_measured_twice(upload)):
        taken[other[0], other[1]].add(number)
    return [
        Blocker(
            "readings_taken",
            f"{_list_numbers(numbers)} already has readings from {name}. Withdraw that upload, or set these rows aside.",
        )
        for (_pk, name), numbers in taken.items()
    ]


def _list_numbers(numbers: Iterable[int]) -> str:
    listed = sorted(numbers)
    return ("Position " if len(listed) == 1 else "Each of the positions ") + ", ".join(map(str, listed))


def match_against(upload: Upload, run: Run, export: ParsedExport) -> None:
    """Place the rows of a waiting upload against another run. Part of the caller's transaction."""
    refuse_unfit_run(run, upload.instrument)
    placement = place_export(export, run, upload.laboratory_id, upload.stated_unit)
    rows.rematch_rows(upload, placement.matching, run)
    upload.run = run
    upload.notes = note_unit(upload) + collect_notes(export, placement.warnings)
    upload.save()


def refuse_unless_waiting(upload: Upload) -> None:
    """Raise where the upload is no longer one whose run may be chosen."""
    if upload.state != UploadState.WAITING:
        raise DomainError("wrong_state", f"{upload.file_name} is {upload.get_state_display()}; its run can no longer be changed.")


def assign_row(*, row: UploadRow, position: RunPosition, by: Any, at: datetime | None = None) -> UploadRow:
    """Say which tube a row belongs to; see `assign_rows`."""
    if position.run_id != row.upload.run_id:
        raise NotFound("unknown_position", "That position is not in this upload's run. Choose the run first, then one of its positions.")
    assign_rows(upload=row.upload, assignments={row.index: position.number}, by=by, at=at)
    row.refresh_from_db()
    return row


def assign_rows(*, upload: Upload, assignments: Mapping[int, int], by: Any, at: datetime | None = None) -> Upload:
    """Say which tubes rows belong to (row index in the file → position number); see `decide_rows`."""
    return decide_rows(upload=upload, assignments=assignments, by=by, at=at)


def decide_rows(
    *,
    upload: Upload,
    assignments: Mapping[int, int] | None = None,
    aside: Collection[int] = (),
    reason: str = "",
    by: Any,
    at: datetime | None = None,
) -> Upload:
    """Give rows their tubes and set others aside with a reason, all of it or nothing. On an upload that is already recorded the run is
    reduced and judged anew. Raises `Invalid` with a pointer per row (`/assignments/7`)."""
    require(by, Action.RUN_EDIT)
    if aside:
        reason = _checked_reason(reason, "Say why the rows are set aside.")
    with acting(by, reason or f"{len(assignments or {})} rows assigned"), transaction.atomic():
        upload = lock_upload(upload)
        refuse_decided(upload)
        if aside:
            _set_aside(upload, list(upload.rows.filter(index__in=aside)), reason, by, wanted=len(set(aside)))
        if assignments:
            _assign(upload, assignments, by)
        note_anew(upload)
        apply_change(upload, by, at)
    return upload


def _assign(upload: Upload, assignments: Mapping[int, int], by: Any) -> None:
    if upload.run is None:
        raise DomainError("no_run", f"{upload.file_name} belongs to no run yet. Choose its run first, then its positions.")
    found = {row.index: row for row in upload.rows.filter(index__in=assignments)}
    positions = {position.number: position for position in upload.run.positions.filter(number__in=assignments.values())}
    taken = dict(upload.rows.filter(outcome=RowOutcome.MATCHED).exclude(index__in=assignments).values_list("position__number", "index"))
    problems: list[Problem] = []
    for index, number in assignments.items():
        fault = _fault_of(found.get(index), index, positions.get(number), number, taken, upload.run)
        if fault is not None:
            problems.append(Problem(f"/assignments/{index}", *fault))
            continue
        row = found[index]
        taken[number] = index
        row.position, row.outcome, row.decided_by = positions[number], RowOutcome.MATCHED, by
        row.reason, row.warnings = f"assigned by {by.full_name}", []
    if problems:
        raise Invalid(problems[0].code, problems[0].detail, problems=problems)
    UploadRow.objects.bulk_update(found.values(), ["position", "outcome", "reason", "warnings", "decided_by"])


def _fault_of(
    row: UploadRow | None, index: int, position: RunPosition | None, number: int, taken: Mapping[int, int], run: Run
) -> tuple[str, str] | None:
    """Why the row cannot stand at the position: code and sentence."""
    if row is None:
        return "unknown_row", f"The file has no row {index}. Rows are counted from 1, as the upload lists them."
    if position is None:
        return "unknown_position", f"Run {run.code} has no position {number}. Choose one of its tray."
    if row.kind in {"blank", "standard", "statistic"} and position.kind in {"sample", "duplicate", "spike"}:
        return "not_a_sample", f"Row {index} ({row.label}) is a {row.kind}: it cannot be the {position.kind} at position {number}."
    if number in taken:
        return "position_taken", f"Row {taken[number]} stands at position {number} already. Set one of the two rows aside."
    return None


def ignore_row(*, row: UploadRow, reason: str, by: Any, at: datetime | None = None) -> UploadRow:
    """Set a row aside, with a reason; see `ignore_rows`."""
    ignore_rows(upload=row.upload, indexes=[row.index], reason=reason, by=by, at=at)
    row.refresh_from_db()
    return row


def ignore_rows(*, upload: Upload, reason: str, by: Any, indexes: Collection[int] | None = None, at: datetime | None = None) -> Upload:
    """Set rows aside, with a reason: the given ones, or every row that is still parked. Their cells stay stored."""
    require(by, Action.RUN_EDIT)
    reason = _checked_reason(reason, "Say why the rows are set aside.")
    if indexes is None:
        indexes = list(upload.rows.filter(outcome=RowOutcome.PARKED).values_list("index", flat=True))
    return decide_rows(upload=upload, aside=indexes, reason=reason, by=by, at=at)


def _set_aside(upload: Upload, found: list[UploadRow], reason: str, by: Any, *, wanted: int) -> None:
    if len(found) < wanted:
        raise NotFound("unknown_row", f"{upload.file_name} has no such row. Rows are counted from 1, as the upload lists them.")
    for row in found:
        row.position, row.outcome, row.reason, row.decided_by = None, RowOutcome.IGNORED, reason, by
    UploadRow.objects.bulk_update(found, ["position", "outcome", "reason", "decided_by"])


def note_anew(upload: Upload) -> None:
    """What is to be said about the readings of the rows that are matched now; what the file itself gave to say stays."""
    if upload.run is None:
        return
    export, tray = rows.recall_export(upload), load_tray(upload.run)
    matched = upload.rows.filter(outcome=RowOutcome.MATCHED).values_list("index", "position__number")
    placed = {index - 1: number for index, number in matched}
    of_file = [note for note in upload.notes if "place" in note]
    upload.notes = of_file + collect_notes(export, find_warnings(export, upload.run, tray, placed, frozenset(placed)))
    upload.save(update_fields=["notes"])


def refuse_decided(upload: Upload) -> None:
    """Raise where nothing can be decided about the upload's rows any more."""
    if upload.state not in {UploadState.WAITING, UploadState.RECORDED}:
        raise DomainError("wrong_state", f"{upload.file_name} is {upload.get_state_display()}; its rows can no longer be changed.")


def apply_change(upload: Upload, by: Any, at: datetime | None) -> None:
    """Reduce and judge anew what is recorded already. Part of the caller's transaction."""
    if upload.state == UploadState.RECORDED:
        run = lock_run_of(upload)
        refuse_if(find_taken(upload))
        refuse_if(RUN.blockers(run, "record"))
        _judge_anew(run, by, at or clock.now())


def withdraw_upload(*, upload: Upload, reason: str, by: Any, at: datetime | None = None) -> Upload:
    """Take an upload out of its run, with a reason. The bytes and cells stay; the run is reduced and judged from what remains, and waits
    for readings again when nothing does."""
    require(by, Action.RUN_EDIT)
    reason = _checked_reason(reason, "Say why the upload is withdrawn.")
    with acting(by, reason), transaction.atomic():
        upload = lock_upload(upload)
        if upload.state == UploadState.WITHDRAWN:
            raise DomainError("wrong_state", f"{upload.file_name} is withdrawn already.")
        run = lock_run_of(upload) if upload.state == UploadState.RECORDED else None
        if run is not None:
            refuse_if(RUN.blockers(run, "record"))
        _decide(upload, UploadState.WITHDRAWN, reason, by, at)
        if run is not None:
            _judge_anew(run, by, at or clock.now())
    return upload


def reopen_upload(*, upload: Upload, reason: str, by: Any, at: datetime | None = None) -> Upload:
    """Take up a withdrawn upload again, since the same bytes are never a second one: it waits, for another run or with other rows. One
    that was never read is read by a worker first (`edge.send_reading`)."""
    require(by, Action.RUN_EDIT)
    reason = _checked_reason(reason, "Say why the upload is taken up again.")
    with acting(by, reason), transaction.atomic():
        upload = lock_upload(upload)
        if upload.state != UploadState.WITHDRAWN or upload.replaced_by_id is not None:
            raise DomainError(
                "wrong_state", f"{upload.file_name} is {upload.get_state_display()}; only what was withdrawn is taken up again."
            )
        _decide(upload, UploadState.WAITING, reason, by, at)
        if not upload.format:
            # Withdrawn before it was read, or unreadable.
            defer_reading(upload, by, may_record=False)
    return upload


def _decide(upload: Upload, state: UploadState, reason: str, by: Any, at: datetime | None) -> None:
    upload.state, upload.decided_by, upload.decided_at, upload.decision_reason = state, by, at or clock.now(), reason
    upload.save()


def _checked_reason(reason: str, request: str) -> str:
    if not reason.strip():
        raise Invalid("reason", request, problems=[Problem("/reason", "reason", request)])
    return reason.strip()


def _judge_anew(run: Run, by: Any, moment: datetime) -> None:
    """Move the run and its tests to where its recorded uploads leave them, reduce and judge."""
    if run.uploads.filter(state=UploadState.RECORDED).exists():
        _judge_measured(run, by, moment)
        return
    clear_run(run=run)
    _move_tests(live_tests(run).filter(state__in=TEST.find("unmeasure").sources), "unmeasure", moment)


def _judge_measured(run: Run, by: Any, moment: datetime) -> None:
    """Move a run that has readings and its tests on, reduce and judge."""
    run.state = RUN.target(run, "record")
    run.save(update_fields=["state", "measured_at"])
    _move_tests(live_tests(run).filter(state__in=TEST.find("measure").sources), "measure", moment)
    judge_run(run=run, by=by, at=moment)


def _move_tests(tests: Any, step: str, moment: datetime) -> None:
    found = list(tests.select_for_update(of=("self",), no_key=True).values_list("pk", flat=True))
    SubmissionTest.objects.filter(pk__in=found).update(state=TEST.find(step).target, changed_at=moment)


def lock_upload(upload: Upload) -> Upload:
    """The upload as it stands now, locked until the transaction ends."""
    return (
        Upload.objects.select_for_update(of=("self",), no_key=True)
        .select_related("run__method_version__method", "run__instrument", "instrument")
        .get(pk=upload.pk)
    )


def lock_run_of(upload: Upload) -> Run:
    """The upload's run as it stands now, locked until the transaction ends; an upload is recorded only with one."""
    runs = Run.objects.select_for_update(of=("self",), no_key=True).select_related("method_version__method", "instrument")
    return runs.get(uploads=upload)
