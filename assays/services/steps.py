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
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from assays.lifecycle import SubmissionState, TestState
from assays.models import Equipment, PreparationTask, RouteStep, StepRecord, SubmissionTest
from assays.route_steps import FIELDS, Amount, Kind, judge
from assays.selectors.preparation_progress import Progress, read_progress, read_progresses
from assays.services.lots import use_blockers
from assays.services.preparation_ends import write_places
from assays.services.rows import Refusals, refuse_problems, to_milligram
from lims.core import clock
from lims.core.acting import acting
from lims.core.days import local_day
from lims.core.errors import Blocked, Blocker, DomainError, Invalid, NotFound, Problem, refuse_if
from lims.core.ids import uuid7_series
from lims.core.roles import Action, require
from lims.core.scope import fetch_visible, lock_visible
from samples.services.consuming import SampleWork, consume_mass
from samples.services.locking import lock_samples
from samples.services.movement import checked_texts

_MOISTURE = "moisture aliquot"


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
        sheet = _Sheet(entries, by, now)
        for index, entry in enumerate(entries):
            try:
                done.append(_record_one(entry, sheet))
            except DomainError as error:
                refusals.add(index, error)
        refusals.raise_if_any(len(entries))
        sheet.work.write()
        StepRecord.objects.bulk_create(done)
        write_places([sheet.progress[key] for key in dict.fromkeys(one.task_id for one in done)], by, now)
    return done


class _Sheet:
    """What the rows entered together have in common: their preparations and samples, locked, and how far these and the leach splits beside
    them have come, read once for all."""

    def __init__(self, entries: Sequence[StepEntry], by: Any, now: datetime) -> None:
        self.by, self.now = by, now
        locked = lock_visible(PreparationTask, by, {entry.task.pk for entry in entries})
        self.tasks = {task.pk: task for task in _with_routes(PreparationTask.objects.filter(pk__in=list(locked)))}
        samples = {sample.pk: sample for sample in lock_samples({task.sample_id for task in self.tasks.values()})}
        for task in self.tasks.values():
            task.sample = samples[task.sample_id]
        self.work = SampleWork(list(samples.values()), by=by, at=now)
        splits = _with_routes(_open_leach_splits(list(samples)).exclude(pk__in=list(self.tasks)))
        self.progress = read_progresses([*self.tasks.values(), *splits])
        self.stopped = _stopped_submissions(list(self.tasks))
        # In the order of the rows: what is recorded at one moment is replayed by its key.
        self.keys = iter(uuid7_series(len(entries)))

    def blockers(self, progress: Progress, step: RouteStep) -> list[Blocker]:
        """Why the next step may not be done, with what the rows before it have recorded."""
        beside = [one for one in self.progress.values() if one.task.sample_id == progress.task.sample_id]
        return _blockers(progress, step, self.stopped.get(progress.task.pk, []), beside)


def _with_routes(tasks: QuerySet[PreparationTask]) -> list[PreparationTask]:
    related = ("version__route", "sample", "laboratory", "preparation")
    return list(tasks.select_related(*related).prefetch_related("version__steps"))


def _record_one(entry: StepEntry, sheet: _Sheet) -> StepRecord:
    task = sheet.tasks.get(entry.task.pk)
    if task is None:
        raise NotFound()
    progress = sheet.progress[task.pk]
    step = _expect(progress, entry.kind)
    refuse_if(sheet.blockers(progress, step))
    values = _checked_values(step, entry.values, progress)
    _check_equipment(step, entry.equipment, local_day(sheet.now))
    remark = checked_texts(StepRecord, remark=entry.remark)["remark"]
    sheet.work.advance(task.sample, "prepare")
    if step.kind == Kind.WEIGH_WET:
        sheet.work.consume(task.sample, to_milligram(values["wet_mass_g"]), _MOISTURE)
    fault = judge(step.plain, values)
    record = StepRecord(
        id=next(sheet.keys),
        task=task,
        step=step,
        values={name: str(value) for name, value in values.items()},
        passed=not fault,
        fault=fault[:300],
        equipment=entry.equipment,
        remark=remark,
        done_by=sheet.by,
        done_at=sheet.now,
    )
    progress.add(record)
    return record


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
    splits = _with_routes(_open_leach_splits([task.sample_id])) if step.kind == Kind.PULVERISE else []
    return _blockers(progress, step, _stopped_submissions([task.pk]).get(task.pk, []), list(read_progresses(splits).values()))


def _blockers(progress: Progress, step: RouteStep, stopped: Sequence[str], beside: Sequence[Progress]) -> list[Blocker]:
    found = []
    if stopped:
        found.append(Blocker("submission_on_hold", f"{', '.join(stopped)} is on hold and its clock stands. Resume it first."))
    if step.kind == Kind.PULVERISE:
        found += _leach_blockers(progress.task, beside)
    return found


def _stopped_submissions(tasks: Sequence[UUID]) -> dict[UUID, list[str]]:
    """The codes of the requests of each task, where all of them stand still."""
    tests = SubmissionTest.objects.filter(task__in=tasks).exclude(state=TestState.CANCELLED)
    requests: dict[UUID, dict[str, str]] = {}
    for task, code, state in tests.order_by("submission__code").values_list("task", "submission__code", "submission__state"):
        if task is not None:
            requests.setdefault(task, {})[code] = state
    return {task: list(found) for task, found in requests.items() if set(found.values()) == {SubmissionState.ON_HOLD}}


def _open_leach_splits(samples: Sequence[UUID]) -> QuerySet[PreparationTask]:
    """The open preparations of the samples on whose routes a leach split is taken."""
    splits = RouteStep.objects.filter(version=OuterRef("version"), kind=Kind.LEACH_SPLIT)
    return PreparationTask.objects.filter(Exists(splits), sample__in=samples, finished_at=None)


def _leach_blockers(task: PreparationTask, beside: Sequence[Progress]) -> list[Blocker]:
    """The leach portion is split before anything is pulverised: new surfaces give up what the leach would not have taken."""
    for one in beside:
        other = one.task
        if other.pk == task.pk or other.laboratory_id != task.laboratory_id or one.next_step is None:
            continue
        if any(step.kind == Kind.LEACH_SPLIT for step in one.steps) and one.last(Kind.LEACH_SPLIT) is None:
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
                consume_mass(sample=task.sample, mass_g=more, purpose=f"{_MOISTURE}, corrected", by=by, at=now)
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
        progress = read_progress(task)
        write_places([progress], by, now)
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
