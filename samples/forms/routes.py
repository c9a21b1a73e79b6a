"""Forms of routes, border posts and customs papers. They only translate; the services decide what may be."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.utils.dates import MONTHS_3
from django.utils.translation import gettext_lazy as _

from samples.models import BorderPost
from samples.models.papers import PaperStatus
from samples.models.routes import LegMode, PaperKind, PostStatus
from samples.services.routing import Leg

_CODE = {"class": "code-input", "autocapitalize": "characters", "autocomplete": "off", "spellcheck": "false"}


class RouteForm(forms.Form):
    """Code and name of a new route."""

    code = forms.CharField(label=_("Code"), max_length=12, widget=forms.TextInput(attrs=_CODE), help_text=_("For example NAMPONG-1"))
    name = forms.CharField(label=_("From where to where"), max_length=120)


class RevisionForm(forms.Form):
    """Why a route has a new version."""

    reason = forms.CharField(label=_("What changed, and why"), widget=forms.Textarea(attrs={"rows": 2}))


class LegForm(forms.Form):
    """One leg; an empty one is left out."""

    mode = forms.ChoiceField(label=_("By"), choices=[("", "—"), *LegMode.choices], required=False)
    origin = forms.CharField(label=_("From"), max_length=80, required=False)
    destination = forms.CharField(label=_("To"), max_length=80, required=False)
    border_post = forms.ChoiceField(label=_("Border post"), required=False)
    transit_days = forms.DecimalField(
        label=_("Transit"), required=False, max_digits=5, decimal_places=2, widget=forms.NumberInput(attrs={"data-unit": "d"})
    )
    cost = forms.DecimalField(label=_("Cost"), required=False, max_digits=12, decimal_places=2)
    currency = forms.CharField(label=_("Currency"), required=False, max_length=3, widget=forms.TextInput(attrs=_CODE))
    hazard = forms.CharField(label=_("Hazard"), required=False, max_length=200)
    closed_months = forms.TypedMultipleChoiceField(
        label=_("Closed in"),
        required=False,
        choices=[(number, MONTHS_3[number]) for number in range(1, 13)],
        coerce=int,
        widget=forms.SelectMultiple(attrs={"size": 4}),
    )
    papers = forms.MultipleChoiceField(
        label=_("Papers asked for"), required=False, choices=PaperKind.choices, widget=forms.SelectMultiple(attrs={"size": 4})
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        posts = BorderPost.objects.values_list("code", "name")
        self.fields["border_post"].choices = [("", "—"), *posts]  # type: ignore[attr-defined]

    def as_leg(self) -> Leg:
        """For the service."""
        cleaned = dict(self.cleaned_data)
        return Leg(**(cleaned | {"transit_days": cleaned["transit_days"] if cleaned["transit_days"] is not None else Decimal("NaN")}))


LegFormSet = forms.formset_factory(LegForm, extra=3, max_num=20)


class PostForm(forms.Form):
    """What is known of a border post."""

    code = forms.CharField(label=_("Code"), max_length=12, widget=forms.TextInput(attrs=_CODE), help_text=_("A known one changes it"))
    name = forms.CharField(label=_("Name on the papers"), max_length=80)
    far_side = forms.CharField(label=_("On the other side"), max_length=80, required=False)
    region = forms.CharField(label=_("State"), max_length=80, required=False)
    status = forms.ChoiceField(label=_("Goods pass"), choices=PostStatus.choices)
    remark = forms.CharField(label=_("From where this is known"), required=False, widget=forms.Textarea(attrs={"rows": 2}))


class DeclarationForm(forms.Form):
    """What is declared at customs."""

    hs_code = forms.CharField(label=_("HS code"), required=False, max_length=20, help_text=_("As declared, 4 to 12 digits"))
    purpose = forms.CharField(label=_("Declared purpose"), max_length=200)
    norm_notice = forms.BooleanField(label=_("Holds natural radioactivity (NORM notice)"), required=False)
    soil_notice = forms.BooleanField(label=_("Holds soil or clay (soil notice)"), required=False)


def _day(label: Any) -> forms.DateField:
    return forms.DateField(label=label, required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))


class PaperForm(forms.Form):
    """A customs paper."""

    kind = forms.ChoiceField(label=_("Paper"), choices=PaperKind.choices)
    number = forms.CharField(label=_("Number"), required=False, max_length=80, help_text=_("Needed once granted"))
    issued_by = forms.CharField(label=_("Given by"), required=False, max_length=160)
    status = forms.ChoiceField(label=_("Status"), choices=PaperStatus.choices)
    valid_from = _day(_("Valid from"))
    valid_until = _day(_("Valid until"))
    remark = forms.CharField(label=_("Remark"), required=False, widget=forms.Textarea(attrs={"rows": 2}))


class PaperStatusForm(forms.Form):
    """How a paper stands now."""

    status = forms.ChoiceField(label=_("Status"), choices=PaperStatus.choices)
    number = forms.CharField(label=_("Number"), required=False, max_length=80)
    valid_from = _day(_("Valid from"))
    valid_until = _day(_("Valid until"))
    remark = forms.CharField(label=_("Remark"), required=False, widget=forms.Textarea(attrs={"rows": 2}))


class PaperFileForm(forms.Form):
    """A scan of a paper."""

    file = forms.FileField(label=_("Scan"), help_text=_("PDF, JPEG or PNG, at most 15 MB"))
