"""Planning a run: what waits, the tray as it will stand, the masses of its controls; and the rack of a planned one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, ClassVar

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from assays.forms.planning import ControlRows, TrayForm
from assays.forms.run_lots import RunLotsForm
from assays.forms.submissions import ReasonForm
from assays.lifecycle import RUN
from assays.models import Aliquot, MethodVersion, Run, RunPosition
from assays.models.runs import PositionKind
from assays.selectors.badges import run_badge
from assays.selectors.bench_rows import sample_list, sequence_rows
from assays.selectors.blinding import knows_blind_controls
from assays.selectors.control_readings import EVERY
from assays.selectors.control_words import CONTROL_WORDS, words_of
from assays.selectors.run_lots import lot_lines, lots_in_use, lots_to_choose
from assays.selectors.runs import run_list, tray_of, tray_position, worklist_row
from assays.selectors.tray_plan import PlannedPosition
from assays.selectors.trays import propose_tray
from assays.selectors.worklists import count_to_load, waiting_aliquots
from assays.services.planning import cancel_run, plan_run, planning_blockers
from lims.core import clock
from lims.core.api.views import stream_csv
from lims.core.codes import normalise
from lims.core.errors import Blocked, Blocker, DomainError
from lims.core.pages import Page
from lims.core.roles import Action, allowed
from lims.core.scope import fetch_visible


class PlanPage(Page):
    """Choose method, instrument and aliquots; look at the tray; plan exactly that."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.RUN_EDIT, "POST": Action.RUN_EDIT}
    template = "assays/planning/plan.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        waiting = count_to_load(request.user)
        asked = request.GET.dict() if request.GET.get("method") and request.GET.get("instrument") else None
        form = TrayForm(asked, viewer=request.user, waiting=waiting, initial=_first_choice(waiting))
        if asked is None or not form.is_valid():
            return self.render({"form": form, "waiting": sum(waiting.values())}, status=200 if asked is None else 422)
        return self._show(form, request.GET.getlist("aliquot"))

    def post(self, request: HttpRequest) -> HttpResponse:
        form = TrayForm(request.POST, viewer=request.user, waiting=count_to_load(request.user))
        rows = ControlRows(request.POST, prefix="control")
        if not form.is_valid():
            return self.render({"form": form, "waiting": 0}, status=422)
        if not rows.is_valid():
            return self._show(form, request.POST.getlist("aliquot"), rows, status=422)
        candidates = waiting_aliquots(request.user, form.version)
        chosen = _chosen(candidates, request.POST.getlist("aliquot"))
        layout, seed = form.cleaned_data["layout"], form.cleaned_data["seed"]
        lots = self._lots(form.version, chosen)
        if lots is not None and not lots.is_valid():
            return self._show(form, request.POST.getlist("aliquot"), rows, lots, status=422)
        named = lots.chosen if lots is not None else None
        asked = named if named is not None else lots_in_use(form.version, request.user, clock.today())
        tray = propose_tray(
            version=form.version, viewer=request.user, day=clock.today(), aliquots=chosen, layout=layout, seed=seed, lots=asked
        )
        masses = {row.cleaned_data["number"]: row.cleaned_data["mass_g"] for row in rows}
        positions = [replace(one, mass_g=masses.get(one.number) or one.mass_g) for one in tray.positions]
        try:
            _refuse_changed(positions, request.POST.getlist("label"))
            run = plan_run(
                instrument=form.cleaned_data["instrument"],
                method_version=form.version,
                positions=positions,
                layout=layout,
                seed=tray.seed,
                lots=named,
                by=request.user,
            )
        except DomainError as error:
            messages.error(request, error.message)
            return self._show(form, request.POST.getlist("aliquot"), rows, lots, status=422)
        messages.success(request, _("%(code)s is planned. Load the rack as it stands here.") % {"code": run.code})
        return redirect("assays:rack", run.code)

    def _lots(self, version: MethodVersion, chosen: list[Aliquot]) -> RunLotsForm | None:
        """The lots as they were chosen; None where nothing was asked of them."""
        if "lots-asked" not in self.request.POST:
            return None
        viewer, day = self.request.user, clock.today()
        offered = lots_to_choose(viewer, day)
        tray = propose_tray(version=version, viewer=viewer, day=day, aliquots=chosen, seed=0).positions
        proposed = lots_in_use(version, viewer, day, offered)
        return RunLotsForm(self.request.POST, viewer=viewer, offered=offered, proposed=proposed, tray=tray)

    def _show(self, form: TrayForm, codes: list[str], rows: Any = None, lots: Any = None, status: int = 200) -> HttpResponse:
        """The tray as it would be planned. Without chosen aliquots, what fits of all that wait."""
        viewer, version, day = self.request.user, form.version, clock.today()
        candidates = waiting_aliquots(viewer, version)
        # Chosen aliquots all stand on the tray; of all that wait, what fits.
        chosen = _chosen(candidates, codes) if codes else None
        layout, seed = form.cleaned_data["layout"], form.cleaned_data["seed"]
        offered = lots_to_choose(viewer, day)
        in_use = lots_in_use(version, viewer, day, offered)
        tray = propose_tray(version=version, viewer=viewer, day=day, aliquots=chosen, layout=layout, seed=seed, lots=in_use)
        controls = [one for one in tray.positions if one.kind == PositionKind.REFERENCE and one.blind is None]
        seen = [_as_seen(one, viewer) for one in tray.positions]
        initial = [{"number": one.number, "mass_g": one.mass_g} for one in controls]
        shown = rows or ControlRows(initial=initial, prefix="control")
        masses = {row["number"].value(): row for row in shown.forms}
        placed = {one.aliquot for one in tray.positions if one.aliquot is not None}
        return self.render(
            {
                "form": form,
                "lots_form": lots or RunLotsForm(viewer=viewer, offered=offered, proposed=in_use, tray=tray.positions),
                "version": version,
                "instrument": form.cleaned_data["instrument"],
                "left_out": [one for one in candidates if one not in placed],
                "tray": tray,
                "cells": lay_on_rack(seen, layout),
                "columns": layout.columns if layout else 12,
                "layout": layout,
                "lines": [(one, masses.get(one.number) or masses.get(str(one.number)), words_of(one)) for one in seen],
                "rows": shown,
                "reasons": [(CONTROL_WORDS[one.kind], one) for one in tray.reasons],
                "blockers": [*tray.blockers, *planning_blockers(form.cleaned_data["instrument"], version, viewer, day)],
            },
            status=status,
        )


