"""Samples that leave their position because something else happens to them: packed, disposed of, given back, found elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from samples.custody.kinds import EventKind
from samples.custody.ledger import Entry
from samples.models import Sample
from samples.storage.models import Movement, Placement


def leave_positions(samples: Sequence[Sample], *, why: str, by: Any, moment: datetime) -> list[Entry]:
    """Take those of the locked samples that lie in a position out of it; they are at their holder's then. Returns the entries, to be
    appended before what happens next."""
    placements = {one.sample_id: one for one in Placement.objects.filter(sample__in=[sample.pk for sample in samples])}
    leaving = [sample for sample in samples if sample.pk in placements]
    if not leaving:
        return []
    Placement.objects.filter(pk__in=[one.pk for one in placements.values()]).delete()
    Movement.objects.bulk_create(
        Movement(sample=sample, source_id=placements[sample.pk].location_id, reason=why, by=by, at=moment) for sample in leaving
    )
    for sample in leaving:
        sample.place = sample.holder.name[:160]
    Sample.objects.bulk_update(leaving, ["place"])
    return [taken_out_entry(sample, placements[sample.pk].location_id, why, moment) for sample in leaving]


def taken_out_entry(sample: Sample, source: Any, why: str, moment: datetime) -> Entry:
    """That a sample lies in its position no more; positions stand in clear by their UUID, which tells nothing."""
    return Entry(
        sample_id=sample.pk,
        kind=EventKind.TAKEN_OUT,
        occurred_at=moment,
        place=sample.place,
        remark=why,
        detail={"from": str(source)},
    )
