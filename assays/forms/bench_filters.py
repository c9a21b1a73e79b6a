"""Filters of the bench's lists: the same for the pages and the API."""

from __future__ import annotations

from typing import Any, ClassVar

import django_filters
from django import forms
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from assays.lifecycle import RunState, SubmissionState
from assays.models import MethodVersion, PreparationTask, ReferenceMaterial, Run, Submission
from assays.models.methods import Extraction
from assays.models.reference import MaterialKind
from assays.models.routes import StepKind
from assays.models.submissions import Turnaround
from lims.core import clock
from lims.core.codes import normalise, tidy_scanned

SUBMISSION_ORDERINGS = {"id": "id", "code": "code", "due_on": "due_on", "submitted_at": "submitted_at"}
RUN_ORDERINGS = {"id": "id", "code": "code", "planned_at": "planned_at", "measured_at": "measured_at"}
METHOD_ORDERINGS = {"id": "id", "code": "method__code", "in_force_from": "in_force_from"}
MATERIAL_ORDERINGS = {"id": "id", "code": "code", "producer": "producer"}
_DAY = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


class SubmissionFilter(django_filters.FilterSet):
    """Organisations and methods are named by their codes."""

    q = django_filters.CharFilter(label=_("Code, reference or sample"), method="search")
    state = django_filters.ChoiceFilter(label=_("State"), choices=SubmissionState.choices, empty_label=_("all"))
    turnaround = django_filters.ChoiceFilter(label=_("Turnaround"), choices=Turnaround.choices, empty_label=_("all"))
    overdue = django_filters.BooleanFilter(label=_("Overdue"), method="pick_overdue")
    method = django_filters.CharFilter(label=_("Method (code)"), method="by_method")
    customer = django_filters.CharFilter(label=_("Customer (code)"), field_name="customer__code", lookup_expr="iexact")
    laboratory = django_filters.CharFilter(label=_("Laboratory (code)"), field_name="laboratory__code", lookup_expr="iexact")
    due_after = django_filters.DateFilter(label=_("Due from"), field_name="due_on", lookup_expr="gte", widget=_DAY)
    due_before = django_filters.DateFilter(label=_("Due until"), field_name="due_on", lookup_expr="lte", widget=_DAY)

    class Meta:
        model = Submission
        fields: list[str] = []

    def search(self, rows: QuerySet[Submission], name: str, value: str) -> QuerySet[Submission]:
        """Part of a code or reference, or the whole code of a sample the viewer knows it by."""
        from samples.models import Sample

        samples = Sample.objects.visible_to(self.request.user).coded(normalise(value), self.request.user)
        holding = Submission.objects.filter(tests__sample__in=samples.values("pk")).values("pk")
        return rows.filter(Q(code__icontains=normalise(value)) | Q(customer_reference__icontains=value.strip()) | Q(pk__in=holding))

    def by_method(self, rows: QuerySet[Submission], name: str, value: str) -> QuerySet[Submission]:
        """Submissions that ask for a method."""
        asking = Submission.objects.filter(tests__method_version__method__code__iexact=value.strip())
        return rows.filter(pk__in=asking.values("pk"))

    def pick_overdue(self, rows: QuerySet[Submission], name: str, value: bool) -> QuerySet[Submission]:
        """Open ones past their due day, or the others; a stopped clock is never overdue here."""
        late = Q(state=SubmissionState.OPEN, due_on__lt=clock.today())
        return rows.filter(late) if value else rows.exclude(late)


class RunFilter(django_filters.FilterSet):
    """Instruments and methods are named by their codes."""

    q = django_filters.CharFilter(label=_("Code of a run, aliquot or sample"), method="search")
    state = django_filters.MultipleChoiceFilter(label=_("State"), choices=RunState.choices)
    instrument = django_filters.CharFilter(label=_("Instrument (code)"), field_name="instrument__code", lookup_expr="iexact")
    method = django_filters.CharFilter(label=_("Method (code)"), field_name="method_version__method__code", lookup_expr="iexact")
    planned_after = django_filters.DateFilter(label=_("Planned from"), field_name="planned_at", lookup_expr="date__gte", widget=_DAY)
    planned_before = django_filters.DateFilter(label=_("Planned until"), field_name="planned_at", lookup_expr="date__lte", widget=_DAY)

    class Meta:
        model = Run
        fields: list[str] = []

    def search(self, rows: QuerySet[Run], name: str, value: str) -> QuerySet[Run]:
        """Part of a run's code, or the whole code of an aliquot or blind sample in it."""
        code = normalise(value)
        holding = Run.objects.filter(Q(positions__aliquot__code=code) | Q(positions__aliquot__test__sample__blind_code=code)).values("pk")
        return rows.filter(Q(code__icontains=code) | Q(pk__in=holding))


