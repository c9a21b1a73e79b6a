"""Filters of the list of uploads: the same for the page and the API."""

from __future__ import annotations

from typing import Any

import django_filters
from django import forms
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from assays.instruments.models import Reading, RowOutcome, Upload, UploadRow, UploadState
from assays.selectors.uploads import UNDECIDED
from lims.core.codes import normalise

UPLOAD_ORDERINGS = {"id": "id", "received_at": "received_at", "file_name": "file_name"}
_DAY = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


class UploadFilter(django_filters.FilterSet):
    """Instruments and runs are named by their codes; a SHA-256 by its beginning."""

    q = django_filters.CharFilter(label=_("File, run or SHA-256"), method="search")
    state = django_filters.MultipleChoiceFilter(label=_("State"), choices=UploadState.choices)
    instrument = django_filters.CharFilter(label=_("Instrument (code)"), field_name="instrument__code", lookup_expr="iexact")
    run = django_filters.CharFilter(label=_("Run (code)"), field_name="run__code", lookup_expr="iexact")
    undecided = django_filters.BooleanFilter(label=_("Waits for a person"), method="pick_undecided")
    received_after = django_filters.DateFilter(label=_("Received from"), field_name="received_at", lookup_expr="date__gte", widget=_DAY)
    received_before = django_filters.DateFilter(label=_("Received until"), field_name="received_at", lookup_expr="date__lte", widget=_DAY)

    class Meta:
        model = Upload
        fields: list[str] = []

    def search(self, rows: QuerySet[Upload], name: str, value: str) -> QuerySet[Upload]:
        text = value.strip()
        return rows.filter(Q(file_name__icontains=text) | Q(run__code__icontains=normalise(text)) | Q(sha256__startswith=text.lower()))

    def pick_undecided(self, rows: QuerySet[Upload], name: str, value: bool) -> QuerySet[Upload]:
        """Unreadable, unconfirmed, or recorded with rows still parked; or the others."""
        parked: Any = UploadRow.objects.filter(upload=OuterRef("pk"), outcome=RowOutcome.PARKED)
        waiting = UNDECIDED | (Q(state=UploadState.RECORDED) & Exists(parked))
        return rows.filter(waiting) if value else rows.exclude(waiting)


class ReadingFilter(django_filters.FilterSet):
    """Cells of one upload."""

    q = django_filters.CharFilter(label=_("Sample name"), field_name="row__label", lookup_expr="icontains")
    analyte = django_filters.CharFilter(label=_("Element"), lookup_expr="iexact")
    quantity = django_filters.CharFilter(label=_("Quantity"), lookup_expr="iexact")
    qualified = django_filters.BooleanFilter(label=_("No plain number"), method="pick_qualified")

    class Meta:
        model = Reading
        fields: list[str] = []

    def pick_qualified(self, rows: QuerySet[Reading], name: str, value: bool) -> QuerySet[Reading]:
        """Cells with a bound or a word in place of a number, or the others."""
        return rows.exclude(qualifier="") if value else rows.filter(qualifier="")
