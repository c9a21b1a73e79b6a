"""Measuring again what failed or was over range: one step from a measured run to a planned tray."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime
from typing import Any

from assays.instruments.models import Instrument
from assays.models import Run
from assays.models.runs import PositionKind
from assays.selectors.retests import Retest, find_retests
from assays.selectors.trays import PlannedPosition, propose_tray
from assays.services.planning import plan_run
from lims.core import clock
from lims.core.days import local_day
from lims.core.errors import Blocked, Blocker, refuse_if
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
    proposed = propose_tray(version=run.method_version, viewer=by, day=local_day(now), aliquots=chosen)
    refuse_if(proposed.blockers)
    tray = [_as_retest(one, again) for one in proposed.positions]
    return plan_run(
        instrument=instrument or run.instrument, method_version=run.method_version, positions=tray, seed=proposed.seed, by=by, at=at
    )


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
    return replace(diluted, retest_of=found.position, analytes=found.analytes) if planned.kind == PositionKind.SAMPLE else diluted
