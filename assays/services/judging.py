"""What follows from a run's readings: results, then verdicts. Computed once, stored as new versions; nothing is overwritten."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction

from assays.lifecycle import RUN
from assays.models import Evaluation, Result, Run
from assays.services.activities import assess_run
from assays.services.evaluating import store_evaluation
from assays.services.reducing import compute_run
from assays.services.result_versions import store_reduction
from lims.core import clock


def judge_run(*, run: Run, by: Any, at: datetime | None = None) -> Evaluation:
    """Reduce the run's readings and judge its controls: the run ends passed, failed or blocked. The caller holds the run's lock."""
    moment = at or clock.now()
    with transaction.atomic():
        reduced = compute_run(run)
        reduction = store_reduction(run, reduced, by, moment)
        evaluation = store_evaluation(run, reduced, reduction, moment)
        assess_run(run, reduced, by, moment)
        return evaluation


def clear_run(*, run: Run) -> Run:
    """The run has lost all its readings and waits for some: no result of it is current any more. The caller holds the run's lock."""
    run.state, run.measured_at, run.verdict_text = RUN.target(run, "clear"), None, ""
    run.save(update_fields=["state", "measured_at", "verdict_text"])
    Result.objects.filter(current__reduction__run=run).update(current=None)
    return run
