"""Weights that balances send: recorded by the services the forms use, in the name of the person who stands at the balance.

A weight for a step of a preparation waits: only who prepares knows which step it is of, and takes it there (`take_weight`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet

from assays.instruments.models import BALANCE, Instrument, TakenWeight, WeighingStep, Weight
from assays.instruments.parsers.balance import read_weight, to_grams
from assays.lifecycle import TestState
from assays.models import Aliquot, Equipment, Preparation, PreparationTask, StepRecord, SubmissionTest
from assays.route_steps import FIELDS, Kind
from assays.selectors.lookup import find_aliquots, find_waiting_test
from assays.selectors.worklists import bench_tests, tests_to_weigh
from assays.services.preparing import ROUTES, record_preparation
from assays.services.rows import Refusals
from assays.services.steps import StepEntry, record_steps
from assays.services.weighing import weigh_aliquot
from lims.core import clock
from lims.core.acting import acting
from lims.core.codes import ALIQUOT, tidy_scanned
from lims.core.days import local_day
from lims.core.errors import Blocked, Blocker, DomainError, Forbidden, Invalid, Problem, refuse_if
from lims.core.roles import Action, allowed, require
from lims.core.scope import fetch_visible
from samples.models import Sample
from samples.selectors.scanned import find_scanned

SHIFT = timedelta(hours=8)
"""How long a person stands at a balance without saying so again."""


@dataclass(frozen=True, kw_only=True)
class Weighing:
    """One weight as it is sent: the scanned `code` of a sample or, to repeat a test portion, of its aliquot; the `step`; the balance's line
    `raw` (with `unit` where the line has none); `method` where several tests of the sample wait, `route` with a wet moisture aliquot."""

    code: str
    step: str
    raw: str
    unit: str = ""
    measured_at: datetime | None = None
    method: str = ""
    route: str = ""


@dataclass(frozen=True)
class _Recorded:
    """Where a weight went."""

    sample: Sample
    aliquot: Aliquot | None = None
    preparation: Preparation | None = None
    wet: Weight | None = None
    route: str = ""


def stand_at_balance(*, balance: Instrument, by: Any, at: datetime | None = None) -> Instrument:
    """From now on (for `SHIFT`) what the balance sends is this person's weighing. Whoever stood there before does so no more."""
    require(by, Action.PREPARATION_EDIT)
    with transaction.atomic(), acting(by, "stands at the balance"):
        balance = fetch_visible(Instrument, by, lock=True, pk=balance.pk)
        refuse_if([one for one in balance_blockers(balance, local_day(at or clock.now())) if one.code != "calibration_due"])
        balance.operator, balance.operator_until = by, (at or clock.now()) + SHIFT
        balance.save(update_fields=["operator", "operator_until"])
    return balance


def leave_balance(*, balance: Instrument, by: Any) -> Instrument:
    """Nobody stands at the balance any more; what it sends is refused."""
    require(by, Action.PREPARATION_EDIT)
    with transaction.atomic(), acting(by, "left the balance"):
        balance = fetch_visible(Instrument, by, lock=True, pk=balance.pk)
        balance.operator, balance.operator_until = None, None
        balance.save(update_fields=["operator", "operator_until"])
    return balance


def operator_of(balance: Instrument, now: datetime) -> Any:
    """Who stands at the balance at that moment, or None: a shift ended, an account closed and a role taken away end it."""
    person = balance.operator
    if person is None or balance.operator_until is None or balance.operator_until < now:
        return None
    belongs = person.organisation_id == balance.laboratory_id and allowed(person, Action.PREPARATION_EDIT)
    return person if belongs else None


