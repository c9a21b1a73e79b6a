"""Codes set aside for the field."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import QuerySet
from django.urls import reverse
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from lims.core.api.description import list_parameters
from lims.core.api.views import ActionView, ListView, Struct, decode
from lims.core.roles import Action
from samples.allotments.models import Allotment
from samples.api.sample_schemas import Schema
from samples.forms.allotments import AllotmentFilter
from samples.selectors.allotments import allotment_data, allotment_detail, find_allotment, select_allotments
from samples.services.allotting import allot_codes, end_allotment

_ORDERINGS = {"id": "id", "issued_at": "issued_at"}


class NewAllotmentSchema(Schema):
    count = serializers.IntegerField(help_text="1 to 500")
    team = serializers.CharField(help_text="Who takes the labels along")
    purpose = serializers.CharField(required=False)


class AllotmentSchema(Schema):
    code = serializers.CharField()
    organisation = serializers.CharField()
    team = serializers.CharField()
    purpose = serializers.CharField(allow_blank=True)
    first = serializers.CharField()
    last = serializers.CharField()
    count = serializers.IntegerField()
    used = serializers.IntegerField()
    issued_by = serializers.CharField()
    issued_at = serializers.DateTimeField()
    ended_at = serializers.DateTimeField(allow_null=True)
    end_reason = serializers.CharField(allow_null=True)


class AllottedCodeSchema(Schema):
    code = serializers.CharField()
    used = serializers.BooleanField()


class AllotmentDetailSchema(AllotmentSchema):
    codes = AllottedCodeSchema(many=True)


class AllotmentPageSchema(Schema):
    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)
    count = serializers.IntegerField(required=False)
    results = AllotmentSchema(many=True)


class EndAllotmentSchema(Schema):
    reason = serializers.CharField()


class AllotmentBody(Struct):
    count: int
    team: str
    purpose: str = ""


class EndBody(Struct):
    reason: str


class Allotments(ListView):
    """Sets of the caller's organisation."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.CODE_ALLOT, "POST": Action.CODE_ALLOT}
    filterset_class = AllotmentFilter
    orderings: ClassVar[dict[str, str]] = _ORDERINGS

    def queryset(self, request: Request) -> QuerySet[Allotment]:
        return select_allotments(request.user)

    def row(self, found: Allotment, request: Request) -> dict[str, Any]:
        return allotment_data(found)

    @extend_schema(operation_id="allotments_list", parameters=list_parameters(AllotmentFilter, _ORDERINGS), responses=AllotmentPageSchema)
    def get(self, request: Request) -> Any:
        """Codes set aside, with how many are used."""
        return super().get(request)

    @extend_schema(operation_id="allotments_create", request=NewAllotmentSchema, responses={201: AllotmentDetailSchema})
    def post(self, request: Request) -> Response:
        """Set codes aside. Samples are registered with them by the member `code` of a sampling record."""
        body: AllotmentBody = decode(request, AllotmentBody)
        made = allot_codes(count=body.count, team=body.team, purpose=body.purpose, by=request.user)
        response = Response(allotment_detail(find_allotment(made.code, request.user)), status=201)
        response["Location"] = reverse("api-allotment", args=[made.code])
        return response


class AllotmentView(ActionView):
    """One set."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.CODE_ALLOT}

    @extend_schema(operation_id="allotments_retrieve", responses=AllotmentDetailSchema)
    def get(self, request: Request, code: str) -> Response:
        """With each code, and whether it is on a sample."""
        return Response(allotment_detail(find_allotment(code, request.user)))


class EndAllotmentView(ActionView):
    """Closing."""

    actions: ClassVar[dict[str, Action]] = {"POST": Action.CODE_ALLOT}

    @extend_schema(operation_id="allotments_end", request=EndAllotmentSchema, responses=AllotmentDetailSchema)
    def post(self, request: Request, code: str) -> Response:
        """Close a set whose labels were lost or came back; codes that are on no sample are refused from then on."""
        allotment = find_allotment(code, request.user)
        body: EndBody = decode(request, EndBody)
        end_allotment(allotment=allotment, reason=body.reason, by=request.user)
        return Response(allotment_detail(find_allotment(code, request.user)))
