"""Who worked on a run, and so may neither review nor authorise it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from assays.models import Run
from lims.accounts.models import Competence
from lims.core import clock
from lims.core.errors import Blocker


def hands_on(run: Run) -> dict[UUID, str]:
    """Everybody who prepared, weighed, planned, imported or reduced for this run, with what they did."""
    found: dict[UUID, str] = {run.planned_by_id: "planned the run"}
    aliquots = run.positions.exclude(aliquot=None).values_list("aliquot__weighed_by", "aliquot__preparation__prepared_by")
    for weighed_by, prepared_by in aliquots:
        found.setdefault(weighed_by, "weighed aliquots of it")
        found.setdefault(prepared_by, "prepared samples of it")
    for received_from, decided_by in run.uploads.values_list("received_from", "decided_by"):
        found.setdefault(received_from, "brought its readings")
        found.setdefault(decided_by, "confirmed its readings")
    for reduced_by in run.reductions.values_list("reduced_by", flat=True):
        found.setdefault(reduced_by, "reduced it")
    found.pop(None, None)  # type: ignore[call-overload]
    return found


def independence_blockers(run: Run, by: Any, act: str) -> list[Blocker]:
    """Why `by` may not `act` (review, authorise): own work."""
    deed = hands_on(run).get(by.pk)
    if deed is None:
        return []
    return [Blocker("own_work", f"You {deed}, so you cannot {act} it. Someone who had no hand in it does.")]


def competence_blockers(run: Run, by: Any, activity: str) -> list[Blocker]:
    """Why `by` may not do the activity with the run's method today (ISO/IEC 17025:2017, 6.2.6)."""
    today, code = clock.now().date(), run.method_version.method.code
    held = Competence.objects.filter(user=by, method_code=code, activity=activity)
    if held.filter(valid_from__lte=today, valid_until__gte=today).exists():
        return []
    last = held.order_by("-valid_until").values_list("valid_until", flat=True).first()
    state = f"expired on {last:%d %b %Y}" if last else "was never recorded"
    return [Blocker("competence", f"Your competence to {activity} {code} {state}. The quality manager records it first.")]
