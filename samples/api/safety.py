"""Radiation at the laboratory: dose rates, gamma spectra, what the laboratory asks for at its door."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any, ClassVar, Literal
from uuid import UUID

import msgspec
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from lims.core.api.views import ActionView, Struct, decode
from lims.core.roles import Action
from lims.core.scope import fetch_visible
from samples.api import safety_schemas as schemas
from samples.api.consignment_schemas import DiscrepancyDetailSchema
from samples.models import Discrepancy
from samples.models.radiation import DoorPolicy
from samples.radiation_rules import NuclideActivity
from samples.selectors.movement_rows import discrepancy_data
from samples.selectors.radiation import assessment_data, policy_data, radiation_data, screen_data
from samples.selectors.receipts import discrepancy_row, select_discrepancies
from samples.selectors.samples import find_sample
from samples.services import settling
from samples.services.sampling_record import Moment
from samples.services.screening import DoseRate, record_gamma, record_screen, set_policy


class ScreenBody(Struct):
    dose_rate: Decimal
    background: Decimal
    distance_cm: Decimal
    instrument: str
    uncertainty: Decimal = Decimal(0)
    k: Decimal = Decimal(2)
    remark: str = ""
    at: Moment | None = None


class ScreenView(ActionView):
    """The dose rate at the door."""

    actions: ClassVar[dict[str, Action]] = {"POST": Action.RADIATION_SCREEN}

    @extend_schema(operation_id="samples_screen", request=schemas.NewScreenSchema, responses={201: schemas.ScreenSchema})
    def post(self, request: Request, code: str) -> Response:
        """Record a dose rate at the closed package. Not below its limit, the sample is quarantined."""
        sample = find_sample(code, request.user)
        body: ScreenBody = decode(request, ScreenBody)
        members = msgspec.structs.asdict(body)
        at = members.pop("at")
        return Response(screen_data(record_screen(sample=sample, reading=DoseRate(**members), by=request.user, at=at)), status=201)


class NuclideBody(Struct):
    nuclide: str
    activity: Decimal
    qualifier: Literal["", "<", ">"] = ""
    uncertainty: Decimal = Decimal(0)
    k: Decimal = Decimal(2)


class GammaBody(Struct):
    reference: str
    nuclides: Annotated[list[NuclideBody], msgspec.Meta(max_length=20)]
    measured_by: str = ""
    at: Moment | None = None


class GammaView(ActionView):
    """A gamma spectrum."""

    actions: ClassVar[dict[str, Action]] = {"POST": Action.RADIATION_ASSESS}

    @extend_schema(operation_id="samples_gamma", request=schemas.NewGammaSchema, responses={201: schemas.ActivitySchema})
    def post(self, request: Request, code: str) -> Response:
        """Record activities by gamma spectrometry. What reaches the limit is held and gets a discrepancy."""
        sample = find_sample(code, request.user)
        body: GammaBody = decode(request, GammaBody)
        nuclides = [NuclideActivity(**msgspec.structs.asdict(one)) for one in body.nuclides]
        made = record_gamma(
            sample=sample, nuclides=nuclides, measured_by_name=body.measured_by, reference=body.reference, by=request.user, at=body.at
        )
        return Response(assessment_data(made), status=201)


class RadiationView(ActionView):
    """Radiation of one sample."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.RADIATION_VIEW}

    @extend_schema(operation_id="samples_radiation", responses=schemas.RadiationSchema)
    def get(self, request: Request, code: str) -> Response:
        """Dose rates and activities, the newest first."""
        return Response(radiation_data(find_sample(code, request.user), request.user))


class PolicyBody(Struct):
    reason: str
    requires_screen: bool | msgspec.UnsetType = msgspec.UNSET
    dose_rate_limit: Decimal | msgspec.UnsetType = msgspec.UNSET
    activity_limit: Decimal | msgspec.UnsetType = msgspec.UNSET
    gamma_for_processed: bool | msgspec.UnsetType = msgspec.UNSET
    quarantine_place: str | msgspec.UnsetType = msgspec.UNSET
    mass_tolerance_percent: Decimal | msgspec.UnsetType = msgspec.UNSET
    mass_tolerance_g: Decimal | msgspec.UnsetType = msgspec.UNSET
    clock_skew_minutes: int | msgspec.UnsetType = msgspec.UNSET


class DoorPolicyView(ActionView):
    """What the caller's laboratory asks for at its door."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.POLICY_VIEW, "POST": Action.POLICY_EDIT}

    @extend_schema(operation_id="door_policy_retrieve", responses=schemas.DoorPolicySchema)
    def get(self, request: Request) -> Response:
        """The limits and tolerances in force."""
        return Response(policy_data(DoorPolicy.of(request.user.organisation_id)))

    @extend_schema(operation_id="door_policy_set", request=schemas.NewDoorPolicySchema, responses={201: schemas.DoorPolicySchema})
    def post(self, request: Request) -> Response:
        """A new version; what is not given stays. What was measured keeps the limit it was judged by."""
        body: PolicyBody = decode(request, PolicyBody)
        values: dict[str, Any] = {name: value for name, value in msgspec.structs.asdict(body).items() if value is not msgspec.UNSET}
        reason = values.pop("reason")
        return Response(policy_data(set_policy(values=values, reason=reason, by=request.user)), status=201)


class DiscrepancyView(ActionView):
    """One discrepancy."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.CONSIGNMENT_VIEW}

    @extend_schema(operation_id="discrepancies_retrieve", responses=DiscrepancyDetailSchema)
    def get(self, request: Request, pk: UUID) -> Response:
        """Both sides of it, who must decide and what waits for that; `content_hash` goes back as `shown_hash` when it is settled."""
        found = fetch_visible(Discrepancy, request.user, queryset=select_discrepancies(request.user), pk=pk)
        return Response(
            {
                **discrepancy_data(discrepancy_row(found, request.user)),
                "content_hash": settling.hash_shown(found),
                "possible_decisions": [] if found.decided_at else [str(one) for one in settling.possible_decisions(found.sample)],
                "blockers": [blocker.sentence for blocker in settling.settlement_blockers(found, request.user)],
            }
        )
