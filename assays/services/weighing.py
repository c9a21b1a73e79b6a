"""Weighing test portions: an aliquot of a prepared sample for one test, dissolved or leached to a volume, or made into a pellet or bead."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction

from assays.lifecycle import TEST
from assays.models import Aliquot, Equipment, Lot, MethodVersion, Preparation, PreparationTask, SubmissionTest, Use
from assays.models.methods import Extraction
from assays.route_steps import LEACH_LIMIT_C
from assays.selectors.worklists import preparations_for
from assays.services.lots import use_blockers
from assays.services.preparing import SIEVE_MINIMUM_PERCENT
from assays.services.rows import Refusals, find_amount_problem, find_mass_problem, find_solution_problems, refuse_problems, to_milligram
from lims.core import clock
from lims.core.acting import acting
from lims.core.codes import ALIQUOT
from lims.core.days import local_day
from lims.core.errors import Blocked, Blocker, DomainError, Forbidden, NotFound, Problem, refuse_if
from lims.core.ids import uuid7_series
from lims.core.roles import Action, require
from lims.core.scope import lock_visible
from lims.core.sequences import take_codes
from samples.services.consuming import SampleWork
from samples.services.locking import lock_samples


@dataclass(frozen=True, kw_only=True)
class Portion:
    """A test portion as weighed (g), with that of a duplicate weighed beside it, if any. Final volume (mL) and dilution factor default to
    the method's; `duplicate_of` is an earlier aliquot of the same test that this one repeats. Of a solid `specimen_g` is the mass of the
    finished pellet or bead (the method's by default, also for the duplicate beside) and `ignition_loss_percent` what the material lost."""

    test: SubmissionTest
    mass_g: Decimal
    duplicate_mass_g: Decimal | None = None
    volume_ml: Decimal | None = None
    dilution: Decimal | None = None
    specimen_g: Decimal | None = None
    ignition_loss_percent: Decimal | None = None
    duplicate_of: Aliquot | None = None


def weigh_aliquot(
    *,
    test: SubmissionTest,
    mass_g: Decimal,
    volume_ml: Decimal | None = None,
    dilution: Decimal | None = None,
    duplicate_of: Aliquot | None = None,
    by: Any,
    at: datetime | None = None,
) -> Aliquot:
    """Weigh one test portion; see `weigh_aliquots`."""
    portion = Portion(test=test, mass_g=mass_g, volume_ml=volume_ml, dilution=dilution, duplicate_of=duplicate_of)
    return weigh_aliquots(portions=[portion], by=by, at=at)[0]


def weigh_aliquots(
    *, portions: Sequence[Portion], things: Sequence[Lot | Equipment] = (), by: Any, at: datetime | None = None
) -> list[Aliquot]:
    """Weigh test portions, all or none: each mass leaves its sample (ledger: consumed) and its test is weighed in. A duplicate follows the
    aliquot it was weighed beside. `things` are the balance, flux and acids used for all of them; one that is expired or overdue refuses.

    A refusal has one problem per wrong member (`/3/mass_g`: outside the method's tolerance) or blocked row (`/3`: not prepared for this
    method, on hold, too little left).
    """
    require(by, Action.PREPARATION_EDIT)
    now = at or clock.now()
    refusals = Refusals()
    done: list[Aliquot] = []
    with transaction.atomic(), acting(by, "test portion weighed"):
        entry = _Entry(portions, by, now)
        for index, portion in enumerate(portions):
            try:
                done.append(_weigh_one(portion, entry))
                if portion.duplicate_mass_g is not None:
                    done.append(_weigh_duplicate(portion, portion.duplicate_mass_g, done[-1], entry))
            except DomainError as error:
                refusals.add(index, error)
        refusals.raise_if_any(len(portions))
        _write(done, entry)
        _note_uses(done, things, by, now)
    return done


class _Entry:
    """What the portions entered together have in common: their tests and samples, locked, and what these are weighed from, read once for
    all."""

    def __init__(self, portions: Sequence[Portion], by: Any, now: datetime) -> None:
        self.by, self.now = by, now
        locked = list(lock_visible(SubmissionTest, by, {portion.test.pk for portion in portions}))
        rows = SubmissionTest.objects.filter(pk__in=locked).select_related("submission", "method_version__method")
        self.tests = {test.pk: test for test in rows}
        samples = {sample.pk: sample for sample in lock_samples({test.sample_id for test in self.tests.values()})}
        for test in self.tests.values():
            test.sample = samples[test.sample_id]
        self.work = SampleWork(list(samples.values()), by=by, at=now)
        self.stock = _Stock(list(self.tests.values()))
        # In the order of the rows, each with its duplicate: lists sort by them.
        self.keys = iter(uuid7_series(2 * len(portions)))


def _write(done: Sequence[Aliquot], entry: _Entry) -> None:
    """Write what the portions take from their samples, the tests weighed in, and the aliquots with their codes."""
    entry.work.write()
    weighed = {aliquot.test_id for aliquot in done}
    SubmissionTest.objects.filter(pk__in=weighed).update(state=TEST.find("weigh").target, changed_at=entry.now)
    for aliquot, code in zip(done, take_codes(ALIQUOT, len(done)) if done else [], strict=True):
        aliquot.code = code
    Aliquot.objects.bulk_create(done)


def _note_uses(done: Sequence[Aliquot], things: Sequence[Lot | Equipment], by: Any, now: datetime) -> None:
    """Record what the portions were weighed and dissolved with, where recalls and the fitness of runs look for it."""
    day = local_day(now)
    refuse_if([blocker for thing in things for blocker in use_blockers(thing, day)])
    rows = [
        Use(**{type(thing).__name__.lower(): thing}, aliquot=aliquot, used_on=day, recorded_by=by, recorded_at=now)
        for thing in things
        for aliquot in done
    ]
    Use.objects.bulk_create(rows, ignore_conflicts=True)


def _weigh_one(portion: Portion, entry: _Entry) -> Aliquot:
    test = entry.tests.get(portion.test.pk)
    if test is None:
        raise NotFound()
    version = test.method_version
    if test.submission.laboratory_id != entry.by.organisation_id:
        raise Forbidden("other_laboratory", f"{test.submission.code} is another laboratory's work.")
    state = TEST.target(test, "weigh")
    refuse_problems("aliquot", _problems(portion, test, version))
    preparation = entry.stock.choose(test)
    entry.work.advance(test.sample, "analyse")
    entry.work.consume(test.sample, to_milligram(portion.mass_g), f"test portion, {version.method.code}")
    test.state, test.changed_at = state, entry.now
    return Aliquot(
        id=next(entry.keys),
        test=test,
        preparation=preparation,
        duplicate_of=portion.duplicate_of,
        mass_g=portion.mass_g,
        volume_ml=version.volume_ml if portion.volume_ml is None else portion.volume_ml,
        dilution=version.dilution if portion.dilution is None else portion.dilution,
        specimen_g=version.specimen_g if portion.specimen_g is None else portion.specimen_g,
        ignition_loss_percent=portion.ignition_loss_percent,
        weighed_by=entry.by,
        weighed_at=entry.now,
    )


def _weigh_duplicate(portion: Portion, mass_g: Decimal, original: Aliquot, entry: _Entry) -> Aliquot:
    """The portion weighed beside another; what is wrong with it is told at its own mass."""
    try:
        again = replace(portion, mass_g=mass_g, specimen_g=None, duplicate_of=portion.duplicate_of or original)
        return _weigh_one(again, entry)
    except DomainError as error:
        error.problems = [replace(one, pointer=one.pointer.replace("/mass_g", "/duplicate_mass_g")) for one in error.problems]
        raise


def portion_limits(version: MethodVersion) -> tuple[Decimal, Decimal]:
    """The least and the most a test portion of the method may weigh (g)."""
    spread = version.test_portion_g * version.test_portion_tolerance_percent / 100
    return version.test_portion_g - spread, version.test_portion_g + spread


def find_preparation(test: SubmissionTest) -> Preparation:
    """The preparation a test's portion is weighed from (`choose_preparation`); raises `Blocked` with what is missing."""
    return _Stock([test]).choose(test)


class _Stock:
    """The preparations test portions are weighed from, and what is missing where there is none; read once for all tests."""

    def __init__(self, tests: Collection[SubmissionTest]) -> None:
        self._chosen = preparations_for(tests)
        chosen = [one.pk for one in self._chosen.values()]
        self._reopened = set(PreparationTask.objects.filter(preparation__in=chosen, finished_at=None).values_list("preparation", flat=True))
        without = [test.sample_id for test in tests if test.pk not in self._chosen]
        self._prepared = set(Preparation.objects.filter(sample__in=without).values_list("sample", "laboratory"))

    def choose(self, test: SubmissionTest) -> Preparation:
        """See `find_preparation`."""
        code = test.sample.blind_code
        preparation = self._chosen.get(test.pk)
        if preparation is None:
            prepared = (test.sample_id, test.submission.laboratory_id) in self._prepared
            raise Blocked([_preparation_blocker(code, test, prepared)])
        sieve = preparation.sieve_passing_percent
        if sieve is not None and sieve < SIEVE_MINIMUM_PERCENT:
            sentence = (
                f"Only {sieve} % of sample {code} passes 75 µm. Pulverise it to {SIEVE_MINIMUM_PERCENT} % and record the preparation again."
            )
            raise Blocked([Blocker("too_coarse", sentence)])
        if preparation.pk in self._reopened:
            sentence = f"A step of sample {code} was corrected and its preparation is open again. Record the steps that are left first."
            raise Blocked([Blocker("preparation_open", sentence)])
        return preparation


def _preparation_blocker(code: str, test: SubmissionTest, prepared: bool) -> Blocker:
    version = test.method_version
    if not prepared:
        return Blocker("not_prepared", f"Sample {code} has no preparation yet. Record its route and moisture first.")
    leach = f", of material dried at {LEACH_LIMIT_C} °C at most" if version.method.extraction == Extraction.LEACHABLE else ""
    sentence = f"Sample {code} has no preparation for {version.method.code}: its moisture at {version.drying_c} °C{leach}. Record one."
    return Blocker("preparation_unsuitable", sentence)


def _problems(portion: Portion, test: SubmissionTest, version: MethodVersion) -> list[Problem]:
    found = find_mass_problem("/mass_g", portion.mass_g, 5)
    least, most = portion_limits(version)
    if not found and not least <= portion.mass_g <= most:
        sentence = (
            f"{portion.mass_g} g is outside {least.normalize():f} to {most.normalize():f} g, the test portion of {version}. Weigh again."
        )
        found.append(Problem("/mass_g", "test_portion", sentence))
    found += _specimen_problems(portion, version) if version.is_solid else _solution_problems(portion, version)
    original = portion.duplicate_of
    if original is not None and (original.test_id != test.pk or original.duplicate_of_id is not None):
        sentence = f"{original.code} is not an original aliquot of this test, so nothing can be its duplicate. Name the one it repeats."
        found.append(Problem("/duplicate_of", "not_the_original", sentence))
    return found


def _solution_problems(portion: Portion, version: MethodVersion) -> Iterator[Problem]:
    yield from find_solution_problems(portion.volume_ml, portion.dilution)
    for name in ("specimen_g", "ignition_loss_percent"):
        if getattr(portion, name) is not None:
            yield Problem(f"/{name}", "not_a_solid", f"{version} dissolves its portions; only a pellet or bead has this. Leave it out.")


def _specimen_problems(portion: Portion, version: MethodVersion) -> Iterator[Problem]:
    """What is wrong with what a portion was made into: a solid has no volume and no dilution, and a specimen holds its portion."""
    for name in ("volume_ml", "dilution"):
        if getattr(portion, name) is not None:
            yield Problem(f"/{name}", "solid", f"{version} measures a solid: nothing is dissolved or diluted. Leave it out.")
    yield from find_amount_problem("/specimen_g", portion.specimen_g, Decimal(0), Decimal(10_000), "a pellet or bead in g")
    specimen = version.specimen_g if portion.specimen_g is None else portion.specimen_g
    if specimen is not None and specimen.is_finite() and specimen < portion.mass_g:
        sentence = f"A pellet or bead of {specimen} g cannot hold a portion of {portion.mass_g} g. Weigh the finished one."
        yield Problem("/specimen_g", "impossible", sentence)
    loss = portion.ignition_loss_percent
    if loss is not None and not (loss.is_finite() and -100 < loss < 100):
        yield Problem("/ignition_loss_percent", "impossible", f"{loss} % is impossible for a loss on ignition: it lies from -100 to 100 %.")
