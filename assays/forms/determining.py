"""Rows of a run of a classical method: what was weighed and titrated at each position."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django import forms
from django.forms.formsets import BaseFormSet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from assays.forms.bench import FilledRows, UsedForm, amount
from assays.services.high_grade import AMOUNTS, IGNITION

LABELS: Mapping[str, tuple[Any, str, int]] = {
    "solution_ml": (gettext_lazy("Dissolved to"), "mL", 3),
    "aliquot_ml": (gettext_lazy("Taken"), "mL", 3),
    "crucible_g": (gettext_lazy("Crucible"), "g", 5),
    "ignited_g": (gettext_lazy("Crucible + oxide"), "g", 5),
    "blank_g": (gettext_lazy("Blank oxide"), "g", 5),
    "titre_ml": (gettext_lazy("Titre"), "mL", 3),
    "blank_ml": (gettext_lazy("Blank"), "mL", 3),
    "titrant_mol_l": (gettext_lazy("EDTA"), "mol/L", 6),
    "mean_oxide_g_mol": (gettext_lazy("Mean oxide mass"), "g/mol", 3),
    "loi_crucible_g": (gettext_lazy("LOI crucible"), "g", 5),
    "loi_before_g": (gettext_lazy("LOI before"), "g", 5),
    "loi_after_g": (gettext_lazy("LOI after"), "g", 5),
    "other_percent": (gettext_lazy("Other oxides"), "%", 3),
}


def names_of(technique: str) -> tuple[str, ...]:
    """The amounts a technique asks for, in the order they are read."""
    return (*AMOUNTS[technique], *IGNITION)


class DeterminationRow(forms.Form):
    """One position; a row left blank is left out."""

    position = forms.UUIDField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, technique: str = "gravimetry", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.amounts = names_of(technique)
        self.main_field = self.amounts[0]
        for name in self.amounts:
            label, unit, places = LABELS[name]
            self.fields[name] = field = amount(label, unit, places)
            # None is optional in a row that is filled, and a blank row is asked for nothing.
            field.required, field.error_messages["required"] = True, _("Give it, or empty the row.")
        self.empty_permitted = True

    def is_blank(self) -> bool:
        """Whether nothing was typed into the row."""
        return not any(self.data.get(self.add_prefix(name), "").strip() for name in self.amounts)

    def has_changed(self) -> bool:
        return not self.is_blank()

    @property
    def amount_fields(self) -> list[Any]:
        """The fields of the row, in their order."""
        return [self[name] for name in self.amounts]

    def values(self) -> dict[str, Decimal]:
        """The amounts typed."""
        return {name: self.cleaned_data[name] for name in self.amounts}


DeterminationRows: type[BaseFormSet[Any]] = forms.formset_factory(
    DeterminationRow, formset=FilledRows, extra=0, max_num=200, absolute_max=200
)


class TogetherForm(UsedForm):
    """What all rows share: balance, furnace, burette, titrant; and why rows take the place of earlier ones."""

    reason = forms.CharField(
        label=gettext_lazy("Reason"), max_length=300, required=False, help_text=gettext_lazy("Only where rows correct earlier ones")
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["used"].label = _("Balance, furnace, burette, titrant")
