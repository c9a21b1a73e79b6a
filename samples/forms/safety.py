"""Forms of radiation, seals and door policies. They only translate; the services decide."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from lims.accounts.models import Organisation
from lims.core.plain_numbers import is_plain_number
from samples.models import DoorPolicy, Sample
from samples.radiation_rules import NuclideActivity
from samples.selectors.radiation import needed_nuclides

_RATE = {"data-unit": "µSv/h", "inputmode": "decimal"}
_ACTIVITY = {"data-unit": "Bq/g", "inputmode": "decimal"}
_NUMBER = {"autocapitalize": "characters", "autocomplete": "off", "spellcheck": "false"}


class ScreenForm(forms.Form):
    """One dose rate. Background, distance and meter stay as they were for the sample before."""

    dose_rate = forms.DecimalField(
        label=_("Dose rate"), min_value=0, max_digits=9, decimal_places=3, widget=forms.TextInput(attrs=_RATE | {"data-autofocus": True})
    )
    background = forms.DecimalField(
        label=_("Background"),
        min_value=0,
        max_digits=9,
        decimal_places=3,
        widget=forms.TextInput(attrs=_RATE),
        help_text=_("Measured away from every package"),
    )
    uncertainty = forms.DecimalField(
        label=_("Expanded uncertainty U (k = 2)"),
        min_value=0,
        max_digits=9,
        decimal_places=3,
        widget=forms.TextInput(attrs=_RATE),
        help_text=_("Of the dose rate above background"),
    )
    distance_cm = forms.DecimalField(
        label=_("Distance"),
        min_value=0,
        max_digits=5,
        decimal_places=1,
        initial=Decimal(10),
        widget=forms.TextInput(attrs={"data-unit": "cm", "inputmode": "decimal"}),
        help_text=_("From the closed package"),
    )
    instrument = forms.CharField(label=_("Instrument"), max_length=80, help_text=_("Type and serial number"))
    remark = forms.CharField(label=_("Remark"), required=False, max_length=2000)

    kept = ("background", "uncertainty", "distance_cm", "instrument")


class GammaForm(forms.Form):
    """A gamma spectrum: three cells for each nuclide that the material asks for, and for the others where they are known."""

    reference = forms.CharField(label=_("Report or spectrum"), max_length=80)
    measured_by_name = forms.CharField(
        label=_("Laboratory of the spectrometer"), max_length=160, required=False, help_text=_("Empty: your own")
    )

    def __init__(self, *args: Any, sample: Sample, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.nuclides = needed_nuclides(sample)
        for index, name in enumerate(self.nuclides):
            self.fields[f"activity_{index}"] = forms.CharField(
                label=_("%(nuclide)s activity") % {"nuclide": name},
                max_length=20,
                widget=forms.TextInput(attrs=_ACTIVITY),
                help_text=_("A bound with its sign: <0.05"),
            )
            self.fields[f"uncertainty_{index}"] = forms.DecimalField(
                label=_("%(nuclide)s U (k = 2)") % {"nuclide": name},
                min_value=0,
                required=False,
                widget=forms.TextInput(attrs=_ACTIVITY),
            )

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        found = []
        for index, name in enumerate(self.nuclides):
            text = cleaned.get(f"activity_{index}", "").replace(" ", "")
            if not text:
                continue
            qualifier, number = (text[0], text[1:]) if text[0] in "<>" else ("", text)
            if not is_plain_number(number):
                self.add_error(f"activity_{index}", _("Write a number with a point, as in 0.82 or <0.05."))
                continue
            activity, spread = Decimal(number), cleaned.get(f"uncertainty_{index}") or Decimal(0)
            found.append(NuclideActivity(name, activity, Decimal(0) if qualifier else spread, Decimal(2), qualifier))
        cleaned["nuclides"] = found
        return cleaned

    def field_of(self, pointer: str) -> str | None:
        """Where a refusal of the service belongs: `/nuclides/2/activity`."""
        parts = pointer.strip("/").split("/")
        if len(parts) == 3:
            return f"{'uncertainty' if parts[2] in {'uncertainty', 'k'} else 'activity'}_{parts[1]}"
        return parts[0] if parts[0] in self.fields else None


class PolicyForm(forms.ModelForm):
    """What a laboratory asks for and tolerates at its door."""

    class Meta:
        model = DoorPolicy
        fields = (
            "requires_screen",
            "dose_rate_limit",
            "quarantine_place",
            "activity_limit",
            "gamma_for_processed",
            "mass_tolerance_percent",
            "mass_tolerance_g",
            "clock_skew_minutes",
            "reason",
        )
        labels = {
            "requires_screen": _("Nothing is opened before its dose rate was measured"),
            "dose_rate_limit": _("Dose rate above background"),
            "quarantine_place": _("Place of the quarantine"),
            "activity_limit": _("Activity of each nuclide"),
            "gamma_for_processed": _("Chemical products wait for gamma spectrometry"),
            "mass_tolerance_percent": _("Mass may differ by"),
            "mass_tolerance_g": _("but at least by"),
            "clock_skew_minutes": _("Clocks may differ by"),
            "reason": _("Reason of the change"),
        }
        widgets = {
            "dose_rate_limit": forms.TextInput(attrs=_RATE),
            "activity_limit": forms.TextInput(attrs=_ACTIVITY),
            "mass_tolerance_percent": forms.TextInput(attrs={"data-unit": "%", "inputmode": "decimal"}),
            "mass_tolerance_g": forms.TextInput(attrs={"data-unit": "g", "inputmode": "decimal"}),
            "clock_skew_minutes": forms.TextInput(attrs={"data-unit": "min", "inputmode": "numeric"}),
            "reason": forms.Textarea(attrs={"rows": 2}),
        }
        help_texts = {
            "quarantine_place": _("Empty: Quarantine store"),
            "activity_limit": _("1 Bq/g in IAEA RS-G-1.7; check the regulator's text"),
        }


class IssueForm(forms.Form):
    """A range of seals and who gets it."""

    first = forms.CharField(label=_("First seal"), max_length=40, widget=forms.TextInput(attrs=_NUMBER), help_text="DM-000101")
    last = forms.CharField(label=_("Last seal"), max_length=40, widget=forms.TextInput(attrs=_NUMBER), help_text="DM-000200")
    organisation = forms.ModelChoiceField(label=_("Issued to"), queryset=Organisation.objects.order_by("name"))
    team = forms.CharField(label=_("Team"), required=False, max_length=120)
    person = forms.CharField(label=_("Person"), required=False, max_length=120)
    remark = forms.CharField(label=_("Remark"), required=False, max_length=2000)


class VoidForm(forms.Form):
    """Seals to be taken out of use."""

    first = forms.CharField(label=_("Seal, or the first of several"), max_length=40, widget=forms.TextInput(attrs=_NUMBER))
    last = forms.CharField(label=_("Last seal"), required=False, max_length=40, widget=forms.TextInput(attrs=_NUMBER))
    kind = forms.ChoiceField(
        label=_("What became of them"), choices=[("returned", _("returned")), ("void", _("void")), ("lost", _("lost"))]
    )
    reason = forms.CharField(label=_("Reason"), widget=forms.Textarea(attrs={"rows": 2}))
