"""Methods and reference materials, read-only: a change is a new version, made by the product's reference files."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from assays.api import bench_schemas as schemas
from assays.forms.bench_filters import MATERIAL_ORDERINGS, METHOD_ORDERINGS, MaterialFilter, MethodFilter
from assays.models import MethodVersion, ReferenceMaterial
from assays.selectors.bench_rows import material_data, method_data
from assays.selectors.reference import material_list, version_list
from lims.core.api.views import ActionView, ListView
from lims.core.errors import NotFound
from lims.core.roles import Action


class Methods(ListView):
    """Method versions."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.REFERENCE_VIEW}
    filterset_class = MethodFilter
    orderings: ClassVar[dict[str, str]] = METHOD_ORDERINGS
    default_ordering = "code"

    def queryset(self, request: Request) -> QuerySet[MethodVersion]:
        return version_list()

    def row(self, found: MethodVersion, request: Request) -> dict[str, Any]:
        return method_data(found)

    @extend_schema(operation_id="methods_list", filters=True, responses=schemas.MethodPage)
    def get(self, request: Request) -> Any:
        """Every version with its amounts, limits and controls, each with its source."""
        return super().get(request)


class Materials(ListView):
    """Reference materials."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.REFERENCE_VIEW}
    filterset_class = MaterialFilter
    orderings: ClassVar[dict[str, str]] = MATERIAL_ORDERINGS
    default_ordering = "code"

    def queryset(self, request: Request) -> QuerySet[ReferenceMaterial]:
        return material_list(request.user)

    def row(self, found: ReferenceMaterial, request: Request) -> dict[str, Any]:
        return material_data(found)

    @extend_schema(operation_id="reference_materials_list", filters=True, responses=schemas.MaterialPage)
    def get(self, request: Request) -> Any:
        """Certified materials and the laboratory's own, with their values by method group."""
        return super().get(request)


class MaterialView(ActionView):
    """One reference material."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.REFERENCE_VIEW}

    @extend_schema(operation_id="reference_materials_retrieve", responses=schemas.MaterialSchema)
    def get(self, request: Request, code: str) -> Response:
        """Its values by analyte and method group."""
        found = material_list(request.user).filter(code=code).first()
        if found is None:
            raise NotFound()
        return Response(material_data(found))
