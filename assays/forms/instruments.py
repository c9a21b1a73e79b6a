"""Forms of instruments."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from assays.chemistry.units import UNITS, Kind
from lims.accounts.models import Organisation, OrganisationKind

_DAY = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


class InstrumentForm(forms.Form):
    """A new instrument."""

    code = forms.CharField(
        label=_("Code"), max_length=20, help_text=_("Unique over all laboratories, such as BPL-ICPMS-2"), widget=forms.TextInput
    )
    name = forms.CharField(label=_("Name"), max_length=120, help_text=_("Maker and model"))
    laboratory = forms.ModelChoiceField(label=_("Laboratory"), queryset=Organisation.objects.none())
    technique = forms.CharField(label=_("Technique"), max_length=40, initial="ICP-MS")
    serial = forms.CharField(label=_("Serial number"), max_length=60, required=False)

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        laboratories = Organisation.objects.filter(kind=OrganisationKind.LABORATORY, active=True)
        self.fields["laboratory"].queryset = laboratories  # type: ignore[attr-defined]


class TokenForm(forms.Form):
    """A token for an instrument's computer."""

    name = forms.CharField(label=_("Used by"), max_length=100, help_text=_("The computer or program, such as “MassHunter console”"))
    expires_on = forms.DateField(label=_("Expires on"), required=False, widget=_DAY, help_text=_("Empty: until it is revoked"))


class CalibrationForm(forms.Form):
    """When the calibration is due next."""

    calibration_due = forms.DateField(label=_("Calibration due on"), widget=_DAY)


class UnitForm(forms.Form):
    """The unit of files that state none, and why it is changed."""

    default_unit = forms.ChoiceField(label=_("Unit"), required=False)
    reason = forms.CharField(label=_("Reason"), max_length=300)

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        units = sorted(UNITS[Kind.MASS_CONCENTRATION]), sorted(UNITS[Kind.MASS_FRACTION])
        solution, solid = ([(unit, unit) for unit in group if unit not in {"ppm", "ppb", "ppt"}] for group in units)
        self.fields["default_unit"].choices = [  # type: ignore[attr-defined]
            ("", _("none: a person is asked at each file")),
            (_("of a solution"), solution),
            (_("of a solid"), solid),
        ]


class UseForm(forms.Form):
    """Why an instrument is taken out of use, or back."""

    reason = forms.CharField(label=_("Reason"), max_length=300)
