"""Importing sampling records from a file: read, shown, and only then committed or discarded by a person."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
from django.db import transaction

from lims.core import clock
from lims.core.acting import acting
from lims.core.errors import Blocked, Blocker, Invalid, Problem, refuse_if
from lims.core.roles import Action, require
from samples.models import Sample, SampleImport
from samples.services.registering import SamplingRecord, register_samples
from samples.services.sheet_cells import COLUMNS, REQUIRED, Read, read_row
from samples.sheets import read_sheet


def preview_import(*, file_name: str, data: bytes, by: Any, at: datetime | None = None) -> SampleImport:
    """Read a CSV or XLSX file and keep what was understood and what is wrong, row by row; nothing is registered yet.

    Raises `Invalid('file')` for a file that cannot be taken at all; then nothing is kept.
    """
    require(by, Action.SAMPLE_REGISTER)
    reads = [read_row(row) for row in read_sheet(data, columns=COLUMNS, required=REQUIRED)]
    with transaction.atomic(), acting(by, "import uploaded"):
        return SampleImport.objects.create(
            organisation=by.organisation,
            file_name=file_name[-200:].replace("\0", "") or "file",
            sha256=hashlib.sha256(data).hexdigest(),
            rows=[_kept(read) for read in reads],
            problems=_find_problems(reads, by),
            uploaded_by=by,
            uploaded_at=at or clock.now(),
        )


def recheck_import(*, sample_import: SampleImport, by: Any) -> SampleImport:
    """Check a waiting import again: a mine may have been recorded, or a seal used, since."""
    require(by, Action.SAMPLE_REGISTER)
    with transaction.atomic(), acting(by, "import checked again"):
        sample_import = _lock_waiting(sample_import)
        sample_import.problems = _find_problems(_reads_of(sample_import), by)
        sample_import.save(update_fields=["problems"])
    return sample_import


def commit_blockers(sample_import: SampleImport) -> list[Blocker]:
    """Why the import cannot be committed now."""
    if sample_import.state != "preview":
        return [Blocker("decided_already", f"This import was {sample_import.get_state_display()} already; nothing more happens with it.")]
    if sample_import.problems:
        rows = len({problem["row"] for problem in sample_import.problems})
        return [
            Blocker(
                "has_problems", f"{rows} rows have problems. Correct them in the file and upload it again; nothing is registered by halves."
            )
        ]
    twin = SampleImport.objects.filter(organisation=sample_import.organisation_id, sha256=sample_import.sha256, state="committed").first()
    if twin is not None:
        sentence = f"The same file was committed on {twin.decided_at:%Y-%m-%d}. Its samples are registered; discard this upload."
        return [Blocker("same_file", sentence)]
    return []


def commit_import(*, sample_import: SampleImport, by: Any, at: datetime | None = None) -> list[Sample]:
    """Register every row of a waiting import, all or none. Raises `Blocked`, or `Invalid` when something came up since the preview (which
    then shows it)."""
    require(by, Action.SAMPLE_REGISTER)
    now = at or clock.now()
    try:
        with transaction.atomic(), acting(by, "import committed"):
            sample_import = _lock_waiting(sample_import)
            refuse_if(commit_blockers(sample_import))
            reads = _reads_of(sample_import)
            samples = register_samples(records=[read.record for read in reads], by=by, at=now)
            for row, sample in zip(sample_import.rows, samples, strict=True):
                row["code"] = sample.code
            sample_import.state, sample_import.decided_at = "committed", now
            sample_import.save(update_fields=["rows", "state", "decided_at"])
    except Invalid:
        recheck_import(sample_import=sample_import, by=by)
        raise
    return samples


def discard_import(*, sample_import: SampleImport, by: Any, at: datetime | None = None) -> SampleImport:
    """Put a waiting import aside; what was uploaded stays to be seen."""
    require(by, Action.SAMPLE_REGISTER)
    with transaction.atomic(), acting(by, "import discarded"):
        sample_import = _lock_waiting(sample_import)
        sample_import.state, sample_import.decided_at = "discarded", at or clock.now()
        sample_import.save(update_fields=["state", "decided_at"])
    return sample_import


def _lock_waiting(sample_import: SampleImport) -> SampleImport:
    row = SampleImport.objects.select_for_update(no_key=True).get(pk=sample_import.pk)
    if row.state != "preview":
        raise Blocked(commit_blockers(row))
    return row


def _kept(read: Read) -> dict[str, Any]:
    return {"row": read.number, "given": read.given, "record": msgspec.to_builtins(read.record)}


def _reads_of(sample_import: SampleImport) -> list[Read]:
    unreadable: dict[int, list[Problem]] = {}
    for problem in sample_import.problems:
        if problem["unreadable"]:
            unreadable.setdefault(problem["row"], []).append(Problem(f"/{problem['column']}", problem["code"], problem["detail"]))
    return [
        Read(row["row"], row["given"], msgspec.convert(row["record"], SamplingRecord), unreadable.get(row["row"], []))
        for row in sample_import.rows
    ]


def _find_problems(reads: Sequence[Read], by: Any) -> list[dict[str, Any]]:
    """What could not be read and what registration itself would refuse, by row and column of the file."""
    found = [_kept_problem(read, problem, unreadable=True) for read in reads for problem in read.problems]
    try:
        register_samples(records=[read.record for read in reads], by=by, dry_run=True)
    except Invalid as error:
        for problem in error.problems:
            index, member = problem.pointer.lstrip("/").split("/", 1)
            if member not in reads[int(index)].unreadable:
                found.append(_kept_problem(reads[int(index)], Problem(f"/{member}", problem.code, problem.detail)))
    return sorted(found, key=lambda one: int(one["row"]))


def _kept_problem(read: Read, problem: Problem, *, unreadable: bool = False) -> dict[str, Any]:
    column = problem.pointer.lstrip("/")
    return {"row": read.number, "column": column, "code": problem.code, "detail": problem.detail, "unreadable": unreadable}
