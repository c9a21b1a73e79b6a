"""Sampling records as the API gives them: every wrong member of every row is named."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, get_type_hints

import msgspec
from rest_framework.request import Request

from lims.core.api.views import ODD_NUMBER
from lims.core.errors import Invalid, Problem
from lims.core.plain_numbers import find_odd_numbers
from samples.models import Sample
from samples.services.registering import SamplingRecord, register_samples

MOST_RECORDS = 1000


@cache
def _member_types() -> dict[str, Any]:
    return get_type_hints(SamplingRecord, include_extras=True)


def read_member(name: str, value: Any) -> Any:
    """One member of a sampling record; raises `msgspec.ValidationError`."""
    kind = _member_types()[name]
    if list(find_odd_numbers(value, kind)):
        raise msgspec.ValidationError(ODD_NUMBER.removesuffix("."))
    return msgspec.convert(value, kind)


def read_record(row: Any) -> tuple[SamplingRecord | None, list[Problem]]:
    """The record, or what is wrong with its shape; pointers as `/mass_g`."""
    try:
        if not any(find_odd_numbers(row, SamplingRecord)):
            return msgspec.convert(row, SamplingRecord), []
    except msgspec.ValidationError as error:
        if not isinstance(row, Mapping):
            return None, [Problem("", "validation", f"A sampling record is an object. {error}.")]
    return None, [*_missing_members(row), *_wrong_members(row)]


def _missing_members(row: Mapping[str, Any]) -> list[Problem]:
    required = [field.name for field in msgspec.structs.fields(SamplingRecord) if field.required]
    return [Problem(f"/{name}", "missing", "This is needed. Fill it in.") for name in required if name not in row]


def _wrong_members(row: Mapping[str, Any]) -> list[Problem]:
    problems = []
    for name, value in row.items():
        if name not in _member_types():
            problems.append(
                Problem(f"/{name}", "unknown_member", f"A sampling record has no member “{name}”. Take it out or correct its name.")
            )
            continue
        try:
            read_member(name, value)
        except msgspec.ValidationError as error:
            problems.append(Problem(f"/{name}", "validation", f"{error}."))
    return problems


def register_rows(rows: Sequence[Any], *, by: Any, dry_run: bool) -> list[Sample]:
    """Register rows of a request, all or none. The refusal lists all problems and, in its details, one outcome for each row."""
    if len(rows) > MOST_RECORDS:
        raise Invalid("too_many", f"{len(rows)} records in one request; at most {MOST_RECORDS} are taken. Send them in parts.")
    read = [read_record(row) for row in rows]
    problems = [_at_row(index, problem) for index, (_, found) in enumerate(read) for problem in found]
    records = [record for record, _ in read if record is not None]
    if not problems:
        try:
            return register_samples(records=records, by=by, dry_run=dry_run)
        except Invalid as error:
            raise _with_outcomes(error.code, error.message, error.problems, len(rows)) from error
    # Some rows cannot be read; the rest is checked all the same, so that one answer names everything.
    places = [index for index, (record, _) in enumerate(read) if record is not None]
    problems += _check_rest(records, places, by)
    problems.sort(key=lambda problem: int(problem.pointer.split("/")[1]))
    first = problems[0]
    where = first.pointer.split("/", 2)[-1] if first.pointer.count("/") > 1 else "record"
    message = f"Nothing was registered. Record {int(first.pointer.split('/')[1]) + 1}, {where}: {first.detail}"
    raise _with_outcomes("records", message, problems, len(rows))


def _check_rest(records: Sequence[SamplingRecord], places: Sequence[int], by: Any) -> list[Problem]:
    if not records:
        return []
    try:
        register_samples(records=records, by=by, dry_run=True)
    except Invalid as error:
        moved = []
        for problem in error.problems:
            row, member = problem.pointer.lstrip("/").split("/", 1)
            # A record may repeat one of those that could not be read.
            if problem.code != "unknown_sample":
                moved.append(Problem(f"/{places[int(row)]}/{member}", problem.code, problem.detail))
        return moved
    return []


def _at_row(index: int, problem: Problem) -> Problem:
    return Problem(f"/{index}{problem.pointer}", problem.code, problem.detail)


def _with_outcomes(code: str, message: str, problems: Sequence[Problem], count: int) -> Invalid:
    refused = {int(problem.pointer.split("/")[1]) for problem in problems if problem.pointer}
    outcomes = [{"index": index, "outcome": "refused" if index in refused else "not_registered"} for index in range(count)]
    return Invalid(code, message, problems=problems, details={"results": outcomes})


def read_changes(body: Mapping[str, Any]) -> dict[str, Any]:
    """The members of a correction. Raises `Invalid` naming each that cannot be read."""
    problems = _wrong_members(body)
    if problems:
        raise Invalid("records", f"{problems[0].pointer[1:]}: {problems[0].detail}", problems=problems)
    return {name: read_member(name, value) for name, value in body.items()}


def if_match(request: Request) -> int | None:
    """The version an `If-Match` header asks for; None without one or for `*`, 0 (which no sample has) for a tag that is none of ours."""
    header = request.headers.get("If-Match", "*").strip()
    if header == "*":
        return None
    tag = header.removeprefix("W/").strip('"')
    return int(tag) if tag.isascii() and tag.isdigit() else 0
