"""Forms of planning a run."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from assays.forms.bench import amount
from assays.instruments.models import Instrument
from assays.models import MethodVersion
from assays.selectors.reference import versions_in_force
from lims.core import clock


class TrayForm(forms.Form):
    """Which method on which instrument."""

    method = forms.ChoiceField(label=_("Method"))
    instrument = forms.ModelChoiceField(label=_("Instrument"), queryset=Instrument.objects.none(), to_field_name="code", empty_label=None)

    def __init__(self, *args: Any, viewer: Any, waiting: dict[Any, int], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.versions = {str(version): version for version in versions_in_force(clock.today())}
        self.fields["method"].choices = [  # type: ignore[attr-defined]
            (name, f"{name} ({waiting.get(version.pk, 0)})") for name, version in self.versions.items()
        ]
        self.fields["instrument"].queryset = Instrument.objects.visible_to(viewer).filter(active=True)  # type: ignore[attr-defined]

    @property
    def version(self) -> MethodVersion:
        """The chosen method version."""
        return self.versions[self.cleaned_data["method"]]


class ControlRow(forms.Form):
    """The mass of one control as weighed."""

    number = forms.IntegerField(widget=forms.HiddenInput)
    mass_g = amount(_("Mass of the control"), "g", 5)


ControlRows = forms.formset_factory(ControlRow, extra=0, max_num=240, absolute_max=240)
