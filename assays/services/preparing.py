"""Preparation: the route a sample takes to powder, its moisture aliquot, its sieve check."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from assays.models import Preparation, PreparationTask
from assays.route_steps import LEACH_LIMIT_C
from assays.services.rows import Refusals, find_mass_problem, refuse_problems, to_milligram
from lims.core import clock
from lims.core.acting import acting
from lims.core.errors import Blocked, Blocker, DomainError, Invalid, Problem
from lims.core.roles import Action, require
from lims.core.scope import fetch_visible
from samples.models import Sample
from samples.services.consuming import advance_sample, consume_mass
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
        for index, record in enumerate(records):
            try:
                refuse_problems("preparation", _problems(record))
                texts = checked_texts(Preparation, route=record.route, remark=record.remark)
                record = replace(record, route=texts["route"], remark=texts["remark"])
                done.append(_record_one(record, by, now))
            except DomainError as error:
                refusals.add(index, error)
        refusals.raise_if_any(len(records))
    return done


def _record_one(record: PreparationRecord, by: Any, now: datetime) -> Preparation:
    sample = fetch_visible(Sample, by, lock=True, pk=record.sample.pk)
    if sample.laboratory_id != by.organisation_id:
        detail = f"Sample {sample.code_for_refusal} was not received at {by.organisation.name}. Receive it first."
        raise Invalid("not_received", detail, problems=[Problem("/sample", "not_received", detail)])
    advance_sample(sample=sample, step="prepare", by=by)
    task = _task_of(sample, record, by)
    consume_mass(sample=sample, mass_g=to_milligram(record.wet_mass_g), purpose="moisture aliquot", by=by, at=now)
    made = Preparation.objects.create(
        sample=sample,
        laboratory=by.organisation,
        route=record.route,
        drying_c=record.drying_c,
        portion_dried_c=record.portion_dried_c,
        wet_mass_g=record.wet_mass_g,
        dry_mass_g=record.dry_mass_g,
        sieve_passing_percent=record.sieve_passing_percent,
        prepared_by=by,
        prepared_at=now,
        remark=record.remark,
    )
    if task is not None:
        task.preparation, task.finished_at, task.next_kind = made, now, ""
        task.save(update_fields=["preparation", "finished_at", "next_kind"])
    return made


def _task_of(sample: Sample, record: PreparationRecord, by: Any) -> PreparationTask | None:
    """The open preparation that this entry finishes in one: that of a material as gently or as hotly dried. Raises `Blocked` where its
    route asks for every step by itself, or its first step is recorded already."""
    gentle = (record.portion_dried_c or 0) <= LEACH_LIMIT_C
    open_tasks = PreparationTask.objects.filter(sample=sample, laboratory=by.organisation_id, finished_at=None)
    for task in open_tasks.select_related("version__route"):
        if ((task.version.portion_dried_c or 0) <= LEACH_LIMIT_C) != gentle:
            continue
        if not task.version.at_once:
            sentence = f"Sample {sample.blind_code} is prepared by {task.version}: record each of its steps by itself."
            raise Blocked([Blocker("steps_asked_for", sentence)])
        if task.records.exists():
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
