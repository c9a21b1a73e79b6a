"""Balances and barcode devices: weights in, what a scan is, and who stands at a balance."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Annotated, Any, ClassVar, Literal

from drf_spectacular.utils import extend_schema
from msgspec import Meta
from rest_framework.request import Request
from rest_framework.response import Response

from assays.instruments import weights
from assays.instruments.api import schemas
from assays.instruments.models import Instrument, WeighingStep, Weight
from assays.selectors.runs import number_text
from assays.selectors.scans import resolve_for_device
from lims.core import clock
from lims.core.api.views import ActionView, Struct, decode
from lims.core.errors import DomainError
from lims.core.roles import Action
from lims.core.scope import fetch_visible

_Code = Annotated[str, Meta(min_length=1, max_length=40)]


class WeightIn(Struct):
    """One weight of the balance."""

    code: _Code
    step: Literal["portion", "moisture_wet", "moisture_dry", "step"]
    raw: Annotated[str, Meta(min_length=1, max_length=80)]
    unit: Literal["", "mg", "g", "kg"] = ""
    measured_at: Annotated[datetime, Meta(tz=True)] | None = None
    method: Annotated[str, Meta(max_length=20)] = ""
    route: Annotated[str, Meta(max_length=20)] = ""


class WeightsIn(Struct):
    """Weights in the order they were taken."""

    weights: Annotated[list[WeightIn], Meta(min_length=1, max_length=1000)]


class Weights(ActionView):
    """What a balance weighed."""

    actions: ClassVar[dict[str, Action]] = {"POST": Action.INSTRUMENT_SEND}

    @extend_schema(
        operation_id="instruments_me_weights_create",
        request=schemas.WeightsInSchema,
        responses={201: schemas.WeightsSchema, 409: schemas.UploadProblemSchema, 422: schemas.UploadProblemSchema},
    )
    def post(self, request: Request) -> Response:
        """Record weights, all or nothing, as weighed by whoever stands at the balance: a test portion becomes an aliquot, a moisture
        aliquot's wet and dry weight a preparation. With `step` it waits until a person takes it into a step of a preparation. The
        balance must be in calibration."""
        balance: Any = request.user
        body: WeightsIn = decode(request, WeightsIn)
        weighings = [
            weights.Weighing(
                code=one.code,
                step=one.step,
                raw=one.raw,
                unit=one.unit,
                measured_at=one.measured_at,
                method=one.method,
                route=one.route,
            )
            for one in body.weights
        ]
        try:
            made = weights.record_weights(balance=balance, weighings=weighings, by=balance)
        except DomainError as error:
            error.problems = [replace(one, pointer=f"/weights{one.pointer}") if one.pointer else one for one in error.problems]
            raise
        return Response({"weights": [_weight_data(one) for one in made]}, status=201)


def _weight_data(weight: Weight) -> dict[str, Any]:
    return {
        "id": str(weight.pk),
        "code": weight.code,
        "step": weight.step,
        "raw": weight.raw,
        "mass_g": number_text(weight.mass_g),
        "measured_at": weight.measured_at.isoformat() if weight.measured_at else None,
        "weighed_by": weight.weighed_by.full_name,
        "sample": weight.sample.blind_code,
        "aliquot": weight.aliquot.code if weight.aliquot else None,
        "outcome": _outcome(weight),
    }


def _outcome(weight: Weight) -> str:
    if weight.step == WeighingStep.STEP:
        return "waits_for_step"
    return "recorded" if weight.aliquot_id or weight.preparation_id else "waits_for_dry"


class Scan(Struct):
    """What the device read."""

    code: _Code


class Scans(ActionView):
    """What a barcode device scanned."""

    actions: ClassVar[dict[str, Action]] = {"POST": Action.INSTRUMENT_SEND}

    @extend_schema(operation_id="instruments_me_scans_create", request=schemas.ScanSchema, responses=schemas.ScannedSchema)
    def post(self, request: Request) -> Response:
        """What the code is (a sample by its blind code, an aliquot, a run of this laboratory) and what waits for it; nothing is changed."""
        device: Any = request.user
        body: Scan = decode(request, Scan)
        return Response(resolve_for_device(body.code, device))


class Operator(ActionView):
    """Who stands at a balance."""

    actions: ClassVar[dict[str, Action]] = {"POST": Action.PREPARATION_EDIT}

    @extend_schema(operation_id="instruments_operator_create", request=schemas.OperatorInSchema, responses=schemas.OperatorSchema)
    def post(self, request: Request, code: str) -> Response:
        """Stand at the balance for a shift of eight hours: what it sends is recorded as your weighing. With `leave` nobody stands there."""
        body: OperatorIn = decode(request, OperatorIn) if request.data else OperatorIn()
        balance = fetch_visible(Instrument, request.user, code=code)
        step = weights.leave_balance if body.leave else weights.stand_at_balance
        balance = step(balance=balance, by=request.user)
        person = weights.operator_of(balance, clock.now())
        until = balance.operator_until
        return Response(
            {
                "instrument": balance.code,
                "operator": person.full_name if person else None,
                "until": until.isoformat() if until else None,
            }
        )


class OperatorIn(Struct):
    """Whether to leave."""

    leave: bool = False
