"""What sampling records refer to, looked up once for all of them, and everything that is wrong with them."""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Q

from lims.core.codes import SAMPLE, VISIT, check_code, has_code_shape, normalise
from lims.core.errors import Invalid, Problem
from samples.models import Mine, Pit, Sample, Visit
from samples.services.code_checking import KnownCodes, code_problems, look_up_codes
from samples.services.sampling_record import SamplingRecord, find_shape_problems


@dataclass(frozen=True)
class Known:
    """The rows that records name, by what they name them with."""

    mines: dict[str, Mine]
    pits: dict[tuple[UUID, str], Pit]
    visits: dict[str, Visit]
    visit_mines: dict[UUID, set[UUID]]
    seals: set[str | None]
    field_ids: dict[str, UUID]
    codes: dict[str, UUID]
    labels: KnownCodes

    def mine_of(self, record: SamplingRecord) -> Mine | None:
        return self.mines.get(record.mine.casefold())

    def pit_of(self, record: SamplingRecord) -> Pit | None:
        mine = self.mine_of(record)
        return self.pits.get((mine.pk, record.pit.casefold())) if mine else None

    def visit_of(self, record: SamplingRecord) -> Visit | None:
        return self.visits.get(normalise(record.visit))


def _look_up(records: Sequence[SamplingRecord], by: Any, corrected: Sample | None) -> Known:
    others = Sample.objects.exclude(pk=corrected.pk) if corrected else Sample.objects.all()
    usable = Q(active=True) | Q(pk=corrected.mine_id) if corrected else Q(active=True)
    mines: dict[str, Mine] = {}
    for mine in Mine.objects.visible_to(by).filter(usable):
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
    own = others.filter(owner=by.organisation_id)
    field_ids = ({record.field_id for record in records} | originals) - {""}
    return Known(
        mines=mines,
        pits={(pit.mine_id, pit.code.casefold()): pit for pit in pits},
        visits={visit.code: visit for visit in visits},
        visit_mines=visit_mines,
        seals=set(others.filter(seal_number__in=seals).values_list("seal_number", flat=True)) if seals else set(),
        field_ids=dict(own.filter(field_id__in=field_ids).values_list("field_id", "pk")) if field_ids else {},
        codes=dict(own.filter(code__in={normalise(one) for one in originals}).values_list("code", "pk")) if originals else {},
        labels=look_up_codes([record.code for record in records], by),
    )


def examine_records(
    records: Sequence[SamplingRecord], by: Any, now: datetime, corrected: Sample | None = None
) -> tuple[Known, list[Problem]]:
    """What the tidy records refer to, and all their problems with pointers that name record and member."""
    shapes = [find_shape_problems(record, now) for record in records]
    # A text that no database takes must not reach one.
    sound = [record for record, problems in zip(records, shapes, strict=True) if not any(one.code == "unprintable" for one in problems)]
    known = _look_up(sound, by, corrected)
    seals = Counter(record.seal_number for record in records)
    field_ids = Counter(record.field_id for record in records)
    codes = Counter(record.code for record in records)
    repeats = {record.field_id for record in records if record.duplicate_of}
    problems = []
    for index, (record, shape) in enumerate(zip(records, shapes, strict=True)):
        found = [
            *shape,
            *_reference_problems(record, known),
            *code_problems(record.code, known.labels, codes),
            *_identity_problems(record, known, seals, field_ids),
            *_original_problems(record, known, field_ids, repeats),
        ]
        if not shape:
            found += _visit_problems(record, known)
        problems += [Problem(f"/{index}{one.pointer}", one.code, one.detail) for one in found]
    return known, problems


def _reference_problems(record: SamplingRecord, known: Known) -> Iterator[Problem]:
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


def _identity_problems(record: SamplingRecord, known: Known, seals: Counter[str], field_ids: Counter[str]) -> Iterator[Problem]:
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


def _original_problems(record: SamplingRecord, known: Known, field_ids: Counter[str], repeats: set[str]) -> Iterator[Problem]:
    original = record.duplicate_of
    if not original or original in known.field_ids or normalise(original) in known.codes:
        return
    if not field_ids[original]:
        yield _unknown_code(original, "/duplicate_of", "sample", SAMPLE)
    elif original in repeats:
        yield Problem("/duplicate_of", "duplicate_of_duplicate", f"“{original}” is itself a duplicate. Name the sample that both repeat.")


def _visit_problems(record: SamplingRecord, known: Known) -> Iterator[Problem]:
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


@dataclass(frozen=True)
class References:
    """The rows one record names."""

    mine: Mine
    pit: Pit | None
    visit: Visit | None


def resolve_correction(record: SamplingRecord, sample: Sample, by: Any, now: datetime) -> References:
    """What a tidy record that corrects `sample` refers to. Raises `Invalid('records')` with pointers as `/mass_g`."""
    known, problems = examine_records([record], by, now, sample)
    if problems:
        problems = [Problem(problem.pointer.removeprefix("/0"), problem.code, problem.detail) for problem in problems]
        where = problems[0].pointer.removeprefix("/")
        raise Invalid("records", f"Nothing was corrected. {where}: {problems[0].detail}", problems=problems)
    return References(known.mines[record.mine.casefold()], known.pit_of(record), known.visit_of(record))
