"""Who worked on a run, and so may neither review nor authorise it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from assays.instruments.models import UploadRow
from assays.models import Run
from lims.core.errors import Blocker


def hands_on(run: Run) -> dict[UUID, str]:
    """Everybody who prepared, weighed, planned, imported, assigned or reduced for this run, with what they did."""
    found: dict[UUID | None, str] = {run.planned_by_id: "planned the run"}
    aliquots = run.positions.exclude(aliquot=None).values_list("aliquot__weighed_by", "aliquot__preparation__prepared_by").distinct()
    for weighed_by, prepared_by in aliquots:
        found.setdefault(weighed_by, "weighed aliquots of it")
        found.setdefault(prepared_by, "prepared samples of it")
    for received_from, decided_by in run.uploads.values_list("received_from", "decided_by"):
        found.setdefault(received_from, "brought its readings")
        found.setdefault(decided_by, "decided about its readings")
    for decided_by in UploadRow.objects.filter(upload__run=run).exclude(decided_by=None).values_list("decided_by", flat=True).distinct():
        found.setdefault(decided_by, "assigned its readings")
    for reduced_by in run.reductions.values_list("reduced_by", flat=True).distinct():
        found.setdefault(reduced_by, "reduced it")
    return {person: deed for person, deed in found.items() if person is not None}


def independence_blockers(run: Run, by: Any, act: str) -> list[Blocker]:
    """Why `by` may not `act` (review, authorise): own work."""
    deed = hands_on(run).get(by.pk)
    if deed is None:
        return []
    return [Blocker("own_work", f"You {deed}, so you cannot {act} it. Someone who had no hand in it does.")]
