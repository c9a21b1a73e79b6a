"""Mines and their pits, for those who may know them."""

from __future__ import annotations

from typing import Any, ClassVar

import django_filters
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from lims.core.api.description import list_parameters
from lims.core.api.views import ActionView, ListView
from lims.core.roles import Action
from samples.api import sample_schemas as schemas
from samples.models import Mine
from samples.selectors.places import find_mine, mine_data, mine_detail

_ORDERINGS = {"id": "id", "name": "name", "code": "code"}


class MineFilter(django_filters.FilterSet):
    """Which mines."""

    belt = django_filters.CharFilter(lookup_expr="iexact", label="Belt")
    active = django_filters.BooleanFilter(label="true or false")

    class Meta:
        model = Mine
        fields: ClassVar[list[str]] = []


class Mines(ListView):
    """The mines samples may come from."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.MINE_VIEW}
    filterset_class = MineFilter
    orderings: ClassVar[dict[str, str]] = _ORDERINGS
    default_ordering = "name"

    def queryset(self, request: Request) -> QuerySet[Mine]:
        return Mine.objects.visible_to(request.user)

    def row(self, found: Mine, request: Request) -> dict[str, Any]:
        return mine_data(found)

    @extend_schema(operation_id="mines_list", parameters=list_parameters(MineFilter, _ORDERINGS), responses=schemas.MinePageSchema)
    def get(self, request: Request) -> Any:
        """Codes, names and belts. Operators and exact places: `POST /origins/`."""
        return super().get(request)


class MineView(ActionView):
    """One mine."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.MINE_VIEW}

    @extend_schema(operation_id="mines_retrieve", responses=schemas.MineDetailSchema)
    def get(self, request: Request, code: str) -> Response:
        """With its pits."""
        return Response(mine_detail(find_mine(code, request.user)))
