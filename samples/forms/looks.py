"""Forms of looks: what for, and the filters of the list."""

from __future__ import annotations

from typing import Any, ClassVar

import django_filters as filters
from django import forms
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from samples.looks.looking import LONGEST_PURPOSE, Door, Shown, Subject
from samples.looks.models import Look

_DAY = forms.DateInput(attrs={"type": "date"})


class LookForm(forms.Form):
    """What somebody needs to see it for."""

    purpose = forms.CharField(label=_("What for"), max_length=LONGEST_PURPOSE, help_text=_("One line, kept with your name"))


class LookFilter(filters.FilterSet):
    """Which looks."""

    q = filters.CharFilter(method="search", label=_("Person, code or purpose"))
    subject_kind = filters.ChoiceFilter(choices=Subject, label=_("Kind of record"), empty_label=_("any"))
    shown = filters.ChoiceFilter(choices=Shown, label=_("What was shown"), empty_label=_("any"))
    door = filters.ChoiceFilter(choices=Door, label=_("Through"), empty_label=_("any"))
    after = filters.IsoDateTimeFilter(field_name="looked_at", lookup_expr="gte", label=_("From"), widget=_DAY)
    before = filters.IsoDateTimeFilter(field_name="looked_at", lookup_expr="lt", label=_("Before"), widget=_DAY)

    class Meta:
        model = Look
        fields: ClassVar[list[str]] = []

    def search(self, rows: Any, name: str, value: str) -> Any:
        """Part of a name, of a purpose, or the beginning of a code."""
        return rows.filter(Q(viewer_name__icontains=value) | Q(purpose__icontains=value) | Q(subject_code__istartswith=value.strip()))
