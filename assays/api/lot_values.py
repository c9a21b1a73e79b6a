"""What the certificate of a lot says, element by element."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any, ClassVar

import msgspec
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from assays.api.bench_schemas import LotValueSchema
from assays.models import Lot, LotValue
from assays.models.lots import ValueUnit
from assays.selectors.bench_rows import lot_value_data
from assays.services.lot_values import BASES, CertifiedAmount, record_lot_values
from lims.core.api.views import ActionView, Struct, decode
from lims.core.codes import normalise
from lims.core.roles import Action
from lims.core.scope import fetch_visible


class NewLotValueSchema(serializers.Serializer[Any]):
    """One line of a certificate."""

    element = serializers.CharField(help_text="Symbol, as in `Dy`")
    value = serializers.DecimalField(18, 8)
    unit = serializers.ChoiceField(choices=ValueUnit.choices)
    uncertainty = serializers.DecimalField(18, 8, required=False, allow_null=True, help_text="Expanded, in the same unit, with its `k`")
    k = serializers.DecimalField(4, 2, required=False, allow_null=True)
    nominal = serializers.DecimalField(18, 8, required=False, allow_null=True, help_text="Of a solution: the amount on its label")
    method_group = serializers.CharField(required=False, help_text="Of a reference material: the digestion the content is for")
    basis = serializers.ChoiceField(choices=BASES, required=False, help_text="Of a reference material")
    sd = serializers.DecimalField(18, 8, required=False, allow_null=True, help_text="Of a reference material, between laboratories")


class NewLotValuesSchema(serializers.Serializer[Any]):
    """Lines of a certificate."""

    values = NewLotValueSchema(many=True)
    reason = serializers.CharField(required=False, help_text="Needed where an amount on record is changed")
    password = serializers.CharField(
        required=False, help_text="Of the quality manager, who signs the change of an amount that runs were planned with"
    )


class LotValuesSchema(serializers.Serializer[Any]):
    """What is on record of a lot's certificate."""

    lot = serializers.CharField()
    values = LotValueSchema(many=True)


class NewLotValue(Struct):
    """One line of a certificate."""

    element: str
    value: Decimal
    unit: str
    uncertainty: Decimal | None = None
    k: Decimal | None = None
    nominal: Decimal | None = None
    method_group: str = ""
    basis: str = ""
    sd: Decimal | None = None


class NewLotValues(Struct):
    """The body of `POST /lots/{code}/values/`."""

    values: Annotated[list[NewLotValue], msgspec.Meta(max_length=200)]
    reason: str = ""
    password: str = ""


class LotValues(ActionView):
    """Amounts a lot is certified for."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.LOT_VIEW, "POST": Action.LOT_EDIT}

    @extend_schema(operation_id="lots_values_list", responses=LotValuesSchema)
    def get(self, request: Request, code: str) -> Response:
        """What counts of its certificate; what it said before stays on record."""
        return Response(_values_of(fetch_visible(Lot, request.user, code=normalise(code))))

    @extend_schema(operation_id="lots_values_create", request=NewLotValuesSchema, responses={201: LotValuesSchema})
    def post(self, request: Request, code: str) -> Response:
        """Put lines of its certificate on record: solutions made from it hold what they say, and tubes of a reference material are judged
        by them. An amount on record is changed with a reason, and with the quality manager's signature once a run was planned with the
        lot."""
        lot = fetch_visible(Lot, request.user, code=normalise(code))
        body: NewLotValues = decode(request, NewLotValues)
        amounts = [CertifiedAmount(**msgspec.structs.asdict(one)) for one in body.values]
        record_lot_values(lot=lot, amounts=amounts, reason=body.reason, password=body.password, by=request.user)
        return Response(_values_of(lot), status=201)


def _values_of(lot: Lot) -> dict[str, Any]:
    found = LotValue.objects.filter(lot=lot, corrected_by=None).order_by("method_group", "id")
    return {"lot": lot.code, "values": [lot_value_data(one) for one in found]}
