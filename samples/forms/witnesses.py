"""Witnesses of the custody log."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from lims.accounts.models import Organisation


class WitnessForm(forms.Form):
    """A new witness."""

    verifier = forms.CharField(
        label=_("Verifier key"),
        max_length=300,
        help_text=_("As the witness prints it: manage.py witness --show-key. Get it from its operator in person or by telephone."),
    )
    operator = forms.ModelChoiceField(
        label=_("Who runs it"),
        queryset=Organisation.objects.filter(active=True).order_by("name"),
        help_text=_("Best somebody other than who runs this installation"),
    )


class EndWitnessForm(forms.Form):
    """Why a witness counts no longer."""

    reason = forms.CharField(label=_("Reason"), max_length=300)
