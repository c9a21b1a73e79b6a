"""Where preparations stand after their steps; at the end of a route the preparation itself, from the masses that count."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from assays.models import Preparation, PreparationTask, Use
from assays.route_steps import Kind
from assays.selectors.preparation_progress import Progress
from lims.core.days import local_day


def write_places(progresses: Sequence[Progress], by: Any, now: datetime) -> None:
    """Write the next step of each task, and the preparation of one that is done. Corrected so that something is to be done again, a task is
    open, and nothing is weighed from it meanwhile."""
    ended = [one for one in progresses if one.next_step is None]
    _store_preparations(ended, by, now)
    for one in progresses:
        one.task.next_kind = one.next_step.kind if one.next_step is not None else ""
        one.task.finished_at = now if one.next_step is None else None
    PreparationTask.objects.bulk_update([one.task for one in progresses], ["next_kind", "preparation", "finished_at"])


def _store_preparations(ended: Sequence[Progress], by: Any, now: datetime) -> None:
    new, changed = [], []
    for progress in ended:
        task, numbers = progress.task, _numbers_of(progress)
        if task.preparation is None:
            task.preparation = _make_preparation(task, numbers, by, now)
            new.append(task.preparation)
            continue
        for name, value in numbers.items():
            setattr(task.preparation, name, value)
        changed.append(task.preparation)
    Preparation.objects.bulk_create(new)
    if changed:
        Preparation.objects.bulk_update(changed, ["wet_mass_g", "dry_mass_g", "sieve_passing_percent"])
    _note_equipment(ended, by, now)


def _numbers_of(progress: Progress) -> dict[str, Any]:
    wet, dry, sieve = (progress.last(kind) for kind in (Kind.WEIGH_WET, Kind.WEIGH_DRY, Kind.SIEVE))
    if wet is None or dry is None:
        raise ValueError(f"{progress.task.version} ends without a wet and a dry mass.")  # check_route let it through
    return {
        "wet_mass_g": Decimal(wet.values["wet_mass_g"]),
        "dry_mass_g": Decimal(dry.values["dry_mass_g"]),
        "sieve_passing_percent": Decimal(sieve.values["passing_percent"]) if sieve is not None else None,
    }


def _make_preparation(task: PreparationTask, numbers: dict[str, Any], by: Any, now: datetime) -> Preparation:
    version = task.version
    return Preparation(
        sample=task.sample,
        laboratory=task.laboratory,
        route=f"{version}: {version.route.name}"[:120],
        drying_c=version.drying_c,
        portion_dried_c=version.portion_dried_c,
        prepared_by=by,
        prepared_at=now,
        **numbers,
    )


def _note_equipment(ended: Sequence[Progress], by: Any, now: datetime) -> None:
    """What the steps were done with, where recalls and the fitness of runs look for it."""
    used: dict[tuple[Any, Any], Use] = {}
    for progress in ended:
        for one, counts in zip(progress.records, progress.counted, strict=True):
            if counts and one.equipment_id is not None:
                use = Use(equipment_id=one.equipment_id, preparation=progress.task.preparation, used_on=local_day(one.done_at))
                use.recorded_by, use.recorded_at = by, now
                used[progress.task.pk, one.equipment_id] = use
    Use.objects.bulk_create(used.values(), ignore_conflicts=True)
