"""Forms of preparation steps: the amounts a kind of step asks for, for one sample, for rows of samples, or pasted as lines."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from assays.forms.bench import FilledRows, amount
from assays.route_steps import FIELDS, Kind
from lims.core.codes import tidy_scanned
from lims.core.errors import Invalid, Problem

LABELS: Mapping[str, Any] = {
    "wet_mass_g": gettext_lazy("Wet mass"),
    "temperature_c": gettext_lazy("Temperature"),
    "hours": gettext_lazy("Time"),
    "dry_mass_g": gettext_lazy("Dry mass"),
    "top_size_mm": gettext_lazy("Top size"),
    "split_mass_g": gettext_lazy("Mass of the split"),
    "minutes": gettext_lazy("Time"),
    "passing_percent": gettext_lazy("Passing"),
}


def code_field(label: Any, help_text: Any = "", *, required: bool = False) -> forms.CharField:
    """A code to scan or type."""
    attributes = {"class": "code-input", "autocapitalize": "characters", "spellcheck": "false", "autocomplete": "off"}
    return forms.CharField(label=label, help_text=help_text, required=required, max_length=40, widget=forms.TextInput(attrs=attributes))


def _amounts(kind: str) -> dict[str, forms.DecimalField]:
    return {one.name: amount(LABELS[one.name], one.unit, one.places) for one in FIELDS[Kind(kind)]}


class StepForm(forms.Form):
    """One step of one sample. Equipment comes last, since a scanner's Enter then sends the form."""

    task = forms.UUIDField(widget=forms.HiddenInput)
    kind = forms.CharField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, kind: str, equipment_kind: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields.update(_amounts(kind))
        self.amounts = [one.name for one in FIELDS[Kind(kind)]]
        for name in self.amounts:
            self.fields[name].required = True
        self.fields[self.amounts[0]].widget.attrs["data-autofocus"] = ""
        if equipment_kind:
            self.fields["equipment"] = code_field(_("Equipment"), _("Scan its label"))
        self.fields["remark"] = forms.CharField(
            label=_("Remark"), required=False, max_length=300, widget=forms.TextInput(attrs={"data-skip": ""})
        )

    def values(self) -> dict[str, Decimal]:
        """The amounts typed."""
        return {name: self.cleaned_data[name] for name in self.amounts}


class CorrectionForm(forms.Form):
    """Other numbers for a recorded step, with the reason."""

    def __init__(self, *args: Any, kind: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields.update(_amounts(kind))
        self.amounts = [one.name for one in FIELDS[Kind(kind)]]
        for name in self.amounts:
            self.fields[name].required = True
        self.fields[self.amounts[0]].widget.attrs["data-autofocus"] = ""
        self.fields["reason"] = forms.CharField(
            label=_("Reason"), max_length=300, help_text=_("Both records are kept with it"), widget=forms.Textarea(attrs={"rows": 2})
        )

    def values(self) -> dict[str, Decimal]:
        """The amounts typed."""
        return {name: self.cleaned_data[name] for name in self.amounts}


class StepRow(forms.Form):
    """One sample of a bulk entry; a row left blank is left out."""

    task = forms.UUIDField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, kind: str = "weigh_wet", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields.update(_amounts(kind))
        self.amounts = [one.name for one in FIELDS[Kind(kind)]]
        self.main_field = self.amounts[0]

    def is_blank(self) -> bool:
        """Whether nothing was typed into the row."""
        return not any(self.data.get(self.add_prefix(name), "").strip() for name in self.amounts)

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        for name in self.amounts:
            if cleaned.get(name) is None and name not in self.errors:
                self.add_error(name, _("Give it, or empty the row."))
        return cleaned

    @property
    def amount_fields(self) -> list[Any]:
        """The fields of the row, in their order."""
        return [self[name] for name in self.amounts]

    def values(self) -> dict[str, Decimal]:
        """The amounts typed."""
        return {name: self.cleaned_data[name] for name in self.amounts}


StepRows = forms.formset_factory(StepRow, formset=FilledRows, extra=0, max_num=200, absolute_max=200)


class ToolForm(forms.Form):
    """What a whole bulk entry was done with."""

    equipment = code_field(gettext_lazy("Equipment for all rows"), gettext_lazy("Scan its label"))


class PasteForm(forms.Form):
    """Lines pasted from a sheet or a balance's print."""

    lines = forms.CharField(
        label=gettext_lazy("Lines"),
        max_length=20_000,
        widget=forms.Textarea(attrs={"rows": 5, "class": "code-input", "spellcheck": "false", "data-enter-stays": ""}),
    )


def read_lines(text: str, kind: str) -> list[tuple[str, dict[str, Decimal]]]:
    """Each line's sample code and amounts: `B-…; 50.0125`, separated by semicolon, tab or comma and blank. Raises `Invalid` with a problem
    per line that cannot be read."""
    names = [one.name for one in FIELDS[Kind(kind)]]
    found, problems = [], []
    for index, line in enumerate(one for one in text.splitlines() if one.strip()):
        parts = [part.strip() for part in line.replace("\t", ";").replace(",", ";").split(";")]
        try:
            if len(parts) != 1 + len(names):
                raise InvalidOperation
            values = {name: Decimal(part) for name, part in zip(names, parts[1:], strict=True)}
        except InvalidOperation:
            sentence = _("Line %(line)d: write the sample's code and %(count)d number(s), separated by a semicolon, with a decimal point.")
            problems.append(Problem(f"/{index}", "unreadable", sentence % {"line": index + 1, "count": len(names)}))
            continue
        found.append((tidy_scanned(parts[0]), values))
    if problems:
        raise Invalid("unreadable", problems[0].detail, problems=problems)
    return found
