"""Methods and reference materials; in-house materials, kept by the quality manager."""

from __future__ import annotations

from collections import defaultdict
from typing import Any, ClassVar

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from assays.forms.bench_filters import MATERIAL_ORDERINGS, METHOD_ORDERINGS, MaterialFilter, MethodFilter
from assays.forms.in_house import MaterialForm, RunForm
from assays.forms.problems import add_problems
from assays.models import HighGradeConditions, MethodVersion, ReferenceMaterial
from assays.models.reference import MaterialKind
from assays.selectors.badges import version_badge
from assays.selectors.bench_rows import material_data, method_data
from assays.selectors.plan_words import method_plan_words
from assays.selectors.reference import (
    analytes_of_group,
    control_words,
    group_words,
    material_list,
    recorded_runs,
    unit_words,
    value_words,
    version_list,
)
from assays.services import in_house
from assays.views.lists import ListPage
from lims.core import clock
from lims.core.errors import DomainError, Forbidden, NotFound
from lims.core.pages import Page
from lims.core.roles import Action, allowed


class MethodList(ListPage):
    """Method versions."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.REFERENCE_VIEW}
    template = "assays/reference/methods.html"
    filterset = MethodFilter
    orderings = METHOD_ORDERINGS
    default_ordering = "code"
    file_name = "methods.csv"

    def queryset(self) -> QuerySet[MethodVersion]:
        return version_list()

    def data(self, found: MethodVersion) -> dict[str, Any]:
        return method_data(found)

    def shown(self, found: MethodVersion) -> dict[str, Any]:
        return {"version": found, "badge": version_badge(found, clock.today())}


class MethodVersionPage(Page):
    """One method version: amounts, limits, controls, each with its source."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.REFERENCE_VIEW}
    template = "assays/reference/method.html"

    def get(self, request: HttpRequest, code: str, number: int) -> HttpResponse:
        version = version_list().filter(method__code=code, number=number).first()
        if version is None:
            raise NotFound()
        analytes = list(version.analytes.all())
        sources = list(dict.fromkeys(one.source for one in analytes if one.source))
        return self.render(
            {
                "version": version,
                "solution_unit": unit_words(version.solution_unit),
                "calculation": method_plan_words(version.calculation),
                "group": group_words(version.method.method_group),
                "limits": [(one, sources.index(one.source) + 1 if one.source else "") for one in analytes],
                "sources": sources,
                "stated": HighGradeConditions.objects.filter(method_version=version).first(),
                "badge": version_badge(version, clock.today()),
                "controls": [control_words(control) for control in version.controls.all()],
                "others": version.method.versions.exclude(pk=version.pk),
            }
        )


class MaterialList(ListPage):
    """Reference materials."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.REFERENCE_VIEW}
    template = "assays/reference/materials.html"
    filterset = MaterialFilter
    orderings = MATERIAL_ORDERINGS
    default_ordering = "code"
    file_name = "reference-materials.csv"

    def queryset(self) -> QuerySet[ReferenceMaterial]:
        return material_list(self.request.user)

    def data(self, found: ReferenceMaterial) -> dict[str, Any]:
        row = material_data(found)
        values = {f"{one['analyte']} {one['method_group']}": one["value"] for one in row.pop("values")}
        return row | values

    def shown(self, found: ReferenceMaterial) -> dict[str, Any]:
        counts: dict[str, int] = defaultdict(int)
        for value in found.values.all():
            counts[value.method_group] += 1
        return {"material": found, "groups": [(group_words(group), count) for group, count in counts.items()]}

    def more(self) -> dict[str, Any]:
        return {"may_edit": allowed(self.request.user, Action.REFERENCE_EDIT)}


def fetch_material(viewer: Any, code: str) -> ReferenceMaterial:
    """A reference material the viewer may see, or *not found*."""
    found = material_list(viewer).filter(code=code).first()
    if found is None:
        raise NotFound()
    return found


class MaterialPage(Page):
    """One reference material with its values; an in-house one with its runs."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.REFERENCE_VIEW}
    template = "assays/reference/material.html"

    def get(self, request: HttpRequest, code: str) -> HttpResponse:
        return self.show(fetch_material(request.user, code))

    def show(self, material: ReferenceMaterial, form: RunForm | None = None, status: int = 200) -> HttpResponse:
        """The page, with a form that was refused or a fresh one."""
        keeps = _keeps(self.request.user, material)
        return self.render(
            {
                "material": material,
                "groups": _by_group(material),
                "in_house": material.kind == MaterialKind.IN_HOUSE,
                "runs": recorded_runs(material) if material.kind == MaterialKind.IN_HOUSE else [],
                "form": (form or _fresh_form(self.request)) if keeps else None,
                "keeps": keeps,
            },
            status=status,
        )


