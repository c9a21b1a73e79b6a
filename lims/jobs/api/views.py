"""A job's state, progress and result."""

from __future__ import annotations

from typing import Any, ClassVar
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from lims.core.api.views import ActionView
from lims.core.roles import Action
from lims.core.scope import fetch_visible
from lims.jobs.models import Job, JobState


class JobSchema(serializers.Serializer[Job]):
    """What `GET /jobs/{id}/` answers."""

    id = serializers.UUIDField()
    kind = serializers.CharField()
    state = serializers.ChoiceField(choices=JobState.choices)
    progress = serializers.FloatField(min_value=0, max_value=1)
    message = serializers.CharField()
    error_code = serializers.CharField(allow_null=True)
    result = serializers.DictField()
    result_url = serializers.CharField(allow_null=True)
    created_at = serializers.DateTimeField()
    finished_at = serializers.DateTimeField(allow_null=True)


def job_row(job: Job, build: Any = None) -> dict[str, Any]:
    """A job as the API shows it; `build` makes addresses absolute."""
    return {
        "id": str(job.pk),
        "kind": job.kind,
        "state": job.state,
        "progress": job.progress,
        "message": job.message,
        "error_code": job.error_code or None,
        "result": job.result,
        "result_url": build(job.result_url) if build and job.result_url else job.result_url or None,
        "created_at": job.created_at.isoformat(),
        "finished_at": job.finished_at.isoformat() if job.finished_at else None,
    }


class JobView(ActionView):
    """One job."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.JOB_VIEW}

    @extend_schema(operation_id="jobs_retrieve", responses=JobSchema)
    def get(self, request: Request, pk: UUID) -> Response:
        """State, progress from 0 to 1, message and the address of what was made."""
        return Response(job_row(fetch_visible(Job, request.user, pk=pk), request.build_absolute_uri))
