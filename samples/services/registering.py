"""Registering samples: many in one call, all or nothing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction

from lims.core import clock
from lims.core.acting import acting
from lims.core.codes import SAMPLE, make_blind_code, normalise
from lims.core.copying import copy_rows
from lims.core.errors import Invalid, Problem
from lims.core.ids import uuid7_series
from lims.core.roles import Action, require
from lims.core.sequences import take_codes
from samples.custody.kinds import EventKind
from samples.custody.ledger import Entry, append_events
from samples.lifecycle import SampleState
from samples.models import Mine, Pit, Sample
from samples.models.samples import SampleKind
from samples.services.examining import Known, examine_records
from samples.services.lots import enter_lots
from samples.services.sampling_record import SamplingRecord, tidy_record
from samples.services.sealing import applied_seals, note_seals

__all__ = ["SamplingRecord", "register_samples"]


def register_samples(*, records: Sequence[SamplingRecord], by: Any, dry_run: bool = False, at: datetime | None = None) -> list[Sample]:
    """Register samples for the caller's organisation, each with its code, blind code and the beginning of its custody (collected, sealed).

    All or nothing: `Invalid('records')` lists every problem of every record with a pointer (`/3/mass_g`). A dry run checks and returns no
    samples. `at` is when it is recorded (default: now).
    """
    require(by, Action.SAMPLE_REGISTER)
    if not records:
        raise Invalid("empty", "There is no sample in this request. Give at least one sampling record.")
    now = at or clock.now()
    try:
        return _register(records, by, now, dry_run)
    except IntegrityError:
        # Somebody used the same seal or field id between our check and our write; now that they are done, the check names it.
        return _register(records, by, now, dry_run)


def _register(records: Sequence[SamplingRecord], by: Any, now: datetime, dry_run: bool) -> list[Sample]:
    records = [tidy_record(record) for record in records]
    with transaction.atomic(), acting(by, "registered"):
        known, problems = examine_records(records, by, now)
        if problems:
            raise Invalid("records", _summary(problems, len(records)), problems=problems)
        if dry_run:
            return []
        samples = _build(records, known, by, now)
        _write(samples)
        _note_seals(samples, by, now)
        append_events(_entries(samples), by=by)
        held = enter_lots([sample.pk for sample in samples], by=by, at=now)
        for sample in samples:
            sample.on_hold = sample.pk in held
    return samples


def _summary(problems: Sequence[Problem], count: int) -> str:
    first = problems[0]
    rows = len({problem.pointer.split("/")[1] for problem in problems})
    where = first.pointer.split("/", 2)[-1]
    if count == 1:
        return f"Nothing was registered. {where}: {first.detail}"
    return (
        f"Nothing was registered: {rows} of {count} records have problems. The first is record {int(first.pointer.split('/')[1]) + 1},"
        f" {where}: {first.detail}"
    )


def _build(records: Sequence[SamplingRecord], known: Known, by: Any, now: datetime) -> list[Sample]:
    fresh = iter(take_codes(SAMPLE, missing) if (missing := sum(not record.code for record in records)) else [])
    codes = [record.code or next(fresh) for record in records]
    blind_codes = new_blind_codes(len(records))
    samples = [
        _sample_of(record, known, by, now, code, blind_code) for record, code, blind_code in zip(records, codes, blind_codes, strict=True)
    ]
    for sample, key in zip(samples, uuid7_series(len(samples)), strict=True):
        sample.pk = key  # lists by key show them in the order of their codes
    in_this_call = {sample.field_id: sample.pk for sample in samples if sample.field_id}
    for record, sample in zip(records, samples, strict=True):
        original = record.duplicate_of
        if original:
            sample.kind = SampleKind.FIELD_DUPLICATE
            sample.parent_id = known.field_ids.get(original) or known.codes.get(normalise(original)) or in_this_call[original]
    return samples


def _sample_of(record: SamplingRecord, known: Known, by: Any, now: datetime, code: str, blind_code: str) -> Sample:
    mine, pit = known.mines[record.mine.casefold()], known.pit_of(record)
    sample = Sample(
        code=code,
        blind_code=blind_code,
        owner=by.organisation,
        field_id=record.field_id,
        visit=known.visit_of(record),
        mine=mine,
        pit=pit,
        material=record.material,
        method=record.method,
        collected_by=record.collected_by or by.full_name,
        collected_at=record.collected_at,
        collected_zone=record.collected_zone,
        latitude=record.latitude,
        longitude=record.longitude,
        depth_from_m=record.depth_from_m,
        depth_to_m=record.depth_to_m,
        collected_mass_g=round(record.mass_g, 3),
        container=record.container,
        container_count=record.container_count,
        seal_number=record.seal_number or None,
        remark=record.remark,
        state=SampleState.COLLECTED,
        mass_g=round(record.mass_g, 3),
        holder=by.organisation,
        place=place_text(mine, pit),
        registered_by=by,
        registered_at=now,
    )
    sample._state.adding = False
    sample._state.db = "default"
    return sample


def place_text(mine: Mine, pit: Pit | None) -> str:
    """Where a sample was taken, in words; restricted."""
    return f"{mine.name}, {pit.code}" if pit else mine.name


def coordinates_text(sample: Sample) -> str:
    """`25.123456,98.123456` or empty; restricted."""
    return f"{sample.latitude},{sample.longitude}" if sample.latitude is not None else ""


def new_blind_codes(count: int) -> list[str]:
    """Random codes that no sample has. Among a million samples one draw in a thousand is taken already, so this must look."""
    found: set[str] = set()
    while len(found) < count:
        drawn = {make_blind_code() for _ in range(count - len(found))}
        taken = set(Sample.objects.filter(blind_code__in=drawn).values_list("blind_code", flat=True))
        found |= drawn - taken
    return list(found)


def _write(samples: Sequence[Sample]) -> None:
    fields = Sample._meta.concrete_fields
    # A parent of the same call stands before or after its duplicate: the foreign key is checked at the end of the transaction.
    copy_rows(
        Sample._meta.db_table,
        [str(field.column) for field in fields],
        ([getattr(sample, field.attname) for field in fields] for sample in samples),
    )


def _note_seals(samples: Sequence[Sample], by: Any, now: datetime) -> None:
    """Into the register; what it knows against a seal is a warning here, and a discrepancy where the sample is received."""
    sealed = [sample for sample in samples if sample.seal_number]
    for sample, finding in zip(sealed, note_seals(applied_seals(sealed), by=by, at=now), strict=True):
        sample.seal_finding = finding


def _entries(samples: Sequence[Sample]) -> list[Entry]:
    entries = []
    for sample in samples:
        entries.append(
            Entry(
                sample_id=sample.pk,
                kind=EventKind.COLLECTED,
                code=sample.code,
                blind_code=sample.blind_code,
                occurred_at=sample.collected_at,
                place=sample.place,
                coordinates=coordinates_text(sample),
                giver=sample.collected_by,
                receiver=sample.owner.name,
                holder=sample.holder_id,
                remark=sample.remark,
                mass_g=sample.collected_mass_g,
                container_count=sample.container_count,
                detail={"material": sample.material, "method": sample.method},
            )
        )
        if sample.seal_number:
            entries.append(
                Entry(
                    sample_id=sample.pk,
                    kind=EventKind.SEALED,
                    occurred_at=sample.collected_at,
                    place=sample.place,
                    seal_number=sample.seal_number,
                    seal_condition="intact",
                    container_count=sample.container_count,
                    detail={"register": sample.seal_finding} if sample.seal_finding else {},
                )
            )
    return entries
