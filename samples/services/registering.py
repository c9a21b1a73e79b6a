"""Registering samples: many in one call, all or nothing."""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import IntegrityError, transaction

from lims.core import clock
from lims.core.acting import acting
from lims.core.codes import SAMPLE, VISIT, check_code, has_code_shape, make_blind_code, normalise
from lims.core.copying import copy_rows
from lims.core.errors import Invalid, Problem
from lims.core.roles import Action, require
from lims.core.sequences import take_codes
from samples.custody.ledger import Entry, append_events
from samples.custody.models import EventKind
from samples.lifecycle import SampleState
from samples.models import Mine, Pit, Sample, Visit
from samples.models.samples import SampleKind
from samples.services.sampling_record import SamplingRecord, find_shape_problems, tidy_record

__all__ = ["SamplingRecord", "find_problems", "register_samples"]


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


def find_problems(records: Sequence[SamplingRecord], by: Any, now: datetime | None = None) -> list[Problem]:
    """Every problem of every record, in their order; empty when all could be registered now."""
    return _examine([tidy_record(record) for record in records], by, now or clock.now())[1]


def _register(records: Sequence[SamplingRecord], by: Any, now: datetime, dry_run: bool) -> list[Sample]:
    records = [tidy_record(record) for record in records]
    with transaction.atomic(), acting(by, "registered"):
        known, problems = _examine(records, by, now)
        if problems:
            raise Invalid("records", _summary(problems, len(records)), problems=problems)
        if dry_run:
            return []
        samples = _build(records, known, by, now)
        _write(samples)
        append_events(_entries(samples), by=by, at=now)
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


# --- What the records refer to, looked up once for all of them ------------------------------------------------------------------------


@dataclass(frozen=True)
class _Known:
    mines: dict[str, Mine]
    pits: dict[tuple[UUID, str], Pit]
    visits: dict[str, Visit]
    visit_mines: dict[UUID, set[UUID]]
    seals: set[str | None]
    field_ids: dict[str, UUID]
    codes: dict[str, UUID]

    def mine_of(self, record: SamplingRecord) -> Mine | None:
        return self.mines.get(record.mine.casefold())

    def pit_of(self, record: SamplingRecord) -> Pit | None:
        mine = self.mine_of(record)
        return self.pits.get((mine.pk, record.pit.casefold())) if mine else None

    def visit_of(self, record: SamplingRecord) -> Visit | None:
        return self.visits.get(normalise(record.visit))


def _look_up(records: Sequence[SamplingRecord], by: Any) -> _Known:
    mines: dict[str, Mine] = {}
    for mine in Mine.objects.visible_to(by).filter(active=True):
        mines |= {mine.code.casefold(): mine, mine.name.casefold(): mine, str(mine.pk): mine}
    used = {mine.pk for record in records for mine in [mines.get(record.mine.casefold())] if mine}
    pits = Pit.objects.filter(mine__in=used) if any(record.pit for record in records) else Pit.objects.none()
    visit_codes = {normalise(record.visit) for record in records if record.visit}
    visits = list(Visit.objects.visible_to(by).filter(code__in=visit_codes)) if visit_codes else []
    visit_mines: dict[UUID, set[UUID]] = {visit.pk: set() for visit in visits}
    for visit_id, mine_id in Visit.mines.through.objects.filter(visit__in=visits).values_list("visit_id", "mine_id") if visits else []:
        visit_mines[visit_id].add(mine_id)
    seals = {record.seal_number for record in records} - {""}
    originals = {record.duplicate_of for record in records} - {""}
    own = Sample.objects.filter(owner=by.organisation_id)
    field_ids = ({record.field_id for record in records} | originals) - {""}
    return _Known(
        mines=mines,
        pits={(pit.mine_id, pit.code.casefold()): pit for pit in pits},
        visits={visit.code: visit for visit in visits},
        visit_mines=visit_mines,
        seals=set(Sample.objects.filter(seal_number__in=seals).values_list("seal_number", flat=True)) if seals else set(),
        field_ids=dict(own.filter(field_id__in=field_ids).values_list("field_id", "pk")) if field_ids else {},
        codes=dict(own.filter(code__in={normalise(one) for one in originals}).values_list("code", "pk")) if originals else {},
    )


def _examine(records: Sequence[SamplingRecord], by: Any, now: datetime) -> tuple[_Known, list[Problem]]:
    """What the tidy records refer to, and all their problems with pointers that name record and member."""
    shapes = [find_shape_problems(record, now) for record in records]
    # A text that no database takes must not reach one.
    sound = [record for record, problems in zip(records, shapes, strict=True) if not any(one.code == "unprintable" for one in problems)]
    known = _look_up(sound, by)
    seals = Counter(record.seal_number for record in records)
    field_ids = Counter(record.field_id for record in records)
    repeats = {record.field_id for record in records if record.duplicate_of}
    problems = []
    for index, (record, shape) in enumerate(zip(records, shapes, strict=True)):
        found = [
            *shape,
            *_reference_problems(record, known),
            *_identity_problems(record, known, seals, field_ids),
            *_original_problems(record, known, field_ids, repeats),
        ]
        if not shape:
            found += _visit_problems(record, known)
        problems += [Problem(f"/{index}{one.pointer}", one.code, one.detail) for one in found]
    return known, problems


