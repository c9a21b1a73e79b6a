"""Measuring again what failed or was over range: one step from a measured run to a planned tray."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.db import transaction

from assays.instruments.models import Instrument
from assays.lifecycle import TEST
from assays.models import Result, RetestRequest, Run, SubmissionTest
from assays.models.runs import PositionKind
from assays.selectors.measured_runs import TO_REVIEW, live_tests
from assays.selectors.retests import Retest, find_retests
from assays.selectors.run_lots import lots_in_use, of_tray
from assays.selectors.tray_plan import PlannedPosition
from assays.selectors.trays import propose_tray
from assays.services.four_eyes import independence_blockers
from assays.services.planning import plan_run
from assays.services.reviewing import lock_run
from lims.core import clock
from lims.core.acting import acting
from lims.core.days import local_day
from lims.core.errors import Blocked, Blocker, Invalid, Problem, refuse_if
from lims.core.roles import Action, require


def plan_retests(
    *, run: Run, aliquots: Collection[str] | None = None, instrument: Instrument | None = None, by: Any, at: datetime | None = None
) -> Run:
    """Plan a tray of what must be measured again of a run: all of it, or the aliquots with those codes; with the method's controls, on
    the same instrument unless another is named. Solutions over range stand in a higher dilution, and only the elements over range are
    taken from them: every other result is carried over as it is. No result version is lost, whatever the new run says.

    Raises `Blocked` (nothing to measure again, and all that `plan_run` refuses).
    """
    require(by, Action.RUN_EDIT)
    wanted = [one for one in find_retests(run).rows if aliquots is None or _code(one) in aliquots]
    if not wanted:
        sentence = f"Nothing of run {run.code} has to be measured again. Look at its controls and results."
        raise Blocked([Blocker("nothing_to_retest", sentence)])
    now = at or clock.now()
    again = {one.position.aliquot.pk: one for one in wanted if one.position.aliquot is not None}
    chosen = [one.position.aliquot for one in wanted if one.position.aliquot is not None]
    day = local_day(now)
    lots = lots_in_use(run.method_version, by, day)
    # The rack of the run, unless another instrument is named: its autosampler may hold another.
    layout = run.layout if instrument is None or instrument == run.instrument else None
    proposed = propose_tray(version=run.method_version, viewer=by, day=day, aliquots=chosen, layout=layout, lots=lots)
    refuse_if(proposed.blockers)
    return plan_run(
        instrument=instrument or run.instrument,
        method_version=run.method_version,
        positions=[_as_retest(one, again) for one in proposed.positions],
        layout=layout,
        seed=proposed.seed,
        lots=of_tray(lots, proposed.positions),
        by=by,
        at=at,
    )


def ask_retests(*, run: Run, positions: Collection[int], reason: str, by: Any, at: datetime | None = None) -> list[RetestRequest]:
    """A reviewer asks that the samples at these positions be measured again, whatever the controls say, with a reason the analyst reads.

    The run cannot be approved before each of them stands in a later run; then its review is about the others alone. Raises `Invalid`
    (no reason, no sample at a position, asked already) and `Blocked` (own work, a run that is not under review).
    """
    require(by, Action.RUN_REVIEW)
    if not reason.strip():
        raise _invalid("reason", "Say why it must be measured again; the analyst reads it.")
    with transaction.atomic(), acting(by, reason):
        return _store_requests(lock_run(run), positions, reason, by, at or clock.now(), rejects=False)


def reject_positions(*, run: Run, positions: Collection[int], reason: str, by: Any, at: datetime | None = None) -> list[RetestRequest]:
    """A reviewer rejects the results of the samples at these positions, with a reason; the others of the run can be approved.

    The samples leave this run for good and wait to be planned again at once; what was measured stays on record, no result points to it,
    and it is never authorised. The signature of the review covers it (`reviewing.position_lines`). Raises as `ask_retests` does, and
    `Blocked` for a test that moved on.
    """
    require(by, Action.RUN_REVIEW)
    if not reason.strip():
        raise _invalid("reason", "Say why it is rejected; the analyst reads it, and the review is signed over it.")
    with transaction.atomic(), acting(by, reason):
        moment = at or clock.now()
        made = _store_requests(lock_run(run), positions, reason, by, moment, rejects=True)
        tests = [one.position.aliquot.test_id for one in made if one.position.aliquot is not None]
        locked = SubmissionTest.objects.filter(pk__in=tests).order_by("pk").select_for_update(no_key=True)
        refuse_if([blocker for test in locked for blocker in TEST.blockers(test, "reject")])
        SubmissionTest.objects.filter(pk__in=tests).update(state=TEST.find("reject").target, changed_at=moment)
        Result.objects.filter(current__position__in=[one.position_id for one in made]).update(current=None)
    return made


def _store_requests(run: Run, positions: Collection[int], reason: str, by: Any, moment: datetime, *, rejects: bool) -> list[RetestRequest]:
    """A request for each position of a locked run, or a refusal."""
    refuse_if(_asking_blockers(run, by))
    standing = run.positions.filter(kind=PositionKind.SAMPLE, aliquot__test__in=live_tests(run)).select_related("aliquot")
    tubes = {one.number: one for one in standing}
    _refuse_positions(run, positions, set(tubes), rejects=rejects)
    return [
        RetestRequest.objects.create(run=run, position=tubes[number], rejects=rejects, reason=reason.strip(), asked_by=by, asked_at=moment)
        for number in sorted(set(positions))
    ]


def _asking_blockers(run: Run, by: Any) -> list[Blocker]:
    if run.state not in TO_REVIEW:
        sentence = f"Run {run.code} is {run.get_state_display()}. Only samples of a run under review are rejected or asked for again."
        return [Blocker("not_under_review", sentence)]
    return independence_blockers(run, by, "review")


def _refuse_positions(run: Run, positions: Collection[int], samples: set[int], *, rejects: bool) -> None:
    if not positions:
        raise _invalid("positions", "Choose the samples that must be measured again.")
    if unknown := sorted(set(positions) - samples):
        raise _invalid(
            "positions", f"Position {unknown[0]} of {run.code} holds no sample of this review. Choose one of the tray's samples."
        )
    asked = set(run.retest_requests.filter(rejects=rejects).values_list("position__number", flat=True))
    if twice := sorted(asked & set(positions)):
        raise _invalid("positions", f"Position {twice[0]} of {run.code} was asked for already. Leave it out.")


def _invalid(member: str, sentence: str) -> Invalid:
    return Invalid(member, sentence, problems=[Problem(f"/{member}", member, sentence)])


def _code(one: Retest) -> str:
    return one.position.aliquot.code if one.position.aliquot is not None else ""


def _as_retest(planned: PlannedPosition, again: dict[Any, Retest]) -> PlannedPosition:
    """The sample's tube with its dilution and what is taken from it; its duplicates stand in that dilution too."""
    if planned.aliquot is None:
        return planned
    found = again.get(planned.aliquot.pk) or again.get(planned.aliquot.duplicate_of_id)
    if found is None:
        return planned
    diluted = replace(planned, dilution=found.dilution)
    if planned.kind != PositionKind.SAMPLE:
        return diluted
    # Some elements of one bag alone may be measured again: no pair of bags any more.
    return replace(diluted, retest_of=found.position, analytes=found.analytes, control="", duplicate_of=None)
