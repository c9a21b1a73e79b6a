"""Preparation: the route a sample takes to powder, its moisture aliquot, its sieve check."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils.translation import gettext_lazy as _

from assays.models import Preparation, PreparationTask, StepRecord
from assays.route_steps import LEACH_LIMIT_C
from assays.services.rows import Refusals, find_mass_problem, refuse_problems, to_milligram
from lims.core import clock
from lims.core.acting import acting
from lims.core.errors import Blocked, Blocker, DomainError, Invalid, NotFound, Problem
from lims.core.ids import uuid7_series
from lims.core.roles import Action, require
from lims.core.scope import lock_visible
from samples.models import Sample
from samples.services.consuming import SampleWork
from samples.services.movement import checked_texts

SIEVE_MINIMUM_PERCENT = Decimal(85)
"""A pulp is fine enough when 85 % of it passes 75 µm: common practice of mineral laboratories."""


@dataclass(frozen=True)
class Route:
    """A usual way to prepare. `portion_dried_c` is None where test portions are weighed as received; `pulverised` asks for a sieve
    check."""

    code: str
    label: Any
    text: str
    drying_c: int
    portion_dried_c: int | None
    pulverised: bool


ROUTES = {
    route.code: route
    for route in (
        Route("pulp", _("dried pulp"), "dry 105 °C, crush < 2 mm, split, pulverise 85 % < 75 µm", 105, 105, True),
        Route("moist", _("moist split"), "field-moist, split < 2 mm, not pulverised", 105, None, False),
        Route("air_dry", _("air-dried split"), "air-dry 40 °C, split < 2 mm, not pulverised", 105, 40, False),
    )
}
"""For totals a dried pulp; for a leach the split below 2 mm, never dried above 40 °C, its moisture on an aliquot of its own."""


@dataclass(frozen=True, kw_only=True)
class PreparationRecord:
    """One preparation as a person or a file gives it. Masses in grams, temperatures in °C."""

    sample: Sample
    route: str
    drying_c: int
    wet_mass_g: Decimal
    dry_mass_g: Decimal
    portion_dried_c: int | None = None
    sieve_passing_percent: Decimal | None = None
    remark: str = ""


def record_preparation(
    *,
    sample: Sample,
    route: str,
    drying_c: int,
    wet_mass_g: Decimal,
    dry_mass_g: Decimal,
    portion_dried_c: int | None = None,
    sieve_passing_percent: Decimal | None = None,
    remark: str = "",
    by: Any,
    at: datetime | None = None,
) -> Preparation:
    """Record one preparation; see `record_preparations`."""
    record = PreparationRecord(
        sample=sample,
        route=route,
        drying_c=drying_c,
        wet_mass_g=wet_mass_g,
        dry_mass_g=dry_mass_g,
        portion_dried_c=portion_dried_c,
        sieve_passing_percent=sieve_passing_percent,
        remark=remark,
    )
    return record_preparations(records=[record], by=by, at=at)[0]


def record_preparations(*, records: Sequence[PreparationRecord], by: Any, at: datetime | None = None) -> list[Preparation]:
    """Record whole preparations in one row each, all or none: the moisture aliquot leaves each sample (ledger: consumed), and the sample is
    in preparation. Single steps are recorded by `assays.services.steps.record_steps`.

    A refusal has one problem per wrong member (`/3/dry_mass_g`) or blocked sample (`/3`): on hold, an open discrepancy, too little left.
    """
    require(by, Action.PREPARATION_EDIT)
    now = at or clock.now()
    refusals = Refusals()
    done: list[Preparation] = []
    with transaction.atomic(), acting(by, "preparation recorded"):
        entry = _Entry(records, by, now)
        for index, record in enumerate(records):
            try:
                refuse_problems("preparation", _problems(record))
                texts = checked_texts(Preparation, route=record.route, remark=record.remark)
                record = replace(record, route=texts["route"], remark=texts["remark"])
                done.append(_prepare_one(record, entry))
            except DomainError as error:
                refusals.add(index, error)
        refusals.raise_if_any(len(records))
        entry.work.write()
        Preparation.objects.bulk_create(done)
        PreparationTask.objects.bulk_update(entry.finished, ["preparation", "finished_at", "next_kind"])
    return done


class _Entry:
    """What the rows entered together have in common: their samples, locked, and the open tasks of these, read once for all."""

    def __init__(self, records: Sequence[PreparationRecord], by: Any, now: datetime) -> None:
        self.by, self.now = by, now
        self.samples = lock_visible(Sample, by, {record.sample.pk for record in records})
        self.work = SampleWork(list(self.samples.values()), by=by, at=now)
        self.finished: list[PreparationTask] = []
        # In the order of the rows: of two preparations of one moment the later row's is the newer.
        self.keys = iter(uuid7_series(len(records)))
        self._tasks: dict[UUID, list[PreparationTask]] = {}
        open_tasks = PreparationTask.objects.filter(sample__in=list(self.samples), laboratory=by.organisation_id, finished_at=None)
        begun = Exists(StepRecord.objects.filter(task=OuterRef("pk")))
        for task in open_tasks.select_related("version__route").annotate(begun=begun):
            self._tasks.setdefault(task.sample_id, []).append(task)

    def open_tasks(self, sample: Sample) -> list[PreparationTask]:
        """The tasks of a sample that no row before this one has finished."""
        return [task for task in self._tasks.get(sample.pk, []) if task.finished_at is None]

    def finish(self, task: PreparationTask, made: Preparation) -> None:
        """Put a preparation at the end of its task."""
        task.preparation, task.finished_at, task.next_kind = made, self.now, ""
        self.finished.append(task)


def _prepare_one(record: PreparationRecord, entry: _Entry) -> Preparation:
    by, sample = entry.by, entry.samples.get(record.sample.pk)
    if sample is None:
        raise NotFound()
    if sample.laboratory_id != by.organisation_id:
        detail = f"Sample {sample.code_for_refusal} was not received at {by.organisation.name}. Receive it first."
        raise Invalid("not_received", detail, problems=[Problem("/sample", "not_received", detail)])
    entry.work.advance(sample, "prepare")
    task = _task_of(sample, record, entry.open_tasks(sample))
    entry.work.consume(sample, to_milligram(record.wet_mass_g), "moisture aliquot")
    made = Preparation(
        id=next(entry.keys),
        sample=sample,
        laboratory=by.organisation,
        route=record.route,
        drying_c=record.drying_c,
        portion_dried_c=record.portion_dried_c,
        wet_mass_g=record.wet_mass_g,
        dry_mass_g=record.dry_mass_g,
        sieve_passing_percent=record.sieve_passing_percent,
        prepared_by=by,
        prepared_at=entry.now,
        remark=record.remark,
    )
    if task is not None:
        entry.finish(task, made)
    return made


def _task_of(sample: Sample, record: PreparationRecord, open_tasks: Sequence[PreparationTask]) -> PreparationTask | None:
    """The open preparation that this entry finishes in one: that of a material as gently or as hotly dried. Raises `Blocked` where its
    route asks for every step by itself, or its first step is recorded already."""
    gentle = (record.portion_dried_c or 0) <= LEACH_LIMIT_C
    for task in open_tasks:
        if ((task.version.portion_dried_c or 0) <= LEACH_LIMIT_C) != gentle:
            continue
        if not task.version.at_once:
            sentence = f"Sample {sample.blind_code} is prepared by {task.version}: record each of its steps by itself."
            raise Blocked([Blocker("steps_asked_for", sentence)])
        if task.begun:  # type: ignore[attr-defined]
            sentence = f"Steps of sample {sample.blind_code} by {task.version} are recorded already. Go on with the next step."
            raise Blocked([Blocker("steps_begun", sentence)])
        return task
    return None


def _problems(record: PreparationRecord) -> list[Problem]:
    found = []
    wet, dry, sieve = record.wet_mass_g, record.dry_mass_g, record.sieve_passing_percent
    if not record.route.strip():
        found.append(Problem("/route", "missing", "Say how the sample was prepared."))
    for name, temperature in (("drying_c", record.drying_c), ("portion_dried_c", record.portion_dried_c)):
        if temperature is not None and not 0 < temperature <= 1000:
            found.append(Problem(f"/{name}", "impossible", f"{temperature} °C is no drying temperature. Give it from 1 to 1000 °C."))
    found += find_mass_problem("/wet_mass_g", wet, 4) + find_mass_problem("/dry_mass_g", dry, 4)
    if not found and dry > wet:
        sentence = f"{dry} g dry is more than {wet} g wet. Weigh again, or exchange the two."
        found.append(Problem("/dry_mass_g", "dry_heavier_than_wet", sentence))
    if sieve is not None and not (sieve.is_finite() and 0 <= sieve <= 100):
        found.append(Problem("/sieve_passing_percent", "impossible", f"{sieve} % cannot pass a sieve. Give 0 to 100 %."))
    return found