def _reference_problems(record: SamplingRecord, known: _Known) -> Iterator[Problem]:
    mine = known.mine_of(record)
    if record.mine and mine is None:
        yield Problem(
            "/mine",
            "unknown_mine",
            f"There is no mine “{record.mine}”.{_nearest(record.mine, known.mines)} Use its code or name, or record the mine first.",
        )
    if record.pit and mine is not None and known.pit_of(record) is None:
        codes = sorted(pit.code for (mine_id, _), pit in known.pits.items() if mine_id == mine.pk)
        hint = f" It has: {', '.join(codes[:8])}." if codes else " No pit of it is recorded yet."
        yield Problem("/pit", "unknown_pit", f"The mine {mine.name} has no pit “{record.pit}”.{hint}")
    if record.visit and known.visit_of(record) is None:
        yield _unknown_code(record.visit, "/visit", "visit", VISIT)


def _nearest(text: str, mines: dict[str, Mine]) -> str:
    found = difflib.get_close_matches(text.casefold(), mines, n=1, cutoff=0.7)
    return f" Did you mean {mines[found[0]].name} ({mines[found[0]].code})?" if found else ""


def _unknown_code(text: str, pointer: str, noun: str, prefix: str) -> Problem:
    """Why a code was not found: mistyped, of another kind, or simply not there."""
    if has_code_shape(text):
        try:
            code = check_code(text)
        except Invalid as error:
            return Problem(pointer, error.code, error.message)
        if not code.startswith(f"{prefix}-"):
            return Problem(pointer, "code_shape", f"“{code}” is not the code of a {noun}. Those begin with {prefix}-.")
    return Problem(pointer, f"unknown_{noun}", f"There is no {noun} “{text}” of yours. Look its code up and type it again.")


def _identity_problems(record: SamplingRecord, known: _Known, seals: Counter[str], field_ids: Counter[str]) -> Iterator[Problem]:
    seal, field_id = record.seal_number, record.field_id
    if seal in known.seals:
        yield Problem(
            "/seal_number", "duplicate_seal", f"Seal {seal} is on another sample already. A seal is used once: read the number again."
        )
    elif seal and seals[seal] > 1:
        yield Problem(
            "/seal_number", "duplicate_seal", f"Seal {seal} stands on {seals[seal]} records of this request. A seal is used once."
        )
    if field_id in known.field_ids:
        yield Problem(
            "/field_id",
            "duplicate_field_id",
            f"A sample “{field_id}” of your organisation is registered already. Was it sent before? Else give it another id.",
        )
    elif field_id and field_ids[field_id] > 1:
        yield Problem(
            "/field_id",
            "duplicate_field_id",
            f"“{field_id}” stands on {field_ids[field_id]} records of this request. Give each sample its own id.",
        )


def _original_problems(record: SamplingRecord, known: _Known, field_ids: Counter[str], repeats: set[str]) -> Iterator[Problem]:
    original = record.duplicate_of
    if not original or original in known.field_ids or normalise(original) in known.codes:
        return
    if not field_ids[original]:
        yield _unknown_code(original, "/duplicate_of", "sample", SAMPLE)
    elif original in repeats:
        yield Problem("/duplicate_of", "duplicate_of_duplicate", f"“{original}” is itself a duplicate. Name the sample that both repeat.")


def _visit_problems(record: SamplingRecord, known: _Known) -> Iterator[Problem]:
    visit, mine = known.visit_of(record), known.mine_of(record)
    if visit is None or mine is None:
        return
    if mine.pk not in known.visit_mines[visit.pk]:
        yield Problem(
            "/mine",
            "mine_not_visited",
            f"The visit {visit.code} did not go to {mine.name}. Add the mine to the visit, or name another visit.",
        )
    day = record.collected_at.astimezone(ZoneInfo(record.collected_zone)).date()
    if not visit.starts_on <= day <= visit.ends_on:
        yield Problem(
            "/collected_at",
            "outside_visit",
            f"{day} is not a day of the visit {visit.code} ({visit.starts_on} to {visit.ends_on}). Check the date and the visit.",
        )


# --- Writing --------------------------------------------------------------------------------------------------------------------------


def _build(records: Sequence[SamplingRecord], known: _Known, by: Any, now: datetime) -> list[Sample]:
    codes = take_codes(SAMPLE, len(records))
    blind_codes = _new_blind_codes(len(records))
    samples = [
        _sample_of(record, known, by, now, code, blind_code) for record, code, blind_code in zip(records, codes, blind_codes, strict=True)
    ]
    in_this_call = {sample.field_id: sample.pk for sample in samples if sample.field_id}
    for record, sample in zip(records, samples, strict=True):
        original = record.duplicate_of
        if original:
            sample.kind = SampleKind.FIELD_DUPLICATE
            sample.parent_id = known.field_ids.get(original) or known.codes.get(normalise(original)) or in_this_call[original]
    return samples


def _sample_of(record: SamplingRecord, known: _Known, by: Any, now: datetime, code: str, blind_code: str) -> Sample:
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


def _new_blind_codes(count: int) -> list[str]:
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


def _entries(samples: Sequence[Sample]) -> list[Entry]:
    entries = []
    for sample in samples:
        entries.append(
            Entry(
                sample_id=sample.pk,
                kind=EventKind.COLLECTED,
                occurred_at=sample.collected_at,
                place=sample.place,
                coordinates=coordinates_text(sample),
                giver=sample.collected_by,
                receiver=sample.owner.name,
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
                )
            )
    return entries
