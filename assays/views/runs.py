"""Runs: the list, the page of one, and how a number was made."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import Any, ClassVar
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.urls import reverse

from assays.calculation.trails import as_table
from assays.chemistry.chondrite import CHONDRITE
from assays.forms.bench_filters import RUN_ORDERINGS, RunFilter
from assays.lifecycle import RUN, RunState
from assays.models import ResultVersion, Run, RunPosition
from assays.selectors import run_page
from assays.selectors.attempts import attempts_of, count_attempts
from assays.selectors.badges import run_badge
from assays.selectors.bench_rows import run_data
from assays.selectors.blinding import knows_blind_controls
from assays.selectors.budget_words import explain_budget
from assays.selectors.judgements import Judgement, judgement_of
from assays.selectors.leach_shares import read_leaching
from assays.selectors.measured_badges import upload_badge
from assays.selectors.measured_runs import TO_REVIEW
from assays.selectors.retests import find_retests
from assays.selectors.run_calculation import calculation_of
from assays.selectors.run_export import result_rows
from assays.selectors.run_lots import lot_lines
from assays.selectors.runs import run_list, tray_of
from assays.selectors.trails import TRAIL_RELATIONS, trail_of
from assays.services.authorising import authorise_blockers
from assays.views.lists import ListPage
from lims.core.api.views import stream_csv
from lims.core.codes import normalise
from lims.core.errors import NotFound
from lims.core.pages import Page
from lims.core.panels import render_panels
from lims.core.roles import Action, allowed
from lims.core.scope import fetch_visible


def fetch_run(viewer: Any, code: str) -> Run:
    """A run within the viewer's scope, by its code."""
    return fetch_visible(Run, viewer, queryset=run_list(viewer), code=normalise(code))


class RunList(ListPage):
    """The laboratory's runs."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.RUN_VIEW}
    template = "assays/runs/list.html"
    filterset = RunFilter
    orderings = RUN_ORDERINGS
    file_name = "runs.csv"

    def queryset(self) -> QuerySet[Run]:
        return run_list(self.request.user)

    def data(self, found: Run) -> dict[str, Any]:
        return run_data(found)

    def shown(self, found: Run) -> dict[str, Any]:
        return {"run": found, "badge": run_badge(found.state)}

    def more(self) -> dict[str, Any]:
        return {"may_plan": allowed(self.request.user, Action.RUN_EDIT)}


Seen = tuple[list[RunPosition], Judgement]
"""A run's tray and judgement as one viewer may see them."""


def see_run(run: Run, viewer: Any) -> Seen:
    """Its tray and its judgement, without the blind controls for who must not know them."""
    return tray_of(run, viewer, marked=True), judgement_of(run, viewer)


def gather_run(run: Run, viewer: Any, seen: Seen, versions: Sequence[ResultVersion], asked: str = "") -> dict[str, Any]:
    """What the run's page and the pages of its review share; `versions` are its last results, none for who may not see them."""
    tray, judgement = seen
    leaching = read_leaching(run, tray, versions)
    grid = run_page.make_grid(run, tray, judgement, versions, leaching.leaches)
    rows = run_page.control_rows(judgement)
    attempts = attempts_of(run, viewer)
    return {
        "run": run,
        "badge": run_badge(run.state),
        "evaluation": judgement.evaluation,
        "blockers": judgement.evaluation.blockers if judgement.evaluation else [],
        "counts": run_page.count_verdicts(judgement),
        "first_controls": _first_controls(rows),
        "controls": rows,
        "cells": run_page.tray_cells(tray, judgement),
        "grid": grid,
        "leaching": leaching,
        "chart": run_page.choose_chart(run, judgement, viewer, asked),
        "pattern": run_page.pattern_spec(grid) if any(symbol in CHONDRITE for symbol in grid.analytes) else None,
        "uploads": [
            {"upload": one, "badge": upload_badge(one)}
            for one in run.uploads.select_related("received_from", "instrument").order_by("-received_at")
        ],
        "attempts": attempts,
        "attempt_count": count_attempts(attempts),
        "decisions": run.decisions.select_related("signature", "decided_by").order_by("-decided_at"),
        "authorisations": run.authorisations.select_related("signature").order_by("-authorised_at"),
    }


def _first_controls(rows: list[run_page.ControlRow]) -> list[run_page.ControlRow]:
    """What does not pass, and dysprosium and terbium, the rest on request; of a method that has neither, everything."""
    if not any(row.verdict.analyte and row.verdict.analyte.symbol in {"Dy", "Tb"} for row in rows):
        return rows
    return [row for row in rows if row.verdict.outcome != "pass" or (row.verdict.analyte and row.verdict.analyte.symbol in {"Dy", "Tb"})]


