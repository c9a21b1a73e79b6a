"""Forms of codes set aside."""

from __future__ import annotations

from typing import Any, ClassVar

import django_filters as filters
from django import forms
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from lims.core.codes import normalise
from samples.allotments.models import Allotment


class AllotmentForm(forms.Form):
    """How many codes, for whom."""

    count = forms.IntegerField(label=_("How many codes"), widget=forms.NumberInput(attrs={"data-unit": "×"}), help_text=_("1 to 500"))
    team = forms.CharField(label=_("Team"), max_length=120, help_text=_("Who takes the labels along"))
    purpose = forms.CharField(label=_("Purpose"), max_length=200, required=False)


class AllotmentFilter(filters.FilterSet):
    """Which sets."""

    q = filters.CharFilter(method="search", label=_("Code, team or purpose"))
    open = filters.ChoiceFilter(method="by_end", choices=[("yes", _("open")), ("no", _("closed"))], label=_("State"), empty_label=_("any"))

    class Meta:
        model = Allotment
        fields: ClassVar[list[str]] = []

    def search(self, rows: Any, name: str, value: str) -> Any:
        """The beginning of its code, or part of team or purpose."""
        return rows.filter(Q(code__startswith=normalise(value)) | Q(team__icontains=value) | Q(purpose__icontains=value))

    def by_end(self, rows: Any, name: str, value: str) -> Any:
        """Open or closed."""
        return rows.filter(end__isnull=value == "yes")
