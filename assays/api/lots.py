"""Lots and equipment of the caller's laboratory."""

from __future__ import annotations

from datetime import date
from typing import Any, ClassVar

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from assays.forms.lots import EQUIPMENT_ORDERINGS, LOT_ORDERINGS, EquipmentFilter, LotFilter
from assays.models import Equipment, Lot, ReferenceMaterial
from assays.models.lots import EquipmentKind, LotKind
from assays.selectors.lookup import find_materials
from assays.services.lots import Delivery, register_lot, use_blockers
from lims.core import clock
from lims.core.api.views import ListView, Struct, decode
from lims.core.roles import Action


class LotSchema(serializers.Serializer[Any]):
    """A lot as it stands."""

    code = serializers.CharField()
    kind = serializers.ChoiceField(choices=LotKind.choices)
    name = serializers.CharField()
    supplier = serializers.CharField()
    supplier_lot = serializers.CharField()
    material = serializers.CharField(allow_null=True)
    received_on = serializers.DateField()
    opened_on = serializers.DateField(allow_null=True)
    expires_on = serializers.DateField(allow_null=True)
    certificate_sha256 = serializers.CharField(help_text="Of the supplier's certificate; empty where none is kept")
    withdrawn = serializers.BooleanField()
    usable = serializers.BooleanField(help_text="Whether it may be used today")


class LotPage(serializers.Serializer[Any]):
    """A page of lots."""

    next = serializers.CharField(allow_null=True)
    previous = serializers.CharField(allow_null=True)
    count = serializers.IntegerField(required=False)
    results = LotSchema(many=True)


class NewLotSchema(serializers.Serializer[Any]):
    """A lot that came."""

    kind = serializers.ChoiceField(choices=LotKind.choices)
    name = serializers.CharField(max_length=120)
    supplier_lot = serializers.CharField(max_length=80)
    supplier = serializers.CharField(max_length=120, required=False)
    material = serializers.CharField(required=False, allow_null=True, help_text="Code of the reference material it is a lot of")
    received_on = serializers.DateField(required=False, help_text="Today by default")
    opened_on = serializers.DateField(required=False, allow_null=True)
    expires_on = serializers.DateField(required=False, allow_null=True)


class EquipmentSchema(serializers.Serializer[Any]):
    """A piece of equipment as it stands."""

    code = serializers.CharField()
    kind = serializers.ChoiceField(choices=EquipmentKind.choices)
    name = serializers.CharField()
    serial = serializers.CharField()
    calibrated_on = serializers.DateField(allow_null=True)
    calibration_due = serializers.DateField()
    withdrawn = serializers.BooleanField()
    usable = serializers.BooleanField(help_text="Whether it may be used today")


class EquipmentListPage(serializers.Serializer[Any]):
    """A page of equipment."""

    next = serializers.CharField(allow_null=True)
    previous = serializers.CharField(allow_null=True)
    count = serializers.IntegerField(required=False)
    results = EquipmentSchema(many=True)


class NewLot(Struct):
    """The body of `POST /lots/`."""

    kind: str
    name: str
    supplier_lot: str
    supplier: str = ""
    material: str | None = None
    received_on: date | None = None
    opened_on: date | None = None
    expires_on: date | None = None


def lot_data(lot: Lot) -> dict[str, Any]:
    """A lot as the interface tells it."""
    days = {name: getattr(lot, name) for name in ("received_on", "opened_on", "expires_on")}
    return {
        "code": lot.code,
        "kind": lot.kind,
        "name": lot.name,
        "supplier": lot.supplier,
        "supplier_lot": lot.supplier_lot,
        "material": lot.material.code if lot.material else None,
        **{name: day.isoformat() if day else None for name, day in days.items()},
        "certificate_sha256": lot.certificate_sha256,
        "withdrawn": lot.withdrawn,
        "usable": not use_blockers(lot, clock.today()),
    }


class Lots(ListView):
    """Lots of reagents and standards."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.LOT_VIEW, "POST": Action.LOT_EDIT}
    filterset_class = LotFilter
    orderings: ClassVar[dict[str, str]] = LOT_ORDERINGS

    def queryset(self, request: Request) -> QuerySet[Any]:
        rows: QuerySet[Any] = Lot.objects.visible_to(request.user).select_related("material")
        return rows

    def row(self, found: Lot, request: Request) -> dict[str, Any]:
        return lot_data(found)

    @extend_schema(operation_id="lots_list", filters=True, responses=LotPage)
    def get(self, request: Request) -> Any:
        """The laboratory's lots, and whether each may be used today."""
        return super().get(request)

    @extend_schema(operation_id="lots_create", request=NewLotSchema, responses={201: LotSchema})
    def post(self, request: Request) -> Response:
        """Put a lot that came on record; the supplier's certificate is added on its page."""
        body: NewLot = decode(request, NewLot)
        delivery = Delivery(
            kind=body.kind,
            name=body.name,
            supplier_lot=body.supplier_lot,
            supplier=body.supplier,
            received_on=body.received_on or clock.today(),
            opened_on=body.opened_on,
            expires_on=body.expires_on,
            material=_material(body.material, request.user),
        )
        return Response(lot_data(register_lot(delivery=delivery, by=request.user)), status=201)


def _material(code: str | None, viewer: Any) -> ReferenceMaterial | None:
    return find_materials([code], viewer, places=["/material"])[0] if code else None


class EquipmentList(ListView):
    """Equipment with the day its calibration is due."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.LOT_VIEW}
    filterset_class = EquipmentFilter
    orderings: ClassVar[dict[str, str]] = EQUIPMENT_ORDERINGS
    default_ordering = "calibration_due"

    def queryset(self, request: Request) -> QuerySet[Any]:
        rows: QuerySet[Any] = Equipment.objects.visible_to(request.user)
        return rows

    def row(self, found: Equipment, request: Request) -> dict[str, Any]:
        return {
            "code": found.code,
            "kind": found.kind,
            "name": found.name,
            "serial": found.serial,
            "calibrated_on": found.calibrated_on.isoformat() if found.calibrated_on else None,
            "calibration_due": found.calibration_due.isoformat(),
            "withdrawn": found.withdrawn,
            "usable": not use_blockers(found, clock.today()),
        }

    @extend_schema(operation_id="equipment_list", filters=True, responses=EquipmentListPage)
    def get(self, request: Request) -> Any:
        """The laboratory's equipment, what is due first."""
        return super().get(request)
