"""Forms of samples that leave for good, that are mixed, and of how materials are handled. They only translate; the services decide."""

from __future__ import annotations

from typing import Any, ClassVar

import django_filters as filters
from django import forms
from django.utils.translation import gettext_lazy as _

from lims.accounts.models import User
from samples.forms.sampling import CODE
from samples.models import MaterialHandling, Sample
from samples.models.handling import DepartureKind
from samples.models.samples import Material
from samples.selectors.departures import select_colleagues

_PASSWORD = {"autocomplete": "off"}


class ReturnForm(forms.Form):
    """Why it leaves, and the two who sign."""

    reason = forms.CharField(
        label=_("Reason"),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("How and why; kept for good"),
    )
    password = forms.CharField(label=_("Your password"), widget=forms.PasswordInput(attrs=_PASSWORD), help_text=_("You sign what you do"))
    witness = forms.ModelChoiceField(label=_("Witness"), queryset=User.objects.none(), empty_label=_("choose"))
    witness_password = forms.CharField(
        label=_("Password of the witness"), widget=forms.PasswordInput(attrs=_PASSWORD), help_text=_("Typed by the witness, who signs too")
    )

    def __init__(self, *args: Any, viewer: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["witness"].queryset = select_colleagues(viewer)  # type: ignore[attr-defined]


class DisposalForm(ReturnForm):
    """The same; before its day a sample goes only when somebody says so."""

    early = forms.BooleanField(label=_("Dispose of it before its retention has ended"), required=False)


class SeveralForm(DisposalForm):
    """Several samples that leave in the same way; the two sign once, over all of them."""

    codes = forms.CharField(
        label=_("Samples"),
        widget=forms.Textarea(attrs={**CODE, "rows": 6, "data-autofocus": ""}),
        help_text=_("Scan each label; codes, one on a line"),
    )
    kind = forms.ChoiceField(label=_("How they leave"), choices=DepartureKind.choices, widget=forms.RadioSelect)
    early = forms.BooleanField(label=_("Dispose of them before their retention has ended"), required=False)
    field_order = ["codes", "kind", "reason", "early", "password", "witness", "witness_password"]

    def clean_codes(self) -> list[str]:
        """The codes without empty lines."""
        return [line.strip() for line in self.cleaned_data["codes"].splitlines() if line.strip()]


class ShareForm(forms.Form):
    """What one sample gives to a composite; an empty line is none."""

    sample = forms.CharField(
        label=_("Sample"), required=False, max_length=60, widget=forms.TextInput(attrs={**CODE, "aria-label": _("Sample")})
    )
    mass_g = forms.DecimalField(
        label=_("Mass"),
        required=False,
        widget=forms.NumberInput(attrs={"data-unit": "g", "inputmode": "decimal", "aria-label": _("Mass in grams")}),
    )


ShareFormSet = forms.formset_factory(ShareForm, extra=6, max_num=100)


class CompositeForm(forms.Form):
    """What the mixture weighs and what it is put into."""

    mass_g = forms.DecimalField(
        label=_("The composite weighs"),
        widget=forms.NumberInput(attrs={"data-unit": "g", "inputmode": "decimal"}),
        help_text=_("As weighed"),
    )
    container = forms.CharField(label=_("Container"), required=False, max_length=40)
    seal_number = forms.CharField(label=_("Seal"), required=False, max_length=40, widget=forms.TextInput(attrs=CODE))
    reason = forms.CharField(label=_("Reason"), required=False, max_length=500, help_text=_("Needed where more is lost than tolerated"))


class KeptFilter(filters.FilterSet):
    """Which of the kept samples."""

    q = filters.CharFilter(method="search", label=_("Code or part of the position"))
    material = filters.ChoiceFilter(choices=Material.choices, label=_("Material"), empty_label=_("any"))
    until = filters.DateFilter(
        field_name="retain_until", lookup_expr="lte", label=_("Kept until at most"), widget=forms.DateInput(attrs={"type": "date"})
    )

    class Meta:
        model = Sample
        fields: ClassVar[list[str]] = []

    def search(self, rows: Any, name: str, value: str) -> Any:
        """The beginning of a blind code, or part of the way to the position."""
        return rows.filter(blind_code__startswith=value.strip().upper()) | rows.filter(placement__location__path__icontains=value.strip())


class HandlingForm(forms.ModelForm):
    """What holds for one material."""

    reason = forms.CharField(label=_("Reason"), max_length=500, help_text=_("Kept in the history"))

    class Meta:
        model = MaterialHandling
        fields: ClassVar[list[str]] = ["loss_tolerance_percent", "retention_days"]
        labels: ClassVar[dict[str, Any]] = {
            "loss_tolerance_percent": _("May be lost without a reason"),
            "retention_days": _("Kept after arrival and report"),
        }
        widgets: ClassVar[dict[str, Any]] = {
            "loss_tolerance_percent": forms.NumberInput(attrs={"data-unit": "%", "inputmode": "decimal"}),
            "retention_days": forms.NumberInput(attrs={"data-unit": "d", "inputmode": "numeric"}),
        }
