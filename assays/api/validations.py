"""Validations of the calculations, read-only: running and signing are a person's, at the pages."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from assays.api import validation_schemas as schemas
from assays.forms.validations import VALIDATION_ORDERINGS, ValidationFilter
from assays.models import ValidationRun
from assays.selectors.validations import fetch_validation, outcomes_of, validation_data, validation_list
from lims.core.api.views import ActionView, ListView
from lims.core.roles import Action


class Validations(ListView):
    """Runs of worked examples."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.VALIDATION_VIEW}
    filterset_class = ValidationFilter
    orderings: ClassVar[dict[str, str]] = VALIDATION_ORDERINGS
    default_ordering = "-id"

    def queryset(self, request: Request) -> QuerySet[ValidationRun]:
        return validation_list(request.user)

    def row(self, found: ValidationRun, request: Request) -> dict[str, Any]:
        return validation_data(found)

    @extend_schema(operation_id="validations_list", filters=True, responses=schemas.ValidationListSchema)
    def get(self, request: Request) -> Any:
        """Each run with its counts, hashes, product version and conclusion."""
        return super().get(request)


class ValidationView(ActionView):
    """One run."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.VALIDATION_VIEW}

    @extend_schema(operation_id="validations_retrieve", responses=schemas.ValidationDetailSchema)
    def get(self, request: Request, number: str) -> Response:
        """The run with every example: each value expected and computed."""
        run = fetch_validation(request.user, number)
        return Response(validation_data(run) | {"outcomes": outcomes_of(run)})
