"""What becomes of weighed portions: leaches in batches, and one aliquot's page with its leach and dilution series."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, ClassVar
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from assays.forms.solutions import BatchForm, DilutionForm, LeachCorrection, LeachRows, batch_defaults
from assays.models import Aliquot, Leach, LeachConditions
from assays.selectors.leaches import aliquots_to_leach, current_dilutions, current_leaches, leachate_ml
from assays.selectors.supplies import find_lot
from assays.services.diluting import record_dilution
from assays.services.leaching import record_leach, record_leaches
from assays.views.bench import add_row_problems
from lims.core.codes import normalise
from lims.core.errors import DomainError, NotFound, Problem
from lims.core.pages import Page, add_form_errors
from lims.core.roles import Action

MOST_ROWS = 50


class LeachingPage(Page):
    """Portions that wait for their leach: what the batch shares once, pH a row; Enter moves on."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.PREPARATION_EDIT, "POST": Action.PREPARATION_EDIT}
    template = "assays/bench/leaching.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        waiting = aliquots_to_leach(request.user)
        lines = list(waiting[:MOST_ROWS])
        initial = [{"aliquot": one.pk, "leachant_ml": f"{one.volume_ml.normalize():f}"} for one in lines]
        conditions = lines[0].test.method_version.leach if lines else None
        batch = BatchForm(initial=batch_defaults(conditions))
        return self._show(lines, max(0, waiting.count() - MOST_ROWS), LeachRows(initial=initial, prefix="row"), batch)

    def post(self, request: HttpRequest) -> HttpResponse:
        rows: Any = LeachRows(request.POST, prefix="row")
        batch = BatchForm(request.POST)
        waiting = {one.pk: one for one in aliquots_to_leach(request.user)}
        ids = {form: one for form in rows.forms if (one := _uuid(form["aliquot"].value()))}
        rows.forms = [form for form in rows.forms if ids.get(form) in waiting]
        if rows.is_valid() and batch.is_valid():
            filled = rows.filled()
            try:
                lot = find_lot(batch.cleaned_data["lot"], request.user)
                made = record_leaches(
                    rows=[(waiting[ids[row]], row.leaching(batch.cleaned_data)) for row in filled], lot=lot, by=request.user
                )
            except DomainError as error:
                _sort_problems(batch, filled, error)
            else:
                self._say(made)
                return redirect("assays:leaching")
        return self._show([waiting[ids[form]] for form in rows.forms], 0, rows, batch, status=422)

    def _say(self, made: Sequence[Leach]) -> None:
        if not made:
            messages.warning(self.request, _("No row was filled in, so nothing was recorded."))
            return
        words = ngettext("%(count)d leach recorded.", "%(count)d leaches recorded.", len(made)) % {"count": len(made)}
        messages.success(self.request, words)
        for one in [one for one in made if one.fault][:5]:
            sentence = _("%(code)s is outside the method's limits (%(fault)s) and is not loaded: leach a new portion.")
            messages.warning(self.request, sentence % {"code": one.aliquot.code, "fault": one.fault})

    def _show(self, lines: Sequence[Aliquot], more: int, rows: Any, batch: Any, status: int = 200) -> HttpResponse:
        conditions = lines[0].test.method_version.leach if lines else None
        context = {"entries": list(zip(lines, rows.forms, strict=True)), "rows": rows, "batch": batch, "more": more}
        return self.render(context | {"conditions": conditions, "limits": limit_lines(conditions)}, status=status)


def limit_lines(conditions: LeachConditions | None) -> list[tuple[str, str]]:
    """The limits of a method's leach in words."""
    if conditions is None:
        return []
    words = {
        "concentration_mol_l": (_("Concentration"), "mol/L"),
        "ph_start": (_("pH at the start"), ""),
        "ph_end": (_("pH at the end"), ""),
        "minutes": (_("Time"), "min"),
        "temperature_c": (_("Temperature"), "°C"),
        "liquid_to_solid": (_("Liquid to dry solid"), "mL/g"),
    }
    return [
        (label, f"{_end(conditions.limits[name][0])} – {_end(conditions.limits[name][1])} {unit}".strip())
        for name, (label, unit) in words.items()
        if name in conditions.limits
    ]


