"""How often the same was measured: earlier and later runs of the same aliquots, and every judgement of each, so that nobody repeats a run
until a control passes without its being seen."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db.models import Count, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce

from assays.instruments.models import Upload, UploadState
from assays.models import Evaluation, Run

WITHIN_DAYS = 30
"""Runs measured or planned so many days before or after belong together."""


@dataclass(frozen=True)
class Attempt:
    """A run with tests in common with the one looked at (or itself): how many, its judgements oldest first, its withdrawn files."""

    run: Run
    shared: int
    evaluations: list[Evaluation]
    withdrawn: int

    @property
    def outcomes(self) -> list[str]:
        """What each judgement said, oldest first; a run that was never judged has none."""
        return [one.outcome for one in self.evaluations]


def attempts_of(run: Run, viewer: Any) -> list[Attempt]:
    """The runs within `WITHIN_DAYS` of this one that measured any of its tests by the same method, and this one, oldest first. Cancelled
    runs measured nothing."""
    tests = run.positions.filter(aliquot__isnull=False).values("aliquot__test")
    middle, reach = run.measured_at or run.planned_at, timedelta(days=WITHIN_DAYS)
    withdrawn = Upload.objects.filter(run=OuterRef("pk"), state=UploadState.WITHDRAWN).order_by()
    runs = (
        Run.objects.visible_to(viewer)
        .filter(method_version__method=run.method_version.method_id, planned_at__range=(middle - reach, middle + reach))
        .exclude(state="cancelled")
        .annotate(shared=Count("positions__aliquot__test", filter=Q(positions__aliquot__test__in=tests), distinct=True))
        .annotate(taken_back=Coalesce(Subquery(withdrawn.values("run").annotate(n=Count("pk")).values("n")), 0))
        .filter(Q(shared__gt=0) | Q(pk=run.pk))
        .order_by("planned_at", "pk")
    )
    found: list[Any] = list(runs.select_related("instrument"))
    judged: dict[Any, list[Evaluation]] = {}
    for one in Evaluation.objects.filter(run__in=found).order_by("evaluated_at", "number"):
        judged.setdefault(one.run_id, []).append(one)
    return [Attempt(one, one.shared, judged.get(one.pk, []), one.taken_back) for one in found]


def count_attempts(attempts: list[Attempt]) -> int:
    """How often the controls were judged, in all of them together."""
    return sum(len(one.evaluations) for one in attempts)


def attempts_data(attempts: list[Attempt]) -> list[dict[str, Any]]:
    """The attempts as the API tells them."""
    return [
        {
            "run": one.run.code,
            "state": one.run.state,
            "planned_at": one.run.planned_at.isoformat(),
            "measured_at": one.run.measured_at.isoformat() if one.run.measured_at else None,
            "shared_samples": one.shared,
            "evaluations": [_evaluation(made) for made in one.evaluations],
            "withdrawn_files": one.withdrawn,
        }
        for one in attempts
    ]


def _evaluation(made: Evaluation) -> dict[str, Any]:
    return {"number": made.number, "outcome": made.outcome, "at": made.evaluated_at.isoformat()}
