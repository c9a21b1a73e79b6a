"""Filters of the seal register: the same for the pages and the API."""

from __future__ import annotations

import django_filters
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from samples.models import SealBatch
from samples.seal_numbers import split_seal

SEAL_ORDERINGS = {"id": "id", "issued_at": "issued_at"}


class SealBatchFilter(django_filters.FilterSet):
    """Batches by a seal in them and by who has them."""

    q = django_filters.CharFilter(label=_("Seal number, team or person"), method="search")
    organisation = django_filters.CharFilter(label=_("Organisation (code)"), field_name="organisation__code", lookup_expr="iexact")

    class Meta:
        model = SealBatch
        fields: list[str] = []

    def search(self, rows: QuerySet[SealBatch], name: str, value: str) -> QuerySet[SealBatch]:
        """The batch that holds the seal; else whose team or person is called so."""
        part = split_seal(value)
        if part is not None:
            holding = rows.filter(prefix=part.prefix, width=part.width, first__lte=part.number, last__gte=part.number)
            if holding.exists():
                return holding
        return rows.filter(team__icontains=value) | rows.filter(person__icontains=value) | rows.filter(prefix__istartswith=value.strip())
