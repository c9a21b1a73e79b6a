"""Forms of submissions."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from assays.models.submissions import Turnaround
from assays.selectors.reference import versions_in_force
from assays.turnaround import ROUTINE_DAYS, RUSH_DAYS
from lims.accounts.models import Organisation, OrganisationKind
from lims.core import clock
from lims.core.roles import LABORATORY_ROLES, Role

BASES = [("dry", _("dry")), ("as_received", _("as received"))]
TURNAROUNDS = [
    (Turnaround.ROUTINE, format_lazy(_("routine: {days} working days"), days=ROUTINE_DAYS)),
    (Turnaround.RUSH, format_lazy(_("rush: {days} working days"), days=RUSH_DAYS)),
]


class SubmissionForm(forms.Form):
    """What is asked for. The laboratory is the viewer's own where they work at one; a firm asks in its own name."""

    samples = forms.CharField(
        label=_("Samples"),
        help_text=_("Scan or type one code a line"),
        widget=forms.Textarea(
            attrs={"rows": 8, "class": "code-input", "autocapitalize": "characters", "spellcheck": "false", "data-autofocus": ""}
        ),
    )
    methods = forms.MultipleChoiceField(label=_("Methods"), widget=forms.CheckboxSelectMultiple)
    laboratory = forms.ModelChoiceField(label=_("Laboratory"), queryset=Organisation.objects.none())
    customer = forms.ModelChoiceField(
        label=_("Customer"),
        queryset=Organisation.objects.none(),
        help_text=_("Who owns the samples, or the ministry; it receives the certificate"),
    )
    basis = forms.ChoiceField(label=_("Basis of the report"), choices=BASES, initial="dry")
    turnaround = forms.ChoiceField(label=_("Turnaround"), choices=TURNAROUNDS, initial=Turnaround.ROUTINE)
    customer_reference = forms.CharField(label=_("Customer's reference"), max_length=80, required=False)
    remark = forms.CharField(label=_("Remark"), required=False, widget=forms.Textarea(attrs={"rows": 2}))

    def __init__(self, *args: Any, viewer: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        versions = versions_in_force(clock.today())
        self.fields["methods"].choices = [(str(version), f"{version.method.code} · {version.method.name}") for version in versions]  # type: ignore[attr-defined]
        active = Organisation.objects.filter(active=True)
        firms = [OrganisationKind.STATE_FIRM, OrganisationKind.PRIVATE_FIRM, OrganisationKind.MINISTRY]
        self._offer("laboratory", active.filter(kind=OrganisationKind.LABORATORY), viewer, viewer.role in LABORATORY_ROLES)
        self._offer("customer", active.filter(kind__in=firms), viewer, viewer.role == Role.COLLECTOR)

    def _offer(self, name: str, rows: Any, viewer: Any, own_only: bool) -> None:
        """The organisations to choose from; where only the viewer's own is possible, it is chosen already."""
        self.fields[name].queryset = rows.filter(pk=viewer.organisation_id) if own_only else rows  # type: ignore[attr-defined]
        if own_only:
            self.fields[name].initial = viewer.organisation_id

    def codes(self) -> list[str]:
        """The codes of the samples, one a line, a comma or a space."""
        return str(self.cleaned_data["samples"]).replace(",", " ").replace(";", " ").split()


class ReasonForm(forms.Form):
    """Why a step is taken."""

    reason = forms.CharField(label=_("Reason"), max_length=2000, widget=forms.Textarea(attrs={"rows": 2}))
