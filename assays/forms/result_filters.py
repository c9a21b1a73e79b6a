"""Filters of the list of results: the same for pages and the API."""

from __future__ import annotations

import django_filters
from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from assays.models import Result
from assays.models.methods import Extraction
from lims.core.codes import normalise

RESULT_ORDERINGS = {"id": "id", "authorised_at": "authorised_at"}
_DAY = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


class ResultFilter(django_filters.FilterSet):
    """A sample by the code its viewer knows it by; several analytes are separated by commas."""

    sample = django_filters.CharFilter(label=_("Sample"), method="by_sample")
    analyte = django_filters.CharFilter(label=_("Analytes"), method="by_analyte")
    method = django_filters.CharFilter(label=_("Method (code)"), field_name="test__method_version__method__code", lookup_expr="iexact")
    extraction = django_filters.ChoiceFilter(
        label=_("Extraction"), field_name="test__method_version__method__extraction", choices=Extraction.choices, empty_label=_("all")
    )
    submission = django_filters.CharFilter(label=_("Submission"), field_name="test__submission__code", lookup_expr="iexact")
    run = django_filters.CharFilter(label=_("Run"), method="by_run")
    authorised_after = django_filters.DateFilter(
        label=_("Authorised from"), field_name="authorised_at", lookup_expr="date__gte", widget=_DAY
    )
    authorised_before = django_filters.DateFilter(
        label=_("Authorised until"), field_name="authorised_at", lookup_expr="date__lte", widget=_DAY
    )

    class Meta:
        model = Result
        fields: list[str] = []

    def by_sample(self, rows: QuerySet[Result], name: str, value: str) -> QuerySet[Result]:
        from samples.models import Sample

        samples = Sample.objects.visible_to(self.request.user).coded(normalise(value), self.request.user)
        return rows.filter(sample__in=samples.values("pk"))

    def by_analyte(self, rows: QuerySet[Result], name: str, value: str) -> QuerySet[Result]:
        return rows.filter(analyte__symbol__in=[symbol.strip() for symbol in value.split(",")])

    def by_run(self, rows: QuerySet[Result], name: str, value: str) -> QuerySet[Result]:
        """Results whose shown version comes from that run."""
        return rows.filter(current__reduction__run__code=normalise(value))
