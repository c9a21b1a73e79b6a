"""What lists have in common, for the API's description."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import django_filters
from drf_spectacular.utils import OpenApiParameter


def list_parameters(filterset: type[django_filters.FilterSet], orderings: Iterable[str]) -> list[OpenApiParameter]:
    """The query parameters of a `ListView`: its filters, then cursor, page size, ordering, count and fields."""
    filters = [_filter_parameter(name, one) for name, one in filterset.base_filters.items()]
    names = [name for ordering in sorted(orderings) for name in (ordering, f"-{ordering}")]
    return [
        *filters,
        OpenApiParameter("ordering", str, enum=names, description="A leading '-' turns the order."),
        OpenApiParameter("cursor", str, description="From `next` or `previous`."),
        OpenApiParameter("page_size", int, description="1 to 1000, by default 50."),
        OpenApiParameter("count", int, enum=[0, 1], description="1 adds `count`."),
        OpenApiParameter("fields", str, description="Names of members, separated by commas."),
    ]


def _filter_parameter(name: str, one: Any) -> OpenApiParameter:
    choices = one.extra.get("choices")
    values = list(getattr(choices, "values", None) or [value for value, _ in choices or []]) or None
    many = isinstance(one, django_filters.MultipleChoiceFilter)
    return OpenApiParameter(name, str, many=many, enum=values, description=str(one.label or ""))
