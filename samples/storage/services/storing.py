"""Samples put into a position, moved and taken out; one sample in one position, and every time in the ledger."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction

from lims.core.acting import acting
from lims.core.errors import Blocked, Blocker, Forbidden, Invalid, Problem, refuse_if
from lims.core.roles import Action, Role, require
from samples.custody.kinds import EventKind
from samples.custody.ledger import Entry, append_events
from samples.lifecycle import SampleState
from samples.models import Sample
from samples.models.samples import HoldKind
from samples.services.holding import given_reason
from samples.services.leaving import taken_out_entry
from samples.services.locking import lock_sample
from samples.services.movement import checked_moment, checked_texts
from samples.storage.models import Location, Movement, Placement
from samples.storage.selectors import conditions_of

# A sample that is packed, on its way, lost or gone lies in no position.
_AT_REST = frozenset(
    {
        *(SampleState.COLLECTED, SampleState.RECEIVED, SampleState.IN_PREPARATION, SampleState.IN_ANALYSIS),
        *(SampleState.REPORTED, SampleState.REFUSED),
    }
)


def store_blockers(sample: Sample, by: Any) -> list[Blocker]:
    """Why the caller cannot put the sample into a position, or move or take it out of one, now."""
    code = sample.code_for(by)
    if sample.holder_id != by.organisation_id:
        return [Blocker("not_holder", f"Your organisation does not hold {code}. Whoever holds it stores it.")]
    if sample.state not in _AT_REST:
        return [Blocker("wrong_state", f"{code} is {SampleState(sample.state).label}; only what is at hand lies in a position.")]
    return []


def store_sample(*, sample: Sample, position: Location, by: Any, at: datetime | None = None) -> Placement:
    """Put a sample into a free position. Raises `Blocked` (`stored_already`, `occupied`, `not_admitted`, `radiation_controlled`, …)."""
    require(by, Action.STORAGE_MOVE)
    with transaction.atomic(), acting(by, "stored"):
        sample = _lock(sample, by)
        _refuse_stored(sample, by)
        moment = checked_moment(at)
        return _put(sample, position, None, "", by, moment)


def move_sample(*, sample: Sample, position: Location, reason: str, by: Any, at: datetime | None = None) -> Placement:
    """Move a sample from its position to a free one, with a reason; also how a scan that went wrong is taken back."""
    require(by, Action.STORAGE_MOVE)
    reason = _reason(reason)
    with transaction.atomic(), acting(by, reason):
        sample = _lock(sample, by)
        placement = _placed(sample, by)
        if placement.location_id == position.pk:
            raise Blocked([Blocker("there_already", f"{sample.code_for(by)} lies in {position.path} already.")])
        source = placement.location
        _refuse_closed(source, by)
        moment = checked_moment(at, after=placement.placed_at)
        placement.delete()
        return _put(sample, position, source, reason, by, moment)


def take_out_sample(*, sample: Sample, reason: str, by: Any, at: datetime | None = None) -> Sample:
    """Take a sample out of its position, with a reason: to work on it, to give it back. It is at its holder's then, in no position."""
    require(by, Action.STORAGE_MOVE)
    reason = _reason(reason)
    with transaction.atomic(), acting(by, reason):
        sample = _lock(sample, by)
        placement = _placed(sample, by)
        source = placement.location
        _refuse_closed(source, by)
        moment = checked_moment(at, after=placement.placed_at)
        placement.delete()
        Movement.objects.create(sample=sample, source=source, reason=reason, by=by, at=moment)
        sample.place = by.organisation.name[:160]
        sample.save(update_fields=["place"])
        append_events([taken_out_entry(sample, source.pk, reason, moment)], by=by)
    return sample


def _lock(sample: Sample, by: Any) -> Sample:
    sample = lock_sample(sample)
    refuse_if(store_blockers(sample, by))
    return sample