class RunPage(Page):
    """One run: where it stands and why."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.RUN_VIEW}
    template = "assays/runs/run.html"

    def get(self, request: HttpRequest, code: str) -> HttpResponseBase:
        run = fetch_run(request.user, code)
        seen, may_compute = see_run(run, request.user), allowed(request.user, Action.RESULT_DRAFT)
        versions = run_page.last_results(run) if may_compute else []
        context = gather_run(run, request.user, seen, versions, request.GET.get("analyte", ""))
        if may_compute and request.GET.get("format") == "csv":
            return stream_csv(result_rows(run, context["grid"]), f"{run.code}-results.csv")
        again = find_retests(run, None if knows_blind_controls(request.user) else seen) if may_compute else None
        more = {
            "next_step": next_step(run, request.user),
            "may_compute": may_compute,
            "may_bring": self._may_bring(run),
            "retests": len(again.rows) if again else 0,
            "lots": lot_lines(run),
            "panels": render_panels("run", run, request),
        }
        return self.render(context | more)

    def _may_bring(self, run: Run) -> bool:
        return allowed(self.request.user, Action.RUN_EDIT) and not RUN.blockers(run, "record")


def next_step(run: Run, viewer: Any) -> dict[str, Any] | None:
    """The step that comes next, for this viewer: where it leads, or why it cannot be taken."""
    if run.state == RunState.QC_FAILED and allowed(viewer, Action.QC_OVERRIDE):
        return {"url": reverse("nonconformities:override", args=[run.code]), "name": "override", "blockers": []}
    if run.state in TO_REVIEW:
        url = reverse("assays:run-review", args=[run.code])
        if allowed(viewer, Action.RUN_REVIEW):
            return {"url": url, "name": "review", "blockers": []}
        blockers = RUN.blockers(run, "review")
        return {"url": url, "name": "review", "blockers": blockers} if blockers else None
    if run.state == RunState.REVIEWED and allowed(viewer, Action.RESULT_AUTHORISE):
        url = reverse("assays:run-authorise", args=[run.code])
        return {"url": url, "name": "authorise", "blockers": authorise_blockers(run, viewer)}
    return None


class CalculationPage(Page):
    """How a run was computed: its plan, lines, interferences, drift, limits, uncertainties."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.RESULT_DRAFT}
    template = "assays/runs/calculation.html"

    def get(self, request: HttpRequest, code: str) -> HttpResponse:
        run = fetch_run(request.user, code)
        return self.render({"run": run, "badge": run_badge(run.state), "found": calculation_of(run)})


def fetch_version(run: Run, pk: UUID) -> ResultVersion:
    """A result version of a run the viewer may see, or *not found*."""
    version = ResultVersion.objects.select_related(*TRAIL_RELATIONS).filter(reduction__run=run, pk=pk).first()
    if version is None:
        raise NotFound()
    return version


class TrailFile(Page):
    """The calculation trail of one number as a file, JSON or a table."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.RESULT_DRAFT}

    def get(self, request: HttpRequest, code: str, pk: UUID) -> HttpResponse:
        version = fetch_version(fetch_run(request.user, code), pk)
        trail = trail_of(version)
        name = f"{trail['run']}-{trail['position']}-{trail['analyte']}-trail"
        if request.GET.get("format") == "csv":
            content = io.StringIO()
            csv.writer(content).writerows(as_table(trail["steps"]))
            response = HttpResponse(content.getvalue(), content_type="text/csv; charset=utf-8")
            response["Content-Disposition"] = f'attachment; filename="{name}.csv"'
            return response
        response = JsonResponse(trail, json_dumps_params={"indent": 1, "ensure_ascii": False})
        response["Content-Disposition"] = f'attachment; filename="{name}.json"'
        return response


class ResultPage(Page):
    """How one number was made."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.RESULT_DRAFT}
    template = "assays/runs/result.html"

    def get(self, request: HttpRequest, code: str, pk: UUID) -> HttpResponse:
        run = fetch_run(request.user, code)
        versions = ResultVersion.objects.select_related("reduction__run")
        version = fetch_version(run, pk)
        earlier = versions.filter(result=version.result_id).select_related("reduction__run").order_by("-version")
        judgement = judgement_of(run, request.user)
        verdicts = [row for row in run_page.control_rows(judgement) if row.verdict.analyte_id == version.result.analyte_id]
        return self.render(
            {
                "run": run,
                "made": run_page.explain_result(version),
                "trail": trail_of(version),
                "budget": explain_budget(version),
                "version": version,
                "versions": earlier,
                "controls": verdicts,
            }
        )
