"""Forms of what goes wrong on the way. An empty list of codes means all."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from lims.accounts.models import Organisation
from lims.core.plain_numbers import is_plain_number
from samples.selectors.parties import carriers, laboratories

_CODES = {"class": "code-input", "autocapitalize": "characters", "autocomplete": "off", "spellcheck": "false", "rows": 3}


class SomeSamples(forms.Form):
    """Which samples of a consignment."""

    codes = forms.CharField(
        label=_("Only these samples"), required=False, widget=forms.Textarea(attrs=_CODES), help_text=_("Codes, one on a line; empty: all")
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        # Several of these stand on one page.
        super().__init__(*args, **({"auto_id": f"{type(self).__name__.lower()}_%s"} | kwargs))


class LossForm(SomeSamples):
    """What is lost."""

    reason = forms.CharField(label=_("What happened"), widget=forms.Textarea(attrs={"rows": 2}))
    place = forms.CharField(label=_("Where it was missed"), required=False, max_length=160)


class FindingForm(SomeSamples):
    """What turned up."""

    place = forms.CharField(label=_("Where it was found"), max_length=160)
    seals_intact = forms.TypedChoiceField(
        label=_("Seals"),
        choices=[("", _("not looked at")), ("yes", _("intact")), ("no", _("not intact"))],
        coerce=lambda answer: answer == "yes",
        empty_value=None,
        required=False,
    )
    remark = forms.CharField(
        label=_("Remark"), required=False, widget=forms.Textarea(attrs={"rows": 2}), help_text=_("Needed for a broken seal")
    )


class RefusalForm(SomeSamples):
    """What is refused."""

    reason = forms.CharField(label=_("Reason"), widget=forms.Textarea(attrs={"rows": 2}))


class ReturnForm(SomeSamples):
    """What goes back; no code means what was refused."""

    reason = forms.CharField(label=_("Reason"), widget=forms.Textarea(attrs={"rows": 2}))
    carrier = forms.ModelChoiceField(label=_("Carrier"), queryset=Organisation.objects.none(), required=False)
    waybill = forms.CharField(label=_("Waybill"), required=False, max_length=80)
    outer_seal = forms.CharField(label=_("Seal of the box"), required=False, max_length=40)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["carrier"].queryset = carriers()  # type: ignore[attr-defined]
        self.fields["codes"].help_text = _("Codes, one on a line; empty: what was refused")


class TakeBackForm(SomeSamples):
    """What came back; the codes are those that are missing."""

    remark = forms.CharField(label=_("Remark"), required=False, widget=forms.Textarea(attrs={"rows": 2}))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["codes"].label, self.fields["codes"].help_text = _("Missing samples"), _("Codes, one on a line; empty: all are there")


class OnwardForm(forms.Form):
    """What goes to another laboratory."""

    addressee = forms.ModelChoiceField(label=_("Laboratory"), queryset=Organisation.objects.none())
    portions = forms.CharField(
        label=_("Samples"),
        widget=forms.Textarea(attrs=_CODES | {"rows": 6}),
        help_text=_("One on a line: the code, and the grams that go (none: all that is left)"),
    )
    carrier = forms.ModelChoiceField(label=_("Carrier"), queryset=Organisation.objects.none(), required=False)
    waybill = forms.CharField(label=_("Waybill"), required=False, max_length=80)
    outer_seal = forms.CharField(label=_("Seal of the box"), required=False, max_length=40)

    def __init__(self, *args: Any, sender: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["addressee"].queryset = laboratories().exclude(pk=sender)  # type: ignore[attr-defined]
        self.fields["carrier"].queryset = carriers()  # type: ignore[attr-defined]

    def clean_portions(self) -> list[tuple[str, Decimal | None]]:
        """Code and grams of each line."""
        found = []
        for line in filter(None, map(str.strip, self.cleaned_data["portions"].splitlines())):
            code, *rest = line.split()
            if rest and not is_plain_number(rest[0]):
                raise forms.ValidationError(_("Write the grams with a point: B-483920111-7 25.5"))
            found.append((code, Decimal(rest[0]) if rest else None))
        return found
