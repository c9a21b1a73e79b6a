"""Suppliers and exact places on request, and who asked for them."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import transaction
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from lims.core.api.description import list_parameters
from lims.core.api.views import ActionView, ListView, Struct, decode
from lims.core.errors import Invalid, NotFound, Problem
from lims.core.roles import Action, Role
from samples.api.sample_schemas import Schema
from samples.custody.reading import read_timeline
from samples.forms.looks import LookFilter
from samples.looks.looking import Door, Shown, Subject, check_purpose, glance_at, look_data, record_looks
from samples.looks.models import Look
from samples.models import Mine, Sample
from samples.selectors.places import find_mine, origin_data, place_data
from samples.selectors.samples import find_sample, sees_origin

_MOST = 1000
_ORDERINGS = {"id": "id", "looked_at": "looked_at"}


class OriginRequestSchema(Schema):
    purpose = serializers.CharField(help_text="What it is needed for; kept with the caller's name")
    mines = serializers.ListField(child=serializers.CharField(), required=False, help_text="Codes")
    samples = serializers.ListField(child=serializers.CharField(), required=False, help_text="Codes")


class PitOriginSchema(Schema):
    code = serializers.CharField()
    latitude = serializers.CharField(allow_null=True)
    longitude = serializers.CharField(allow_null=True)


class MineOriginSchema(PitOriginSchema):
    operator = serializers.CharField(allow_blank=True)
    pits = PitOriginSchema(many=True)


class DisclosedPlaceSchema(Schema):
    seq = serializers.IntegerField()
    coordinates = serializers.CharField()
    salt = serializers.CharField(help_text="Hexadecimal; SHA-256(salt ‖ coordinates) is the commitment in the event's bytes")


class SampleOriginSchema(PitOriginSchema):
    mine = serializers.CharField()
    custody = DisclosedPlaceSchema(many=True)


class OriginsSchema(Schema):
    mines = MineOriginSchema(many=True)
    samples = SampleOriginSchema(many=True)


class LookSchema(Schema):
    id = serializers.UUIDField()
    looked_at = serializers.DateTimeField()
    viewer = serializers.CharField()
    organisation = serializers.CharField()
    role = serializers.ChoiceField(choices=Role.choices)
    subject_kind = serializers.ChoiceField(choices=Subject.choices)
    subject = serializers.CharField(help_text="Code")
    shown = serializers.ChoiceField(choices=Shown.choices)
    purpose = serializers.CharField()
    door = serializers.ChoiceField(choices=Door.choices)
    address = serializers.CharField(allow_blank=True)


class LookPageSchema(Schema):
    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)
    count = serializers.IntegerField(required=False)
    results = LookSchema(many=True)


class OriginBody(Struct):
    purpose: str
    mines: list[str] = []
    samples: list[str] = []


class Origins(ActionView):
    """Suppliers and exact places."""

    actions: ClassVar[dict[str, Action]] = {"POST": Action.PLACE_EXACT}

    @extend_schema(operation_id="origins_reveal", request=OriginRequestSchema, responses=OriginsSchema)
    def post(self, request: Request) -> Response:
        """Operators and exact places of up to 1,000 mines and samples. Each is a look that is recorded with its purpose, for good."""
        body: OriginBody = decode(request, OriginBody)
        check_purpose(body.purpose)
        if not 0 < len(body.mines) + len(body.samples) <= _MOST:
            detail = f"Name the mines and samples to look at, at least one and at most {_MOST}."
            raise Invalid("nothing_chosen", detail, problems=[Problem("/mines", "nothing_chosen", detail)])
        mines = [find_mine(code, request.user) for code in body.mines]
        samples = [_find_sample(code, request.user) for code in body.samples]
        with transaction.atomic():
            glances = [glance_at(one, Shown.PLACE) for one in (*mines, *samples)] + [glance_at(mine, Shown.SUPPLIER) for mine in mines]
            record_looks(glances=glances, purpose=body.purpose, door=Door.API, address=request.path, by=request.user)
        return Response({"mines": [_mine(one) for one in mines], "samples": [_sample(one, request.user) for one in samples]})


def _find_sample(code: str, viewer: Any) -> Sample:
    if not sees_origin(viewer):
        raise NotFound()
    return find_sample(code, viewer)


def _mine(mine: Mine) -> dict[str, Any]:
    return {"code": mine.code, **origin_data(mine)}


def _sample(sample: Sample, viewer: Any) -> dict[str, Any]:
    events = [one for one in read_timeline(sample, viewer, exact=True) if "coordinates" in one.disclosed]
    told = [{"seq": one.seq, "coordinates": one.disclosed["coordinates"], "salt": one.salts["coordinates"]} for one in events]
    return {"code": sample.code, "mine": sample.mine.code, **place_data(sample), "custody": told}


class Looks(ListView):
    """Who looked."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.LOOK_VIEW}
    filterset_class = LookFilter
    orderings: ClassVar[dict[str, str]] = _ORDERINGS
    default_ordering = "-looked_at"

    def queryset(self, request: Request) -> QuerySet[Look]:
        return Look.objects.visible_to(request.user)

    def row(self, found: Look, request: Request) -> dict[str, Any]:
        return look_data(found)

    @extend_schema(operation_id="looks_list", parameters=list_parameters(LookFilter, _ORDERINGS), responses=LookPageSchema)
    def get(self, request: Request) -> Any:
        """Every look at a supplier or an exact place, newest first."""
        return super().get(request)
