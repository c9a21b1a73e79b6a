"""Recording the steps of a preparation, one or many samples together, and correcting them.

`record_steps` is the one way a number enters a step, whichever door it comes through. A balance's weight of the moisture aliquot is
`StepEntry(task=…, kind="weigh_wet", values={"wet_mass_g": …})` and `kind="weigh_dry", values={"dry_mass_g": …}`; that of the leach split
`kind="leach_split", values={"split_mass_g": …}`. Test portions are weighed by `assays.services.weighing`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction

from assays.lifecycle import SubmissionState, TestState
from assays.models import Equipment, Preparation, PreparationTask, RouteStep, StepRecord, Use
from assays.route_steps import FIELDS, Amount, Kind, judge
from assays.selectors.preparation_progress import Progress, read_progress
from assays.services.lots import use_blockers
from assays.services.rows import Refusals, refuse_problems, to_milligram
from lims.core import clock
from lims.core.acting import acting
from lims.core.days import local_day
from lims.core.errors import Blocked, Blocker, DomainError, Invalid, Problem, refuse_if
from lims.core.roles import Action, require
from lims.core.scope import fetch_visible
from samples.services.consuming import advance_sample, consume_mass
from samples.services.movement import checked_texts


@dataclass(frozen=True, kw_only=True)
class StepEntry:
    """One step as a person, a file or a balance gives it: the kind it believes is next, its amounts by name (`route_steps.FIELDS`)."""

    task: PreparationTask
    kind: str
    values: Mapping[str, Decimal | None]
    equipment: Equipment | None = None
    remark: str = ""


def record_step(
    *,
    task: PreparationTask,
    kind: str,
    values: Mapping[str, Decimal | None],
    equipment: Equipment | None = None,
    remark: str = "",
    by: Any,
    at: datetime | None = None,
) -> StepRecord:
    """Record one step; see `record_steps`."""
    entry = StepEntry(task=task, kind=kind, values=values, equipment=equipment, remark=remark)
    return record_steps(entries=[entry], by=by, at=at)[0]


def record_steps(*, entries: Sequence[StepEntry], by: Any, at: datetime | None = None) -> list[StepRecord]:
    """Record steps, all or none. What was weighed wet leaves its sample (ledger: consumed); behind the last step stands a preparation.

    A step outside its limits is kept as an attempt (`passed` false, `fault`) and done again. A refusal has one problem per wrong member
    (`/3/dry_mass_g`) or blocked row (`/3`): out of order, equipment missing or overdue, on hold, the leach split not taken yet.
    """
    require(by, Action.PREPARATION_EDIT)
    now = at or clock.now()
    refusals = Refusals()
    done: list[StepRecord] = []
    with transaction.atomic(), acting(by, "preparation step recorded"):
        for index, entry in enumerate(entries):
            try:
                done.append(_record_one(entry, by, now))
            except DomainError as error:
                refusals.add(index, error)
        refusals.raise_if_any(len(entries))
    return done


def _record_one(entry: StepEntry, by: Any, now: datetime) -> StepRecord:
    task = fetch_visible(PreparationTask, by, lock=True, pk=entry.task.pk)
    progress = read_progress(task)
    step = _expect(progress, entry.kind)
    refuse_if(step_blockers(progress, step))
    values = _checked_values(step, entry.values, progress)
    _check_equipment(step, entry.equipment, local_day(now))
    remark = checked_texts(StepRecord, remark=entry.remark)["remark"]
    advance_sample(sample=task.sample, step="prepare", by=by)
    if step.kind == Kind.WEIGH_WET:
        _take(task, values["wet_mass_g"], by, now)
    fault = judge(step.plain, values)
    record = StepRecord.objects.create(
        task=task,
        step=step,
        values={name: str(value) for name, value in values.items()},
        passed=not fault,
        fault=fault[:300],
        equipment=entry.equipment,
        remark=remark,
        done_by=by,
        done_at=now,
    )
    _move_on(task, by, now)
    return record


def _take(task: PreparationTask, mass_g: Decimal, by: Any, now: datetime) -> None:
    consume_mass(sample=task.sample, mass_g=to_milligram(mass_g), purpose="moisture aliquot", by=by, at=now)


def _expect(progress: Progress, kind: str) -> RouteStep:
    step, task = progress.next_step, progress.task
    code = task.sample.blind_code
    if step is None:
        sentence = f"Sample {code} is prepared by {task.version}; nothing is left to do. Correct a step instead, with a reason."
        raise Blocked([Blocker("preparation_finished", sentence)])
    if kind != step.kind:
        sentence = f"Sample {code} by {task.version}: next is “{step.get_kind_display()}” (step {step.order}). Record that first."
        raise Blocked([Blocker("step_out_of_order", sentence)])
    return step


def step_blockers(progress: Progress, step: RouteStep) -> list[Blocker]:
    """Why the next step may not be done now: the request stands still, or the leach split of the sample is not taken yet. Holds of the
    sample are told by its own life."""
    task = progress.task
    found = []
    tests = task.tests.exclude(state=TestState.CANCELLED).select_related("submission")
    stopped = sorted({test.submission.code for test in tests if test.submission.state == SubmissionState.ON_HOLD})
    if stopped and len(stopped) == len({test.submission.code for test in tests}):
        found.append(Blocker("submission_on_hold", f"{', '.join(stopped)} is on hold and its clock stands. Resume it first."))
    if step.kind == Kind.PULVERISE:
        found += _leach_blockers(task)
    return found


def _leach_blockers(task: PreparationTask) -> list[Blocker]:
    """The leach portion is split before anything is pulverised: new surfaces give up what the leach would not have taken."""
    others = PreparationTask.objects.filter(sample=task.sample, laboratory=task.laboratory, finished_at=None).exclude(pk=task.pk)
    for other in others.filter(version__steps__kind=Kind.LEACH_SPLIT).select_related("version__route", "sample").distinct():
        if read_progress(other).last(Kind.LEACH_SPLIT) is None:
            sentence = (
                f"Sample {task.sample.blind_code} is also leached ({other.version}): take its leach split below 2 mm before you pulverise."
            )
            return [Blocker("leach_split_first", sentence)]
    return []


def _checked_values(step: RouteStep, given: Mapping[str, Decimal | None], progress: Progress) -> dict[str, Decimal]:
    found: dict[str, Decimal] = {}
    problems: list[Problem] = []
    for amount in FIELDS[Kind(step.kind)]:
        value = given.get(amount.name)
        if value is None:
            problems.append(
                Problem(f"/{amount.name}", "missing", f"Give {amount.name} in {amount.unit}: “{step.get_kind_display()}” asks it.")
            )
            continue
        problems += _amount_problems(amount, value)
        found[amount.name] = value
    unknown = sorted(set(given) - {amount.name for amount in FIELDS[Kind(step.kind)]})
    problems += [Problem(f"/{name}", "unknown", f"“{step.get_kind_display()}” asks no {name}. Leave it out.") for name in unknown]
    if not problems and step.kind == Kind.WEIGH_DRY:
        problems += _heavier(found["dry_mass_g"], progress)
    refuse_problems("step", problems)
    return found


def _amount_problems(amount: Amount, value: Decimal) -> list[Problem]:
    place = f"/{amount.name}"
    if not value.is_finite() or not amount.least <= value <= amount.most:
        sentence = f"{value} {amount.unit} is impossible: it lies from {amount.least} to {amount.most} {amount.unit}."
        return [Problem(place, "impossible", sentence)]
    if value != round(value, amount.places):
        return [
            Problem(place, "too_precise", f"{value} {amount.unit} has more than {amount.places} decimals. Round it as the display does.")
        ]
    return []


def _heavier(dry: Decimal, progress: Progress) -> list[Problem]:
    record = progress.last(Kind.WEIGH_WET)
    wet = Decimal(record.values["wet_mass_g"]) if record is not None else None
    if wet is None or dry <= wet:
        return []
    sentence = f"{dry} g dry is more than {wet} g wet. Weigh again, or correct the wet mass with a reason."
    return [Problem("/dry_mass_g", "dry_heavier_than_wet", sentence)]


def _check_equipment(step: RouteStep, equipment: Equipment | None, day: Any) -> None:
    if equipment is None:
        if step.equipment_kind:
            detail = f"Scan the {step.equipment_kind.replace('_', ' ')} used: “{step.get_kind_display()}” asks for it."
            raise Invalid("equipment_missing", detail, problems=[Problem("/equipment", "equipment_missing", detail)])
        return
    if step.equipment_kind and equipment.kind != step.equipment_kind:
        detail = f"{equipment.code} is a {equipment.get_kind_display()}; this step asks for a {step.equipment_kind.replace('_', ' ')}."
        raise Invalid("equipment_kind", detail, problems=[Problem("/equipment", "equipment_kind", detail)])
    refuse_if(use_blockers(equipment, day))


def correct_step(
    *, record: StepRecord, values: Mapping[str, Decimal | None], reason: str, by: Any, at: datetime | None = None
) -> StepRecord:
    """Put other numbers in the place of a record's, with a reason; the record stays. What came behind it and no longer fits is done again.

    Raises `Invalid('reason_missing')`, `Blocked`: corrected already, or results were made from the preparation and are measured or further.
    A wet mass that turns out larger takes the difference out of the sample as well; one that turns out smaller gives nothing back.
    """
    require(by, Action.PREPARATION_EDIT)
    now = at or clock.now()
    if not reason.strip():
        detail = "Say why the step is corrected: both records are kept with the reason."
        raise Invalid("reason_missing", detail, problems=[Problem("/reason", "reason_missing", detail)])
    reason = checked_texts(StepRecord, reason=reason)["reason"]
    with transaction.atomic(), acting(by, reason):
        task = fetch_visible(PreparationTask, by, lock=True, pk=record.task_id)
        progress = read_progress(task)
        refuse_if(correction_blockers(progress, record))
        current = next(one for one in progress.records if one.pk == record.pk)
        checked = _checked_values(current.step, values, progress)
        if current.step.kind == Kind.WEIGH_WET:
            _refuse_lighter(checked["wet_mass_g"], progress)
            more = to_milligram(checked["wet_mass_g"]) - to_milligram(Decimal(current.values["wet_mass_g"]))
            if more > 0:
                consume_mass(sample=task.sample, mass_g=more, purpose="moisture aliquot, corrected", by=by, at=now)
        fault = judge(current.step.plain, checked)
        made = StepRecord.objects.create(
            task=task,
            step=current.step,
            values={name: str(value) for name, value in checked.items()},
            passed=not fault,
            fault=fault[:300],
            equipment=current.equipment,
            remark=current.remark,
            done_by=by,
            done_at=now,
            corrects=current,
            reason=reason,
        )
        _move_on(task, by, now)
    return made


def _refuse_lighter(wet: Decimal, progress: Progress) -> None:
    dry = progress.last(Kind.WEIGH_DRY)
    if dry is not None and Decimal(dry.values["dry_mass_g"]) > wet:
        detail = f"{wet} g wet is less than {dry.values['dry_mass_g']} g dry. Correct the dry mass first, or look at the balance again."
        raise Invalid("dry_heavier_than_wet", detail, problems=[Problem("/wet_mass_g", "dry_heavier_than_wet", detail)])


_BEYOND = (TestState.MEASURED, TestState.REVIEWED, TestState.AUTHORISED, TestState.CERTIFIED)


def correction_blockers(progress: Progress, record: StepRecord) -> list[Blocker]:
    """Why a record may not be corrected now."""
    if record.pk not in {one.pk for one in progress.records}:
        return [Blocker("corrected_already", "This record was corrected already. Correct the newer one.")]
    made = progress.task.preparation
    if made is not None:
        used = made.aliquots.filter(test__state__in=_BEYOND).select_related("test__sample").first()
        if used is not None:
            sentence = (
                f"Results of sample {progress.task.sample.blind_code} were made from this preparation. "
                "Send the run back, or have its authorised results taken back, then correct it."
            )
            return [Blocker("results_made", sentence)]
    return []


def _move_on(task: PreparationTask, by: Any, now: datetime) -> None:
    """Where the preparation stands after a record; at its end the preparation itself, from the masses that count."""
    progress = read_progress(task)
    step = progress.next_step
    task.next_kind = step.kind if step is not None else ""
    if step is None:
        task.preparation = _store_preparation(progress, by, now)
    # Corrected so that something is to be done again, it is open, and nothing is weighed from it meanwhile.
    task.finished_at = now if step is None else None
    task.save(update_fields=["next_kind", "preparation", "finished_at"])


def _store_preparation(progress: Progress, by: Any, now: datetime) -> Preparation:
    task, version = progress.task, progress.task.version
    wet, dry, sieve = (progress.last(kind) for kind in (Kind.WEIGH_WET, Kind.WEIGH_DRY, Kind.SIEVE))
    if wet is None or dry is None:
        raise ValueError(f"{version} ends without a wet and a dry mass.")  # check_route let it through
    numbers = {
        "wet_mass_g": Decimal(wet.values["wet_mass_g"]),
        "dry_mass_g": Decimal(dry.values["dry_mass_g"]),
        "sieve_passing_percent": Decimal(sieve.values["passing_percent"]) if sieve is not None else None,
    }
    if task.preparation is not None:
        made = task.preparation
        for name, value in numbers.items():
            setattr(made, name, value)
        made.save(update_fields=list(numbers))
    else:
        made = Preparation.objects.create(
            sample=task.sample,
            laboratory=task.laboratory,
            route=f"{version}: {version.route.name}"[:120],
            drying_c=version.drying_c,
            portion_dried_c=version.portion_dried_c,
            prepared_by=by,
            prepared_at=now,
            **numbers,
        )
    _note_equipment(progress, made, by, now)
    return made


def _note_equipment(progress: Progress, made: Preparation, by: Any, now: datetime) -> None:
    """What the steps were done with, where recalls and the fitness of runs look for it."""
    used = {one.equipment_id: local_day(one.done_at) for one, counts in zip(progress.records, progress.counted, strict=True) if counts}
    rows = [
        Use(equipment_id=pk, preparation=made, used_on=day, recorded_by=by, recorded_at=now) for pk, day in used.items() if pk is not None
    ]
    Use.objects.bulk_create(rows, ignore_conflicts=True)
