"""Opening nonconforming work: by a person who found it, and by what follows from a decision."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.db.models import Model

from assays.models import RunDecision
from assays.nonconformities.lifecycle import NonconformityState
from assays.nonconformities.models import Nonconformity, NonconformityLink, NonconformityNote, Source
from lims.core import clock
from lims.core.acting import acting
from lims.core.codes import NONCONFORMITY
from lims.core.errors import Blocked, Blocker, Invalid, Problem
from lims.core.roles import Action, require
from lims.core.scope import fetch_visible
from lims.core.sequences import take_codes

_LINK_OF = {
    "Run": "run",
    "ResultVersion": "result",
    "Sample": "sample",
    "Lot": "lot",
    "Equipment": "equipment",
    "Instrument": "instrument",
    "ReferenceMaterial": "material",
    "Certificate": "certificate",
}


@dataclass(frozen=True)
class Finding:
    """What somebody reports. `touches` are runs, result versions, samples, lots, equipment, instruments, materials or certificates within
    the reporter's scope."""

    source: str
    title: str
    what_happened: str
    found_on: date
    touches: tuple[Model, ...] = ()


def report_nonconformity(*, finding: Finding, by: Any, at: datetime | None = None) -> Nonconformity:
    """Open a nonconformity in the reporter's laboratory. Raises `Invalid` with a problem per wrong member."""
    require(by, Action.NONCONFORMITY_REPORT)
    with acting(by, finding.title), transaction.atomic():
        return open_nonconformity(finding, by=by, at=at or clock.now())


def open_nonconformity(finding: Finding, *, by: Any, at: datetime, override: RunDecision | None = None) -> Nonconformity:
    """Write a nonconformity with its links. Part of the caller's transaction, which has checked the role."""
    problems = _problems(finding)
    if problems:
        raise Invalid("nonconformity", problems[0].detail, problems=problems)
    made = Nonconformity.objects.create(
        code=take_codes(NONCONFORMITY)[0],
        laboratory_id=by.organisation_id,
        source=finding.source,
        title=finding.title.strip(),
        what_happened=finding.what_happened.strip(),
        found_on=finding.found_on,
        override=override,
        reported_by=by,
        reported_at=at,
    )
    link_things(made, finding.touches, by=by, at=at)
    return made


def _problems(finding: Finding) -> list[Problem]:
    found = []
    if finding.source not in Source.values:
        found.append(Problem("/source", "unknown_choice", f"“{finding.source}” is none of: {', '.join(Source.values)}."))
    if not finding.title.strip():
        found.append(Problem("/title", "missing", "Name it in a few words; lists show this line."))
    if len(finding.title) > 160:
        found.append(Problem("/title", "too_long", "Name it in at most 160 characters; the rest belongs to what happened."))
    if not finding.what_happened.strip():
        found.append(Problem("/what_happened", "missing", "Say what happened: what was expected, what was found, where and when."))
    if finding.found_on > clock.today():
        found.append(Problem("/found_on", "future", "It cannot have been found after today."))
    return found


def link_things(record: Nonconformity, things: Iterable[Model], *, by: Any, at: datetime) -> None:
    """Link things to a nonconformity; what is linked already stays once. Part of the caller's transaction."""
    links = [
        NonconformityLink(nonconformity=record, added_by=by, added_at=at, **{_LINK_OF[type(thing).__name__]: thing}) for thing in things
    ]
    NonconformityLink.objects.bulk_create(links, ignore_conflicts=True, batch_size=1000)


def add_links(*, record: Nonconformity, things: Iterable[Model], by: Any, at: datetime | None = None) -> Nonconformity:
    """Link further things to an open nonconformity; a closed one was signed with what it touches and takes no more (`Blocked`). The caller
    fetched them within the person's scope."""
    require(by, Action.NONCONFORMITY_REPORT)
    with acting(by, "linked"), transaction.atomic():
        record = fetch_visible(Nonconformity, by, lock=True, pk=record.pk)
        if record.state == NonconformityState.CLOSED:
            raise Blocked([Blocker("closed", f"{record.code} is closed and was signed with what it touches. Report a new one.")])
        link_things(record, things, by=by, at=at or clock.now())
    return record


def add_note(*, record: Nonconformity, text: str, by: Any, at: datetime | None = None) -> NonconformityNote:
    """Write down what was found or done. Notes are never changed; a closed nonconformity still takes them."""
    require(by, Action.NONCONFORMITY_REPORT)
    if not text.strip():
        detail = "Write the note first; nothing was added."
        raise Invalid("text", detail, problems=[Problem("/text", "missing", detail)])
    with acting(by, "note"), transaction.atomic():
        record = fetch_visible(Nonconformity, by, lock=True, pk=record.pk)
        return NonconformityNote.objects.create(nonconformity=record, text=text.strip(), by=by, at=at or clock.now())