def _as_seen(one: PlannedPosition, viewer: Any) -> PlannedPosition:
    """Blind controls and field duplicates as who plans may see them: samples among the others."""
    if (one.blind is None and one.kind != PositionKind.SAMPLE) or knows_blind_controls(viewer):
        return one
    if one.blind is None:
        return replace(one, control="", duplicate_of=None)
    return replace(one, kind=PositionKind.SAMPLE, control="", material=None)


def lay_on_rack(positions: Sequence[Any], layout: Any) -> list[dict[str, Any]]:
    """The tubes as they stand, with the rack's empty places between and after them."""
    cells = {one.number: tray_position(one) for one in positions}
    if layout is None:
        return list(cells.values())
    places = range(1, max(layout.rows * layout.columns, *cells, 1) + 1)
    return [cells.get(number) or {"number": number, "kind": "empty", "label": ""} for number in places]


def _first_choice(waiting: dict[Any, int]) -> dict[str, Any]:
    """The method most aliquots wait for."""
    if not waiting:
        return {}
    most = max(waiting, key=lambda key: waiting[key])
    return {"method": str(MethodVersion.objects.select_related("method").get(pk=most))}


def _chosen(candidates: list[Aliquot], codes: list[str]) -> list[Aliquot]:
    wanted = {normalise(code) for code in codes}
    return [one for one in candidates if one.code in wanted]


def _refuse_changed(positions: list[PlannedPosition], seen: list[str]) -> None:
    """What is planned is what was looked at: another tray than the one on the page is shown again first."""
    if [one.label for one in positions] != seen:
        raise Blocked([Blocker("tray_changed", _("What waits has changed since the tray was shown. Look at it again, then plan it."))])


class RackPage(Page):
    """A run's rack, to load and to print; the same as the sequence file."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.RUN_VIEW}
    template = "assays/planning/rack.html"

    def get(self, request: HttpRequest, code: str) -> HttpResponseBase:
        run = fetch_visible(Run, request.user, queryset=run_list(request.user), code=normalise(code))
        if request.GET.get("format") == "csv":
            return stream_csv(iter(sequence_rows(run, request.user)), f"{run.code}-sequence.csv")
        if request.GET.get("format") == "masshunter":
            answer = HttpResponse(sample_list(run, request.user), content_type="text/csv; charset=utf-8")
            answer["Content-Disposition"] = f'attachment; filename="{run.code}-masshunter.csv"'
            return answer
        positions = tray_of(run, request.user)
        return self.render(
            {
                "run": run,
                "badge": run_badge(run.state),
                "cells": lay_on_rack(positions, run.layout),
                "columns": run.layout.columns if run.layout else 12,
                "lines": [_rack_line(one) for one in positions],
                "lots": lot_lines(run),
                "may_cancel": allowed(request.user, Action.RUN_EDIT) and not RUN.blockers(run, "cancel"),
                "reason_form": ReasonForm(),
            }
        )


def _rack_line(position: RunPosition) -> dict[str, Any]:
    """A tube of the rack sheet: what a solution aims at, and whether it holds what a certificate says instead."""
    certified = EVERY in position.nominal and len(position.nominal) > 1
    aims = {EVERY: position.nominal[EVERY]} if certified else position.nominal
    return worklist_row(position) | {"kind_words": words_of(position), "aims": aims, "certified": certified}


class CancelRun(Page):
    """Giving up a planned run."""

    actions: ClassVar[dict[str, Action]] = {"POST": Action.RUN_EDIT}

    def post(self, request: HttpRequest, code: str) -> HttpResponse:
        run = fetch_visible(Run, request.user, code=normalise(code))
        try:
            cancel_run(run=run, reason=request.POST.get("reason", ""), by=request.user)
        except DomainError as error:
            return self.refuse(error, reverse("assays:rack", args=[run.code]))
        messages.success(request, _("%(code)s is cancelled; its aliquots wait again.") % {"code": run.code})
        return redirect("assays:rack", run.code)