def balance_blockers(balance: Instrument, day: Any) -> list[Blocker]:
    """Why nothing may be weighed on it that day."""
    if balance.technique != BALANCE:
        return [Blocker("not_a_balance", f"{balance.code} is no balance but {balance.technique}. Weights come from a balance of its own.")]
    found = []
    if not balance.active:
        found.append(Blocker("instrument_out_of_use", f"{balance.code} is out of use. Take another balance."))
    if balance.calibration_due is None or balance.calibration_due < day:
        due = "never recorded" if balance.calibration_due is None else f"due on {balance.calibration_due:%d %b %Y}"
        sentence = f"The calibration of {balance.code} was {due}. Calibrate it and record it, or take another."
        found.append(Blocker("calibration_due", sentence))
    return found


def record_weights(*, balance: Instrument, weighings: Sequence[Weighing], by: Any, at: datetime | None = None) -> list[Weight]:
    """Record what a balance sent, all or none, as weighed by the person who stands there.

    A test portion becomes an aliquot (its mass leaves the sample, ledger: consumed); a wet moisture aliquot waits for its dry weight, and
    the two become a preparation. The same weighing again (same balance, moment, code, step and line) is the weight that is there. Refuses
    with a problem per wrong weight (`/3/raw`), and as a whole where the balance is not in calibration or nobody stands at it.
    """
    require(by, Action.INSTRUMENT_SEND)
    if by.pk != balance.pk:
        raise Forbidden("other_instrument", f"{balance.code} is not yours to send for.")
    now = at or clock.now()
    refusals = Refusals()
    done: list[Weight] = []
    with transaction.atomic():
        balance = Instrument.objects.select_for_update().get(pk=balance.pk)
        refuse_if(balance_blockers(balance, local_day(now)))
        person = operator_of(balance, now)
        if person is None:
            sentence = f"Nobody stands at {balance.code}. Open its page, press “I weigh here”, then send again."
            raise Blocked([Blocker("nobody_at_balance", sentence)])
        with acting(person, f"weighed at {balance.code}"):
            for index, weighing in enumerate(weighings):
                try:
                    done.append(_record_one(balance, weighing, person, now))
                except DomainError as error:
                    refusals.add(index, _told_of_the_line(error))
            refusals.raise_if_any(len(weighings))
    return done


def _told_of_the_line(error: DomainError) -> DomainError:
    """What a service says of the mass it was given is said of the balance's line."""
    error.problems = [replace(one, pointer=_LINE_OF.get(one.pointer, one.pointer.removeprefix("/0"))) for one in error.problems]
    return error


_LINE_OF = {f"{row}/{member}": "/raw" for row in ("", "/0") for member in ("mass_g", "wet_mass_g", "dry_mass_g")}


def _record_one(balance: Instrument, weighing: Weighing, person: Any, now: datetime) -> Weight:
    value, unit = read_weight(weighing.raw, weighing.unit)
    mass_g = to_grams(value, unit)
    known = _weighed_before(balance, weighing)
    if known is not None:
        return known
    recorded = _STEPS[WeighingStep(weighing.step)](weighing, mass_g, person, now)
    return Weight.objects.create(
        balance=balance,
        step=weighing.step,
        code=weighing.code,
        raw=weighing.raw,
        value=value,
        unit=unit,
        mass_g=mass_g,
        measured_at=weighing.measured_at,
        received_at=now,
        weighed_by=person,
        sample=recorded.sample,
        route=recorded.route,
        wet=recorded.wet,
        aliquot=recorded.aliquot,
        preparation=recorded.preparation,
    )


def _weighed_before(balance: Instrument, weighing: Weighing) -> Weight | None:
    if weighing.measured_at is None:
        return None
    known = Weight.objects.filter(balance=balance, measured_at=weighing.measured_at, code=weighing.code, step=weighing.step).first()
    if known is not None and known.raw != weighing.raw:
        sentence = f"{balance.code} sent “{known.raw}” for {weighing.code} at that moment, and now “{weighing.raw}”. Weigh again."
        raise DomainError("other_weight", sentence, problems=[Problem("/raw", "other_weight", sentence)])
    return known