def _end(limit: str | None) -> str:
    return "…" if limit is None else limit


def _uuid(text: Any) -> UUID | None:
    try:
        return UUID(str(text))
    except ValueError:
        return None


def _sort_problems(batch: Any, filled: Sequence[Any], error: DomainError) -> None:
    """What the batch shares is told at its own field, once; the rest at its row."""
    own: list[Problem] = []
    rest: list[Problem] = []
    for problem in error.problems:
        name = problem.pointer.split("/")[-1]
        (own if name in batch.fields else rest).append(problem)
    for name, detail in dict.fromkeys((one.pointer.split("/")[-1], one.detail) for one in own):
        batch.add_error(name, detail)
    error.problems = [one for one in rest if one.pointer]
    for detail in [one.detail for one in rest if not one.pointer]:
        batch.add_error("lot", detail)
    add_row_problems(filled, error)


class AliquotPage(Page):
    """One aliquot: what it was weighed from, its leach and dilution, and putting either right with a reason."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.RUN_VIEW, "POST": Action.PREPARATION_EDIT}
    template = "assays/bench/aliquot.html"

    def get(self, request: HttpRequest, code: str) -> HttpResponse:
        return self._show(self._fetch(code))

    def post(self, request: HttpRequest, code: str) -> HttpResponse:
        aliquot = self._fetch(code)
        form: Any = LeachCorrection(request.POST) if "leach" in request.POST else DilutionForm(request.POST)
        if form.is_valid():
            try:
                self._record(aliquot, form)
                return redirect("assays:aliquot", aliquot.code)
            except DomainError as error:
                error.problems = [replace(one, pointer="/steps") if "/steps" in one.pointer else one for one in error.problems]
                add_form_errors(form, error)
        bound = {"leach_form": form} if isinstance(form, LeachCorrection) else {"dilution_form": form}
        return self._show(aliquot, bound, status=422)

    def _record(self, aliquot: Aliquot, form: Any) -> None:
        reason = form.cleaned_data["reason"]
        if isinstance(form, LeachCorrection):
            lot = find_lot(form.cleaned_data["lot"], self.request.user)
            record_leach(aliquot=aliquot, leaching=form.leaching(), lot=lot, reason=reason, by=self.request.user)
            messages.success(self.request, _("The leach is recorded; what stood before is kept."))
        else:
            record_dilution(aliquot=aliquot, steps=form.read(self.request.user), reason=reason, by=self.request.user)
            messages.success(self.request, _("The dilution is recorded; its factor and uncertainty go into the result."))

    def _fetch(self, code: str) -> Aliquot:
        rows = Aliquot.objects.filter(code=normalise(code), test__submission__laboratory=self.request.user.organisation_id)
        related = ("test__sample", "test__submission", "test__method_version__method", "preparation", "duplicate_of", "weighed_by")
        found = rows.select_related(*related).first()
        if found is None:
            raise NotFound()
        return found

    def _show(self, aliquot: Aliquot, bound: dict[str, Any] | None = None, status: int = 200) -> HttpResponse:
        leach, series = current_leaches([aliquot.pk]).get(aliquot.pk), current_dilutions([aliquot.pk]).get(aliquot.pk)
        editable = aliquot.test.state in {"prepared", "in_run"} and self.request.user.role in {"technician", "analyst"}
        context: dict[str, Any] = {
            "aliquot": aliquot,
            "solid": aliquot.test.method_version.is_solid,
            "leach": leach,
            "leachate": f"{leachate_ml(aliquot, leach):.6g}" if leach else "",
            "leaches": aliquot.leaches.select_related("leached_by", "lot").order_by("-id"),
            "series": series,
            "all_series": aliquot.dilutions.select_related("made_by").order_by("-id"),
            "positions": aliquot.positions.select_related("run").order_by("-run__planned_at"),
            "editable": editable,
            "leach_form": LeachCorrection.of(leach) if leach else None,
            "dilution_form": DilutionForm(),
        }
        return self.render(context | (bound or {}), status=status)
