"""Results in the API."""

from __future__ import annotations

from typing import Any, ClassVar
from uuid import UUID

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from assays.api import measured_schemas as schemas
from assays.api.planning import fetch_run
from assays.forms.result_filters import RESULT_ORDERINGS, ResultFilter
from assays.models import Result, ResultVersion
from assays.selectors.results import authorised_results, result_data, results_with_drafts
from assays.selectors.run_calculation import calculation_data
from assays.selectors.trails import TRAIL_RELATIONS, trail_of
from lims.core.api.views import ActionView, ListView, read_flag
from lims.core.errors import NotFound
from lims.core.roles import Action, require


class Results(ListView):
    """Results within the caller's scope."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.RESULT_VIEW}
    filterset_class = ResultFilter
    orderings: ClassVar[dict[str, str]] = RESULT_ORDERINGS

    def queryset(self, request: Request) -> QuerySet[Result]:
        if not self._asks_for_drafts(request):
            return authorised_results(request.user)
        require(request.user, Action.RESULT_DRAFT)
        return results_with_drafts(request.user)

    def row(self, found: Result, request: Request) -> dict[str, Any]:
        return result_data(found, request.user, draft=self._asks_for_drafts(request))

    @staticmethod
    def _asks_for_drafts(request: Request) -> bool:
        return read_flag(request, "draft")

    @extend_schema(
        operation_id="results_list",
        filters=True,
        parameters=[
            OpenApiParameter("draft", int, enum=[0, 1], description="1 adds results before authorisation, where the role may see them")
        ],
        responses=schemas.ResultPage,
    )
    def get(self, request: Request) -> Any:
        """Authorised results, newest first; numbers as text exactly as reported, with unit, basis, bound, uncertainty and method."""
        return super().get(request)


class ResultTrail(ActionView):
    """How one number was made."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.RESULT_DRAFT}

    @extend_schema(operation_id="results_trail", responses=schemas.TrailSchema)
    def get(self, request: Request, key: str, pk: UUID) -> Response:
        """The calculation trail of a result version: raw cells, every step with formula, inputs and output, and what the run's stages
        found. Every output follows from its inputs by the arithmetic beside it."""
        run = fetch_run(request.user, key)
        version = ResultVersion.objects.select_related(*TRAIL_RELATIONS).filter(reduction__run=run, pk=pk).first()
        if version is None:
            raise NotFound()
        return Response(trail_of(version))


class RunCalculation(ActionView):
    """How a run was computed."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.RESULT_DRAFT}

    @extend_schema(operation_id="runs_calculation", responses=schemas.RunCalculationSchema)
    def get(self, request: Request, key: str) -> Response:
        """The stages of the newest reduction: plan, internal standards, backgrounds, drift, interferences, calibrations, procedural blanks,
        limits and uncertainties, as they were stored."""
        return Response(calculation_data(fetch_run(request.user, key)))
