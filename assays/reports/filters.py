"""Filters of the list of certificates: the same for the page and the API."""

from __future__ import annotations

from typing import Any

import django_filters
from django import forms
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from assays.reports.models import Certificate, CertificateSample, Standing
from lims.accounts.models import Organisation
from lims.core.codes import normalise
from samples.models import Sample

_DAY = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


class CertificateFilter(django_filters.FilterSet):
    """Organisations are named by their codes, samples by the code the viewer knows."""

    q = django_filters.CharFilter(label=_("Number, submission or sample"), method="search")
    status = django_filters.ChoiceFilter(label=_("Status"), field_name="standing", choices=Standing.choices, empty_label=_("all"))
    laboratory = django_filters.ModelChoiceFilter(
        label=_("Laboratory"),
        queryset=Organisation.objects.filter(kind="laboratory"),
        to_field_name="code",
        empty_label=_("all"),
    )
    customer = django_filters.CharFilter(label=_("Customer (code)"), field_name="submission__customer__code", lookup_expr="iexact")
    submission = django_filters.CharFilter(label=_("Submission"), field_name="submission__code", lookup_expr="iexact")
    sample = django_filters.CharFilter(label=_("Sample"), method="by_sample")
    issued_after = django_filters.DateFilter(label=_("Issued from"), field_name="issued_at", lookup_expr="date__gte", widget=_DAY)
    issued_before = django_filters.DateFilter(label=_("Issued until"), field_name="issued_at", lookup_expr="date__lte", widget=_DAY)

    class Meta:
        model = Certificate
        fields: list[str] = []

    def by_sample(self, rows: QuerySet[Certificate], name: str, value: str) -> QuerySet[Certificate]:
        """Those that report a sample the viewer may see."""
        return rows.filter(pk__in=self._reporting(value))

    def search(self, rows: QuerySet[Certificate], name: str, value: str) -> QuerySet[Certificate]:
        """Part of a number, of a submission's code or of the customer's reference, or a whole sample code."""
        code = normalise(value)
        named = Q(number__icontains=code) | Q(submission__code__icontains=code) | Q(submission__customer_reference__icontains=value)
        return rows.filter(named | Q(pk__in=self._reporting(code)))

    def _reporting(self, code: str) -> QuerySet[Any]:
        viewer = self.request.user
        samples = Sample.objects.visible_to(viewer).coded(normalise(code), viewer)
        return CertificateSample.objects.filter(sample__in=samples).values("certificate")
