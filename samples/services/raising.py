"""A discrepancy somebody at the laboratory finds after the receipt: in the store, at the bench, on the label."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction

from lims.core.acting import acting
from lims.core.errors import Blocker, refuse_if
from lims.core.roles import Action, require
from samples.custody.kinds import EventKind
from samples.custody.ledger import Entry, append_events
from samples.lifecycle import SampleState
from samples.models import Discrepancy, Sample
from samples.models.receipts import DiscrepancyKind
from samples.services.locking import lock_sample
from samples.services.movement import checked_moment, checked_texts, invalid_at
from samples.services.photographing import photograph_discrepancy

# What a person can see; the others are found by comparing, by the registers and by measurements.
SEEN_BY_PEOPLE = (
    DiscrepancyKind.SEAL_BROKEN,
    DiscrepancyKind.SEAL_MISSING,
    DiscrepancyKind.SEAL_DIFFERS,
    DiscrepancyKind.CONTAINER,
    DiscrepancyKind.CONTAINER_MISSING,
    DiscrepancyKind.CONTAINER_EXTRA,
    DiscrepancyKind.MASS,
    DiscrepancyKind.OTHER,
)
# The same with their words, as the API describes them.
SEEN_KINDS = [(kind.value, kind.label) for kind in SEEN_BY_PEOPLE]
_THERE = {SampleState.RECEIVED, SampleState.IN_PREPARATION, SampleState.IN_ANALYSIS, SampleState.REPORTED}


def raising_blockers(sample: Sample, by: Any) -> list[Blocker]:
    """Why the caller cannot report a discrepancy of the sample now."""
    if sample.laboratory_id != by.organisation_id:
        return [Blocker("not_received", "This sample was not received at your laboratory, which alone decides on what differs.")]
    if sample.state not in _THERE:
        return [Blocker("wrong_state", f"This sample is {SampleState(sample.state).label}; nothing can be found on it any more.")]
    return []


def raise_discrepancy(
    *,
    sample: Sample,
    kind: str,
    detail: str,
    photo: bytes | None = None,
    caption: str = "",
    by: Any,
    at: datetime | None = None,
) -> Discrepancy:
    """Report what differs on a sample at the caller's laboratory, in words and with a photograph. It blocks the sample until somebody else
    has settled it. Raises `Blocked('not_received' | 'wrong_state')`, `Invalid` (kind, no words, a picture that is none).
    """
    require(by, Action.DISCREPANCY_RAISE)
    if kind not in SEEN_BY_PEOPLE:
        raise invalid_at("/kind", "unknown_choice", f"“{kind}” is none of: {', '.join(SEEN_BY_PEOPLE)}.")
    detail = checked_texts(Discrepancy, detail=detail)["detail"]
    if not detail:
        raise invalid_at("/detail", "missing", "Say what differs: what was expected, and what is there.")
    with transaction.atomic(), acting(by, detail):
        sample = lock_sample(sample)
        refuse_if(raising_blockers(sample, by))
        moment = checked_moment(at, after=sample.received_at)
        found = Discrepancy.objects.create(
            sample=sample, laboratory=by.organisation, kind=kind, detail=detail, found_by=by, found_at=moment
        )
        if photo is not None:
            photograph_discrepancy(discrepancy=found, data=photo, caption=caption, by=by, at=moment)
        sample.has_open_discrepancy = True
        sample.save(update_fields=["has_open_discrepancy"])
        told = Entry(sample_id=sample.pk, kind=EventKind.DISCREPANCY, occurred_at=moment, remark=detail, detail={"kind": str(kind)})
        append_events([told], by=by)
    return found
