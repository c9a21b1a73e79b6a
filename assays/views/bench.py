"""Bench entry: preparation and weighing, filled with the keyboard alone."""

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

from assays.forms.bench import PreparationRows, UsedForm, WeighingRows, amounts_of
from assays.models import Aliquot, MethodVersion
from assays.selectors.bench_entry import (
    PreparationLine,
    WeighingLine,
    duplicate_line,
    last_prepared,
    last_weighed,
    lines_to_prepare,
    lines_to_weigh,
    methods_to_weigh,
    tests_of_rows,
)
from assays.selectors.lookup import find_aliquots
from assays.selectors.supplies import find_things
from assays.services.preparing import ROUTES, SIEVE_MINIMUM_PERCENT, record_preparations
from assays.services.weighing import portion_limits, weigh_aliquots
from lims.core.codes import normalise, tidy_scanned
from lims.core.errors import DomainError
from lims.core.pages import Page
from lims.core.roles import Action
from samples.models import Sample


def add_row_problems(rows: Sequence[Any], error: DomainError) -> None:
    """Put each problem (`/3/mass_g`) at its field of the row with that index; what fits no field stands at the row's mass."""
    for problem in error.problems:
        _empty, index, *rest = problem.pointer.split("/")
        form = rows[int(index)]
        named = rest[0] if rest and rest[0] in form.fields and not form.fields[rest[0]].widget.is_hidden else form.main_field
        form.add_error(named, problem.detail)


class PreparationPage(Page):
    """Samples to prepare: route, moisture aliquot wet and dry, sieve check; Enter moves on, a scan jumps to its row."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.PREPARATION_EDIT, "POST": Action.PREPARATION_EDIT}
    template = "assays/bench/preparation.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        code = tidy_scanned(request.GET.get("q", ""))
        lines, more = lines_to_prepare(request.user, code)
        if code and not (lines and lines[0].sample.blind_code == code):
            messages.error(request, _("“%(code)s” is no sample of your laboratory. Scan its blind label again.") % {"code": code})
        rows = PreparationRows(initial=[{"sample": line.sample.pk, "route": line.route} for line in lines], prefix="row")
        return self._show(lines, more, rows)

    def post(self, request: HttpRequest) -> HttpResponse:
        rows: Any = PreparationRows(request.POST, prefix="row")
        if rows.is_valid():
            filled = rows.filled()
            samples = _samples_of([row.cleaned_data["sample"] for row in filled], request.user)
            known = [row for row in filled if row.cleaned_data["sample"] in samples]
            try:
                made = record_preparations(records=[row.record(samples[row.cleaned_data["sample"]]) for row in known], by=request.user)
            except DomainError as error:
                add_row_problems(known, error)
            else:
                self._say(len(made))
                return redirect("assays:preparation")
        lines, more = _lines_again(rows, request.user)
        return self._show(lines, more, rows, status=422)

    def _say(self, count: int) -> None:
        if count:
            words = ngettext("%(count)d preparation recorded.", "%(count)d preparations recorded.", count) % {"count": count}
            messages.success(self.request, words)
        else:
            messages.warning(self.request, _("No row was filled in, so nothing was recorded."))

    def _show(self, lines: Sequence[PreparationLine], more: int, rows: Any, status: int = 200) -> HttpResponse:
        context = {
            "entries": list(zip(lines, rows.forms, strict=True)),
            "rows": rows,
            "more": more,
            "done": last_prepared(self.request.user),
            "sieve_minimum": SIEVE_MINIMUM_PERCENT,
            "routes": ROUTES.values(),
        }
        return self.render(context, status=status)


def _samples_of(ids: Sequence[UUID], viewer: Any) -> dict[UUID, Sample]:
    return {one.pk: one for one in Sample.objects.visible_to(viewer).filter(pk__in=ids)}


def _lines_again(rows: Any, viewer: Any) -> tuple[list[PreparationLine], int]:
    """The lines of a refused form, in the order they were sent; a sample that is not the viewer's loses its row."""
    waiting, more = lines_to_prepare(viewer)
    by_sample = {line.sample.pk: line for line in waiting}
    ids = {form: _uuid(form["sample"].value()) for form in rows.forms}
    samples = _samples_of([one for one in ids.values() if one], viewer)
    rows.forms = [form for form in rows.forms if ids[form] in samples]
    found = [samples[one] for form in rows.forms if (one := ids[form])]
    return [by_sample.get(one.pk) or PreparationLine(one, [], None, "pulp", one.on_hold) for one in found], more


def _uuid(text: Any) -> UUID | None:
    try:
        return UUID(str(text))
    except ValueError:
        return None


