"""The calls on consignments as the OpenAPI description shows them. What is accepted is decided by `consignment_bodies`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers

from samples.lifecycle import ConsignmentState, SampleState
from samples.models.consignments import HandoverManner, HandoverState, PackKind
from samples.models.receipts import Decision, DiscrepancyKind, SealCondition
from samples.services.raising import SEEN_KINDS


def list_parameters(filterset: Any, orderings: Iterable[str]) -> list[OpenApiParameter]:
    """The query of a list: its filters, and what every list takes."""
    order = [name for one in orderings for name in (one, f"-{one}")]
    return [
        *(OpenApiParameter(name, description=str(one.label)) for name, one in filterset.base_filters.items()),
        OpenApiParameter("ordering", enum=order),
        OpenApiParameter("cursor"),
        OpenApiParameter("page_size", int),
        OpenApiParameter("fields", description="Names of members, separated by commas"),
        OpenApiParameter("count", enum=["1"], description="Adds the number of rows"),
    ]


class Schema(serializers.Serializer[Any]):
    """A shape, never used to validate."""


class PackItemSchema(Schema):
    sample = serializers.CharField(help_text="Human code, blind code, UUID or seal number")
    seal_number = serializers.CharField(required=False, help_text="A seal put on now; empty keeps the registered one")


class NewConsignmentSchema(Schema):
    addressee = serializers.CharField(help_text="Code of the laboratory")
    carrier = serializers.CharField(required=False, allow_null=True, help_text="Code of the carrier")
    purpose = serializers.CharField(required=False)
    waybill = serializers.CharField(required=False)
    outer_seal = serializers.CharField(required=False)
    border_post = serializers.CharField(required=False)
    route = serializers.CharField(required=False, allow_null=True, help_text="Code of the route it is expected to take")
    items = PackItemSchema(many=True, required=False)
    at = serializers.DateTimeField(required=False, allow_null=True)


class PackSchema(Schema):
    items = PackItemSchema(many=True)
    pack = serializers.IntegerField(required=False, allow_null=True, help_text="Number of the pack they go into")
    at = serializers.DateTimeField(required=False, allow_null=True)


class UnpackSchema(Schema):
    sample = serializers.CharField()
    at = serializers.DateTimeField(required=False, allow_null=True)


class ReasonSchema(Schema):
    reason = serializers.CharField()
    at = serializers.DateTimeField(required=False, allow_null=True)


class DispatchSchema(Schema):
    expected_by = serializers.DateTimeField(required=False, allow_null=True, help_text="By default computed from the route")
    route = serializers.CharField(required=False, allow_null=True, help_text="Code of the expected route")
    season_reason = serializers.CharField(required=False, help_text="Why it leaves although a leg will be closed")
    place = serializers.CharField(required=False, help_text="Where it leaves from")
    at = serializers.DateTimeField(required=False, allow_null=True)


class OfferSchema(Schema):
    receiver = serializers.CharField(help_text="Code of the organisation that takes it over")
    place = serializers.CharField(required=False)
    remark = serializers.CharField(required=False)
    password = serializers.CharField(
        required=False, allow_null=True, help_text="The giver's own password makes it a signature; needed in production"
    )
    at = serializers.DateTimeField(required=False, allow_null=True)


class MeetingSchema(Schema):
    taker = serializers.CharField(help_text="User name of who takes it over")
    taker_password = serializers.CharField(help_text="The taker's own password")
    password = serializers.CharField(help_text="The giver's own password")
    seals_intact = serializers.BooleanField(required=False, allow_null=True, help_text="null where nobody looked; false needs a remark")
    place = serializers.CharField(required=False)
    remark = serializers.CharField(required=False)
    at = serializers.DateTimeField(required=False, allow_null=True)


class HandoverTokenSchema(Schema):
    token = serializers.CharField(help_text="Good once, for minutes; told only now")
    url = serializers.CharField(help_text="What the giver's phone shows as a QR")
    expires_at = serializers.DateTimeField()


class PaperFormSchema(Schema):
    file = serializers.FileField(help_text="Scan or photograph of the form: PDF, JPEG, PNG or WebP, at most 15 MB")
    receiver = serializers.CharField(help_text="Code of the organisation that took it over")
    giver_person = serializers.CharField(help_text="Name on the form")
    receiver_person = serializers.CharField(help_text="Name on the form")
    relinquished_at = serializers.DateTimeField(help_text="As on the form")
    answered_at = serializers.DateTimeField(help_text="As on the form")
    reason = serializers.CharField(help_text="Why on paper")
    password = serializers.CharField(help_text="The caller's own: it signs that the form says this")
    seals_intact = serializers.BooleanField(required=False, allow_null=True)
    place = serializers.CharField(required=False)
    remark = serializers.CharField(required=False)


class AnswerSchema(Schema):
    token = serializers.CharField(required=False, help_text="The code read from the giver's phone; then the password is needed")
    accept = serializers.BooleanField(required=False, default=True)
    seals_intact = serializers.BooleanField(required=False, allow_null=True, help_text="null where nobody looked; false needs a remark")
    place = serializers.CharField(required=False)
    remark = serializers.CharField(required=False, help_text="Needed for a refusal")
    password = serializers.CharField(
        required=False, allow_null=True, help_text="The receiver's own password makes it a signature; needed in production"
    )
    at = serializers.DateTimeField(required=False, allow_null=True)


class FoundSchema(Schema):
    sample = serializers.CharField(help_text="The code on the bag")
    present = serializers.BooleanField(required=False, default=True)
    seal_number = serializers.CharField(required=False, help_text="As read; needed for an intact seal")
    seal_condition = serializers.ChoiceField(choices=SealCondition.choices, required=False, help_text="Needed for a present sample")
    container_intact = serializers.BooleanField(required=False, allow_null=True, help_text="Needed for a present sample")
    container_count = serializers.IntegerField(required=False, allow_null=True, min_value=1)
    mass_g = serializers.DecimalField(max_digits=12, decimal_places=3, required=False, allow_null=True)
    remark = serializers.CharField(required=False)


class OuterSealSchema(Schema):
    """How the seal around a pack was found; without a number that of the whole consignment."""

    number = serializers.IntegerField(required=False, allow_null=True)
    seal_number = serializers.CharField(required=False)
    seal_condition = serializers.ChoiceField(choices=SealCondition.choices)


class ReceptionSchema(Schema):
    items = FoundSchema(many=True, help_text="A listed sample that is not named is recorded as missing")
    packs = OuterSealSchema(many=True, required=False, help_text="How the outer seals were found, as far as somebody looked")
    remark = serializers.CharField(required=False)
    rest_follows = serializers.BooleanField(required=False, help_text="What is not named comes later, instead of being missing")
    at = serializers.DateTimeField(required=False, allow_null=True)


class SomeSamplesSchema(Schema):
    samples = serializers.ListField(child=serializers.CharField(), required=False, allow_null=True, help_text="null or left out: all")
    at = serializers.DateTimeField(required=False, allow_null=True)


class LossSchema(SomeSamplesSchema):
    reason = serializers.CharField()
    place = serializers.CharField(required=False)


class FindingSchema(SomeSamplesSchema):
    place = serializers.CharField()
    seals_intact = serializers.BooleanField(required=False, allow_null=True)
    remark = serializers.CharField(required=False, help_text="Needed for a broken seal")


class RefusalSchema(SomeSamplesSchema):
    reason = serializers.CharField()


class SendingBackSchema(SomeSamplesSchema):
    reason = serializers.CharField()
    carrier = serializers.CharField(required=False, allow_null=True)
    waybill = serializers.CharField(required=False)
    outer_seal = serializers.CharField(required=False)


class TakingBackSchema(Schema):
    missing = serializers.ListField(child=serializers.CharField(), help_text="Codes; empty where all are there")
    remark = serializers.CharField(required=False, help_text="Needed where something is missing")
    at = serializers.DateTimeField(required=False, allow_null=True)


class OnwardPortionSchema(Schema):
    sample = serializers.CharField()
    mass_g = serializers.CharField(required=False, allow_null=True, help_text="Grams; null or left out: all that is left")
    seal_number = serializers.CharField(required=False)


class OnwardSchema(Schema):
    addressee = serializers.CharField(help_text="Code of the other laboratory")
    portions = OnwardPortionSchema(many=True)
    carrier = serializers.CharField(required=False, allow_null=True)
    waybill = serializers.CharField(required=False)
    outer_seal = serializers.CharField(required=False)
    at = serializers.DateTimeField(required=False, allow_null=True)


class NewDiscrepancySchema(Schema):
    sample = serializers.CharField()
    kind = serializers.ChoiceField(choices=SEEN_KINDS)
    detail = serializers.CharField(help_text="What was expected, and what is there")
    at = serializers.DateTimeField(required=False, allow_null=True)


class SettlementSchema(Schema):
    decision = serializers.ChoiceField(choices=Decision.choices)
    reason = serializers.CharField()
    password = serializers.CharField(help_text="The signer's own password, again")
    meaning = serializers.ChoiceField(choices=["settlement"], required=False)
    shown_hash = serializers.CharField(help_text="`content_hash` of the discrepancy as it was read; a change since refuses it")
    at = serializers.DateTimeField(required=False, allow_null=True)


class ConsignmentSchema(Schema):
    """One consignment in a list."""

    code = serializers.CharField()
    state = serializers.ChoiceField(choices=ConsignmentState.choices)
    sender = serializers.CharField(allow_null=True)
    sender_name = serializers.CharField(allow_null=True)
    carrier = serializers.CharField(allow_null=True)
    carrier_name = serializers.CharField(allow_null=True)
    addressee = serializers.CharField(allow_null=True)
    addressee_name = serializers.CharField(allow_null=True)
    holder = serializers.CharField(allow_null=True)
    holder_name = serializers.CharField(allow_null=True)
    since = serializers.DateTimeField(help_text="Since when the holder has it")
    waiting_for = serializers.CharField(allow_null=True, help_text="Who has not answered a handover")
    waiting_for_name = serializers.CharField(allow_null=True)
    waiting_since = serializers.DateTimeField(allow_null=True)
    items_count = serializers.IntegerField()
    open_discrepancies = serializers.IntegerField()
    last_seen = serializers.CharField()
    last_seen_at = serializers.DateTimeField(allow_null=True)
    purpose = serializers.CharField()
    waybill = serializers.CharField()
    border_post = serializers.CharField()
    outer_seal = serializers.CharField()
    created_at = serializers.DateTimeField()
    dispatched_at = serializers.DateTimeField(allow_null=True)
    expected_by = serializers.DateTimeField(allow_null=True)
    received_at = serializers.DateTimeField(allow_null=True)
    overdue = serializers.BooleanField()


class ConsignmentItemSchema(Schema):
    sample = serializers.CharField()
    blind_code = serializers.CharField(allow_null=True)
    seal_number = serializers.CharField()
    container_count = serializers.IntegerField()
    mass_g = serializers.CharField()
    state = serializers.ChoiceField(choices=SampleState.choices)
    on_hold = serializers.BooleanField()
    has_open_discrepancy = serializers.BooleanField()
    pack = serializers.IntegerField(allow_null=True)


class OuterPackSchema(Schema):
    number = serializers.IntegerField()
    kind = serializers.ChoiceField(choices=PackKind.choices)
    seal_number = serializers.CharField()
    gross_kg = serializers.CharField(allow_null=True)


class NewPackSchema(Schema):
    kind = serializers.ChoiceField(choices=PackKind.choices)


class PackSealSchema(Schema):
    seal_number = serializers.CharField()
    gross_kg = serializers.CharField(required=False, allow_null=True, help_text="Kilograms")
    at = serializers.DateTimeField(required=False, allow_null=True)


class HandoverSchema(Schema):
    id = serializers.UUIDField()
    state = serializers.ChoiceField(choices=HandoverState.choices)
    giver = serializers.CharField(allow_null=True)
    giver_person = serializers.CharField(allow_null=True)
    receiver = serializers.CharField()
    receiver_person = serializers.CharField(allow_null=True)
    place = serializers.CharField()
    remark = serializers.CharField()
    relinquished_at = serializers.DateTimeField()
    answered_at = serializers.DateTimeField(allow_null=True)
    answer_remark = serializers.CharField()
    seals_intact = serializers.BooleanField(allow_null=True)
    giver_signed = serializers.BooleanField()
    receiver_signed = serializers.BooleanField()
    manner = serializers.ChoiceField(choices=HandoverManner.choices)
    paper_reason = serializers.CharField()
    recorded_by = serializers.CharField(allow_null=True)
    recorded_at = serializers.DateTimeField(allow_null=True, help_text="When a handover on paper was recorded")


class ReceiptDiscrepancySchema(Schema):
    id = serializers.UUIDField()
    kind = serializers.ChoiceField(choices=DiscrepancyKind.choices)
    detail = serializers.CharField()
    decision = serializers.ChoiceField(choices=Decision.choices, allow_null=True)


class ReceiptLineSchema(Schema):
    sample = serializers.CharField()
    blind_code = serializers.CharField(allow_null=True)
    outcome = serializers.ChoiceField(choices=["received", "discrepancy", "missing"])
    present = serializers.BooleanField()
    seal_number = serializers.CharField()
    seal_condition = serializers.ChoiceField(choices=SealCondition.choices, allow_null=True)
    container_intact = serializers.BooleanField(allow_null=True)
    container_count = serializers.IntegerField(allow_null=True)
    mass_g = serializers.CharField(allow_null=True)
    remark = serializers.CharField()
    discrepancies = ReceiptDiscrepancySchema(many=True)


class ReceiptSchema(Schema):
    id = serializers.UUIDField()
    received_at = serializers.DateTimeField()
    received_by = serializers.CharField()
    remark = serializers.CharField()
    packs = OuterSealSchema(many=True)
    items = ReceiptLineSchema(many=True)


class ConsignmentDetailSchema(ConsignmentSchema):
    """One consignment with everything that happened to it."""

    items = ConsignmentItemSchema(many=True)
    packs = OuterPackSchema(many=True)
    handovers = HandoverSchema(many=True)
    receipts = ReceiptSchema(many=True)


class DiscrepancySchema(Schema):
    id = serializers.UUIDField()
    state = serializers.ChoiceField(choices=["open", "settled"])
    sample = serializers.CharField()
    consignment = serializers.CharField(allow_null=True)
    laboratory = serializers.CharField()
    laboratory_name = serializers.CharField()
    kind = serializers.ChoiceField(choices=DiscrepancyKind.choices)
    severity = serializers.ChoiceField(choices=["critical", "major", "minor"])
    settled_by = serializers.ListField(child=serializers.CharField(), help_text="Roles of the laboratory that decide")
    blocks = serializers.ListField(child=serializers.CharField(), help_text="Steps that wait for the decision")
    detail = serializers.CharField()
    found_at = serializers.DateTimeField()
    found_by = serializers.CharField()
    decision = serializers.ChoiceField(choices=Decision.choices, allow_null=True)
    reason = serializers.CharField()
    decided_by = serializers.CharField(allow_null=True)
    decided_at = serializers.DateTimeField(allow_null=True)


class DiscrepancyDetailSchema(DiscrepancySchema):
    """One discrepancy, with the hash a settlement is bound to."""

    content_hash = serializers.CharField()
    possible_decisions = serializers.ListField(child=serializers.CharField())
    blockers = serializers.ListField(child=serializers.CharField(), help_text="Why the caller cannot settle it now")


class ConsignmentPage(Schema):
    """A page of consignments."""

    next = serializers.CharField(allow_null=True)
    previous = serializers.CharField(allow_null=True)
    count = serializers.IntegerField(required=False)
    results = ConsignmentSchema(many=True)


class DiscrepancyPage(Schema):
    """A page of discrepancies."""

    next = serializers.CharField(allow_null=True)
    previous = serializers.CharField(allow_null=True)
    count = serializers.IntegerField(required=False)
    results = DiscrepancySchema(many=True)