class MethodFilter(django_filters.FilterSet):
    """Methods by name, extraction and whether they are in force."""

    q = django_filters.CharFilter(label=_("Code or name"), method="search")
    extraction = django_filters.ChoiceFilter(
        label=_("Extraction"), field_name="method__extraction", choices=Extraction.choices, empty_label=_("all")
    )
    in_force = django_filters.BooleanFilter(label=_("In force"), method="pick_in_force")

    class Meta:
        model = MethodVersion
        fields: list[str] = []

    def search(self, rows: QuerySet[MethodVersion], name: str, value: str) -> QuerySet[MethodVersion]:
        return rows.filter(Q(method__code__icontains=value.strip()) | Q(method__name__icontains=value.strip()))

    def pick_in_force(self, rows: QuerySet[MethodVersion], name: str, value: bool) -> QuerySet[MethodVersion]:
        """Versions that may be used today, or the others."""
        today = clock.today()
        usable = Q(in_force_from__lte=today) & (Q(retired_on=None) | Q(retired_on__gt=today))
        return rows.filter(usable) if value else rows.exclude(usable)


class MaterialFilter(django_filters.FilterSet):
    """Reference materials by name, kind and what they have values for."""

    q = django_filters.CharFilter(label=_("Code, producer or matrix"), method="search")
    kind = django_filters.ChoiceFilter(label=_("Kind"), choices=MaterialKind.choices, empty_label=_("all"))
    analyte = django_filters.CharFilter(label=_("Has a value for (symbol)"), method="by_value")
    method_group = django_filters.CharFilter(label=_("Method group"), method="by_value")

    class Meta:
        model = ReferenceMaterial
        fields: list[str] = []

    def search(self, rows: QuerySet[ReferenceMaterial], name: str, value: str) -> QuerySet[ReferenceMaterial]:
        text = value.strip()
        return rows.filter(Q(code__icontains=text) | Q(producer__icontains=text) | Q(matrix__icontains=text))

    def by_value(self, rows: QuerySet[ReferenceMaterial], name: str, value: str) -> QuerySet[ReferenceMaterial]:
        """Materials with a value of that analyte, or by that method group."""
        field = "values__analyte__symbol__iexact" if name == "analyte" else "values__method_group__iexact"
        holding: Any = ReferenceMaterial.objects.filter(**{field: value.strip()}).values("pk")
        return rows.filter(pk__in=holding)


TASK_ORDERINGS = {"id": "id", "opened_at": "opened_at"}


class TaskFilter(django_filters.FilterSet):
    """Preparations by sample, next step, and whether they are done."""

    sample = django_filters.CharFilter(label=_("Blind code"), method="pick_sample")
    next = django_filters.ChoiceFilter(label=_("Next step"), field_name="next_kind", choices=StepKind.choices)
    finished = django_filters.BooleanFilter(label=_("Finished"), method="pick_finished")

    class Meta:
        model = PreparationTask
        fields: ClassVar[list[str]] = []

    def pick_sample(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return rows.filter(sample__blind_code=tidy_scanned(value))

    def pick_finished(self, rows: QuerySet[Any], name: str, value: bool) -> QuerySet[Any]:
        return rows.filter(finished_at__isnull=not value)


class SolutionFilter(django_filters.FilterSet):
    """Leaches and dilution series by the aliquot or the sample they are of."""

    aliquot = django_filters.CharFilter(label=_("Aliquot"), method="pick_code")
    sample = django_filters.CharFilter(label=_("Blind code"), method="pick_code")
    method = django_filters.CharFilter(label=_("Method"), field_name="aliquot__test__method_version__method__code", lookup_expr="iexact")

    def pick_code(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        """By the code as it was scanned."""
        return rows.filter(**{"aliquot__code" if name == "aliquot" else "aliquot__test__sample__blind_code": tidy_scanned(value)})
