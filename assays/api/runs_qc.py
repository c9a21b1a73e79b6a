"""Quality control in the API: a run's verdicts, and control charts."""

from __future__ import annotations

from typing import ClassVar

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from assays.api import measured_schemas as schemas
from assays.api.planning import fetch_run
from assays.models import Analyte, Method, ReferenceMaterial
from assays.selectors.judgements import control_history, history_data, judgement_data, judgement_of
from assays.selectors.runs import tray_of
from lims.core.api.views import ActionView
from lims.core.errors import Invalid, Problem
from lims.core.roles import Action


class RunQuality(ActionView):
    """What quality control says of a run."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.QC_VIEW}

    @extend_schema(operation_id="runs_qc", responses=schemas.RunQualitySchema)
    def get(self, request: Request, key: str) -> Response:
        """Every verdict with statistic, limit, rule and rule version; `blockers` name the controls and elements that are missing."""
        run = fetch_run(request.user, key)
        return Response(judgement_data(run, judgement_of(run), tray_of(run)))


class ControlCharts(ActionView):
    """The history of one reference material."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.QC_VIEW}

    @extend_schema(
        operation_id="qc_charts",
        parameters=[
            OpenApiParameter("method", str, required=True, description="Code of the method"),
            OpenApiParameter("material", str, required=True, description="Code of the reference material"),
            OpenApiParameter("analyte", str, required=True, description="Element symbol"),
            OpenApiParameter("instrument", str, description="Code; all of the laboratory when left out"),
        ],
        responses=schemas.ControlChartSchema,
    )
    def get(self, request: Request) -> Response:
        """Points from stored verdicts, oldest first, with the value expected by the method's group and its limits."""
        named = {name: request.query_params.get(name, "").strip() for name in ("method", "material", "analyte")}
        known = {
            "method": Method.objects.filter(code=named["method"]),
            "material": ReferenceMaterial.objects.filter(code=named["material"]),
            "analyte": Analyte.objects.filter(symbol=named["analyte"]),
        }
        problems = [
            Problem(f"/{name}", f"unknown_{name}", f"There is no {name} “{named[name]}”. Name one with ?{name}=.")
            for name, rows in known.items()
            if not rows.exists()
        ]
        if problems:
            raise Invalid(problems[0].code, problems[0].detail, problems=problems)
        history = control_history(request.user, **named, instrument=request.query_params.get("instrument", ""))
        return Response(named | history_data(history))
