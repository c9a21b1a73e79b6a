"""Disposing of what is left of a sample."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction

from lims.core import clock
from lims.core.acting import acting
from lims.core.errors import Blocker, refuse_if
from lims.core.roles import Action, require
from samples.custody.kinds import EventKind
from samples.custody.ledger import Entry, append_events
from samples.lifecycle import SAMPLE
from samples.models import Sample
from samples.services.holding import given_reason
from samples.services.leaving import leave_positions
from samples.services.locking import lock_sample


def dispose_blockers(sample: Sample, by: Any) -> list[Blocker]:
    """Why the caller cannot dispose of the sample now."""
    blockers = SAMPLE.blockers(sample, "dispose")
    if sample.holder_id != by.organisation_id:
        blockers = [*blockers, Blocker("not_holder", "Your organisation does not hold this sample. Whoever holds it disposes of it.")]
    return blockers


def dispose_sample(*, sample: Sample, reason: str, by: Any, at: datetime | None = None) -> Sample:
    """Dispose of all that is left, for good; `reason` says how and why. The ledger keeps the mass that went."""
    require(by, Action.SAMPLE_DISPOSE)
    reason = given_reason(reason)
    now = at or clock.now()
    with transaction.atomic(), acting(by, reason):
        sample = lock_sample(sample)
        refuse_if(dispose_blockers(sample, by))
        left = sample.mass_g
        taken_out = leave_positions([sample], why=reason, by=by, moment=now)
        sample.state, sample.mass_g = SAMPLE.target(sample, "dispose"), Decimal(0)
        sample.save(update_fields=["state", "mass_g"])
        disposed = Entry(sample_id=sample.pk, kind=EventKind.DISPOSED, occurred_at=now, mass_g=left, remark=reason)
        append_events([*taken_out, disposed], by=by, at=now)
    return sample
