"""Storage at the API: places, readings, samples put in, moved and taken out."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any, ClassVar

import django_filters
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from lims.core.api.description import list_parameters
from lims.core.api.views import ActionView, ListView, Struct, decode
from lims.core.checking import refuse_member
from lims.core.errors import NotFound
from lims.core.roles import Action
from samples.api.sample_schemas import Schema
from samples.models import Sample
from samples.selectors.samples import find_sample
from samples.storage.models import ConditionReading, Location, LocationKind
from samples.storage.selectors import conditions_of, find_location, position_of, read_box, readings_of
from samples.storage.services.arranging import create_location
from samples.storage.services.observing import record_reading
from samples.storage.services.storing import move_sample, store_sample, take_out_sample

_ORDERINGS = {"id": "id", "path": "path", "code": "code"}


class RangeSchema(Schema):
    low = serializers.CharField(allow_null=True)
    high = serializers.CharField(allow_null=True)
    unit = serializers.CharField()


class NewLocationSchema(Schema):
    kind = serializers.CharField(help_text="Code of the kind: site, room, rack, shelf, box, position, or what was added")
    name = serializers.CharField(max_length=60)
    parent = serializers.CharField(required=False, allow_null=True, help_text="Code of the place around it")  # type: ignore[assignment]
    rows = serializers.IntegerField(required=False, allow_null=True, help_text="With `columns`: its positions are made with it")
    columns = serializers.IntegerField(required=False, allow_null=True)
    temperature_min_c = serializers.CharField(required=False, allow_null=True)
    temperature_max_c = serializers.CharField(required=False, allow_null=True)
    humidity_min_percent = serializers.CharField(required=False, allow_null=True)
    humidity_max_percent = serializers.CharField(required=False, allow_null=True)
    radiation_controlled = serializers.BooleanField(required=False)
    locked = serializers.BooleanField(required=False)
    roles = serializers.ListField(child=serializers.CharField(), required=False, help_text="Who alone puts in and takes out; empty: all")
    remark = serializers.CharField(required=False, allow_blank=True)


class LocationSchema(Schema):
    code = serializers.CharField()
    organisation = serializers.CharField()
    kind = serializers.CharField()
    name = serializers.CharField()
    path = serializers.CharField()
    parent = serializers.CharField(allow_null=True)  # type: ignore[assignment]
    rows = serializers.IntegerField(allow_null=True)
    columns = serializers.IntegerField(allow_null=True)
    holds_samples = serializers.BooleanField()
    active = serializers.BooleanField()


class LocationPageSchema(Schema):
    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)
    count = serializers.IntegerField(required=False)
    results = LocationSchema(many=True)


class CellSchema(Schema):
    name = serializers.CharField()
    code = serializers.CharField()
    state = serializers.CharField(help_text="In words: free, taken, on hold, discrepancy, out of use")
    sample = serializers.CharField(allow_null=True)


class ConditionReadingSchema(Schema):
    id = serializers.CharField()
    temperature_c = serializers.CharField(allow_null=True)
    humidity_percent = serializers.CharField(allow_null=True)
    excursion = serializers.CharField(allow_blank=True, help_text="How far out of the range that held then; empty within it")
    remark = serializers.CharField(allow_blank=True)
    read_at = serializers.DateTimeField()
    read_by = serializers.CharField()


class LocationDetailSchema(LocationSchema):
    temperature = RangeSchema()
    humidity = RangeSchema()
    radiation_controlled = serializers.BooleanField()
    locked = serializers.BooleanField()
    reserved_for = serializers.ListField(child=serializers.CharField())
    positions = CellSchema(many=True)
    readings = ConditionReadingSchema(many=True)


class NewConditionReadingSchema(Schema):
    temperature_c = serializers.CharField(required=False, allow_null=True)
    humidity_percent = serializers.CharField(required=False, allow_null=True)
    remark = serializers.CharField(required=False, allow_blank=True)
    at = serializers.DateTimeField(required=False, allow_null=True, help_text="When it was read (default: now)")


class StoreSchema(Schema):
    position = serializers.CharField(help_text="Code of a free position")


class MoveSchema(StoreSchema):
    reason = serializers.CharField()


class TakeOutSchema(Schema):
    reason = serializers.CharField()


class WhereSchema(Schema):
    sample = serializers.CharField()
    position = serializers.CharField(allow_null=True)
    path = serializers.CharField(allow_null=True)
    placed_at = serializers.DateTimeField(allow_null=True)


class LocationFilter(django_filters.FilterSet):
    """Which places."""

    kind = django_filters.CharFilter(field_name="kind__code", label="Code of the kind")
    parent = django_filters.CharFilter(field_name="parent__code", lookup_expr="iexact", label="Code of the place around them")
    free = django_filters.BooleanFilter(method="only_free", label="true: positions in use in which nothing lies")
    active = django_filters.BooleanFilter(label="true or false")

    class Meta:
        model = Location
        fields: ClassVar[list[str]] = []

    def only_free(self, rows: Any, name: str, value: bool) -> Any:
        """Positions that could take a sample, or those that could not."""
        positions = rows.filter(kind__holds_samples=True)
        free = positions.filter(placement=None, active=True)
        return free if value else positions.exclude(pk__in=free.values("pk"))


def location_data(one: Location) -> dict[str, Any]:
    """One place."""
    return {
        "code": one.code,
        "organisation": one.organisation.code,
        "kind": one.kind.code,
        "name": one.name,
        "path": one.path,
        "parent": one.parent.code if one.parent else None,
        "rows": one.rows,
        "columns": one.columns,
        "holds_samples": one.kind.holds_samples,
        "active": one.active,
    }


def _location_detail(one: Location, viewer: Any) -> dict[str, Any]:
    conditions = conditions_of(one)
    ranges = {"temperature": conditions.temperature, "humidity": conditions.humidity}
    return {
        **location_data(one),
        **{name: {"low": _text(kept.low), "high": _text(kept.high), "unit": kept.unit} for name, kept in ranges.items()},
        "radiation_controlled": conditions.radiation_controlled,
        "locked": conditions.locked,
        "reserved_for": sorted(set.intersection(*map(set, conditions.roles))) if conditions.roles else [],
        "positions": [
            {"name": cell.name, "code": cell.code, "state": cell.word, "sample": cell.sample or None}
            for row in read_box(one, viewer)
            for cell in row
        ],
        "readings": [_reading_data(reading) for reading in readings_of(one)],
    }


def _reading_data(reading: ConditionReading) -> dict[str, Any]:
    return {
        "id": str(reading.pk),
        "temperature_c": _text(reading.temperature_c),
        "humidity_percent": _text(reading.humidity_percent),
        "excursion": reading.excursion,
        "remark": reading.remark,
        "read_at": reading.read_at.isoformat(),
        "read_by": reading.read_by.full_name,
    }


def _text(value: Decimal | None) -> str | None:
    return str(value) if value is not None else None


class LocationBody(Struct):
    kind: str
    name: str
    parent: str | None = None
    rows: int | None = None
    columns: int | None = None
    temperature_min_c: Decimal | None = None
    temperature_max_c: Decimal | None = None
    humidity_min_percent: Decimal | None = None
    humidity_max_percent: Decimal | None = None
    radiation_controlled: bool = False
    locked: bool = False
    roles: list[str] = []
    remark: str = ""

    def values(self) -> dict[str, Any]:
        """What the service takes as members of the place."""
        taken = {"kind", "parent", "rows", "columns"}
        return {name: getattr(self, name) for name in self.__struct_fields__ if name not in taken}


class Locations(ListView):
    """The caller's places in storage, and new ones."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.STORAGE_VIEW, "POST": Action.STORAGE_EDIT}
    filterset_class = LocationFilter
    orderings: ClassVar[dict[str, str]] = _ORDERINGS
    default_ordering = "path"

    def queryset(self, request: Request) -> QuerySet[Location]:
        return Location.objects.visible_to(request.user).select_related("kind", "organisation", "parent")

    def row(self, found: Location, request: Request) -> dict[str, Any]:
        return location_data(found)

    @extend_schema(
        operation_id="storage_locations_list", parameters=list_parameters(LocationFilter, _ORDERINGS), responses=LocationPageSchema
    )
    def get(self, request: Request) -> Any:
        """Sites, rooms, racks, shelves, boxes and positions; `?free=true` gives positions that could take a sample."""
        return super().get(request)

    @extend_schema(operation_id="storage_locations_create", request=NewLocationSchema, responses={201: LocationDetailSchema})
    def post(self, request: Request) -> Response:
        """Make a place, with `rows` and `columns` together with its positions A1, A2 …"""
        body: LocationBody = decode(request, LocationBody)
        kind = LocationKind.objects.filter(code=body.kind).first()
        if kind is None:
            known = ", ".join(LocationKind.objects.values_list("code", flat=True))
            raise refuse_member("kind", "unknown_choice", f"“{body.kind}” is none of: {known}.")
        parent = find_location(body.parent, request.user) if body.parent else None
        made = create_location(kind=kind, parent=parent, values=body.values(), rows=body.rows, columns=body.columns, by=request.user)
        return Response(_location_detail(find_location(made.code, request.user), request.user), status=201)


