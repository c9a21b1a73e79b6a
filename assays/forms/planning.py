"""Forms of planning a run."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from assays.forms.bench import amount
from assays.instruments.models import Instrument
from assays.models import MethodVersion, ReferenceMaterial, TrayLayout
from assays.selectors.reference import versions_in_force
from lims.core import clock


class TrayForm(forms.Form):
    """Which method on which instrument."""

    method = forms.ChoiceField(label=_("Method"))
    instrument = forms.ModelChoiceField(label=_("Instrument"), queryset=Instrument.objects.none(), to_field_name="code", empty_label=None)
    layout = forms.ModelChoiceField(
        label=_("Rack"), queryset=TrayLayout.objects.none(), required=False, empty_label=_("60 places, no fixed rack")
    )
    seed = forms.IntegerField(required=False, min_value=0, max_value=2**31 - 1, widget=forms.HiddenInput)

    def __init__(self, *args: Any, viewer: Any, waiting: dict[Any, int], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.versions = {str(version): version for version in versions_in_force(clock.today())}
        self.fields["method"].choices = [  # type: ignore[attr-defined]
            (name, f"{name} ({waiting.get(version.pk, 0)})") for name, version in self.versions.items()
        ]
        self.fields["instrument"].queryset = Instrument.objects.visible_to(viewer).measuring().filter(active=True)  # type: ignore[attr-defined]
        self.fields["layout"].queryset = TrayLayout.objects.visible_to(viewer).filter(active=True)  # type: ignore[attr-defined]

    @property
    def version(self) -> MethodVersion:
        """The chosen method version."""
        return self.versions[self.cleaned_data["method"]]


class ControlRow(forms.Form):
    """The mass of one control as weighed."""

    number = forms.IntegerField(widget=forms.HiddenInput)
    mass_g = amount(_("Mass of the control"), "g", 5)


ControlRows = forms.formset_factory(ControlRow, extra=0, max_num=240, absolute_max=240)


class LayoutForm(forms.Form):
    """A rack of one's own."""

    code = forms.CharField(label=_("Code"), max_length=20, help_text=_("Short, for example ASX-84"))
    name = forms.CharField(label=_("Name"), max_length=80)
    rows = forms.IntegerField(label=_("Rows"), min_value=1, max_value=240)
    columns = forms.IntegerField(label=_("Columns"), min_value=1, max_value=240)
    reserved = forms.CharField(
        label=_("Places kept free"), required=False, max_length=400, help_text=_("Numbers, row by row from 1: for example 1, 2, 84")
    )

    def clean_reserved(self) -> list[int]:
        """The numbers, however they are separated."""
        words = self.cleaned_data["reserved"].replace(",", " ").split()
        if wrong := [word for word in words if not (word.isascii() and word.isdigit() and len(word) < 5)]:
            raise forms.ValidationError(_("“%(word)s” is no number of a place."), params={"word": wrong[0]})
        return [int(word) for word in words]


class BlindForm(forms.Form):
    """A portion of a reference material that is to look like a sample."""

    method = forms.ChoiceField(label=_("Method"))
    material = forms.ModelChoiceField(
        label=_("Reference material"), queryset=ReferenceMaterial.objects.none(), to_field_name="code", empty_label=None
    )
    mass_g = amount(_("Mass"), "g", 5)

    def __init__(self, *args: Any, viewer: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.versions = {str(version): version for version in versions_in_force(clock.today())}
        self.fields["method"].choices = [(name, name) for name in self.versions]  # type: ignore[attr-defined]
        self.fields["mass_g"].required = True
        own = Q(laboratory=None) | Q(laboratory=viewer.organisation_id)
        self.fields["material"].queryset = ReferenceMaterial.objects.filter(own, active=True).order_by("code")  # type: ignore[attr-defined]
