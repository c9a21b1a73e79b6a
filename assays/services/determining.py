"""Entering what was weighed and titrated for a run of a classical method: kept, reduced and judged like an instrument's readings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction

from assays.lifecycle import RUN, TEST
from assays.models import Determination, Equipment, HighGradeConditions, Lot, Run, RunPosition, SubmissionTest, Use
from assays.selectors.measured_runs import live_tests
from assays.services.competence import competence_blockers
from assays.services.high_grade import AMOUNTS, IGNITION, compute_content, current_determinations
from assays.services.judging import judge_run
from assays.services.lots import use_blockers
from assays.services.rows import Refusals, refuse_problems
from lims.core import clock
from lims.core.acting import acting
from lims.core.days import local_day
from lims.core.errors import Blocked, Blocker, DomainError, Invalid, Problem, refuse_if
from lims.core.roles import Action, require
from lims.core.scope import fetch_visible
from samples.services.movement import checked_texts

Entry = tuple[RunPosition, Mapping[str, Decimal | None]]
"""A position and its amounts by name (`high_grade.AMOUNTS` of the technique, and `IGNITION`)."""


def record_determinations(
    *, run: Run, entries: Sequence[Entry], things: Sequence[Lot | Equipment] = (), reason: str = "", by: Any, at: datetime | None = None
) -> Run:
    """Keep what was weighed and titrated, all or none, then reduce and judge the run. With a `reason` entries replace earlier ones.
    `things` are the balance, furnace, burette and titrant used.

    Raises `Blocked` (no competence, the run is beyond, something overdue or expired), `Invalid` with a problem per wrong amount
    (`/0/titre_ml`).
    """
    require(by, Action.RUN_EDIT)
    now = at or clock.now()
    reason = checked_texts(Determination, reason=reason)["reason"]
    with transaction.atomic(), acting(by, reason or "determinations recorded"):
        run = fetch_visible(Run, by, lock=True, pk=run.pk)
        stated = HighGradeConditions.objects.filter(method_version=run.method_version_id).first()
        if stated is None:
            raise Blocked([Blocker("no_determination", f"{run.method_version} is measured by an instrument; bring in its file.")])
        refuse_if(RUN.blockers(run, "record"))
        refuse_if(competence_blockers(by, run.method_version.method.code, "measure", local_day(now)))
        refuse_if([blocker for thing in things for blocker in use_blockers(thing, local_day(now))])
        _store(run, entries, stated, reason, by, now)
        rows = [
            Use(**{type(one).__name__.lower(): one}, run=run, used_on=local_day(now), recorded_by=by, recorded_at=now) for one in things
        ]
        Use.objects.bulk_create(rows, ignore_conflicts=True)
        run.state, run.measured_at = RUN.target(run, "record"), now
        run.save(update_fields=["state", "measured_at"])
        tests = live_tests(run).filter(state__in=TEST.find("measure").sources)
        moving = list(tests.select_for_update(of=("self",), no_key=True).values_list("pk", flat=True))
        SubmissionTest.objects.filter(pk__in=moving).update(state=TEST.find("measure").target, changed_at=now)
        judge_run(run=run, by=by, at=now)
        run.refresh_from_db()
    return run


def _store(run: Run, entries: Sequence[Entry], stated: HighGradeConditions, reason: str, by: Any, now: datetime) -> None:
    if not entries:
        raise Invalid("empty", "Nothing was entered. Fill in a row.", problems=[Problem("", "empty", "Nothing was entered.")])
    before = current_determinations([position.pk for position, _values in entries])
    refusals = Refusals()
    for index, (position, values) in enumerate(entries):
        try:
            texts = _checked(position, values, stated)
            earlier = before.get(position.pk)
            if earlier is not None and not reason:
                raise Blocked([Blocker("determined_already", f"Position {position.number} is on record. Correct it with a reason.")])
            Determination.objects.create(
                position=position, values=texts, made_by=by, made_at=now, corrects=earlier, reason=reason if earlier is not None else ""
            )
        except DomainError as error:
            refusals.add(index, error)
    refusals.raise_if_any(len(entries))


def _checked(position: RunPosition, values: Mapping[str, Decimal | None], stated: HighGradeConditions) -> dict[str, str]:
    """The amounts as texts, once the content can be computed from them."""
    if position.aliquot is None:
        sentence = f"Position {position.number} holds no weighed portion."
        raise Invalid("no_portion", sentence, problems=[Problem("", "no_portion", sentence)])
    problems, texts = [], {}
    for name in (*AMOUNTS[stated.technique], *IGNITION):
        value = values.get(name)
        if value is None or not value.is_finite() or value < 0:
            problems.append(Problem(f"/{name}", "missing", "Give what was read, not below zero."))
        else:
            texts[name] = str(value)
    refuse_problems("determination", problems)
    aliquot = position.aliquot
    try:
        compute_content(texts, float(aliquot.mass_g), aliquot.preparation.portion_moisture_percent, stated)
    except ValueError as error:
        raise Invalid("impossible", str(error), problems=[Problem("", "impossible", str(error))]) from error
    return texts