class LocationView(ActionView):
    """One place."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.STORAGE_VIEW}

    @extend_schema(operation_id="storage_locations_retrieve", responses=LocationDetailSchema)
    def get(self, request: Request, code: str) -> Response:
        """With the conditions that hold there, its positions and what lies in them, and the latest readings."""
        return Response(_location_detail(find_location(code, request.user), request.user))


class ReadingBody(Struct):
    temperature_c: Decimal | None = None
    humidity_percent: Decimal | None = None
    remark: str = ""
    at: datetime | None = None


class Readings(ActionView):
    """Readings of a place."""

    actions: ClassVar[dict[str, Action]] = {"POST": Action.STORAGE_MOVE}

    @extend_schema(operation_id="storage_readings_create", request=NewConditionReadingSchema, responses={201: ConditionReadingSchema})
    def post(self, request: Request, code: str) -> Response:
        """Record temperature and humidity; `excursion` says at once how far out of range they are."""
        location = find_location(code, request.user)
        body: ReadingBody = decode(request, ReadingBody)
        reading = record_reading(
            location=location,
            temperature_c=body.temperature_c,
            humidity_percent=body.humidity_percent,
            remark=body.remark,
            by=request.user,
            at=body.at,
        )
        return Response(_reading_data(reading), status=201)


def _where(sample: Sample, viewer: Any) -> dict[str, Any]:
    placement = position_of(sample)
    return {
        "sample": sample.code_for(viewer),
        "position": placement.location.code if placement else None,
        "path": placement.location.path if placement else None,
        "placed_at": placement.placed_at.isoformat() if placement else None,
    }


def _position(code: str, viewer: Any) -> Location:
    try:
        return find_location(code, viewer)
    except NotFound as error:
        detail = f"There is no place “{code}” of your organisation. Scan the label on the position again."
        raise refuse_member("position", "unknown_position", detail) from error


class StoreBody(Struct):
    position: str


class StoreView(ActionView):
    """Putting in."""

    actions: ClassVar[dict[str, Action]] = {"POST": Action.STORAGE_MOVE}

    @extend_schema(operation_id="samples_store", request=StoreSchema, responses=WhereSchema)
    def post(self, request: Request, code: str) -> Response:
        """Put the sample into a free position; one sample in one position."""
        sample = find_sample(code, request.user)
        body: StoreBody = decode(request, StoreBody)
        store_sample(sample=sample, position=_position(body.position, request.user), by=request.user)
        return Response(_where(sample, request.user))


class MoveBody(Struct):
    position: str
    reason: str


class MoveView(ActionView):
    """Moving."""

    actions: ClassVar[dict[str, Action]] = {"POST": Action.STORAGE_MOVE}

    @extend_schema(operation_id="samples_move", request=MoveSchema, responses=WhereSchema)
    def post(self, request: Request, code: str) -> Response:
        """Move the sample from its position to a free one, with a reason."""
        sample = find_sample(code, request.user)
        body: MoveBody = decode(request, MoveBody)
        move_sample(sample=sample, position=_position(body.position, request.user), reason=body.reason, by=request.user)
        return Response(_where(sample, request.user))


class TakeOutBody(Struct):
    reason: str


class TakeOutView(ActionView):
    """Taking out."""

    actions: ClassVar[dict[str, Action]] = {"POST": Action.STORAGE_MOVE}

    @extend_schema(operation_id="samples_take_out", request=TakeOutSchema, responses=WhereSchema)
    def post(self, request: Request, code: str) -> Response:
        """Take the sample out of its position, with a reason."""
        sample = find_sample(code, request.user)
        body: TakeOutBody = decode(request, TakeOutBody)
        take_out_sample(sample=sample, reason=body.reason, by=request.user)
        return Response(_where(sample, request.user))
