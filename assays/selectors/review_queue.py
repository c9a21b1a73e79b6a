"""The queue of runs that wait for a reviewer or a signatory, with the risk of each and its reasons."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import connection
from django.db.models import Exists, OuterRef, Subquery
from django.utils.translation import gettext_lazy as _

from assays.chemistry.radioactivity import NUCLIDE_OF, compute_content_mg_kg, compute_specific_activity
from assays.instruments.models import Upload, UploadState
from assays.lifecycle import RunState
from assays.models import Evaluation, RunPosition, SubmissionTest
from assays.models.runs import PositionKind
from assays.review_risk import POINTS, Found, Risk, RunFacts, judge_risk
from assays.selectors.measured_runs import TO_REVIEW
from assays.selectors.runs import run_list
from assays.selectors.same_source import earlier_values, explain_earlier, may_compare_sources
from lims.core import clock
from lims.core.errors import Invalid
from samples.models.radiation import DoorPolicy

_LOOKED_AT = ("Dy", "Tb", *NUCLIDE_OF)

RULE_WORDS: dict[str, Any] = {
    "failed": _("a control failed"),
    "missing": _("a control is missing"),
    "overridden": _("a failed control was overridden"),
    "repeated": _("measured or judged before"),
    "far_from_source": _("far from earlier results of its source"),
    "overdue": _("overdue"),
    "high_content": _("high Dy or Tb"),
    "near_hold_limit": _("Th or U near the limit of activity"),
    "over_range": _("over the working range"),
    "due_soon": _("due within two days"),
    "near_loq": _("Dy or Tb near the limit of quantification"),
    "waiting": _("a point for each day it waits, at most 14"),
}
"""The rules in words, heaviest first; the page lists them with their points."""
LEVEL_WORDS: dict[str, Any] = {"high": _("high"), "medium": _("medium"), "low": _("low")}
_TONES = {"high": "fail", "medium": "warn", "low": "none"}


@dataclass(frozen=True)
class Waiting:
    """One run of the queue: the step it waits for (`review`, `authorise`), its due day, how long it waits, its risk."""

    run: Any
    step: str
    days_waiting: int
    overdue: bool
    risk: Risk

    @property
    def badge(self) -> tuple[str, Any]:
        """The level of risk as a badge."""
        return _TONES[self.risk.level], LEVEL_WORDS[self.risk.level]

    @property
    def reasons(self) -> list[Any]:
        """The rules that gave points, in words; the days stand in a column of their own."""
        return [RULE_WORDS[rule] for rule in self.risk.rules if rule != "waiting"]


def rule_rows() -> list[dict[str, Any]]:
    """Every rule of the risk with its points, as the page states them."""
    return [{"rule": rule, "words": words, "points": POINTS[rule]} for rule, words in RULE_WORDS.items()]


def review_queue(viewer: Any) -> list[Waiting]:
    """Runs that wait for a reviewer or a signatory of the viewer's laboratory: by risk, then what is due soonest, then the oldest."""
    runs = list(waiting_runs(viewer))
    found, today = _results_of(runs, viewer), clock.today()
    limits = hold_contents(float(DoorPolicy.of(viewer.organisation_id).activity_limit))
    queue = []
    for run in runs:
        days = (clock.now() - (run.reviewed_at or run.measured_at or run.planned_at)).days
        left = (run.due_on - today).days if run.due_on else None
        repeated = run.again is not None or run.judged_before
        risk = judge_risk(RunFacts(run.state, repeated, days, left, found.get(str(run.pk), ())), limits)
        step = "authorise" if run.state == RunState.REVIEWED else "review"
        queue.append(Waiting(run, step, days, left is not None and left < 0, risk))
    return sorted(queue, key=lambda one: (-one.risk.points, one.run.due_on or today, one.run.measured_at or one.run.planned_at))


def hold_contents(limit_bq_g: float) -> dict[str, float]:
    """The contents of Th and U, mg/kg, that give the activity at which a sample is held."""
    return {
        symbol: compute_content_mg_kg(
            limit_bq_g, compute_specific_activity(nuclide.half_life_years, nuclide.molar_mass, nuclide.mass_fraction)
        )
        for symbol, nuclide in NUCLIDE_OF.items()
    }


def waiting_runs(viewer: Any) -> Any:
    """The runs of the queue with the day each is due (`due_on`), a tube measured before (`again`), and whether it was judged before."""
    tests = SubmissionTest.objects.filter(aliquots__positions__run=OuterRef("pk"), aliquots__positions__kind=PositionKind.SAMPLE)
    measured_before = RunPosition.objects.filter(
        kind=PositionKind.SAMPLE, aliquot__test=OuterRef("aliquot__test"), run__lt=OuterRef("run"), run__measured_at__isnull=False
    ).exclude(run__state=RunState.CANCELLED)
    again = RunPosition.objects.filter(Exists(measured_before), run=OuterRef("pk"), kind=PositionKind.SAMPLE)
    newest = Evaluation.objects.filter(run=OuterRef("run"), number__gt=OuterRef("number"))
    failed_before = Evaluation.objects.filter(Exists(newest), run=OuterRef("pk")).exclude(outcome="passed")
    withdrawn = Upload.objects.filter(run=OuterRef("pk"), state=UploadState.WITHDRAWN)
    return (
        run_list(viewer)
        .filter(state__in=[*TO_REVIEW, RunState.REVIEWED])
        .annotate(
            due_on=Subquery(tests.order_by("submission__due_on").values("submission__due_on")[:1]),
            # One tube, not whether there is any: a question about all runs at once would look through every tube on record.
            again=Subquery(again.values("pk")[:1]),
            judged_before=Exists(failed_before) | Exists(withdrawn),
        )
    )


