"""Preparation step by step: what waits for each kind of step, in bulk; one sample's steps done, next and blocked; corrections."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from assays.forms.steps import LABELS, CorrectionForm, PasteForm, StepForm, StepRows, ToolForm, read_lines
from assays.instruments.models import Weight
from assays.instruments.weights import MASSES, take_weight, taken_mass, waiting_weights
from assays.models import PreparationTask, StepRecord
from assays.models.lots import EquipmentKind
from assays.models.routes import StepKind
from assays.route_steps import FIELDS, Kind
from assays.selectors.preparation_progress import (
    Progress,
    StepLine,
    count_steps,
    lines_for_step,
    lines_of_tasks,
    read_progress,
    tasks_of_sample,
)
from assays.selectors.supplies import find_equipment
from assays.services.steps import StepEntry, correct_step, correction_blockers, record_steps, step_blockers
from assays.views.bench import add_row_problems
from lims.core.codes import tidy_scanned
from lims.core.errors import DomainError, Invalid, NotFound, Problem
from lims.core.pages import Page, add_form_errors
from lims.core.roles import Action
from lims.core.scope import fetch_visible
from samples.lifecycle import SAMPLE
from samples.models import Sample


class StepsPage(Page):
    """Preparations by their next step, each a tab; the rows of one are filled together, or pasted. A scan opens the sample's own page."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.PREPARATION_EDIT, "POST": Action.PREPARATION_EDIT}
    template = "assays/bench/steps.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        code = tidy_scanned(request.GET.get("q", ""))
        if code:
            if Sample.objects.visible_to(request.user).filter(blind_code=code, laboratory=request.user.organisation_id).exists():
                return redirect("assays:sample-steps", code)
            messages.error(request, _("“%(code)s” is no sample of your laboratory. Scan its blind label again.") % {"code": code})
        kind = self._kind()
        lines, more = lines_for_step(request.user, kind) if kind else ([], 0)
        rows = StepRows(initial=[{"task": line.task.pk} for line in lines], prefix="row", form_kwargs={"kind": kind}) if kind else None
        return self._show(kind, lines, more, rows, ToolForm(initial={"equipment": request.GET.get("equipment", "")}), PasteForm())

    def post(self, request: HttpRequest) -> HttpResponse:
        kind = self._kind()
        if not kind:
            return redirect("assays:steps")
        return self._post_lines(kind) if "paste" in request.POST else self._post_rows(kind)

    def _post_rows(self, kind: str) -> HttpResponse:
        rows: Any = StepRows(self.request.POST, prefix="row", form_kwargs={"kind": kind})
        tool = ToolForm(self.request.POST)
        ids = {form: one for form in rows.forms if (one := _uuid(form["task"].value()))}
        lines = lines_of_tasks(self.request.user, list(ids.values()))
        rows.forms = [form for form in rows.forms if ids.get(form) in lines]
        if rows.is_valid() and tool.is_valid():
            filled = rows.filled()
            try:
                equipment = find_equipment(tool.cleaned_data["equipment"], self.request.user)
                entries = [
                    StepEntry(
                        task=lines[ids[row]].task, kind=kind, values=row.values(), equipment=equipment if _asks(lines[ids[row]]) else None
                    )
                    for row in filled
                ]
                made = record_steps(entries=entries, by=self.request.user)
            except DomainError as error:
                _sort_problems(tool, filled, error)
            else:
                return self._done(kind, made, equipment.code if equipment else "")
        return self._show(kind, [lines[ids[form]] for form in rows.forms], 0, rows, tool, PasteForm(), status=422)

    def _post_lines(self, kind: str) -> HttpResponse:
        paste, tool = PasteForm(self.request.POST), ToolForm(self.request.POST)
        waiting, more = lines_for_step(self.request.user, kind)
        if paste.is_valid() and tool.is_valid():
            try:
                equipment = find_equipment(tool.cleaned_data["equipment"], self.request.user)
                read = read_lines(paste.cleaned_data["lines"], kind)
                by_code = _lines_by_code(self.request.user, [code for code, _values in read], kind)
                entries = [
                    StepEntry(task=by_code[code].task, kind=kind, values=values, equipment=equipment if _asks(by_code[code]) else None)
                    for code, values in read
                ]
                made = record_steps(entries=entries, by=self.request.user)
            except DomainError as error:
                for detail in [one.detail for one in error.problems] or [error.message]:
                    paste.add_error("lines", detail)
            else:
                return self._done(kind, made, equipment.code if equipment else "")
        rows = StepRows(initial=[{"task": line.task.pk} for line in waiting], prefix="row", form_kwargs={"kind": kind})
        return self._show(kind, waiting, more, rows, tool, paste, status=422)

    def _done(self, kind: str, made: Sequence[StepRecord], equipment: str) -> HttpResponse:
        failed = [one for one in made if not one.passed]
        if made:
            words = ngettext("%(count)d step recorded: %(kind)s", "%(count)d steps recorded: %(kind)s", len(made))
            messages.success(self.request, words % {"count": len(made), "kind": StepKind(kind).label})
        else:
            messages.warning(self.request, _("No row was filled in, so nothing was recorded."))
        for one in failed[:5]:
            sentence = _("%(code)s is outside its limit (%(fault)s): to be done again.")
            messages.warning(self.request, sentence % {"code": one.task.sample.blind_code, "fault": one.fault})
        return redirect(reverse("assays:steps", query={"step": kind, "equipment": equipment} if equipment else {"step": kind}))

    def _kind(self) -> str:
        """The kind of step of the address, else the first that something waits for."""
        asked = self.request.GET.get("step", "")
        if asked in StepKind.values:
            return asked
        waiting = count_steps(self.request.user)
        return next((kind for kind in StepKind.values if kind in waiting), "")

    def _show(self, kind: str, lines: Sequence[StepLine], more: int, rows: Any, tool: Any, paste: Any, status: int = 200) -> HttpResponse:
        waiting = count_steps(self.request.user)
        tabs = [
            {
                "label": StepKind(one).label,
                "url": reverse("assays:steps", query={"step": one}),
                "active": one == kind,
                "count": waiting.get(one, 0),
            }
            for one in StepKind.values
            if one in waiting or one == kind
        ]
        return self.render(
            {
                "tabs": tabs,
                "kind": kind,
                "word": StepKind(kind).label if kind else "",
                "heads": [(LABELS[one.name], one.unit) for one in FIELDS[Kind(kind)]] if kind else [],
                "entries": [(line, row, limit_words(line.step)) for line, row in zip(lines, rows.forms, strict=True)] if rows else [],
                "rows": rows,
                "more": more,
                "tool": tool if any(_asks(line) for line in lines) else None,
                "tool_word": next((EquipmentKind(line.step.equipment_kind).label for line in lines if _asks(line)), ""),
                "paste": paste,
            },
            status=status,
        )


