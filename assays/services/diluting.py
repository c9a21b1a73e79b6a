"""Recording the steps an aliquot's solution was diluted in: the factor is their product, and its uncertainty is carried to the result."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction

from assays.chemistry.dilution import DilutionStep, combine_dilution_steps
from assays.lifecycle import TestState
from assays.models import Aliquot, DilutionSeries, Equipment, Use
from assays.services.lots import use_blockers
from assays.services.rows import refuse_problems
from lims.core import clock
from lims.core.acting import acting
from lims.core.days import local_day
from lims.core.errors import Blocked, Blocker, NotFound, Problem, refuse_if
from lims.core.roles import Action, require
from samples.services.movement import checked_texts

MOST_STEPS = 6


@dataclass(frozen=True, kw_only=True)
class PipettedStep:
    """One step: `taken` brought to `final`, in mL or g, with standard uncertainties in the same unit, and what it was taken with."""

    taken: Decimal
    final: Decimal
    unit: str = "mL"
    u_taken: Decimal = Decimal(0)
    u_final: Decimal = Decimal(0)
    equipment: Equipment | None = None


def record_dilution(
    *, aliquot: Aliquot, steps: Sequence[PipettedStep], reason: str = "", by: Any, at: datetime | None = None
) -> DilutionSeries:
    """Record a dilution series; it takes the place of the factor the aliquot had, and a second one says why.

    Raises `Invalid` with a problem per wrong step (`/steps/1/final`), `Blocked`: measured already, equipment overdue, no reason."""
    require(by, Action.PREPARATION_EDIT)
    now = at or clock.now()
    reason = checked_texts(DilutionSeries, reason=reason)["reason"]
    refuse_problems("steps", _problems(steps))
    with transaction.atomic(), acting(by, reason or "dilution recorded"):
        locked = Aliquot.objects.filter(pk=aliquot.pk, test__submission__laboratory=by.organisation_id).select_for_update().first()
        if locked is None:
            raise NotFound()
        if locked.volume_ml is None:
            raise Blocked([Blocker("solid", f"{locked.code} is a solid: nothing of it is dissolved, so nothing is diluted.")])
        _refuse_late(locked, reason)
        for tool in {one.equipment.pk: one.equipment for one in steps if one.equipment is not None}.values():
            refuse_if(use_blockers(tool, local_day(now)))
            Use.objects.bulk_create(
                [Use(equipment=tool, aliquot=locked, used_on=local_day(now), recorded_by=by, recorded_at=now)], ignore_conflicts=True
            )
        factor, relative = combine_dilution_steps(
            [DilutionStep(float(one.taken), float(one.final), float(one.u_taken), float(one.u_final)) for one in steps]
        )
        series = DilutionSeries.objects.create(
            aliquot=locked,
            steps=[_stored(one) for one in steps],
            factor=Decimal(repr(factor)).quantize(Decimal("0.0001")),
            relative_u_percent=Decimal(repr(100 * relative)).quantize(Decimal("0.0001")),
            made_by=by,
            made_at=now,
            reason=reason,
        )
        locked.dilution = series.factor
        locked.save(update_fields=["dilution"])
    return series


def _refuse_late(aliquot: Aliquot, reason: str) -> None:
    if aliquot.test.state not in {TestState.PREPARED, TestState.IN_RUN}:
        sentence = f"{aliquot.code} is measured already. Send its run back first, then correct the dilution."
        raise Blocked([Blocker("measured_already", sentence)])
    if not reason and aliquot.dilutions.exists():
        raise Blocked([Blocker("diluted_already", f"A dilution of {aliquot.code} is on record. Say why this one takes its place.")])


def _stored(step: PipettedStep) -> dict[str, str]:
    numbers = {name: str(getattr(step, name)) for name in ("taken", "final", "u_taken", "u_final")}
    return numbers | {"unit": step.unit, "equipment": step.equipment.code if step.equipment else ""}


def _problems(steps: Sequence[PipettedStep]) -> list[Problem]:
    if not 0 < len(steps) <= MOST_STEPS:
        return [Problem("/steps", "count", f"Give 1 to {MOST_STEPS} steps, each what was taken and what it was brought to.")]
    found = []
    for index, one in enumerate(steps):
        place = f"/steps/{index}"
        if one.unit not in {"mL", "g"}:
            found.append(Problem(f"{place}/unit", "unit", f"“{one.unit}” is neither mL nor g. Give both amounts in one of them."))
        if not all(value.is_finite() for value in (one.taken, one.final, one.u_taken, one.u_final)) or one.taken <= 0:
            found.append(Problem(f"{place}/taken", "impossible", f"Step {index + 1}: give what was taken, above zero."))
        elif not one.taken <= one.final <= 100_000:
            sentence = f"Step {index + 1}: {one.final} {one.unit} is less than the {one.taken} {one.unit} taken, or more than 100 000."
            found.append(Problem(f"{place}/final", "impossible", sentence))
        elif not (0 <= one.u_taken < one.taken and 0 <= one.u_final < one.final):
            sentence = f"Step {index + 1}: a standard uncertainty is not negative and smaller than its amount."
            found.append(Problem(f"{place}/u_taken", "impossible", sentence))
    return found
