"""The page of a run of a classical method: what was weighed and titrated at each position, judged at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from assays.forms.determining import LABELS, DeterminationRows, TogetherForm
from assays.models import Determination, HighGradeConditions, Run, RunPosition
from assays.selectors.badges import run_badge
from assays.selectors.supplies import find_things
from assays.services.determining import record_determinations
from assays.services.high_grade import current_determinations
from assays.views.bench import add_row_problems
from assays.views.runs import fetch_run
from lims.core.errors import DomainError, NotFound
from lims.core.pages import Page
from lims.core.roles import Action


class DeterminationsPage(Page):
    """Masses, volumes and titres of a tray, filled with the keyboard; recorded rows are reduced and judged with the run."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.RUN_EDIT, "POST": Action.RUN_EDIT}
    template = "assays/runs/determinations.html"

    def get(self, request: HttpRequest, code: str) -> HttpResponse:
        run, stated, positions = self._fetch(code)
        initial = [{"position": one.pk} for one in positions]
        rows = DeterminationRows(initial=initial, prefix="row", form_kwargs={"technique": stated.technique})
        return self._show(run, stated, positions, rows, TogetherForm())

    def post(self, request: HttpRequest, code: str) -> HttpResponse:
        run, stated, positions = self._fetch(code)
        known = {one.pk: one for one in positions}
        rows: Any = DeterminationRows(request.POST, prefix="row", form_kwargs={"technique": stated.technique})
        together = TogetherForm(request.POST)
        ids = {form: one for form in rows.forms if (one := _uuid(form["position"].value()))}
        rows.forms = [form for form in rows.forms if ids.get(form) in known]
        if rows.is_valid() and together.is_valid():
            filled = rows.filled()
            try:
                things = find_things(together.cleaned_data["used"], request.user)
                entries = [(known[ids[row]], row.values()) for row in filled]
                judged = record_determinations(
                    run=run, entries=entries, things=things, reason=together.cleaned_data["reason"], by=request.user
                )
            except DomainError as error:
                own = [one for one in error.problems if one.pointer in {"", "/used"}]
                error.problems = [one for one in error.problems if one not in own]
                for problem in own:
                    together.add_error("used", problem.detail)
                add_row_problems(filled, error)
            else:
                messages.success(request, _("Recorded and judged: %(verdict)s") % {"verdict": judged.verdict_text or judged.state})
                return redirect("assays:run", run.code)
        return self._show(run, stated, [known[ids[form]] for form in rows.forms], rows, together, status=422)

    def _fetch(self, code: str) -> tuple[Run, HighGradeConditions, list[RunPosition]]:
        run = fetch_run(self.request.user, code)
        stated = HighGradeConditions.objects.filter(method_version=run.method_version_id).first()
        if stated is None:
            raise NotFound("no_determination", f"{run.method_version} is measured by an instrument; bring in its file.")
        return (
            run,
            stated,
            list(run.positions.filter(aliquot__isnull=False).select_related("aliquot__test__sample", "aliquot__preparation")),
        )

    def _show(
        self, run: Run, stated: HighGradeConditions, positions: Sequence[RunPosition], rows: Any, together: Any, status: int = 200
    ) -> HttpResponse:
        done = current_determinations([one.pk for one in positions])
        context = {
            "run": run,
            "badge": run_badge(run.state),
            "stated": stated,
            "entries": [(one, row, _on_record(done.get(one.pk))) for one, row in zip(positions, rows.forms, strict=True)],
            "rows": rows,
            "together": together,
        }
        return self.render(context, status=status)


def _on_record(done: Determination | None) -> list[tuple[str, str]]:
    """What counts at a position, in words; nothing where nothing was entered."""
    return [(str(LABELS[name][0]), f"{value} {LABELS[name][1]}") for name, value in done.values.items()] if done is not None else []


def _uuid(text: Any) -> UUID | None:
    try:
        return UUID(str(text))
    except ValueError:
        return None