def _asks(line: StepLine) -> bool:
    return bool(line.step.equipment_kind)


def _uuid(text: Any) -> UUID | None:
    try:
        return UUID(str(text))
    except ValueError:
        return None


def _sort_problems(tool: Any, filled: Sequence[Any], error: DomainError) -> None:
    """What is wrong with the equipment stands at its field once, the rest at its row."""
    own = [one for one in error.problems if one.pointer.endswith("/equipment")]
    error.problems = [one for one in error.problems if one not in own]
    for detail in dict.fromkeys(one.detail for one in own):
        tool.add_error("equipment", detail)
    add_row_problems(filled, error)


def _lines_by_code(viewer: Any, codes: Sequence[str], kind: str) -> dict[str, StepLine]:
    """The line of each sample whose next step is of that kind. Raises `Invalid` naming what is not."""
    tasks = PreparationTask.objects.visible_to(viewer).filter(sample__blind_code__in=codes, next_kind=kind, finished_at=None)
    found = {line.task.sample.blind_code: line for line in lines_of_tasks(viewer, list(tasks.values_list("pk", flat=True))).values()}
    missing = [
        Problem(f"/{index}", "not_next", _("%(code)s does not wait for this step. Look at its own page.") % {"code": code})
        for index, code in enumerate(codes)
        if code not in found
    ]
    if missing:
        raise Invalid("not_next", missing[0].detail, problems=missing)
    return found


