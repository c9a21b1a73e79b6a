"""Grades and the overview: what the screens show, the same numbers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any, ClassVar

import django_filters
from django.db.models import Exists, OuterRef, QuerySet
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from assays.models import Result
from assays.selectors.grades import flat_grade_row, grade_row, grades_of
from lims.core.api.paging import KeysetPaginator
from lims.core.api.views import ActionView, ListView, read_flag, stream_csv
from lims.core.codes import normalise
from lims.core.errors import Invalid, Problem
from lims.core.roles import LABORATORY_ROLES, Action
from lims.dashboards.api import schemas
from lims.dashboards.rows import overview_row
from lims.dashboards.selectors import build_overview
from lims.dashboards.views import OverviewFilter
from samples.models import Sample
from samples.selectors.mixing import belt_of, mines_of

# Samples whose grades are read at once when a list is streamed.
_CHUNK = 500


class GradeFilter(django_filters.FilterSet):
    """Which samples' grades. Only who may know the mine can ask for it."""

    mine = django_filters.CharFilter(method="by_mine")
    belt = django_filters.CharFilter(field_name="mine__belt")
    sample = django_filters.CharFilter(method="by_code")
    laboratory = django_filters.CharFilter(method="by_laboratory")
    material = django_filters.CharFilter(field_name="material")

    class Meta:
        model = Sample
        fields: ClassVar[list[str]] = []

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if _is_blind(self.request.user):
            del self.filters["mine"]

    def by_mine(self, rows: Any, name: str, value: str) -> Any:
        """A mine's. A laboratory knows samples blind and must not find out by asking: it does not have this filter."""
        return rows.filter(mine__code__iexact=value)

    def by_code(self, rows: Any, name: str, value: str) -> Any:
        """One sample's, by the code the caller knows."""
        return rows.coded(normalise(value), self.request.user)

    def by_laboratory(self, rows: Any, name: str, value: str) -> Any:
        """Samples that this laboratory measured."""
        return rows.filter(results__test__submission__laboratory__code__iexact=value, results__authorised__isnull=False).distinct()


def _is_blind(viewer: Any) -> bool:
    return viewer.role in LABORATORY_ROLES


class Grades(ListView):
    """`GET /grades/`: one row per sample, method and laboratory with authorised results. A page is of samples."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.GRADE_VIEW}
    filterset_class = GradeFilter
    orderings: ClassVar[dict[str, str]] = {"id": "id", "collected_at": "collected_at"}

    def queryset(self, request: Request) -> QuerySet[Sample]:
        graded = Result.objects.visible_to(request.user).filter(sample=OuterRef("pk"), authorised__isnull=False)
        samples: QuerySet[Sample] = Sample.objects.visible_to(request.user).filter(Exists(graded)).select_related("mine")
        return samples

    def rows_of(self, samples: Sequence[Sample], request: Request) -> list[dict[str, Any]]:
        """The grades of some samples, in their order. A laboratory learns the belt, never the mine."""
        found: dict[Any, list[dict[str, Any]]] = {sample.pk: [] for sample in samples}
        for grade in grades_of(found, request.user):
            found[grade.sample_id].append(grade_row(grade))
        blind = _is_blind(request.user)
        return [
            {
                "sample": sample.code_for(request.user),
                "mine": None if blind or sample.mine is None else sample.mine.code,
                "mines": [] if blind else [mine.code for mine in mines_of(sample)],
                "belt": belt_of(sample),
                **row,
            }
            for sample in samples
            for row in found[sample.pk]
        ]

    @extend_schema(
        operation_id="grades_list",
        parameters=[OpenApiParameter(name) for name in [*GradeFilter.base_filters, "cursor", "page_size", "ordering", "count", "fields"]],
        responses=schemas.GradePage,
    )
    def get(self, request: Request) -> Any:
        """Dy and Tb as element and oxide, TREO, HREO and MREO with definition, bounds and what is missing; dry basis. `count` counts
        samples."""
        # An order by the time of collection, and its cursors, would tell that time.
        orderings = {"id": "id"} if _is_blind(request.user) else self.orderings
        paginator = KeysetPaginator(request, orderings=orderings, default=self.default_ordering)
        samples = self.filtered(request)
        fields = [name for name in request.query_params.get("fields", "").split(",") if name]
        if request.accepted_renderer.format == "csv":
            lines = (flat_grade_row(self._pick(row, fields)) for row in self._stream(paginator.ordered(samples), request))
            return stream_csv(lines, "grades.csv")
        page = paginator.page(samples)
        body: dict[str, Any] = {"next": page.next, "previous": page.previous}
        if read_flag(request, "count"):
            body["count"] = samples.count()
        return Response(body | {"results": [self._pick(row, fields) for row in self.rows_of(page.rows, request)]})

    def _stream(self, samples: QuerySet[Sample], request: Request) -> Iterator[dict[str, Any]]:
        """Every row, some samples at a time."""
        waiting = samples.iterator(_CHUNK)
        while chunk := list(islice(waiting, _CHUNK)):
            yield from self.rows_of(chunk, request)


class OverviewView(ActionView):
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
        filters = form.filters()
        return Response(overview_row(build_overview(request.user, filters), filters))