def _record_portion(weighing: Weighing, mass_g: Decimal, person: Any, now: datetime) -> _Recorded:
    code = tidy_scanned(weighing.code)
    if code.startswith(f"{ALIQUOT}-"):
        original = find_aliquots([code], person, places=["/code"])[0]
        test, repeated = original.test, original
    else:
        test, repeated = _waiting_test(_find_sample(weighing, person), weighing.method, person), None
    aliquot = weigh_aliquot(test=test, mass_g=mass_g, duplicate_of=repeated, by=person, at=now)
    return _Recorded(test.sample, aliquot=aliquot)


def _waiting_test(sample: Sample, method: str, person: Any) -> SubmissionTest:
    if method:
        return find_waiting_test(sample, method, person, pointer="/method")
    requested = bench_tests(person).filter(sample=sample, state=TestState.REQUESTED)
    # Where nothing is prepared yet, the service that weighs says so.
    chosen = tests_to_weigh(person).filter(sample=sample) or requested
    waiting = list(chosen.select_related("submission", "sample", "method_version__method"))
    if len(waiting) == 1:
        return waiting[0]
    code = sample.code_for(person)
    names = sorted({test.method_version.method.code for test in waiting})
    sentence = f"Several tests of {code} wait: name the method, one of {', '.join(names)}." if waiting else f"No test of {code} waits."
    raise Invalid("which_test", sentence, problems=[Problem("/method" if waiting else "/code", "which_test", sentence)])


def _record_wet(weighing: Weighing, mass_g: Decimal, person: Any, now: datetime) -> _Recorded:
    sample = _find_sample(weighing, person)
    if weighing.route not in ROUTES:
        sentence = f"Say the route of the preparation with its wet weight: one of {', '.join(ROUTES)}."
        raise Invalid("route", sentence, problems=[Problem("/route", "route", sentence)])
    return _Recorded(sample, route=weighing.route)


def _record_dry(weighing: Weighing, mass_g: Decimal, person: Any, now: datetime) -> _Recorded:
    sample = _find_sample(weighing, person)
    wet = waiting_wet(sample, person.organisation_id)
    if wet is None:
        sentence = f"No wet weight of {sample.code_for(person)} waits for its dry one. Send it first, with the step moisture_wet."
        raise Blocked([Blocker("no_wet_weight", sentence)])
    route = ROUTES[wet.route]
    preparation = record_preparation(
        sample=sample,
        route=route.text,
        drying_c=route.drying_c,
        portion_dried_c=route.portion_dried_c,
        wet_mass_g=wet.mass_g,
        dry_mass_g=mass_g,
        by=person,
        at=now,
    )
    return _Recorded(sample, preparation=preparation, wet=wet, route=wet.route)


def _record_for_step(weighing: Weighing, mass_g: Decimal, person: Any, now: datetime) -> _Recorded:
    sample = _find_sample(weighing, person)
    waiting = PreparationTask.objects.filter(sample=sample, laboratory=person.organisation_id, finished_at=None, next_kind__in=MASSES)
    if not waiting.exists():
        sentence = f"No preparation of {sample.code_for(person)} waits for a mass. Look at its steps; record what comes before first."
        raise Blocked([Blocker("no_step_waits", sentence)])
    return _Recorded(sample)


MASSES: Mapping[str, str] = {
    Kind.WEIGH_WET: "wet_mass_g",
    Kind.WEIGH_DRY: "dry_mass_g",
    Kind.SPLIT: "split_mass_g",
    Kind.LEACH_SPLIT: "split_mass_g",
}
"""The kinds of steps a weight can be taken into, and the amount it becomes there."""


def waiting_weights(sample: Sample, laboratory: Any) -> QuerySet[Weight]:
    """Weights of the sample that balances of the laboratory sent for a step and nobody has taken yet, newest first."""
    rows = Weight.objects.filter(sample=sample, balance__laboratory=laboratory, step=WeighingStep.STEP, taken=None)
    return rows.select_related("balance", "weighed_by")