def limit_words(step: Any) -> str:
    """The limits of a step in words: `100–110 °C, at least 4 h`."""
    units = {one.name: one.unit for one in FIELDS[Kind(step.kind)]}
    found = [(step.limits[name], unit) for name, unit in units.items() if name in step.limits]
    return ", ".join(_limit_word(ends[0], ends[1], unit) for ends, unit in found)


def _limit_word(least: str | None, most: str | None, unit: str) -> str:
    if least is not None and most is not None:
        return f"{least}–{most} {unit}"
    pattern = _("at least %(limit)s") if least is not None else _("at most %(limit)s")
    return pattern % {"limit": f"{least if least is not None else most} {unit}"}


class SampleStepsPage(Page):
    """One sample's preparations: steps done with who, when and what with, the next one's form in focus, and what blocks it."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.PREPARATION_EDIT, "POST": Action.PREPARATION_EDIT}
    template = "assays/bench/sample_steps.html"

    def get(self, request: HttpRequest, code: str) -> HttpResponse:
        return self._show(code, None)

    def post(self, request: HttpRequest, code: str) -> HttpResponse:
        task = fetch_visible(PreparationTask, request.user, pk=_uuid(request.POST.get("task")), sample__blind_code=tidy_scanned(code))
        step = read_progress(task).next_step
        kind = request.POST.get("kind", "")
        if "weight" in request.POST:
            return self._take(task, kind, _uuid(request.POST["weight"]))
        if step is None or kind != step.kind:
            messages.error(request, _("Somebody recorded this step meanwhile. Look at what is next now."))
            return redirect("assays:sample-steps", task.sample.blind_code)
        form = StepForm(request.POST, kind=kind, equipment_kind=step.equipment_kind)
        if form.is_valid():
            try:
                equipment = find_equipment(form.cleaned_data.get("equipment", ""), request.user)
                entry = StepEntry(task=task, kind=kind, values=form.values(), equipment=equipment, remark=form.cleaned_data["remark"])
                [made] = record_steps(entries=[entry], by=request.user)
            except DomainError as error:
                error.problems = [Problem(one.pointer.removeprefix("/0"), one.code, one.detail) for one in error.problems]
                add_form_errors(form, error)
            else:
                self._say(made)
                return redirect("assays:sample-steps", task.sample.blind_code)
        return self._show(code, (task.pk, form), status=422)

    def _take(self, task: PreparationTask, kind: str, pk: UUID | None) -> HttpResponse:
        waiting = waiting_weights(task.sample, self.request.user.organisation_id)
        weight = waiting.filter(pk=pk).first() if pk is not None else None
        try:
            if weight is None:
                raise NotFound()
            self._say(take_weight(weight=weight, task=task, kind=kind, by=self.request.user))
        except DomainError as error:
            messages.error(self.request, error.message or _("This weight was taken meanwhile. Look at what is next now."))
        return redirect("assays:sample-steps", task.sample.blind_code)

    def _say(self, made: StepRecord) -> None:
        if made.passed:
            messages.success(self.request, _("Recorded: %(step)s") % {"step": made.step.get_kind_display()})
        else:
            words = _("Recorded, but outside its limit (%(fault)s): to be done again.")
            messages.warning(self.request, words % {"fault": made.fault})

    def _show(self, code: str, bound: tuple[UUID, Any] | None, status: int = 200) -> HttpResponse:
        samples = Sample.objects.visible_to(self.request.user).filter(laboratory=self.request.user.organisation_id)
        sample = samples.filter(blind_code=tidy_scanned(code)).first()
        if sample is None:
            raise NotFound()
        weights = list(waiting_weights(sample, self.request.user.organisation_id)[:3])
        shown = [_panel(task, bound, weights) for task in tasks_of_sample(self.request.user, sample.blind_code)]
        _focus_one(shown)
        return self.render({"sample": sample, "panels": shown, "held": SAMPLE.blockers(sample, "prepare")}, status=status)


def _panel(task: PreparationTask, bound: tuple[UUID, Any] | None, weights: Sequence[Weight]) -> dict[str, Any]:
    progress = read_progress(task)
    step = progress.next_step
    blockers = step_blockers(progress, step) if step is not None else []
    form = None
    if step is not None and not blockers:
        fresh = StepForm(
            initial={"task": task.pk, "kind": step.kind}, kind=step.kind, equipment_kind=step.equipment_kind, auto_id=f"id_{step.pk}_%s"
        )
        form = bound[1] if bound is not None and bound[0] == task.pk else fresh
    return {
        "task": task,
        "progress": progress,
        "rows": _rows(progress),
        "next": step,
        "limits": limit_words(step) if step is not None else "",
        "blockers": blockers,
        "form": form,
        "weights": [(one, taken_mass(one, step.kind)) for one in weights]
        if form is not None and step is not None and step.kind in MASSES
        else [],
        "methods": sorted({one.method_version.method.code for one in task.tests.select_related("method_version__method")}),
    }


def _focus_one(panels: list[dict[str, Any]]) -> None:
    """Only the first open form takes the focus."""
    for panel in [one for one in panels if one["form"] is not None][1:]:
        for field in panel["form"].fields.values():
            field.widget.attrs.pop("data-autofocus", None)


def _rows(progress: Progress) -> list[dict[str, Any]]:
    """The route's steps as lines: attempts in order under their step, then what is next and what waits."""
    found = []
    for place, step in enumerate(progress.steps):
        attempts = [
            _attempt(progress, record, counts)
            for record, counts in zip(progress.records, progress.counted, strict=True)
            if record.step_id == step.pk
        ]
        state = "done" if place < progress.place else "next" if place == progress.place else "waiting"
        found.append({"step": step, "limits": limit_words(step), "state": state, "attempts": attempts})
    return found


