"""Recording exploration visits: the team of state and private firms, the days, the mines, the permits, what was seen."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction

from lims.accounts.models import Organisation
from lims.core import clock
from lims.core.acting import acting
from lims.core.checking import check_record
from lims.core.codes import VISIT
from lims.core.errors import Blocked, Blocker, Forbidden, Invalid, Problem
from lims.core.roles import Action, require
from lims.core.sequences import take_codes
from samples.models import Mine, Visit, VisitMember
from samples.models.visits import VisitMine
from samples.services.checking import assign
from samples.services.holding import given_reason

_FARTHEST_PLAN = timedelta(days=366)


@dataclass(frozen=True, kw_only=True)
class Member:
    """One person of the team."""

    organisation: Organisation
    name: str
    duty: str = ""


@dataclass(frozen=True, kw_only=True)
class VisitRecord:
    """What is recorded of a visit; `permits` holds one permit a line: authority, number, valid until."""

    purpose: str
    starts_on: date
    ends_on: date
    mines: Sequence[Mine]
    members: Sequence[Member]
    permits: str = ""
    observations: str = ""


def record_visit(*, record: VisitRecord, by: Any, at: datetime | None = None) -> Visit:
    """A new visit led by the caller's organisation. Raises `Invalid` naming each wrong member of the record."""
    require(by, Action.VISIT_EDIT)
    now = at or clock.now()
    _check(record, by.organisation, now)
    with transaction.atomic(), acting(by, "visit recorded"):
        visit = Visit(code=take_codes(VISIT)[0], organisation=by.organisation, recorded_by=by, recorded_at=now)
        _write(visit, record)
    return visit


def change_visit(*, visit: Visit, record: VisitRecord, reason: str, by: Any, at: datetime | None = None) -> Visit:
    """Correct a visit, with a reason. Only its leader's people may. Raises `Blocked('has_samples')` for days and mines on which samples
    rely."""
    require(by, Action.VISIT_EDIT)
    reason = given_reason(reason)
    if visit.organisation_id != by.organisation_id:
        raise Forbidden("not_leader", f"The visit {visit.code} is led by {visit.organisation}; only its people change it.")
    _check(record, by.organisation, at or clock.now())
    with transaction.atomic(), acting(by, reason):
        visit = Visit.objects.select_for_update(no_key=True).get(pk=visit.pk)
        _refuse_loss_of_samples(visit, record)
        _write(visit, record)
    return visit


def _check(record: VisitRecord, leader: Organisation, now: datetime) -> None:
    problems = list(_problems(record, leader, now))
    if problems:
        raise Invalid("visit", f"{problems[0].pointer[1:]}: {problems[0].detail}", problems=problems)


def _problems(record: VisitRecord, leader: Organisation, now: datetime) -> Iterable[Problem]:
    if record.ends_on < record.starts_on:
        yield Problem("/ends_on", "date_order", "The visit ends before it begins. Check both days.")
    if record.starts_on > (now + _FARTHEST_PLAN).date():
        yield Problem("/starts_on", "future_time", "This lies more than a year ahead. Check the year.")
    if not record.mines:
        yield Problem("/mines", "missing", "Name at least one mine.")
    if not any(member.organisation == leader for member in record.members):
        yield Problem("/members", "missing", f"Name at least one person of {leader}, who leads the visit.")
    named = [(member.organisation.pk, member.name.strip().casefold()) for member in record.members]
    if len(set(named)) < len(named):
        yield Problem("/members", "named_twice", "A person stands in the team twice. Take one entry out.")


def _refuse_loss_of_samples(visit: Visit, record: VisitRecord) -> None:
    """Samples say they were taken on the days and at the mines of their visit."""
    kept = {mine.pk for mine in record.mines}
    samples = visit.samples.select_related("mine")
    losing = samples.exclude(mine__in=kept).first()
    if losing is not None:
        sentence = f"Samples of this visit were taken at {losing.mine}. Correct those samples before the mine is taken off the visit."
        raise Blocked([Blocker("has_samples", sentence)])
    narrowed = record.starts_on > visit.starts_on or record.ends_on < visit.ends_on
    if narrowed and samples.exists():
        sentence = "Samples were taken on this visit, so its days can be widened but not narrowed. Correct the samples first."
        raise Blocked([Blocker("has_samples", sentence)])


def _write(visit: Visit, record: VisitRecord) -> None:
    texts = {name: getattr(record, name).strip() for name in ("purpose", "permits", "observations")}
    assign(visit, {**texts, "starts_on": record.starts_on, "ends_on": record.ends_on})
    check_record(visit, exclude={"code"})
    visit.save()
    _write_mines(visit, record.mines)
    _write_members(visit, record.members)


def _write_mines(visit: Visit, mines: Sequence[Mine]) -> None:
    wanted = {mine.pk for mine in mines}
    listed = set(VisitMine.objects.filter(visit=visit).values_list("mine_id", flat=True))
    VisitMine.objects.filter(visit=visit).exclude(mine__in=wanted).delete()
    VisitMine.objects.bulk_create([VisitMine(visit=visit, mine_id=mine) for mine in wanted - listed])


def _write_members(visit: Visit, members: Sequence[Member]) -> None:
    wanted = {(member.organisation.pk, member.name.strip(), member.duty.strip()) for member in members}
    listed = {(row.organisation_id, row.name, row.duty): row for row in visit.members.all()}
    VisitMember.objects.filter(pk__in=[row.pk for key, row in listed.items() if key not in wanted]).delete()
    rows = [VisitMember(visit=visit, organisation_id=key[0], name=key[1], duty=key[2]) for key in sorted(wanted - listed.keys(), key=str)]
    for row in rows:
        check_record(row)
    VisitMember.objects.bulk_create(rows)
