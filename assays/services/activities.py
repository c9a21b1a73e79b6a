"""Thorium and uranium as activities: what a run found too active is held at once, what it found safe may end a hold."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from assays.chemistry.radioactivity import NUCLIDE_OF, bound_activity
from assays.lifecycle import RunState
from assays.models import Run
from assays.models.methods import Extraction
from assays.services.reducing import ReducedRun
from lims.accounts.models import User
from samples.models import Hold
from samples.models.radiation import DoorPolicy
from samples.models.samples import HoldKind
from samples.radiation_rules import NuclideActivity
from samples.services.screening import assess_contents

_DIGITS = Decimal("0.0001")


def assess_run(run: Run, reduced: ReducedRun, by: Any, moment: datetime) -> None:
    """Judge the run's Th and U of every sample against its laboratory's limit. Part of the caller's transaction.

    A sample at or above the limit is held whatever the run's controls say: a doubtful alarm is still one. A sample that is held for
    safety gets an assessment that may clear it, if the controls passed and the method measures totals. Of the rest nothing is written.
    """
    found = _activities(reduced)
    if not found:
        return
    limit = DoorPolicy.of(run.laboratory_id).activity_limit
    passed = run.state == RunState.QC_PASSED and run.method_version.method.extraction == Extraction.TOTAL
    held = _held_for_safety(list(found)) if passed else set()
    wanted = {sample: all_of for sample, all_of in found.items() if _reaches(all_of, limit) or sample in held}
    if wanted:
        who = by if isinstance(by, User) else run.planned_by
        assess_contents(found=wanted, laboratory=run.laboratory, reference=run.code, by=who, at=moment)


def _activities(reduced: ReducedRun) -> dict[UUID, list[NuclideActivity]]:
    found: dict[UUID, list[NuclideActivity]] = defaultdict(list)
    for (number, symbol), result in reduced.results.items():
        position = reduced.positions[number]
        if symbol in NUCLIDE_OF and position.kind == "sample" and position.aliquot is not None:
            found[position.aliquot.test.sample_id].append(_activity(symbol, result.value, result.qualifier, result.uncertainty))
    return found


def _activity(symbol: str, value: float, qualifier: str, uncertainty: float | None) -> NuclideActivity:
    bound = bound_activity(symbol, value, uncertainty or 0.0)
    activity, spread = (Decimal(repr(part)).quantize(_DIGITS) for part in bound)
    return NuclideActivity(NUCLIDE_OF[symbol].name, activity, spread, Decimal(2), qualifier)


def _reaches(found: Sequence[NuclideActivity], limit: Decimal) -> bool:
    """Whether a nuclide may reach the limit. A quantified value with its uncertainty, or a bound that says it does: what lies below a
    limit of quantification above the limit was simply not measured well enough."""
    return any(one.qualifier == ">" or (one.qualifier == "" and one.activity + one.uncertainty >= limit) for one in found)


def _held_for_safety(samples: Sequence[UUID]) -> set[UUID]:
    holds = Hold.objects.filter(sample__in=samples, kind__in=[HoldKind.SAFETY, HoldKind.QUARANTINE], released_at=None)
    return set(holds.values_list("sample", flat=True))
