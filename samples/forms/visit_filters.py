"""Filters of the list of visits."""

from __future__ import annotations

from typing import Any, ClassVar

import django_filters as filters
from django import forms
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from lims.core.codes import normalise
from samples.models import Mine, Visit

_DAY = forms.DateInput(attrs={"type": "date"})


class VisitFilter(filters.FilterSet):
    """Which visits."""

    q = filters.CharFilter(method="search", label=_("Code, purpose or mine"))
    mine = filters.ModelChoiceFilter(
        field_name="mines",
        queryset=lambda request: Mine.objects.visible_to(request.user),
        to_field_name="code",
        label=_("Mine"),
        empty_label=_("any"),
    )
    after = filters.DateFilter(field_name="ends_on", lookup_expr="gte", label=_("From"), widget=_DAY)
    before = filters.DateFilter(field_name="starts_on", lookup_expr="lte", label=_("Until"), widget=_DAY)

    class Meta:
        model = Visit
        fields: ClassVar[list[str]] = []

    def search(self, rows: Any, name: str, value: str) -> Any:
        """The beginning of a code, or part of the purpose or of a mine's name."""
        at_mine = Visit.mines.through.objects.filter(mine__name__icontains=value).values("visit")
        return rows.filter(Q(code__startswith=normalise(value)) | Q(purpose__icontains=value) | Q(pk__in=at_mine))
