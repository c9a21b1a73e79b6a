"""Holds: work on a sample stands still, and goes on, each with a reason."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction

from lims.core import clock
from lims.core.acting import acting
from lims.core.errors import Blocked, Blocker, Invalid, Problem
from lims.core.roles import Action, require
from samples.custody.kinds import EventKind
from samples.custody.ledger import Entry, append_events
from samples.lifecycle import SampleState
from samples.models import Hold, Sample
from samples.models.samples import HoldKind
from samples.services.locking import lock_sample

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
        hold = Hold.objects.create(sample=sample, kind=kind, reason=reason, opened_by=by, opened_at=now)
        sample.on_hold = True
        sample.save(update_fields=["on_hold"])
        append_events([_entry(sample, EventKind.HOLD, kind, reason, now)], by=by, at=now)
    return hold


def release_hold(*, hold: Hold, reason: str, by: Any, at: datetime | None = None) -> Hold:
    """End a hold. The sample goes on when no other hold is open. Raises `Blocked('released_already')`."""
    require(by, Action.SAMPLE_RELEASE)
    reason = given_reason(reason)
    now = at or clock.now()
    with transaction.atomic(), acting(by, reason):
        sample = lock_sample(hold.sample)
        hold = Hold.objects.select_for_update(no_key=True).get(pk=hold.pk)
        if hold.released_at is not None:
            raise Blocked([Blocker("released_already", "This hold was released already. Reload the page to see where the sample stands.")])
        hold.released_by, hold.released_at, hold.release_reason = by, now, reason
        hold.save(update_fields=["released_by", "released_at", "release_reason"])
        sample.on_hold = sample.holds.filter(released_at=None).exists()
        sample.save(update_fields=["on_hold"])
        append_events([_entry(sample, EventKind.RELEASE, hold.kind, reason, now)], by=by, at=now)
    hold.sample = sample
    return hold


def given_reason(text: str) -> str:
    """The reason without blanks around it; raises `Invalid('reason_missing')` when there is none."""
    if not text.strip():
        detail = "Give a reason: it is kept with the sample for good."
        raise Invalid("reason_missing", detail, problems=[Problem("/reason", "reason_missing", detail)])
    return text.strip()


def _entry(sample: Sample, kind: str, hold_kind: str, reason: str, now: datetime) -> Entry:
    return Entry(sample_id=sample.pk, kind=kind, occurred_at=now, remark=reason, detail={"hold": hold_kind})