class WeighingPage(Page):
    """Tests of one method to weigh, with a duplicate beside any; Enter moves on, a scan jumps to its row."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.PREPARATION_EDIT, "POST": Action.PREPARATION_EDIT}
    template = "assays/bench/weighing.html"
    used: Any = None

    def get(self, request: HttpRequest) -> HttpResponse:
        version = self._version()
        if version is None:
            return self.render({"tabs": self._tabs(None), "version": None})
        code = tidy_scanned(request.GET.get("q", ""))
        lines, more = lines_to_weigh(request.user, version, code)
        duplicate = duplicate_line(request.user, normalise(request.GET.get("duplicate", "")))
        if code and not (lines and lines[0].test.sample.blind_code == code):
            messages.error(request, _("No test by %(method)s waits on sample “%(code)s”.") % {"method": version.method.code, "code": code})
        shown = [*([duplicate] if duplicate else []), *lines]
        initial = [{"test": line.test.pk, "original": line.original.code if line.original else ""} for line in shown]
        return self._show(version, shown, more, WeighingRows(initial=initial, prefix="row", form_kwargs={"version": version}))

    def post(self, request: HttpRequest) -> HttpResponse:
        version = self._version()
        rows: Any = WeighingRows(request.POST, prefix="row", form_kwargs={"version": version})
        ids = [one for form in rows.forms if (one := _uuid(form["test"].value()))]
        tests = tests_of_rows(request.user, ids)
        rows.forms = [form for form in rows.forms if _uuid(form["test"].value()) in tests]
        if rows.is_valid():
            filled = rows.filled()
            try:
                originals = _originals(filled, request.user)
                portions = [row.portion(tests[row.cleaned_data["test"]], originals.get(index)) for index, row in enumerate(filled)]
                things = find_things(request.POST.get("used", ""), request.user)
                made = weigh_aliquots(portions=portions, things=things, by=request.user)
            except DomainError as error:
                self.used = UsedForm(request.POST)
                _say_used(self.used, error)
                add_row_problems(filled, error)
            else:
                self._say(made)
                return redirect(self._address(version, request.POST.get("used", "")))
        lines = [_line_again(tests[UUID(str(form["test"].value()))], form, request.user) for form in rows.forms]
        return self._show(version, lines, 0, rows, status=422)

    def _version(self) -> MethodVersion | None:
        """The method version of the address, or the first that something waits for."""
        versions = {str(version): version for version, _count in methods_to_weigh(self.request.user)}
        asked = self.request.GET.get("method", "")
        if asked not in versions:
            code, _v, number = asked.partition(" v")
            stored = MethodVersion.objects.filter(method__code=code, number=number) if number.isdecimal() and len(number) < 5 else None
            found = stored.select_related("method").first() if stored is not None else None
            return found or next(iter(versions.values()), None)
        return versions[asked]

    def _address(self, version: MethodVersion | None, used: str = "") -> str:
        asked = {"method": str(version) if version else "", "used": used.strip()}
        return reverse("assays:weighing", query={name: value for name, value in asked.items() if value} or None)

    def _tabs(self, version: MethodVersion | None) -> list[dict[str, Any]]:
        waiting = methods_to_weigh(self.request.user)
        if version is not None and version not in [one for one, _count in waiting]:
            waiting.append((version, 0))
        return [{"label": one.method.code, "url": self._address(one), "active": one == version, "count": count} for one, count in waiting]

    def _say(self, made: Sequence[Aliquot]) -> None:
        if made:
            codes = ", ".join(one.code for one in made[:6]) + (" …" if len(made) > 6 else "")
            words = ngettext("%(count)d test portion weighed: %(codes)s", "%(count)d test portions weighed: %(codes)s", len(made))
            messages.success(self.request, words % {"count": len(made), "codes": codes})
        else:
            messages.warning(self.request, _("No row was filled in, so nothing was weighed."))

    def _show(self, version: MethodVersion | None, lines: Sequence[WeighingLine], more: int, rows: Any, status: int = 200) -> HttpResponse:
        return self.render(
            {
                "tabs": self._tabs(version),
                "version": version,
                "limits": [f"{mass.normalize():f}" for mass in portion_limits(version)] if version else [],
                "amounts": amounts_of(version) if version else (),
                "entries": list(zip(lines, rows.forms, strict=True)),
                "rows": rows,
                "more": more,
                "used": self.used or UsedForm(initial={"used": self.request.GET.get("used", "")}),
                "done": last_weighed(self.request.user, version) if version else [],
            },
            status=status,
        )


def _say_used(form: Any, error: DomainError) -> None:
    """What is wrong with the balance or a lot stands at its field; the rest stays for the rows."""
    own = [one for one in error.problems if one.pointer in {"", "/used"}]
    error.problems = [one for one in error.problems if one not in own]
    for one in own:
        form.add_error("used", one.detail)


def _originals(filled: Sequence[Any], viewer: Any) -> dict[int, Aliquot]:
    """The aliquot each duplicate row repeats."""
    named = {index: row.cleaned_data["original"] for index, row in enumerate(filled) if row.cleaned_data["original"]}
    found = find_aliquots(list(named.values()), viewer, places=[f"/{index}/original" for index in named])
    return dict(zip(named, found, strict=True))


def _line_again(test: Any, form: Any, viewer: Any) -> WeighingLine:
    """The line of a refused row."""
    original = duplicate_line(viewer, str(form["original"].value() or ""))
    return original or WeighingLine(test, test.submission.due_on, None, test.held)