def _attempt(progress: Progress, record: StepRecord, counts: bool) -> dict[str, Any]:
    units = {one.name: one.unit for one in FIELDS[Kind(record.step.kind)]}
    numbers = [(LABELS[name], value, units[name]) for name, value in record.values.items()]
    before = record.corrects
    return {
        "record": record,
        "numbers": numbers,
        "counts": counts,
        "before": ", ".join(f"{value} {units[name]}" for name, value in before.values.items()) if before else "",
        "may_correct": not correction_blockers(progress, record),
    }


class CorrectStepPage(Page):
    """Other numbers in the place of a step's, with a reason."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.PREPARATION_EDIT, "POST": Action.PREPARATION_EDIT}
    template = "assays/bench/correct_step.html"

    def get(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        record = self._fetch(pk)
        return self._show(record, CorrectionForm(initial=record.values, kind=record.step.kind))

    def post(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        record = self._fetch(pk)
        form = CorrectionForm(request.POST, kind=record.step.kind)
        if form.is_valid():
            try:
                correct_step(record=record, values=form.values(), reason=form.cleaned_data["reason"], by=request.user)
                messages.success(request, _("Corrected; both records are kept."))
                return redirect("assays:sample-steps", record.task.sample.blind_code)
            except DomainError as error:
                add_form_errors(form, error)
        return self._show(record, form, status=422)

    def _fetch(self, pk: UUID) -> StepRecord:
        tasks = PreparationTask.objects.visible_to(self.request.user)
        found = StepRecord.objects.filter(pk=pk, task__in=tasks).select_related("step", "task__sample", "task__version__route").first()
        if found is None:
            raise NotFound()
        return found

    def _show(self, record: StepRecord, form: Any, status: int = 200) -> HttpResponse:
        blockers = correction_blockers(read_progress(record.task), record)
        return self.render({"record": record, "form": form, "blockers": blockers, "limits": limit_words(record.step)}, status=status)
