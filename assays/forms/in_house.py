"""Forms of in-house reference materials."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from assays.models import Analyte, Method

_DAY = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


class MaterialForm(forms.Form):
    """A new in-house material."""

    code = forms.CharField(label=_("Code"), max_length=40, help_text=_("What the label of the bottle says, for example IH-CLAY-1"))
    matrix = forms.CharField(label=_("Matrix"), max_length=160, help_text=_("What it is made of"))
    expires_on = forms.DateField(label=_("Expires on"), required=False, widget=_DAY)
    note = forms.CharField(label=_("Note"), required=False, widget=forms.Textarea(attrs={"rows": 3}))


class RunForm(forms.Form):
    """What one run found: a content for each analyte that was measured."""

    method_group = forms.ChoiceField(label=_("Method"))
    measured_on = forms.DateField(label=_("Measured on"), widget=_DAY)

    def __init__(self, *args: Any, analytes: Sequence[Analyte], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        groups = Method.objects.values_list("method_group", "name").order_by("code")
        self.fields["method_group"].choices = list(dict(groups).items())  # type: ignore[attr-defined]
        self.analytes = analytes
        for analyte in analytes:
            self.fields[analyte.symbol] = forms.DecimalField(
                label=analyte.symbol,
                required=False,
                max_digits=18,
                decimal_places=10,
                widget=forms.NumberInput(attrs={"data-unit": "mg/kg"}),
            )

    def contents(self) -> dict[Analyte, Decimal]:
        """The contents that were given."""
        return {one: self.cleaned_data[one.symbol] for one in self.analytes if self.cleaned_data.get(one.symbol) is not None}
