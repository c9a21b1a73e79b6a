"""Forms of consignments, handovers and decisions. They only translate; the services decide what may be."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from lims.accounts.models import Organisation
from samples.models import BorderPost, RouteVersion
from samples.models.receipts import Decision
from samples.selectors.parties import carriers, laboratories, possible_receivers
from samples.selectors.routes import routes_in_force
from samples.services.consigning import DEFAULT_PURPOSE

_CODE = {"class": "code-input", "autocapitalize": "characters", "autocomplete": "off", "autocorrect": "off", "spellcheck": "false"}


def _moment_input() -> forms.DateTimeInput:
    return forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")


class ConsignmentForm(forms.Form):
    """The papers of a consignment."""

    addressee = forms.ModelChoiceField(label=_("Addressee laboratory"), queryset=Organisation.objects.none())
    carrier = forms.ModelChoiceField(
        label=_("Carrier"),
        queryset=Organisation.objects.none(),
        required=False,
        empty_label=_("none, we bring it ourselves"),
        help_text=_("Who takes it over first"),
    )
    waybill = forms.CharField(label=_("Waybill"), required=False, max_length=80, widget=forms.TextInput(attrs=_CODE))
    outer_seal = forms.CharField(
        label=_("Seal of the box"), required=False, max_length=40, widget=forms.TextInput(attrs=_CODE), help_text=_("A seal is used once")
    )
    border_post = forms.CharField(
        label=_("Border post"), required=False, max_length=80, help_text=_("Where it crosses, as on the customs papers")
    )
    route = forms.ModelChoiceField(
        label=_("Route"), queryset=RouteVersion.objects.none(), required=False, empty_label=_("none"), help_text=_("The expected one")
    )
    purpose = forms.CharField(label=_("Purpose on the papers"), initial=DEFAULT_PURPOSE, max_length=200)

    def __init__(self, *args: Any, sender: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["addressee"].queryset = laboratories().exclude(pk=sender)  # type: ignore[attr-defined]
        self.fields["carrier"].queryset = carriers()  # type: ignore[attr-defined]
        _offer_routes(self.fields["route"])
        self._offer_posts()

    def _offer_posts(self) -> None:
        """The border posts on record, and what stands on the papers already. Where none is on record yet, the name is typed."""
        names = list(BorderPost.objects.values_list("name", flat=True))
        if not names:
            return
        written = self.initial.get("border_post", "")
        old = [(written, _("%(name)s (as written)") % {"name": written})] if written and written not in names else []
        field = self.fields["border_post"]
        self.fields["border_post"] = forms.ChoiceField(
            label=field.label,
            required=False,
            choices=[("", _("none")), *((name, name) for name in names), *old],
            help_text=field.help_text,
        )


def _offer_routes(field: Any) -> None:
    """The routes in force, by what they are called."""
    field.queryset = routes_in_force()
    field.label_from_instance = lambda version: f"{version.route.code} – {version.route.name}"


class ScanForm(forms.Form):
    """One scan at the packing table."""

    code = forms.CharField(
        label=_("Scan a sample"),
        widget=forms.TextInput(attrs={**_CODE, "data-autofocus": "", "data-scan": "send", "enterkeyhint": "send"}),
        help_text=_("Its label or its seal; Enter packs it"),
    )
    seal_number = forms.CharField(
        label=_("Seal put on now"),
        required=False,
        max_length=40,
        widget=forms.TextInput(attrs=_CODE),
        help_text=_("Only if it gets a new seal"),
    )


class PackSealForm(forms.Form):
    """The seal and the mass of a pack."""

    seal_number = forms.CharField(label=_("Seal of the pack"), max_length=40, widget=forms.TextInput(attrs=_CODE))
    gross_kg = forms.DecimalField(
        label=_("Gross mass"), required=False, max_digits=8, decimal_places=3, widget=forms.NumberInput(attrs={"data-unit": "kg"})
    )


class ScanManyForm(forms.Form):
    """Many codes at once, from a list or a reader with a memory."""

    codes = forms.CharField(label=_("Codes, one on a line"), widget=forms.Textarea(attrs={**_CODE, "rows": 6}))

    def clean_codes(self) -> list[str]:
        """The codes without empty lines."""
        return [line.strip() for line in self.cleaned_data["codes"].splitlines() if line.strip()]


class DispatchForm(forms.Form):
    """Where it leaves from and when it should be there, in the viewer's zone."""

    place = forms.CharField(label=_("Leaves from"), max_length=160, required=False)
    route = forms.ModelChoiceField(
        label=_("Expected route"),
        queryset=RouteVersion.objects.none(),
        required=False,
        empty_label=_("as on its papers"),
        help_text=_("Without a date below, the arrival is computed from it."),
    )
    season_reason = forms.CharField(
        label=_("Why it leaves in a closed season"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("Only where a leg of the route will be closed"),
    )
    expected_by = forms.DateTimeField(
        label=_("Expected at the laboratory by"),
        required=False,
        widget=_moment_input(),
        help_text=_("In your time zone. Later than that it is shown as overdue."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **({"auto_id": "dispatch_%s"} | kwargs))
        _offer_routes(self.fields["route"])


class PassageForm(forms.Form):
    """A leg that was passed."""

    leg = forms.IntegerField(widget=forms.HiddenInput)
    place = forms.CharField(label=_("Place, if not its end"), max_length=160, required=False)
    remark = forms.CharField(label=_("Remark"), required=False, widget=forms.Textarea(attrs={"rows": 2}))
    at = forms.DateTimeField(label=_("When"), required=False, widget=_moment_input(), help_text=_("In your time zone; empty: now"))


class ExpectationForm(forms.Form):
    """A new promise."""

    expected_by = forms.DateTimeField(label=_("Will be there by"), widget=_moment_input(), help_text=_("In your time zone"))
    reason = forms.CharField(label=_("Reason"), widget=forms.Textarea(attrs={"rows": 2}))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **({"auto_id": "expect_%s"} | kwargs))


class OfferForm(forms.Form):
    """To whom the consignment is handed."""

    receiver = forms.ModelChoiceField(label=_("Handed to"), queryset=Organisation.objects.none())
    place = forms.CharField(label=_("Place"), max_length=160, required=False)
    remark = forms.CharField(label=_("Remark"), required=False, widget=forms.Textarea(attrs={"rows": 2}))

    def __init__(self, *args: Any, holder: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["receiver"].queryset = possible_receivers().exclude(pk=holder)  # type: ignore[attr-defined]


class AnswerForm(forms.Form):
    """The receiver's answer."""

    accept = forms.TypedChoiceField(
        label=_("Your answer"),
        choices=[("yes", _("I take it over")), ("no", _("I refuse it"))],
        coerce=lambda answer: answer == "yes",
        widget=forms.RadioSelect,
    )
    seals_intact = forms.TypedChoiceField(
        label=_("Seals"),
        choices=[("yes", _("intact")), ("no", _("not intact")), ("", _("not looked at"))],
        coerce=lambda answer: answer == "yes",
        empty_value=None,
        required=False,
        widget=forms.RadioSelect,
    )
    place = forms.CharField(label=_("Place"), max_length=160, required=False)
    remark = forms.CharField(
        label=_("Remark"), required=False, widget=forms.Textarea(attrs={"rows": 2}), help_text=_("Needed for a refusal or a broken seal")
    )


_SEALS = [("yes", _("intact")), ("no", _("not intact")), ("", _("not looked at"))]


class HereForm(forms.Form):
    """Both sides on one phone: what is handed over where, then each their own name and password."""

    place = forms.CharField(label=_("Place"), max_length=160, required=False)
    seals_intact = forms.TypedChoiceField(
        label=_("Seals"), choices=_SEALS, coerce=lambda answer: answer == "yes", empty_value=None, required=False, widget=forms.RadioSelect
    )
    remark = forms.CharField(
        label=_("Remark"), required=False, widget=forms.Textarea(attrs={"rows": 2}), help_text=_("Needed for a broken seal")
    )
    password = forms.CharField(
        label=_("Giver: your password"), widget=forms.PasswordInput(attrs={"autocomplete": "off"}), strip=False, max_length=200
    )
    taker = forms.CharField(
        label=_("Receiver: your user name"),
        max_length=150,
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}),
    )
    taker_password = forms.CharField(
        label=_("Receiver: your password"), widget=forms.PasswordInput(attrs={"autocomplete": "off"}), strip=False, max_length=200
    )


