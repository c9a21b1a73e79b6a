"""Importing samples from a file: upload, preview, decision; the template."""

from __future__ import annotations

from typing import Any, ClassVar
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from lims.core.errors import DomainError, Invalid, Problem
from lims.core.pages import Page, add_form_errors
from lims.core.roles import Action
from lims.core.scope import fetch_visible
from samples.forms.sampling import ImportForm
from samples.models import Mine, SampleImport
from samples.services import importing
from samples.services.sheet_cells import COLUMNS
from samples.sheet_template import column_notes, draw_template
from samples.sheets import MOST_BYTES
from samples.spreadsheets import XLSX, file_response

_BADGES = {"preview": "wait", "committed": "pass", "discarded": "none"}
_SHOWN = ("field_id", "mine", "pit", "material", "method", "collected_at", "mass_g", "container", "seal_number")


def badge_of(one: SampleImport) -> tuple[str, str]:
    """Tone and word of an import."""
    return _BADGES[one.state], one.get_state_display()


class Imports(Page):
    """The upload form and the imports of the viewer's firm."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.SAMPLE_REGISTER, "POST": Action.SAMPLE_REGISTER}
    template = "samples/imports.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        return self._show(ImportForm())

    def _show(self, form: ImportForm, status: int = 200) -> HttpResponse:
        recent = SampleImport.objects.visible_to(self.request.user).select_related("uploaded_by").defer("rows")[:50]
        imports = [(one, badge_of(one), len({problem["row"] for problem in one.problems})) for one in recent]
        return self.render({"form": form, "imports": imports, "notes": column_notes()}, status=status)

    def post(self, request: HttpRequest) -> HttpResponse:
        form = ImportForm(request.POST, request.FILES)
        if form.is_valid():
            file = form.cleaned_data["file"]
            try:
                if file.size > MOST_BYTES:
                    detail = _("The file is larger than 5 MB. Split it, or save it without pictures.")
                    raise Invalid("file", detail, problems=[Problem("/file", "too_large", detail)])
                found = importing.preview_import(file_name=file.name, data=file.read(), by=request.user)
                return redirect("samples:import", found.pk)
            except DomainError as error:
                add_form_errors(form, error)
        return self._show(form, status=422)


class ImportPage(Page):
    """What a file holds and what is wrong with it, before anything is registered."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.SAMPLE_REGISTER}
    template = "samples/import.html"

    def get(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        found = fetch_visible(SampleImport, request.user, pk=pk)
        wrong: dict[int, list[dict[str, Any]]] = {}
        for problem in found.problems:
            wrong.setdefault(problem["row"], []).append(problem)
        rows = [_preview_row(row, wrong.get(row["row"], [])) for row in found.rows]
        only_wrong = request.GET.get("show") == "problems"
        return self.render(
            {
                "found": found,
                "badge": badge_of(found),
                "columns": _SHOWN,
                "rows": [row for row in rows if row["problems"]] if only_wrong else rows,
                "only_wrong": only_wrong,
                "total": len(rows),
                "wrong": len(wrong),
                "right": len(rows) - len(wrong),
                "blockers": importing.commit_blockers(found),
            }
        )


def _preview_row(row: dict[str, Any], problems: list[dict[str, Any]]) -> dict[str, Any]:
    wrong = {problem["column"] for problem in problems}
    cells = [(name, row["given"].get(name, ""), name in wrong) for name in _SHOWN]
    return {"number": row["row"], "cells": cells, "problems": problems, "code": row.get("code")}


class DecideImport(Page):
    """Commit, discard or check again."""

    actions: ClassVar[dict[str, Action]] = {"POST": Action.SAMPLE_REGISTER}

    def post(self, request: HttpRequest, pk: UUID, decision: str) -> HttpResponse:
        found = fetch_visible(SampleImport, request.user, pk=pk)
        page = reverse("samples:import", args=[found.pk])
        try:
            if decision == "commit":
                samples = importing.commit_import(sample_import=found, by=request.user)
                messages.success(request, _("%(count)d samples are registered. Print their labels.") % {"count": len(samples)})
            elif decision == "discard":
                importing.discard_import(sample_import=found, by=request.user)
                messages.success(request, _("The import is discarded; nothing was registered."))
            else:
                importing.recheck_import(sample_import=found, by=request.user)
        except DomainError as error:
            return self.refuse(error, page)
        return redirect(page)


class Template(Page):
    """The template to fill in, as XLSX or CSV."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.SAMPLE_REGISTER}

    def get(self, request: HttpRequest, kind: str) -> HttpResponse:
        if kind == "csv":
            return file_response(f"\ufeff{','.join(COLUMNS)}\r\n".encode(), "text/csv; charset=utf-8", "samples-template.csv")
        return file_response(draw_template(Mine.objects.visible_to(request.user).filter(active=True)), XLSX, "samples-template.xlsx")
