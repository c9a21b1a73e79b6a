"""Weighing test portions: an aliquot of a prepared sample for one test, dissolved or leached to a volume."""

from __future__ import annotations

from collections.abc import Sequence
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
from assays.services.rows import Refusals, find_mass_problem, find_solution_problems, refuse_problems, to_milligram
from lims.core import clock
from lims.core.acting import acting
from lims.core.codes import ALIQUOT
from lims.core.days import local_day
from lims.core.errors import Blocked, Blocker, DomainError, Forbidden, Problem, refuse_if
from lims.core.roles import Action, require
from lims.core.scope import fetch_visible
from lims.core.sequences import take_codes
from samples.services.consuming import advance_sample, consume_mass


@dataclass(frozen=True, kw_only=True)
class Portion:
    """A test portion as weighed (g), with that of a duplicate weighed beside it, if any. Final volume (mL) and dilution factor default to
    the method's; `duplicate_of` is an earlier aliquot of the same test that this one repeats."""

    test: SubmissionTest
    mass_g: Decimal
    duplicate_mass_g: Decimal | None = None
    volume_ml: Decimal | None = None
    dilution: Decimal | None = None
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
        for index, portion in enumerate(portions):
            try:
                done.append(_weigh_one(portion, by, now))
                if portion.duplicate_mass_g is not None:
                    done.append(_weigh_duplicate(portion, portion.duplicate_mass_g, done[-1], by, now))
            except DomainError as error:
                refusals.add(index, error)
        refusals.raise_if_any(len(portions))
        _note_uses(done, things, by, now)
    return done


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


def _weigh_one(portion: Portion, by: Any, now: datetime) -> Aliquot:
    test = fetch_visible(SubmissionTest, by, lock=True, pk=portion.test.pk)
    version = test.method_version
    if test.submission.laboratory_id != by.organisation_id:
        raise Forbidden("other_laboratory", f"{test.submission.code} is another laboratory's work.")
    state = TEST.target(test, "weigh")
    refuse_problems("aliquot", _problems(portion, test, version))
    preparation = find_preparation(test)
    advance_sample(sample=test.sample, step="analyse", by=by)
    consume_mass(sample=test.sample, mass_g=to_milligram(portion.mass_g), purpose=f"test portion, {version.method.code}", by=by, at=now)
    test.state, test.changed_at = state, now
    test.save(update_fields=["state", "changed_at"])
    return Aliquot.objects.create(
        code=take_codes(ALIQUOT)[0],
        test=test,
        preparation=preparation,
        duplicate_of=portion.duplicate_of,
        mass_g=portion.mass_g,
        volume_ml=version.volume_ml if portion.volume_ml is None else portion.volume_ml,
        dilution=version.dilution if portion.dilution is None else portion.dilution,
        weighed_by=by,
        weighed_at=now,
    )


def _weigh_duplicate(portion: Portion, mass_g: Decimal, original: Aliquot, by: Any, now: datetime) -> Aliquot:
    """The portion weighed beside another; what is wrong with it is told at its own mass."""
    try:
        return _weigh_one(replace(portion, mass_g=mass_g, duplicate_of=portion.duplicate_of or original), by, now)
    except DomainError as error:
        error.problems = [replace(one, pointer=one.pointer.replace("/mass_g", "/duplicate_mass_g")) for one in error.problems]
        raise


def portion_limits(version: MethodVersion) -> tuple[Decimal, Decimal]:
    """The least and the most a test portion of the method may weigh (g)."""
    spread = version.test_portion_g * version.test_portion_tolerance_percent / 100
    return version.test_portion_g - spread, version.test_portion_g + spread


def find_preparation(test: SubmissionTest) -> Preparation:
    """The preparation a test's portion is weighed from (`choose_preparation`); raises `Blocked` with what is missing."""
    code = test.sample.blind_code
    preparation = preparations_for([test]).get(test.pk)
    if preparation is None:
        raise Blocked([_preparation_blocker(code, test)])
    sieve = preparation.sieve_passing_percent
    if sieve is not None and sieve < SIEVE_MINIMUM_PERCENT:
        sentence = (
            f"Only {sieve} % of sample {code} passes 75 µm. Pulverise it to {SIEVE_MINIMUM_PERCENT} % and record the preparation again."
        )
        raise Blocked([Blocker("too_coarse", sentence)])
    if PreparationTask.objects.filter(preparation=preparation, finished_at=None).exists():
        sentence = f"A step of sample {code} was corrected and its preparation is open again. Record the steps that are left first."
        raise Blocked([Blocker("preparation_open", sentence)])
    return preparation


def _preparation_blocker(code: str, test: SubmissionTest) -> Blocker:
    version = test.method_version
    if not test.sample.preparations.filter(laboratory=test.submission.laboratory_id).exists():
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
    found += find_solution_problems(portion.volume_ml, portion.dilution)
    original = portion.duplicate_of
    if original is not None and (original.test_id != test.pk or original.duplicate_of_id is not None):
        sentence = f"{original.code} is not an original aliquot of this test, so nothing can be its duplicate. Name the one it repeats."
        found.append(Problem("/duplicate_of", "not_the_original", sentence))
    return found
