"""Filters of the lists of consignments and discrepancies: the same for the pages and the API."""

from __future__ import annotations

from typing import Any

import django_filters
from django import forms
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from lims.core.codes import normalise
from samples.lifecycle import ConsignmentState
from samples.models import Consignment, ConsignmentItem, Discrepancy
from samples.models.receipts import DiscrepancyKind
from samples.selectors.consignments import filter_overdue, filter_waiting, sees_papers

CONSIGNMENT_ORDERINGS = {
    "id": "id",
    "code": "code",
    "created_at": "created_at",
    "dispatched_at": "dispatched_at",
    "expected_by": "expected_by",
    "received_at": "received_at",
}
DISCREPANCY_ORDERINGS = {"id": "id", "found_at": "found_at", "decided_at": "decided_at"}
_DAY = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


class ConsignmentFilter(django_filters.FilterSet):
    """Parties are named by the codes of their organisations."""

    q = django_filters.CharFilter(label=_("Code, waybill, seal or sample"), method="search")
    state = django_filters.ChoiceFilter(label=_("State"), choices=ConsignmentState.choices, empty_label=_("all"))
    overdue = django_filters.BooleanFilter(label=_("Overdue"), method="pick_overdue")
    waiting = django_filters.BooleanFilter(label=_("Handover unanswered"), method="pick_waiting")
    sender = django_filters.CharFilter(label=_("Sender (code)"), method="by_sender")
    holder = django_filters.CharFilter(label=_("Holder (code)"), method="by_holder")
    addressee = django_filters.CharFilter(label=_("Addressee (code)"), field_name="addressee__code", lookup_expr="iexact")
    dispatched_after = django_filters.DateFilter(
        label=_("Dispatched from"), field_name="dispatched_at", lookup_expr="date__gte", widget=_DAY
    )
    dispatched_before = django_filters.DateFilter(
        label=_("Dispatched until"), field_name="dispatched_at", lookup_expr="date__lte", widget=_DAY
    )

    class Meta:
        model = Consignment
        fields: list[str] = []

    @property
    def _knows_origin(self) -> bool:
        return sees_papers(self.request.user)

    def search(self, rows: QuerySet[Consignment], name: str, value: str) -> QuerySet[Consignment]:
        """Part of a code, waybill or outer seal, or the whole code of a sample in it."""
        code = normalise(value)
        known = Q(sample__blind_code=code) | (Q(sample__code=code) if self._knows_origin else Q())
        holding = ConsignmentItem.objects.filter(known, removed_at=None).values("consignment")
        wanted = Q(code__icontains=code) | Q(outer_seal__icontains=value) | Q(pk__in=holding)
        return rows.filter(wanted | Q(waybill__icontains=value) if self._knows_origin else wanted)

    def by_sender(self, rows: QuerySet[Consignment], name: str, value: str) -> QuerySet[Consignment]:
        """A sender's, for those who may know it."""
        return rows.filter(sender__code__iexact=value) if self._knows_origin else rows.none()

    def by_holder(self, rows: QuerySet[Consignment], name: str, value: str) -> QuerySet[Consignment]:
        """What an organisation holds; for a laboratory's people their own only, as the holder may be the sender."""
        if not self._knows_origin:
            rows = rows.filter(holder=self.request.user.organisation_id)
        return rows.filter(holder__code__iexact=value)

    def pick_overdue(self, rows: QuerySet[Consignment], name: str, value: bool) -> QuerySet[Consignment]:
        """Those that should have arrived, or the others."""
        return filter_overdue(rows) if value else rows.exclude(pk__in=filter_overdue(rows).values("pk"))

    def pick_waiting(self, rows: QuerySet[Consignment], name: str, value: bool) -> QuerySet[Consignment]:
        """Those with an unanswered handover, or the others."""
        return filter_waiting(rows) if value else rows.exclude(pk__in=filter_waiting(rows).values("pk"))


class DiscrepancyFilter(django_filters.FilterSet):
    """What receptions found."""

    q = django_filters.CharFilter(label=_("Sample or consignment"), method="search")
    state = django_filters.ChoiceFilter(
        label=_("State"), choices=[("open", _("open")), ("settled", _("settled"))], method="by_state", empty_label=_("all")
    )
    kind = django_filters.ChoiceFilter(label=_("Kind"), choices=DiscrepancyKind.choices, empty_label=_("all"))

    class Meta:
        model = Discrepancy
        fields: list[str] = []

    def search(self, rows: QuerySet[Discrepancy], name: str, value: str) -> QuerySet[Discrepancy]:
        """The code of the sample or of its consignment."""
        code, viewer = normalise(value), self.request.user
        known = Q(sample__blind_code=code) | (Q(sample__code=code) if sees_papers(viewer) else Q())
        return rows.filter(known | Q(receipt_item__receipt__consignment__code__icontains=code))

    def by_state(self, rows: QuerySet[Discrepancy], name: str, value: str) -> QuerySet[Discrepancy]:
        """Open or settled."""
        return rows.filter(decided_at__isnull=value == "open")


def chosen(filters: Any) -> QuerySet[Any]:
    """The rows a filter set of a page leaves; what cannot be used shows its error on the form and filters nothing."""
    rows: QuerySet[Any] = filters.qs if filters.is_valid() else filters.queryset
    return rows
