"""Forms of the administrator's pages."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth.validators import UnicodeUsernameValidator
from django.utils.translation import gettext_lazy as _

from lims.accounts.models import Organisation, OrganisationKind, User
from lims.core.roles import Role


class OrganisationChoice(forms.ModelChoiceField):
    """Organisations with their kind beside the name, since the role must fit it."""

    def label_from_instance(self, obj: Any) -> str:
        """`Bhopal Laboratory (laboratory)`."""
        return f"{obj.name} ({obj.get_kind_display().lower()})"


class ReasonForm(forms.Form):
    """Why; kept in the record's history."""

    reason = forms.CharField(label=_("Reason"), max_length=500, help_text=_("Kept with the change."))


class PersonForm(forms.Form):
    """Name, role and organisation of a person."""

    full_name = forms.CharField(label=_("Full name"), max_length=120, help_text=_("As it is printed beside signatures."))
    email = forms.EmailField(label=_("E-mail"), required=False)
    role = forms.ChoiceField(label=_("Role"), choices=[("", "—"), *Role.choices])
    organisation = OrganisationChoice(
        label=_("Organisation"),
        queryset=Organisation.objects.filter(active=True),
        empty_label="—",
        help_text=_("Laboratory roles belong to laboratories, collectors to firms, custodians to carriers, officials to a ministry."),
    )


class NewPersonForm(PersonForm):
    """A new account."""

    username = forms.CharField(
        label=_("User name"),
        max_length=150,
        validators=[UnicodeUsernameValidator()],
        help_text=_("For signing in. It cannot be changed later."),
        widget=forms.TextInput(attrs={"autocapitalize": "none", "autocomplete": "off", "spellcheck": "false"}),
    )
    field_order = ("full_name", "username", "email", "role", "organisation")

    def clean_username(self) -> str:
        """One account for a name, however it is written."""
        username: str = self.cleaned_data["username"]
        if User.objects.filter(username__iexact=username).exists():
            raise forms.ValidationError(_("This user name is taken. Choose another one."), code="taken")
        return username


class ChangePersonForm(PersonForm, ReasonForm):
    """A change, with its reason last."""

    field_order = ("full_name", "email", "role", "organisation", "reason")


class OrganisationForm(forms.Form):
    """An organisation; what certificates print stands here."""

    code = forms.CharField(label=_("Code"), max_length=12, widget=forms.TextInput(attrs={"class": "code-input", "spellcheck": "false"}))
    name = forms.CharField(label=_("Name"), max_length=200, help_text=_("Printed on certificates and in custody records."))
    kind = forms.ChoiceField(label=_("Kind"), choices=[("", "—"), *OrganisationKind.choices])
    address = forms.CharField(label=_("Address"), required=False, widget=forms.Textarea(attrs={"rows": 3}))
    contact = forms.CharField(label=_("Contact"), max_length=200, required=False)
    accreditation = forms.CharField(
        label=_("Accreditation"),
        max_length=300,
        required=False,
        help_text=_("Printed on certificates exactly as written; empty when there is none."),
    )
    latitude = forms.DecimalField(
        label=_("Latitude"),
        required=False,
        min_value=-90,
        max_value=90,
        decimal_places=5,
        widget=forms.NumberInput(attrs={"data-unit": "°"}),
    )
    longitude = forms.DecimalField(
        label=_("Longitude"),
        required=False,
        min_value=-180,
        max_value=180,
        decimal_places=5,
        widget=forms.NumberInput(attrs={"data-unit": "°"}),
    )


class ChangeOrganisationForm(OrganisationForm, ReasonForm):
    """A change, with its reason; a closed organisation takes no new people."""

    active = forms.BooleanField(label=_("Open: people may have accounts here"), required=False)
    field_order = ("code", "name", "kind", "address", "contact", "accreditation", "latitude", "longitude", "active", "reason")
