"""Forms of storage. They only translate; the services decide."""

from __future__ import annotations

from typing import Any, ClassVar

import django_filters as filters
from django import forms
from django.utils.translation import gettext_lazy as _

from lims.core.roles import MATRIX, Action, Role
from samples.forms.sampling import CODE
from samples.lifecycle import SampleState
from samples.storage.models import Location, LocationKind, Placement
from samples.storage.selectors import search_placements


def _number(label: Any, unit: str, **more: Any) -> forms.DecimalField:
    widget = forms.NumberInput(attrs={"data-unit": unit, "inputmode": "decimal"})
    return forms.DecimalField(label=label, required=False, widget=widget, max_digits=5, decimal_places=1, **more)


class PlaceForm(forms.Form):
    """What can be said of a place, new or known."""

    name = forms.CharField(label=_("Name"), max_length=60, help_text=_("What stands on its door or side"))
    temperature_min_c = _number(_("Temperature from"), "°C", help_text=_("Empty: as the place around it"))
    temperature_max_c = _number(_("Temperature to"), "°C")
    humidity_min_percent = _number(_("Humidity from"), "% r.h.")
    humidity_max_percent = _number(_("Humidity to"), "% r.h.")
    radiation_controlled = forms.BooleanField(label=_("Radiation is controlled here"), required=False)
    locked = forms.BooleanField(label=_("Locked"), required=False)
    roles = forms.MultipleChoiceField(
        label=_("Reserved for"),
        required=False,
        choices=[(role.value, role.label) for role in Role if role in MATRIX[Action.STORAGE_MOVE]],
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Who alone puts in and takes out here; nobody chosen: whoever may move samples"),
    )
    remark = forms.CharField(label=_("Remark"), required=False, max_length=500, widget=forms.Textarea(attrs={"rows": 2}))

    def values(self) -> dict[str, Any]:
        """The members as the service takes them."""
        return {name: self.cleaned_data[name] for name in self.cleaned_data if name in _MEMBERS}


_MEMBERS = {*PlaceForm.base_fields, "active"}


class NewPlaceForm(PlaceForm):
    """A new place: its kind, what it stands in, and the positions in it."""

    kind = forms.ModelChoiceField(label=_("Kind"), queryset=LocationKind.objects.all(), to_field_name="code", empty_label=_("choose"))
    parent = forms.ModelChoiceField(
        label=_("Within"), queryset=Location.objects.none(), required=False, to_field_name="code", empty_label=_("none")
    )
    rows = forms.IntegerField(label=_("Rows of positions"), required=False, min_value=1, help_text=_("For a box: 9 × 9 makes A1 to I9"))
    columns = forms.IntegerField(label=_("Columns of positions"), required=False, min_value=1)
    field_order = ["kind", "parent", "name", "rows", "columns"]

    def __init__(self, *args: Any, viewer: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        places = Location.objects.filter(organisation=viewer.organisation_id, kind__holds_samples=False, active=True)
        self.fields["parent"].queryset = places.order_by("path")  # type: ignore[attr-defined]


class ChangePlaceForm(PlaceForm):
    """A place as it stands, to be changed with a reason."""

    active = forms.BooleanField(label=_("In use"), required=False)
    reason = forms.CharField(label=_("Reason"), max_length=500, widget=forms.Textarea(attrs={"rows": 2}))


class ReadingForm(forms.Form):
    """What the thermometer and the hygrometer show now."""

    temperature_c = _number(_("Temperature"), "°C")
    humidity_percent = _number(_("Humidity"), "% r.h.")
    remark = forms.CharField(label=_("Remark"), required=False, max_length=300)


class ScanForm(forms.Form):
    """A sample and a position, scanned one after the other."""

    sample = forms.CharField(label=_("Sample"), max_length=60, widget=forms.TextInput(attrs=CODE))
    position = forms.CharField(label=_("Position"), required=False, max_length=60, widget=forms.TextInput(attrs=CODE))
    reason = forms.CharField(
        label=_("Reason"), required=False, max_length=500, help_text=_("Only where the sample lies in a position already: why it is moved")
    )


class ScanOutForm(forms.Form):
    """A sample to be taken out; the reason stays for the next one."""

    reason = forms.CharField(label=_("Reason"), max_length=500, help_text=_("Kept for every sample you scan now: preparation, return …"))
    sample = forms.CharField(label=_("Sample"), max_length=60, widget=forms.TextInput(attrs=CODE))


class ContentsFilter(filters.FilterSet):
    """Which of the stored samples."""

    q = filters.CharFilter(method="search", label=_("Code of the sample or position, or part of the way"))
    state = filters.ChoiceFilter(field_name="sample__state", choices=SampleState.choices, label=_("State"), empty_label=_("any"))
    on_hold = filters.BooleanFilter(field_name="sample__on_hold", label=_("On hold"))
    placed_before = filters.DateFilter(
        field_name="placed_at", lookup_expr="date__lt", label=_("Put in before"), widget=forms.DateInput(attrs={"type": "date"})
    )

    class Meta:
        model = Placement
        fields: ClassVar[list[str]] = []

    def search(self, rows: Any, name: str, value: str) -> Any:
        """What was typed, wherever it may stand."""
        return search_placements(rows, value, self.request.user)
