"""Recording how aliquots were leached, and what of it stops a run (ISO/IEC 17025:2017, 7.5.1: the conditions that affect the result)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction

from assays.chemistry.leach import compute_liquid_to_solid, compute_pore_water_ml
from assays.chemistry.moisture import to_as_received
from assays.lifecycle import TestState
from assays.models import Aliquot, Leach, LeachConditions, Lot, MethodVersion, Use
from assays.route_steps import read_limits
from assays.selectors.leaches import current_leaches
from assays.services.lots import use_blockers
from assays.services.rows import Refusals, find_amount_problem, refuse_problems
from lims.core import clock
from lims.core.acting import acting
from lims.core.days import local_day
from lims.core.errors import Blocked, Blocker, DomainError, Invalid, Problem, refuse_if
from lims.core.ids import uuid7_series
from lims.core.roles import Action, require
from samples.services.movement import checked_texts

_POSSIBLE: Mapping[str, tuple[str, str, str]] = {
    "concentration_mol_l": ("0", "10", "a concentration in mol/L"),
    "leachant_ml": ("0", "10000", "a volume of leachant in mL"),
    "ph_start": ("0.01", "14", "a pH"),
    "ph_end": ("0.01", "14", "a pH"),
    "minutes": ("0", "100000", "a time in minutes"),
    "temperature_c": ("0.1", "100", "a temperature in °C"),
}
_MILLI = Decimal("0.001")


@dataclass(frozen=True, kw_only=True)
class Leaching:
    """How one aliquot was leached: leachant (mol/L, mL added), pH at start and end, minutes, °C."""

    concentration_mol_l: Decimal
    leachant_ml: Decimal
    ph_start: Decimal
    ph_end: Decimal
    minutes: Decimal
    temperature_c: Decimal


def record_leach(
    *, aliquot: Aliquot, leaching: Leaching, lot: Lot | None = None, reason: str = "", by: Any, at: datetime | None = None
) -> Leach:
    """Record one leach; see `record_leaches`. With a `reason` it takes the place of the one on record."""
    return record_leaches(rows=[(aliquot, leaching)], lot=lot, reason=reason, by=by, at=at)[0]


def record_leaches(
    *, rows: Sequence[tuple[Aliquot, Leaching]], lot: Lot | None = None, reason: str = "", by: Any, at: datetime | None = None
) -> list[Leach]:
    """Record how aliquots were leached, all or none, with one lot of leachant. Pore water and liquid to solid follow from the portion.

    What lies outside the method's limits is kept with its `fault`, and the aliquot is not loaded. A refusal has one problem per wrong
    member (`/3/ph_start`) or blocked row (`/3`): a method that does not leach, leached already, measured already, the lot expired.
    """
    require(by, Action.PREPARATION_EDIT)
    now = at or clock.now()
    reason = checked_texts(Leach, reason=reason)["reason"]
    refusals = Refusals()
    done: list[Leach] = []
    with transaction.atomic(), acting(by, reason or "leach recorded"):
        if lot is not None:
            refuse_if(use_blockers(lot, local_day(now)))
        sheet = _Sheet([aliquot for aliquot, _ in rows], lot, reason, by, now)
        for index, (aliquot, leaching) in enumerate(rows):
            try:
                done.append(_record_one(aliquot, leaching, sheet))
            except DomainError as error:
                refusals.add(index, error)
        refusals.raise_if_any(len(rows))
        Leach.objects.bulk_create(done)
        if lot is not None:
            uses = [Use(lot=lot, aliquot=one.aliquot, used_on=local_day(now), recorded_by=by, recorded_at=now) for one in done]
            Use.objects.bulk_create(uses, ignore_conflicts=True)
    return done


class _Sheet:
    """What the rows entered together have in common: the laboratory's aliquots, locked, the conditions of their methods and the leaches on
    record, read once for all."""

    def __init__(self, aliquots: Sequence[Aliquot], lot: Lot | None, reason: str, by: Any, now: datetime) -> None:
        self.lot, self.reason, self.by, self.now = lot, reason, by, now
        own = Aliquot.objects.filter(pk__in=[one.pk for one in aliquots], test__submission__laboratory=by.organisation_id)
        locked = [one.pk for one in own.order_by("pk").select_for_update(of=("self",))]
        related = ("test__method_version__method", "preparation")
        self.aliquots = {one.pk: one for one in Aliquot.objects.filter(pk__in=locked).select_related(*related)}
        versions = {one.test.method_version_id for one in self.aliquots.values()}
        self.conditions = {one.method_version_id: one for one in LeachConditions.objects.filter(method_version__in=versions)}
        self.current = current_leaches(locked)
        # In the order of the rows: the newest of an aliquot's leaches counts.
        self.keys = iter(uuid7_series(len(aliquots)))


def _record_one(aliquot: Aliquot, leaching: Leaching, sheet: _Sheet) -> Leach:
    locked = sheet.aliquots.get(aliquot.pk)
    if locked is None:
        raise Invalid("unknown", f"{aliquot.code} is no aliquot of your laboratory.", problems=[Problem("", "unknown", "No such aliquot.")])
    conditions = sheet.conditions.get(locked.test.method_version_id)
    if conditions is None:
        sentence = f"{locked.test.method_version} states no conditions of a leach. Record leaches of a leaching method only."
        raise Blocked([Blocker("no_leach", sentence)])
    before = sheet.current.get(locked.pk)
    refuse_if(_row_blockers(locked, before, sheet.reason))
    refuse_problems("leach", [one for name, value in asdict(leaching).items() for one in _problems(name, value)])
    moisture = locked.preparation.portion_moisture_percent
    mass = float(locked.mass_g)
    solid = to_as_received(mass, moisture)  # the dry part of the portion: m (100 − M)/100
    ratio = compute_liquid_to_solid(float(leaching.leachant_ml), solid)
    numbers = asdict(leaching) | {"liquid_to_solid": Decimal(repr(ratio)).quantize(_MILLI)}
    made = Leach(
        id=next(sheet.keys),
        aliquot=locked,
        lot=sheet.lot,
        **numbers,
        pore_water_ml=Decimal(repr(compute_pore_water_ml(mass, moisture))).quantize(_MILLI),
        pore_water_counts=conditions.pore_water_counts,
        fault=judge_leach(conditions, numbers)[:300],
        leached_by=sheet.by,
        leached_at=sheet.now,
        corrects=before,
        reason=sheet.reason if before is not None else "",
    )
    sheet.current[locked.pk] = made
    return made


def _problems(name: str, value: Decimal) -> list[Problem]:
    least, most, what = _POSSIBLE[name]
    found = find_amount_problem(f"/{name}", value, Decimal(least), Decimal(most), what)
    column: Any = Leach._meta.get_field(name)
    if not found and value != round(value, column.decimal_places):
        found = [
            Problem(f"/{name}", "too_precise", f"{value} has more than {column.decimal_places} decimals. Round it as the display does.")
        ]
    return found


def _row_blockers(aliquot: Aliquot, before: Leach | None, reason: str) -> list[Blocker]:
    if aliquot.test.state not in {TestState.PREPARED, TestState.IN_RUN}:
        return [Blocker("measured_already", f"{aliquot.code} is measured already. Send its run back first, then correct the leach.")]
    if before is not None and not reason:
        return [Blocker("leached_already", f"The leach of {aliquot.code} is on record. Correct it with a reason.")]
    return []


def judge_leach(conditions: LeachConditions, numbers: Mapping[str, Decimal]) -> str:
    """Which limits of the method were not kept, as a clause; empty when all were."""
    faults = []
    for name, (least, most) in read_limits(conditions.limits).items():
        value = numbers[name]
        if least is not None and value < least:
            faults.append(f"{_NAMES[name]} {value} is below {least}")
        elif most is not None and value > most:
            faults.append(f"{_NAMES[name]} {value} is above {most}")
    return "; ".join(faults)


_NAMES: Mapping[str, str] = {
    "concentration_mol_l": "concentration (mol/L)",
    "leachant_ml": "volume (mL)",
    "ph_start": "pH at the start",
    "ph_end": "pH at the end",
    "minutes": "time (min)",
    "temperature_c": "temperature (°C)",
    "liquid_to_solid": "liquid to solid (mL/g)",
}


def leach_blockers(aliquots: Iterable[Aliquot], version: MethodVersion) -> list[Blocker]:
    """Why aliquots of a leaching method version may not be loaded: not leached yet, or outside the method's limits."""
    if not LeachConditions.objects.filter(method_version=version).exists():
        return []
    wanted = {one.pk: one.code for one in aliquots}
    found = current_leaches(list(wanted))
    missing = sorted(code for pk, code in wanted.items() if pk not in found)
    blockers = []
    if missing:
        sentence = f"The leach of {', '.join(missing[:5])} is not on record. Record pH, time, temperature and leachant first."
        blockers.append(Blocker("leach_missing", sentence))
    return blockers + [
        Blocker("leach_out_of_limits", f"The leach of {wanted[pk]} was outside its limits ({one.fault}). Leach a new portion.")
        for pk, one in found.items()
        if one.fault
    ]
