"""Forms of webhooks."""

from __future__ import annotations

from typing import Any

import django_filters
from django import forms
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from lims.accounts.models import Organisation
from lims.webhooks.events import EVENTS
from lims.webhooks.models import Webhook


class WebhookForm(forms.Form):
    """A new webhook."""

    organisation = forms.ModelChoiceField(
        label=_("Organisation"), queryset=Organisation.objects.none(), to_field_name="code", help_text=_("Whose events are told")
    )
    url = forms.CharField(label=_("Address"), max_length=500, help_text=_("https://, reachable from outside your own network"))
    description = forms.CharField(label=_("What for"), max_length=200, required=False)
    events = forms.MultipleChoiceField(
        label=_("Events"), choices=[(name, f"{name}: {words}") for name, words in EVENTS.items()], widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["organisation"].queryset = Organisation.objects.filter(active=True)  # type: ignore[attr-defined]


class PauseForm(forms.Form):
    """Why a webhook is paused."""

    reason = forms.CharField(label=_("Reason"), max_length=300)


class RenewForm(forms.Form):
    """For how long both secrets sign, and why the secret is renewed."""

    hours = forms.TypedChoiceField(
        label=_("The old secret signs beside the new one"),
        coerce=int,
        choices=[
            (24, _("for one day")),
            (72, _("for three days")),
            (168, _("for seven days")),
            (1, _("for one hour")),
            (0, _("no longer: it became known")),
        ],
        help_text=_("The receiver takes the new one meanwhile; no message is missed"),
    )
    reason = forms.CharField(label=_("Reason"), max_length=300)


class WebhookFilter(django_filters.FilterSet):
    """By address, purpose and organisation."""

    q = django_filters.CharFilter(label=_("Address, purpose or organisation"), method="search")

    class Meta:
        model = Webhook
        fields: list[str] = []

    def search(self, rows: QuerySet[Webhook], name: str, value: str) -> QuerySet[Webhook]:
        """Part of any of them."""
        return rows.filter(Q(url__icontains=value) | Q(description__icontains=value) | Q(organisation__name__icontains=value))


class DeliveryFilter(django_filters.FilterSet):
    """By state and event."""

    state = django_filters.ChoiceFilter(
        label=_("State"), choices=[("waiting", _("waiting")), ("delivered", _("delivered")), ("failed", _("failed"))], empty_label=_("all")
    )
    type = django_filters.ChoiceFilter(
        label=_("Event"), field_name="event__type", choices=[(one, one) for one in EVENTS], empty_label=_("all")
    )
