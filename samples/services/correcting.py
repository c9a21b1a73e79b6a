"""Correcting a sampling record: the old version stays, the ledger says what was corrected and why."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec
from django.db import IntegrityError, transaction

from lims.core import clock
from lims.core.acting import acting
from lims.core.errors import Blocker, Forbidden, Invalid, Problem, Stale, refuse_if
from lims.core.roles import Action, require
from samples.custody.kinds import EventKind
from samples.custody.ledger import Entry, append_events
from samples.lifecycle import SampleState
from samples.models import Sample
from samples.models.samples import SampleKind
from samples.services.examining import References, resolve_correction
from samples.services.holding import given_reason
from samples.services.locking import lock_sample
from samples.services.lots import enter_lots
from samples.services.registering import coordinates_text, place_text
from samples.services.sampling_record import SamplingRecord, tidy_record
from samples.services.sealing import applied_seals, note_seals
from samples.storage.models import Placement

# Whose number is checked at every handover; they can be corrected only while the sample has not moved.
_WEIGHED_AND_SEALED = frozenset({"mass_g", "container", "container_count", "seal_number"})
# Told under `coordinates` alone, which fewer people may see than what is told in words.
_EXACT = frozenset({"latitude", "longitude"})
CORRECTABLE = frozenset(SamplingRecord.__struct_fields__) - {"duplicate_of", "code"}


def record_of(sample: Sample) -> SamplingRecord:
    """The sampling record as it stands."""
    return SamplingRecord(
        mine=str(sample.mine_id),
        pit=sample.pit.code if sample.pit else "",
        visit=sample.visit.code if sample.visit else "",
        field_id=sample.field_id,
        material=sample.material,
        method=sample.method,
        collected_by=sample.collected_by,
        collected_at=sample.collected_at,
        collected_zone=sample.collected_zone,
        latitude=sample.latitude,
        longitude=sample.longitude,
        depth_from_m=sample.depth_from_m,
        depth_to_m=sample.depth_to_m,
        mass_g=sample.collected_mass_g,
        container=sample.container,
        container_count=sample.container_count,
        seal_number=sample.seal_number or "",
        remark=sample.remark,
    )


def correct_sample(
    *, sample: Sample, changes: Mapping[str, Any], reason: str, by: Any, version: int | None = None, at: datetime | None = None
) -> Sample:
    """Correct members of a sampling record (`CORRECTABLE`), with a reason; returns the sample as it stands now.

    Changes that change nothing leave sample and ledger as they are. Raises `Forbidden('not_owner')` for another firm's sample, `Stale` when
    `version` is not the sample's (somebody corrected it meanwhile), `Blocked('has_moved')` for mass, container or seal of a sample that was
    packed, split or used, and `Invalid` naming each wrong member as registration does.
    """
    require(by, Action.SAMPLE_EDIT)
    reason = given_reason(reason)
    now = at or clock.now()
    try:
        return _correct(sample, changes, reason, by, version, now)
    except IntegrityError:
        return _correct(sample, changes, reason, by, version, now)


def _correct(sample: Sample, changes: Mapping[str, Any], reason: str, by: Any, version: int | None, now: datetime) -> Sample:
    with transaction.atomic(), acting(by, reason):
        sample = lock_sample(sample)
        if sample.owner_id != by.organisation_id:
            raise Forbidden("not_owner", f"Sample {sample.code} belongs to {sample.owner}; only its people correct its sampling record.")
        if version is not None and version != sample.version:
            raise Stale(
                "stale", f"Sample {sample.code} was corrected meanwhile (version {sample.version}). Read it again, then correct it."
            )
        before = record_of(sample)
        record = _changed(before, changes)
        differing = [name for name in SamplingRecord.__struct_fields__ if getattr(before, name) != getattr(record, name)]
        refuse_if(correction_blockers(sample, differing))
        references = resolve_correction(record, sample, by, now)
        if not differing:
            return sample
        old = _shown(sample, differing)
        _apply(sample, record, references)
        sample.save()
        if "seal_number" in differing:
            note_seals(applied_seals([sample]), by=by, at=now)
        append_events([_entry(sample, differing, old, reason, now)], by=by)
        if {"mine", "visit"} & set(differing):
            sample.on_hold = sample.on_hold or sample.pk in enter_lots([sample.pk], by=by, at=now)
    return sample


def correction_blockers(sample: Sample, members: list[str]) -> list[Blocker]:
    """Why these members cannot be corrected now."""
    if members and sample.kind == SampleKind.COMPOSITE:
        return [Blocker("composite", f"{sample.code} was mixed from others; correct the sampling records of those.")]
    fixed = sorted(_WEIGHED_AND_SEALED & set(members))
    untouched = sample.state == SampleState.COLLECTED and sample.mass_g == sample.collected_mass_g
    if not fixed or untouched:
        return []
    sentence = f"Sample {sample.code} was packed, split or used already: {', '.join(fixed)} are as they were checked then and stay."
    return [Blocker("has_moved", sentence)]


def _changed(before: SamplingRecord, changes: Mapping[str, Any]) -> SamplingRecord:
    foreign = [Problem(f"/{name}", "not_correctable", "This cannot be corrected.") for name in changes if name not in CORRECTABLE]
    if foreign:
        raise Invalid("records", f"{foreign[0].pointer[1:]} is not part of a sampling record that can be corrected.", problems=foreign)
    return tidy_record(msgspec.structs.replace(before, **changes))


def _apply(sample: Sample, record: SamplingRecord, references: References) -> None:
    moved = sample.mine_id != references.mine.pk or sample.pit_id != (references.pit.pk if references.pit else None)
    sample.mine, sample.pit, sample.visit = references.mine, references.pit, references.visit
    for name in ("field_id", "material", "method", "collected_at", "collected_zone", "latitude", "longitude", "remark"):
        setattr(sample, name, getattr(record, name))
    for name in ("depth_from_m", "depth_to_m", "container", "container_count"):
        setattr(sample, name, getattr(record, name))
    sample.collected_by = record.collected_by or sample.collected_by
    sample.seal_number = record.seal_number or None
    if sample.collected_mass_g != record.mass_g:
        sample.collected_mass_g = sample.mass_g = round(record.mass_g, 3)
    if moved and sample.state == SampleState.COLLECTED and not Placement.objects.filter(sample=sample).exists():
        sample.place = place_text(references.mine, references.pit)
    sample.version += 1


def _shown(sample: Sample, members: list[str]) -> dict[str, str]:
    """The members' values in words."""
    special = {
        "mine": sample.mine.name if sample.mine else "",
        "pit": sample.pit.code if sample.pit else "",
        "visit": sample.visit.code if sample.visit else "",
        "mass_g": str(sample.collected_mass_g),
        "collected_at": sample.collected_at.isoformat(timespec="minutes"),
    }
    return {name: special[name] if name in special else str(getattr(sample, name) or "") for name in members}


def _entry(sample: Sample, members: list[str], old: dict[str, str], reason: str, now: datetime) -> Entry:
    """What was corrected stands under a commitment: it may tell the origin."""
    new = _shown(sample, members)
    told = "\n".join([reason, *(f"{name}: {old[name] or '–'} → {new[name] or '–'}" for name in members if name not in _EXACT)])
    placed = {"mine", "pit", "latitude", "longitude"} & set(members)
    return Entry(
        sample_id=sample.pk,
        kind=EventKind.CORRECTED,
        occurred_at=now,
        corrects=1,
        remark=told,
        place=place_text(sample.mine, sample.pit) if placed and sample.mine else "",
        coordinates=coordinates_text(sample) if placed else "",
        seal_number=(sample.seal_number or "") if "seal_number" in members else "",
        mass_g=sample.collected_mass_g if "mass_g" in members else None,
        container_count=sample.container_count if "container_count" in members else None,
        detail={"members": ",".join(members)},
    )
