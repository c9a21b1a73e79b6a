"""Holds: work on a sample stands still, and goes on, each with a reason."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from lims.accounts.models import SignatureMeaning
from lims.accounts.signing import sign
from lims.core import clock
from lims.core.acting import acting
from lims.core.errors import Blocked, Blocker, Forbidden, Invalid, Problem, refuse_if
from lims.core.roles import Action, require
from samples.blocking import HOLDS
from samples.custody.kinds import EventKind
from samples.custody.ledger import Entry, append_events
from samples.lifecycle import SampleState
from samples.models import Hold, Sample
from samples.models.radiation import DoorPolicy
from samples.models.samples import HoldKind
from samples.selectors.kinship import find_parts
from samples.services.clearing import clearance_blockers, needs_clearance, release_content
from samples.services.leaving import leave_positions
from samples.services.locking import lock_sample, lock_samples

USUAL_QUARANTINE_PLACE = "Quarantine store"
_GONE = {SampleState.DISPOSED, SampleState.RETURNED}


def hold_blockers(sample: Sample) -> list[Blocker]:
    """Why no hold can be put on the sample now."""
    if sample.state in _GONE:
        return [Blocker("wrong_state", f"This sample is {SampleState(sample.state).label}; there is nothing left to hold.")]
    return []


def hold_sample(*, sample: Sample, kind: str, reason: str, by: Any, at: datetime | None = None) -> Hold:
    """Put a sample on hold; several kinds may lie over it at once. Raises `Blocked('held_already')` for a second one of a kind."""
    require(by, Action.SAMPLE_HOLD)
    if kind not in HoldKind.values:
        detail = f"“{kind}” is none of: {', '.join(HoldKind.values)}."
        raise Invalid("unknown_choice", detail, problems=[Problem("/kind", "unknown_choice", detail)])
    reason = given_reason(reason)
    now = at or clock.now()
    with transaction.atomic(), acting(by, reason):
        sample = lock_sample(sample)
        blockers = hold_blockers(sample)
        if sample.holds.filter(kind=kind, released_at=None).exists():
            label = HoldKind(kind).label
            blockers.append(
                Blocker(
                    "held_already",
                    f"Sample {sample.code_for(by)} is on hold for {label} already. Release that hold first, or choose another kind.",
                )
            )
        if blockers:
            raise Blocked(blockers)
        place = _place_apart(kind, sample)
        left = leave_positions([sample], why=reason, by=by, moment=now) if place else []
        hold = Hold.objects.create(sample=sample, kind=kind, reason=reason, place=place, opened_by=by, opened_at=now)
        sample.on_hold, sample.place = True, place or sample.place
        sample.save(update_fields=["on_hold", "place"])
        append_events([*left, _entry(sample.pk, EventKind.HOLD, kind, reason, now, place)], by=by)
        _hold_parts([sample.pk], kind, reason, by, now)
    return hold


def _place_apart(kind: str, sample: Sample) -> str:
    """Where a kind of hold puts the sample: a quarantine has a place of its own at each laboratory."""
    if not HOLDS[kind].marks_place:
        return ""
    place = DoorPolicy.of(sample.laboratory_id).quarantine_place if sample.laboratory_id else ""
    return place or USUAL_QUARANTINE_PLACE


def open_holds(sample_ids: Sequence[UUID], *, kind: str, reason: str, by: Any, at: datetime, place: str = "") -> list[Hold]:
    """Put samples on hold as the consequence of a finding; those that are held for the same kind already stay as they are. Part of the
    caller's transaction, which has locked them. What is held for safety is held in its parts as well."""
    holds = _open(sample_ids, kind, reason, by, at, place)
    _hold_parts([hold.sample_id for hold in holds], kind, reason, by, at)
    return holds


def _hold_parts(sample_ids: list[UUID], kind: str, reason: str, by: Any, at: datetime) -> None:
    """Each part at the laboratory of its sample gets a hold and an event of its own; it is released by a measurement of its own."""
    if not (sample_ids and HOLDS[kind].reaches_parts):
        return
    laboratories = Sample.objects.filter(pk__in=sample_ids).values("laboratory")
    parts = Sample.objects.filter(pk__in=find_parts(sample_ids), laboratory__in=laboratories, mass_g__gt=0).exclude(state__in=_GONE)
    keys = [one.pk for one in lock_samples(parts.order_by("pk").values_list("pk", flat=True))]
    _open(keys, kind, f"{reason} Found on a sample this one was taken from.", by, at)