def taken_mass(weight: Weight, kind: str) -> Decimal:
    """The weight as the step keeps it: rounded half to even to the decimals it asks; the balance's own digits stay with the weight."""
    [places] = [one.places for one in FIELDS[Kind(kind)] if one.name == MASSES[kind]]
    return Decimal(weight.mass_g).quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_EVEN)


def take_weight(*, weight: Weight, task: PreparationTask, kind: str, by: Any, at: datetime | None = None) -> StepRecord:
    """Record the step a preparation waits for with a weight that a balance sent; the weight is kept beside it and is taken once.

    `kind` is the step that was shown. The balance counts as the step's equipment where it is registered as such, by code or serial number.
    Raises `Blocked`: taken already, of another sample, the step takes no mass; and whatever `record_steps` refuses.
    """
    require(by, Action.PREPARATION_EDIT)
    now = at or clock.now()
    with transaction.atomic(), acting(by, f"weight of {weight.balance.code} taken"):
        task = fetch_visible(PreparationTask, by, lock=True, pk=task.pk)
        # The sample is locked for the weight: a row of the ledger is not, and two preparations of one sample could reach for it.
        Sample.objects.select_for_update(no_key=True).get(pk=task.sample_id)
        refuse_if(_taking_blockers(weight, task, kind, by))
        entry = StepEntry(
            task=task,
            kind=kind,
            values={MASSES[kind]: taken_mass(weight, kind)},
            equipment=_as_equipment(weight.balance),
            remark=f"{weight.balance.code}: {weight.raw.strip()}",
        )
        [record] = record_steps(entries=[entry], by=by, at=now)
        TakenWeight.objects.create(weight=weight, record=record, taken_by=by, taken_at=now)
    return record


def _taking_blockers(weight: Weight, task: PreparationTask, kind: str, by: Any) -> list[Blocker]:
    if weight.balance.laboratory_id != by.organisation_id or weight.sample_id != task.sample_id or weight.step != WeighingStep.STEP:
        return [Blocker("other_weight", "This weight is not of this preparation. Weigh the sample and send it again.")]
    if TakenWeight.objects.filter(weight=weight).exists():
        return [Blocker("weight_taken", "This weight was taken already. Correct the step with a reason instead.")]
    if kind not in MASSES:
        return [Blocker("no_mass", "This step takes no mass. Look at what is next.")]
    return []


def _as_equipment(balance: Instrument) -> Equipment | None:
    """The balance as a piece of equipment of its laboratory."""
    same = Q(code=balance.code) | (Q(serial=balance.serial) if balance.serial else Q(pk=None))
    return Equipment.objects.filter(same, laboratory=balance.laboratory_id, kind="balance").first()


def waiting_wet(sample: Sample, laboratory: Any) -> Weight | None:
    """The newest wet weight of the sample at the laboratory that no dry one has used; weighing wet again replaces what waited."""
    newest = Weight.objects.filter(sample=sample, balance__laboratory=laboratory, step=WeighingStep.MOISTURE_WET).first()
    return newest if newest is not None and not Weight.objects.filter(wet=newest).exists() else None


def _find_sample(weighing: Weighing, person: Any) -> Sample:
    sample = find_scanned([weighing.code], person, pointer="/code")[0]
    if sample.laboratory_id != person.organisation_id:
        sentence = f"Sample {sample.code_for(person)} was not received here. Receive it first."
        raise Invalid("not_received", sentence, problems=[Problem("/code", "not_received", sentence)])
    return sample


_STEPS = {
    WeighingStep.PORTION: _record_portion,
    WeighingStep.MOISTURE_WET: _record_wet,
    WeighingStep.MOISTURE_DRY: _record_dry,
    WeighingStep.STEP: _record_for_step,
}