def _reason(reason: str) -> str:
    return given_reason(checked_texts(Movement, reason=reason)["reason"])


def _refuse_stored(sample: Sample, by: Any) -> None:
    found = Placement.objects.select_related("location").filter(sample=sample).first()
    if found is not None:
        sentence = f"{sample.code_for(by)} lies in {found.location.path} already. Move it, with a reason, or take it out."
        raise Blocked([Blocker("stored_already", sentence)])


def _placed(sample: Sample, by: Any) -> Placement:
    found = Placement.objects.select_related("location__parent").filter(sample=sample).first()
    if found is None:
        raise Blocked([Blocker("not_stored", f"{sample.code_for(by)} lies in no position. Put it into one first.")])
    return found


def _refuse_closed(location: Location, by: Any) -> None:
    if not conditions_of(location).admits(by.role):
        sentence = f"{location.path} is reserved: {', '.join(conditions_of(location).narrowest) or 'nobody'} may put in and take out there."
        raise Blocked([Blocker("not_admitted", sentence)])


def _put(sample: Sample, position: Location, source: Location | None, reason: str, by: Any, moment: datetime) -> Placement:
    # Locked, so that of two people with one free position the second is told who was first.
    Location.objects.select_for_update(no_key=True).get(pk=position.pk)
    position = Location.objects.select_related("kind", "organisation", "parent").get(pk=position.pk)
    refuse_if(position_blockers(position, sample, by))
    Movement.objects.create(sample=sample, source=source, target=position, reason=reason, by=by, at=moment)
    try:
        with transaction.atomic():
            placement = Placement.objects.create(sample=sample, location=position, placed_by=by, placed_at=moment)
    except IntegrityError as error:
        raise Blocked([_occupied(position)]) from error
    sample.place = f"{position.organisation.name}, {position.path}"[:160]
    sample.save(update_fields=["place"])
    append_events([_entry(sample, position, source, reason, moment)], by=by)
    return placement


def position_blockers(position: Location, sample: Sample, by: Any) -> list[Blocker]:
    """Why the sample cannot lie in this position. Raises `Invalid('not_a_position')` for a place that holds no samples itself."""
    if position.organisation_id != by.organisation_id:
        raise Forbidden("not_your_place", f"{position.code} is a place of another organisation.")
    if not position.kind.holds_samples:
        detail = f"{position.path} is a {position.kind}; a sample lies in a position. Scan the label of the position itself."
        raise Invalid("not_a_position", detail, problems=[Problem("/position", "not_a_position", detail)])
    found = []
    conditions = conditions_of(position)
    if not position.active:
        found.append(Blocker("out_of_use", f"{position.path} is out of use. Choose another position."))
    if Placement.objects.filter(location=position).exists():
        found.append(_occupied(position))
    if not conditions.admits(by.role):
        names = ", ".join(conditions.narrowest) or ", ".join(str(Role(role).label) for one in conditions.roles for role in one)
        found.append(Blocker("not_admitted", f"{position.path} is reserved: {names} may put in and take out there."))
    if not conditions.radiation_controlled and sample.holds.filter(kind=HoldKind.SAFETY, released_at=None).exists():
        sentence = (
            f"{sample.code_for(by)} is under a radiation safety hold; it lies only where radiation is controlled. Choose such a place."
        )
        found.append(Blocker("radiation_controlled", sentence))
    return found


def _occupied(position: Location) -> Blocker:
    return Blocker("occupied", f"Another sample lies in {position.path}. One position holds one sample: choose a free one.")


def _entry(sample: Sample, position: Location, source: Location | None, reason: str, moment: datetime) -> Entry:
    detail = {"position": str(position.pk)} | ({"from": str(source.pk)} if source else {})
    return Entry(
        sample_id=sample.pk,
        kind=EventKind.MOVED if source else EventKind.STORED,
        occurred_at=moment,
        place=sample.place,
        remark=reason,
        detail=detail,
    )
