"""Filters of the list of samples: one set for the page and the API, without those whose answer would tell a viewer what is not theirs."""

from __future__ import annotations

from typing import Any, ClassVar

import django_filters as filters
from django import forms
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _
from django_filters.fields import ChoiceField

from lims.accounts.models import Organisation, OrganisationKind
from lims.core.codes import normalise
from lims.core.roles import LABORATORY_ROLES, Role
from samples.lifecycle import SampleState
from samples.models import Mine, Sample, Visit
from samples.models.samples import HoldKind, Material, SampleKind

_DAY = forms.DateInput(attrs={"type": "date"})
# Filters that reveal the origin (or the supplier) by what they let through.
_ORIGIN = frozenset({"mine", "visit", "owner", "registered_after", "registered_before", "collected_after", "collected_before"})
_BELT = frozenset({"belt", "laboratory"})


_RARE = frozenset({"visit", "kind", "belt", "hold_kind", "registered_before", "collected_after", "collected_before"})


class YesNoField(ChoiceField):
    """`true` or `false`, also written 1, 0, yes, no."""

    _WORDS: ClassVar[dict[str, str]] = {"1": "true", "yes": "true", "true": "true", "0": "false", "no": "false", "false": "false"}

    def to_python(self, value: Any) -> str:
        text = str(value or "").lower()
        return self._WORDS.get(text, text)


class YesNoFilter(filters.ChoiceFilter):
    """Filters a boolean column."""

    field_class = YesNoField

    def filter(self, rows: QuerySet[Any], value: str) -> QuerySet[Any]:
        return rows.filter(**{str(self.field_name): value == "true"}) if value in {"true", "false"} else rows


def _after(field: str, label: Any) -> filters.IsoDateTimeFilter:
    return filters.IsoDateTimeFilter(field_name=field, lookup_expr="gte", label=label, widget=_DAY)


def _before(field: str, label: Any) -> filters.IsoDateTimeFilter:
    return filters.IsoDateTimeFilter(field_name=field, lookup_expr="lt", label=label, widget=_DAY)


def _yes_no(field: str, label: Any, yes: Any, no: Any) -> YesNoFilter:
    return YesNoFilter(field_name=field, label=label, choices=[("true", yes), ("false", no)], empty_label=_("any"))


class SampleFilter(filters.FilterSet):
    """Which samples. Times are RFC 3339 or a day (its beginning in the viewer's zone)."""

    q = filters.CharFilter(method="search", label=_("Code, seal or field id"))
    state = filters.MultipleChoiceFilter(choices=SampleState, distinct=False, label=_("State"), widget=forms.CheckboxSelectMultiple)
    material = filters.ChoiceFilter(choices=Material, label=_("Material"), empty_label=_("any"))
    kind = filters.ChoiceFilter(method="of_kind", choices=SampleKind, label=_("Kind"), empty_label=_("any"))
    mine = filters.ModelChoiceFilter(
        queryset=lambda request: Mine.objects.visible_to(request.user), to_field_name="code", label=_("Mine"), empty_label=_("any")
    )
    belt = filters.CharFilter(field_name="mine__belt", lookup_expr="iexact", label=_("Belt"))
    visit = filters.ModelChoiceFilter(
        queryset=lambda request: Visit.objects.visible_to(request.user), to_field_name="code", label=_("Visit"), empty_label=_("any")
    )
    owner = filters.ModelChoiceFilter(
        queryset=Organisation.objects.filter(kind__in=[OrganisationKind.STATE_FIRM, OrganisationKind.PRIVATE_FIRM]),
        to_field_name="code",
        label=_("Firm"),
        empty_label=_("any"),
    )
    laboratory = filters.ModelChoiceFilter(
        queryset=Organisation.objects.filter(kind=OrganisationKind.LABORATORY),
        to_field_name="code",
        label=_("Laboratory"),
        empty_label=_("any"),
    )
    hold = _yes_no("on_hold", _("Hold"), _("on hold"), _("not on hold"))
    hold_kind = filters.ChoiceFilter(method="held_for", choices=HoldKind, label=_("Held for"), empty_label=_("any"))
    discrepancy = _yes_no("has_open_discrepancy", _("Discrepancy"), _("open discrepancy"), _("none open"))
    received_after = _after("received_at", _("Received from"))
    received_before = _before("received_at", _("Received before"))
    registered_after = _after("registered_at", _("Registered from"))
    registered_before = _before("registered_at", _("Registered before"))
    collected_after = _after("collected_at", _("Collected from"))
    collected_before = _before("collected_at", _("Collected before"))

    class Meta:
        model = Sample
        fields: ClassVar[list[str]] = []

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        viewer = getattr(self.request, "user", None)
        for name in _hidden_filters(viewer):
            del self.filters[name]

    def search(self, rows: Any, name: str, value: str) -> Any:
        """What a person types into the search box: the beginning of a code, or part of a seal or field id."""
        role, code = self.request.user.role, normalise(value)
        found = Q(blind_code__startswith=code) | Q(seal_number__icontains=value.strip())
        if role not in LABORATORY_ROLES or role == Role.RECEPTIONIST:
            found |= Q(code__startswith=code)
        if "mine" in self.filters:
            found |= Q(field_id__icontains=value.strip())
        return rows.filter(found)

    def of_kind(self, rows: Any, name: str, value: str) -> Any:
        """A laboratory cannot tell a field duplicate from another field sample."""
        if self.request.user.role in LABORATORY_ROLES and value in {SampleKind.FIELD, SampleKind.FIELD_DUPLICATE}:
            both = [SampleKind.FIELD, SampleKind.FIELD_DUPLICATE]
            return rows.filter(kind__in=both) if value == SampleKind.FIELD else rows.none()
        return rows.filter(kind=value)

    def held_for(self, rows: Any, name: str, value: str) -> Any:
        return rows.filter(holds__kind=value, holds__released_at=None)

    def keep_usual(self) -> None:
        """Take out what few people ask for, unless this request does: a page shows the rest, and quickly."""
        for name in _RARE & self.filters.keys() - set(self.data):
            del self.filters[name]


def _hidden_filters(viewer: Any) -> frozenset[str]:
    role = getattr(viewer, "role", None)
    if role in LABORATORY_ROLES:
        return _ORIGIN | {"laboratory"}
    if role == Role.CUSTODIAN:
        return _ORIGIN | _BELT
    return frozenset({"owner"}) if role == Role.COLLECTOR else frozenset()
