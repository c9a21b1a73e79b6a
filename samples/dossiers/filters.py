"""Filters of the list of dossiers: the same for the page and the API."""

from __future__ import annotations

import django_filters
from django import forms
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from lims.core.codes import normalise
from samples.dossiers.models import Dossier, Verdict

_DAY = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


class DossierFilter(django_filters.FilterSet):
    """By what it is about, what the verifier said and when it was asked for."""

    q = django_filters.CharFilter(label=_("Number, sample or consignment"), method="search")
    verdict = django_filters.ChoiceFilter(label=_("Verdict"), field_name="edition__verdict", choices=Verdict.choices, empty_label=_("all"))
    subject = django_filters.ChoiceFilter(
        label=_("Of a"), method="by_subject", choices=[("sample", _("sample")), ("consignment", _("consignment"))], empty_label=_("all")
    )
    requested_after = django_filters.DateFilter(label=_("Asked for from"), field_name="requested_at", lookup_expr="date__gte", widget=_DAY)
    requested_before = django_filters.DateFilter(
        label=_("Asked for until"), field_name="requested_at", lookup_expr="date__lte", widget=_DAY
    )

    class Meta:
        model = Dossier
        fields: list[str] = []

    def search(self, rows: QuerySet[Dossier], name: str, value: str) -> QuerySet[Dossier]:
        """Part of a number or of the subject's code, or of who asked for it."""
        code = normalise(value)
        named = Q(number__icontains=code) | Q(subject_code__icontains=code)
        return rows.filter(named | Q(requested_by__full_name__icontains=value.strip()))

    def by_subject(self, rows: QuerySet[Dossier], name: str, value: str) -> QuerySet[Dossier]:
        """Of samples or of consignments."""
        return rows.filter(sample__isnull=value != "sample")
