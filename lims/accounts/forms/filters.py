"""Filters of the lists of people and organisations."""

from __future__ import annotations

import django_filters
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from lims.accounts.models import Organisation, OrganisationKind, User
from lims.core.roles import Role

_STATES = [("open", _("open")), ("temporary", _("temporary password")), ("closed", _("closed"))]


class PeopleFilter(django_filters.FilterSet):
    """Open and closed accounts alike unless `state` asks."""

    q = django_filters.CharFilter(label=_("Name, user name or e-mail"), method="search")
    role = django_filters.ChoiceFilter(label=_("Role"), choices=Role.choices, empty_label=_("all"))
    organisation = django_filters.ModelChoiceFilter(
        label=_("Organisation"), queryset=Organisation.objects.all(), to_field_name="code", empty_label=_("all")
    )
    state = django_filters.ChoiceFilter(label=_("State"), choices=_STATES, method="by_state", empty_label=_("all"))

    class Meta:
        model = User
        fields: list[str] = []

    def search(self, rows: QuerySet[User], name: str, value: str) -> QuerySet[User]:
        """Part of a name."""
        return rows.filter(Q(full_name__icontains=value) | Q(username__icontains=value) | Q(email__icontains=value))

    def by_state(self, rows: QuerySet[User], name: str, value: str) -> QuerySet[User]:
        """Open, open with a temporary password, or closed."""
        rows = rows.filter(is_active=value != "closed")
        return rows.filter(must_change_password=True) if value == "temporary" else rows


class OrganisationFilter(django_filters.FilterSet):
    """All kinds unless asked."""

    q = django_filters.CharFilter(label=_("Name or code"), method="search")
    kind = django_filters.ChoiceFilter(label=_("Kind"), choices=OrganisationKind.choices, empty_label=_("all"))

    class Meta:
        model = Organisation
        fields: list[str] = []

    def search(self, rows: QuerySet[Organisation], name: str, value: str) -> QuerySet[Organisation]:
        """Part of a name or code."""
        return rows.filter(Q(name__icontains=value) | Q(code__icontains=value))
