"""Quality control in the API: a run's verdicts."""

from __future__ import annotations

from typing import ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from assays.api import measured_schemas as schemas
from assays.api.planning import fetch_run
from assays.selectors.attempts import attempts_data, attempts_of
from assays.selectors.judgements import judgement_data, judgement_of
from assays.selectors.runs import tray_of
from lims.core.api.views import ActionView
from lims.core.roles import Action


class RunQuality(ActionView):
    """What quality control says of a run."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.QC_VIEW}

    @extend_schema(operation_id="runs_qc", responses=schemas.RunQualitySchema)
    def get(self, request: Request, key: str) -> Response:
        """Every verdict with statistic, limit, rule and rule version; `blockers` name the controls and elements that are missing."""
        run = fetch_run(request.user, key)
        told = judgement_data(run, judgement_of(run, request.user), tray_of(run, request.user))
        return Response(told | {"attempts": attempts_data(attempts_of(run, request.user))})