def _open(sample_ids: Sequence[UUID], kind: str, reason: str, by: Any, at: datetime, place: str = "") -> list[Hold]:
    held = set(Hold.objects.filter(sample__in=sample_ids, kind=kind, released_at=None).values_list("sample", flat=True))
    wanted = [key for key in dict.fromkeys(sample_ids) if key not in held]
    holds = Hold.objects.bulk_create(
        Hold(sample_id=key, kind=kind, reason=reason, place=place, opened_by=by, opened_at=at) for key in wanted
    )
    left = leave_positions(list(Sample.objects.filter(pk__in=wanted)), why=reason, by=by, moment=at) if place else []
    changes: dict[str, Any] = {"on_hold": True} | ({"place": place} if place else {})
    Sample.objects.filter(pk__in=wanted).update(**changes)
    append_events([*left, *(_entry(key, EventKind.HOLD, kind, reason, at, place) for key in wanted)], by=by)
    return holds


def release_blockers(hold: Hold, by: Any) -> list[Blocker]:
    """Why the caller cannot release the hold now."""
    if hold.released_at is not None:
        return [Blocker("released_already", "This hold was released already. Reload the page to see where the sample stands.")]
    return clearance_blockers(hold, hold.sample, by)


def release_hold(
    *, hold: Hold, reason: str, password: str = "", shown_hash: str | None = None, place: str = "", by: Any, at: datetime | None = None
) -> Hold:
    """End a hold. The sample goes on when no other hold is open.

    A hold for safety ends only when a measurement made since has value + uncertainty below its limit, and with a signature (`password`)
    over `release_content`. `place` says where a quarantined sample is put now (default: its laboratory). Raises
    `Blocked('released_already' | 'not_cleared' | 'own_work')`, `Forbidden('role')`, `Invalid('reason_missing' | 'password')`.
    """
    require(by, Action.SAMPLE_RELEASE)
    if by.role not in HOLDS[hold.kind].released_by:
        raise Forbidden("role", f"Your role does not release a hold for {hold.get_kind_display()}.")
    reason = given_reason(reason)
    now = at or clock.now()
    with transaction.atomic(), acting(by, reason):
        sample = lock_sample(hold.sample)
        hold = Hold.objects.select_for_update(no_key=True).get(pk=hold.pk)
        hold.sample = sample
        refuse_if(release_blockers(hold, by))
        if needs_clearance(hold):
            content = release_content(hold, sample)
            hold.release_signature = sign(
                by=by, password=password, meaning=SignatureMeaning.RELEASE, content=content, shown_hash=shown_hash, reason=reason
            )
        hold.released_by, hold.released_at, hold.release_reason = by, now, reason
        hold.save(update_fields=["released_by", "released_at", "release_reason", "release_signature"])
        sample.on_hold = sample.holds.filter(released_at=None).exists()
        moved = _place_after(hold, sample, place)
        sample.place = moved or sample.place
        sample.save(update_fields=["on_hold", "place"])
        signature = hold.release_signature.content_hash if hold.release_signature else ""
        append_events([_entry(sample.pk, EventKind.RELEASE, hold.kind, reason, now, moved, signature)], by=by)
    return hold


def _place_after(hold: Hold, sample: Sample, place: str) -> str:
    """Where a sample stands after its quarantine; empty when it did not stand apart."""
    if not hold.place or sample.place != hold.place:
        return ""
    return (place.strip() or (sample.laboratory.name if sample.laboratory else ""))[:160]


def given_reason(text: str) -> str:
    """The reason without blanks around it; raises `Invalid('reason_missing')` when there is none."""
    if not text.strip():
        detail = "Give a reason: it is kept with the sample for good."
        raise Invalid("reason_missing", detail, problems=[Problem("/reason", "reason_missing", detail)])
    return text.strip()


def _entry(key: UUID, kind: str, hold_kind: str, reason: str, now: datetime, place: str = "", signature: str = "") -> Entry:
    return Entry(sample_id=key, kind=kind, occurred_at=now, place=place, remark=reason, signature=signature, detail={"hold": hold_kind})