class PaperHandoverForm(forms.Form):
    """What stands on a paper form, and why it was paper."""

    receiver = forms.ModelChoiceField(label=_("Taken over by"), queryset=Organisation.objects.none())
    giver_person = forms.CharField(label=_("Name of the giver on the form"), max_length=120)
    relinquished_at = forms.DateTimeField(
        label=_("Handed over at, as on the form"), widget=_moment_input(), help_text=_("In your time zone")
    )
    receiver_person = forms.CharField(label=_("Name of the receiver on the form"), max_length=120)
    answered_at = forms.DateTimeField(label=_("Taken over at, as on the form"), widget=_moment_input(), help_text=_("In your time zone"))
    place = forms.CharField(label=_("Place"), max_length=160, required=False)
    seals_intact = forms.TypedChoiceField(
        label=_("Seals"), choices=_SEALS, coerce=lambda answer: answer == "yes", empty_value=None, required=False, widget=forms.RadioSelect
    )
    remark = forms.CharField(label=_("Remark"), required=False, widget=forms.Textarea(attrs={"rows": 2}))
    reason = forms.CharField(label=_("Why on paper"), widget=forms.Textarea(attrs={"rows": 2}))
    file = forms.FileField(label=_("Scan or photograph of the form"), help_text=_("PDF, JPEG or PNG, at most 15 MB"))
    password = forms.CharField(
        label=_("Your password: you sign that this is what the form says"),
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
        strip=False,
        max_length=200,
    )

    def __init__(self, *args: Any, holder: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["receiver"].queryset = possible_receivers().exclude(pk=holder)  # type: ignore[attr-defined]


class ReasonForm(forms.Form):
    """Why a step is taken back."""

    reason = forms.CharField(label=_("Reason"), widget=forms.Textarea(attrs={"rows": 2}))


class SettlementForm(forms.Form):
    """The decision on a discrepancy; only what is possible is offered."""

    decision = forms.ChoiceField(label=_("Decision"), widget=forms.RadioSelect)
    reason = forms.CharField(label=_("Reason"), widget=forms.Textarea(attrs={"rows": 3}), help_text=_("Kept with the sample for good"))

    def __init__(self, *args: Any, possible: list[Decision], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["decision"].choices = [(one.value, one.label) for one in possible]  # type: ignore[attr-defined]
        if len(possible) == 1:
            self.fields["decision"].initial = possible[0].value
