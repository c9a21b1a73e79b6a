"""Grades and the overview: what the screens show, the same numbers."""

from __future__ import annotations

from typing import Any, ClassVar

import django_filters
from django.db.models import Exists, OuterRef, QuerySet
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from assays.models import Result
from assays.selectors.grades import grade_row, grades_of
from lims.core.api.paging import KeysetPaginator
from lims.core.api.views import ListView, stream_csv
from lims.core.errors import Invalid, Problem
from lims.core.roles import LABORATORY_ROLES, Action
from lims.dashboards.api import schemas
from lims.dashboards.rows import overview_row
from lims.dashboards.selectors import build_overview
from lims.dashboards.views import OverviewFilter
from samples.models import Sample


class GradeFilter(django_filters.FilterSet):
    """Which samples' grades."""

    mine = django_filters.CharFilter(field_name="mine__code")
    sample = django_filters.CharFilter(method="by_code")
    laboratory = django_filters.CharFilter(field_name="laboratory__code")
    material = django_filters.CharFilter(field_name="material")

    class Meta:
        model = Sample
        fields: ClassVar[list[str]] = []

    def by_code(self, rows: Any, name: str, value: str) -> Any:
        return rows.coded(value, self.request.user)


class Grades(ListView):
    """`GET /grades/`: one row per sample and method with authorised results."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.GRADE_VIEW}
    filterset_class = GradeFilter
    orderings: ClassVar[dict[str, str]] = {"id": "id", "collected_at": "collected_at"}

    def queryset(self, request: Request) -> QuerySet[Any]:
        graded = Result.objects.filter(sample=OuterRef("pk"), authorised__isnull=False)
        return Sample.objects.visible_to(request.user).filter(Exists(graded)).select_related("mine")

    def rows_of(self, samples: list[Sample], request: Request) -> list[dict[str, Any]]:
        """The grades of a page of samples. A laboratory learns the belt, never the mine."""
        by_id = {sample.pk: sample for sample in samples}
        blind = request.user.role in LABORATORY_ROLES
        return [
            {
                "sample": by_id[grade.sample_id].code_for(request.user),
                "mine": None if blind else by_id[grade.sample_id].mine.code,
                "belt": by_id[grade.sample_id].mine.belt,
                **grade_row(grade),
            }
            for grade in grades_of(by_id, request.user)
        ]

    @extend_schema(
        operation_id="grades_list",
        parameters=[
            OpenApiParameter(name)
            for name in ["mine", "sample", "laboratory", "material", "cursor", "page_size", "ordering", "count", "fields"]
        ],
        responses=schemas.GradePage,
    )
    def get(self, request: Request) -> Any:
        """Dy and Tb as element and oxide, TREO, HREO and MREO with definition, bounds and what is missing; dry basis."""
        paginator = KeysetPaginator(request, orderings=self.orderings, default=self.default_ordering)
        rows = self.filtered(request)
        fields = [name for name in request.query_params.get("fields", "").split(",") if name]
        if "text/csv" in request.headers.get("Accept", ""):
            return stream_csv((self._pick(row, fields) for row in self.rows_of(list(paginator.ordered(rows)), request)), "grades.csv")
        page = paginator.page(rows)
        body: dict[str, Any] = {"next": page.next, "previous": page.previous}
        if request.query_params.get("count") == "1":
            body["count"] = rows.count()
        return Response(body | {"results": [self._pick(row, fields) for row in self.rows_of(page.rows, request)]})


class OverviewView(ListView):
    """`GET /dashboards/overview/`."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.OVERVIEW_VIEW}

    @extend_schema(
        operation_id="overview_retrieve",
        parameters=[OpenApiParameter(name) for name in ["days", "belt", "firm", "extraction"]],
        responses=schemas.OverviewSchema,
    )
    def get(self, request: Request) -> Response:
        """The ministry's page as data; the same filters."""
        form = OverviewFilter(request.query_params)
        if not form.is_valid():
            problems = [Problem(f"/{name}", "filter", str(messages[0])) for name, messages in form.errors.items()]
            raise Invalid("filter", f"The filter {problems[0].pointer[1:]} cannot be used: {problems[0].detail}", problems=problems)
        return Response(overview_row(build_overview(request.user, form.filters())))