def _keeps(viewer: Any, material: ReferenceMaterial) -> bool:
    return (
        allowed(viewer, Action.REFERENCE_EDIT) and material.laboratory_id is not None and material.laboratory_id == viewer.organisation_id
    )


def _fresh_form(request: HttpRequest) -> RunForm:
    group = request.GET.get("method_group", "ammonium_sulphate_leach")
    return RunForm(analytes=analytes_of_group(group), initial={"method_group": group, "measured_on": clock.today()})


def _by_group(material: ReferenceMaterial) -> list[tuple[Any, list[dict[str, Any]], list[str]]]:
    """Each method group with its values and their sources."""
    groups: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for value in material.values.all():
        groups[value.method_group].append(value_words(value))
    return [(group_words(group), values, list(dict.fromkeys(value["source"] for value in values))) for group, values in groups.items()]


class NewMaterial(Page):
    """A new in-house material."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.REFERENCE_EDIT, "POST": Action.REFERENCE_EDIT}
    template = "assays/reference/new_material.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        return self.render({"form": MaterialForm()})

    def post(self, request: HttpRequest) -> HttpResponse:
        form = MaterialForm(request.POST)
        if form.is_valid():
            try:
                material = in_house.create_in_house_material(**form.cleaned_data, by=request.user)
                messages.success(request, _("%(code)s is there. Record its runs: it gets a value from ten.") % {"code": material.code})
                return redirect("assays:material", material.code)
            except DomainError as error:
                add_problems(form, error)
        return self.render({"form": form}, status=422)


class RecordRun(MaterialPage):
    """What one run found in an in-house material."""

    actions: ClassVar[dict[str, Action]] = {"POST": Action.REFERENCE_EDIT}

    def post(self, request: HttpRequest, code: str) -> HttpResponse:
        material = fetch_material(request.user, code)
        form = RunForm(request.POST, analytes=analytes_of_group(request.POST.get("method_group", "")))
        if form.is_valid():
            try:
                made = in_house.record_run(
                    material=material,
                    method_group=form.cleaned_data["method_group"],
                    measured_on=form.cleaned_data["measured_on"],
                    contents=form.contents(),
                    by=request.user,
                )
                messages.success(request, _("Run recorded: %(count)d contents.") % {"count": len(made)})
                return redirect("assays:material", material.code)
            except Forbidden:
                raise
            except DomainError as error:
                add_problems(form, error)
        return self.show(material, form, status=422)


class EstablishValues(Page):
    """Values from the recorded runs."""

    actions: ClassVar[dict[str, Action]] = {"POST": Action.REFERENCE_EDIT}

    def post(self, request: HttpRequest, code: str) -> HttpResponse:
        material = fetch_material(request.user, code)
        back = reverse("assays:material", args=[material.code])
        try:
            values = in_house.establish_values(material=material, method_group=request.POST.get("method_group", ""), by=request.user)
        except Forbidden:
            raise
        except DomainError as error:
            return self.refuse(error, back)
        messages.success(request, _("Values established for %(count)d analytes.") % {"count": len(values)})
        return redirect(back)
