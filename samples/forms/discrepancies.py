"""The form of a discrepancy reported by hand. It only translates; the service decides what may be."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from samples.services.raising import SEEN_BY_PEOPLE

_CODE = {"class": "code-input", "autocapitalize": "characters", "autocomplete": "off", "autocorrect": "off", "spellcheck": "false"}


class DiscrepancyForm(forms.Form):
    """What differs on which sample."""

    sample = forms.CharField(
        label=_("Sample"), max_length=60, widget=forms.TextInput(attrs=_CODE | {"data-autofocus": ""}), help_text=_("Scan its label")
    )
    kind = forms.ChoiceField(label=_("What differs"), choices=[("", "—"), *((kind.value, kind.label) for kind in SEEN_BY_PEOPLE)])
    detail = forms.CharField(
        label=_("In words"), widget=forms.Textarea(attrs={"rows": 3}), help_text=_("What was expected, and what is there")
    )
    photo = forms.FileField(
        label=_("Photograph"),
        required=False,
        widget=forms.ClearableFileInput(attrs={"accept": "image/jpeg,image/png,image/webp", "capture": "environment"}),
        help_text=_("JPEG, PNG or WebP, at most 15 MB"),
    )
    caption = forms.CharField(label=_("Caption"), required=False, max_length=200)