# From the tubes of the runs alone: the fences keep each step a look-up by key, however many results are on record.
_RESULTS = """
SELECT p.run_id::text, h.sample_id::text, s.mine_id::text, m.method_id::text, h.symbol,
    v.value::float8, v.qualifier, v.uncertainty::float8, v.loq::float8, v.unit
FROM assays_runposition p JOIN assays_aliquot q ON q.id = p.aliquot_id
CROSS JOIN LATERAL (
    SELECT r.sample_id, r.current_id, a.symbol FROM assays_result r JOIN assays_analyte a ON a.id = r.analyte_id
    WHERE r.test_id = q.test_id AND r.analyte_id = ANY(ARRAY(SELECT id FROM assays_analyte WHERE symbol = ANY(%(symbols)s))) OFFSET 0
) h
CROSS JOIN LATERAL (SELECT * FROM assays_resultversion WHERE id = h.current_id OFFSET 0) v
JOIN assays_reduction d ON d.id = v.reduction_id AND d.run_id = p.run_id
JOIN assays_methodversion m ON m.id = v.method_version_id
CROSS JOIN LATERAL (SELECT mine_id FROM samples_sample WHERE id = h.sample_id OFFSET 0) s
WHERE p.run_id = ANY(%(runs)s::uuid[]) AND p.kind = 'sample'
"""


def _ask(statement: str, runs: Sequence[Any]) -> list[tuple[Any, ...]]:
    if not runs:
        return []
    with connection.cursor() as cursor:
        cursor.execute(statement, {"runs": [str(run.pk) for run in runs], "symbols": list(_LOOKED_AT)})
        return list(cursor.fetchall())


def explain(runs: Sequence[Any]) -> list[str]:
    """The plans the database makes to read the results of the runs and what was found earlier at their sources, line by line."""
    return [line for (line,) in _ask(f"EXPLAIN {_RESULTS}", runs)] + explain_earlier(runs[0].laboratory_id)


def _results_of(runs: Sequence[Any], viewer: Any) -> dict[Any, list[Found]]:
    """The current Dy, Tb, Th and U of the runs, beside what was found earlier at the source of each sample where the viewer may know it."""
    versions = _ask(_RESULTS, runs)
    earlier: Any = {}
    if versions and may_compare_sources(viewer):
        keys = {(one[2], one[3], one[4]) for one in versions if one[2] is not None and one[4] in ("Dy", "Tb")}
        earlier = earlier_values(keys, viewer.organisation_id, {one[1] for one in versions})
    found: dict[Any, list[Found]] = {}
    for run, _sample, mine, method, symbol, value, qualifier, uncertainty, loq, unit in versions:
        before = earlier.get((mine, method, symbol), ())
        one = Found(symbol, value, qualifier, uncertainty or 0.0, loq, unit == "mg/kg", before)
        found.setdefault(run, []).append(one)
    return found


ORDERINGS: dict[str, Any] = {
    "risk": lambda one: -one.risk.points,
    "due_on": lambda one: (one.run.due_on is None, one.run.due_on or date.max),
    "waiting": lambda one: -one.days_waiting,
    "code": lambda one: one.run.code,
}
"""What the queue is ordered by; the highest risk and the longest wait come first, and a leading `-` turns the order."""


def order_queue(rows: Sequence[Waiting], ordering: str) -> list[Waiting]:
    """The rows in the asked order; without one as they came, by risk."""
    if not ordering:
        return list(rows)
    if ordering.lstrip("-") not in ORDERINGS:
        raise Invalid("ordering", f"The queue is ordered by one of: {', '.join(ORDERINGS)} (a leading '-' turns the order).")
    return sorted(rows, key=ORDERINGS[ordering.lstrip("-")], reverse=ordering.startswith("-"))


def queue_row(one: Waiting) -> dict[str, Any]:
    """A run of the queue as the file and the API tell it."""
    return {
        "run": one.run.code,
        "state": one.run.state,
        "step": one.step,
        "method": one.run.method_version.method.code,
        "samples": one.run.sample_count,
        "due_on": one.run.due_on.isoformat() if one.run.due_on else None,
        "overdue": one.overdue,
        "days_waiting": one.days_waiting,
        "risk": one.risk.level,
        "points": one.risk.points,
        "reasons": " ".join(one.risk.rules),
    }
