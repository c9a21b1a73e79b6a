"""The calls on provenance as the OpenAPI description shows them."""

from __future__ import annotations

from rest_framework import serializers

from samples.api.sample_schemas import Schema
from samples.provenance.models import (
    AssessmentDecision,
    EvidenceKind,
    ExtractionMethod,
    Identification,
    KnownAnswer,
    PartyRole,
    PayeeKind,
    PaymentReason,
    StageKind,
)


class IntermediarySchema(Schema):
    name = serializers.CharField()
    role = serializers.ChoiceField(choices=PartyRole.choices)
    jurisdiction = serializers.CharField(required=False, help_text="ISO 3166, two letters")
    identified_by = serializers.ChoiceField(choices=Identification.choices, required=False)
    identifier = serializers.CharField(required=False)
    beneficial_owner = serializers.CharField(required=False)
    remark = serializers.CharField(required=False)


class StageSchema(Schema):
    kind = serializers.ChoiceField(choices=StageKind.choices)
    place = serializers.CharField()
    jurisdiction = serializers.CharField(required=False)
    conflict_area = serializers.ChoiceField(choices=KnownAnswer.choices, required=False)
    arrived_on = serializers.DateField(required=False, allow_null=True)
    left_on = serializers.DateField(required=False, allow_null=True)
    remark = serializers.CharField(required=False)


class PaymentSchema(Schema):
    payer = serializers.CharField()
    payee = serializers.CharField()
    payee_kind = serializers.ChoiceField(choices=PayeeKind.choices)
    reason = serializers.ChoiceField(choices=PaymentReason.choices)
    amount = serializers.DecimalField(16, 2, required=False, allow_null=True)
    currency = serializers.CharField(required=False, help_text="ISO 4217, three letters")
    paid_on = serializers.DateField(required=False, allow_null=True)
    place = serializers.CharField(required=False)
    basis = serializers.CharField(required=False)
    remark = serializers.CharField(required=False)


class LotSchema(Schema):
    quantity_kg = serializers.DecimalField(14, 3, required=False, allow_null=True)
    extraction_method = serializers.ChoiceField(choices=ExtractionMethod.choices, required=False)
    extracted_from = serializers.DateField(required=False, allow_null=True)
    extracted_until = serializers.DateField(required=False, allow_null=True)
    acquired_on = serializers.DateField(required=False, allow_null=True)
    sent_on = serializers.DateField(required=False, allow_null=True)
    permits = serializers.CharField(required=False, help_text="One a line")
    no_intermediary = serializers.BooleanField(required=False)
    no_payment = serializers.BooleanField(required=False)
    remark = serializers.CharField(required=False)


class NewProvenanceSchema(LotSchema):
    mine = serializers.CharField(help_text="Code")
    consignment = serializers.CharField(required=False, help_text="Code; or else the visit")
    visit = serializers.CharField(required=False, help_text="Code")
    intermediaries = IntermediarySchema(many=True, required=False)
    route = StageSchema(many=True, required=False)
    payments = PaymentSchema(many=True, required=False)


class ProvenanceChangeSchema(LotSchema):
    reason = serializers.CharField()


class ProvenanceSchema(Schema):
    code = serializers.CharField()
    owner = serializers.CharField()
    mine = serializers.CharField()
    belt = serializers.CharField()
    consignment = serializers.CharField(allow_null=True)
    visit = serializers.CharField(allow_null=True)
    quantity_kg = serializers.CharField(allow_null=True)
    extraction_method = serializers.CharField(allow_blank=True)
    extracted_from = serializers.DateField(allow_null=True)
    extracted_until = serializers.DateField(allow_null=True)
    acquired_on = serializers.DateField(allow_null=True)
    sent_on = serializers.DateField(allow_null=True)
    met = serializers.IntegerField(help_text="Required facts that are recorded")
    asked = serializers.IntegerField(help_text="Required facts")
    missing = serializers.ListField(child=serializers.CharField())
    flags = serializers.ListField(child=serializers.CharField())
    open_flags = serializers.ListField(child=serializers.CharField())
    version = serializers.IntegerField(help_text="The ETag")


class ProvenancePageSchema(Schema):
    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)
    count = serializers.IntegerField(required=False)
    results = ProvenanceSchema(many=True)


class ProvenanceFactSchema(Schema):
    label = serializers.CharField()  # type: ignore[assignment]
    value = serializers.CharField()


class AssessmentSchema(Schema):
    flag = serializers.CharField()
    decision = serializers.ChoiceField(choices=AssessmentDecision.choices)
    reason = serializers.CharField()
    mitigation = serializers.CharField(allow_blank=True)
    assessed_by = serializers.CharField()
    assessed_at = serializers.DateTimeField()
    content_hash = serializers.CharField()


class FlagSchema(Schema):
    flag = serializers.CharField()
    sentence = serializers.CharField()
    source = serializers.CharField()  # type: ignore[assignment]
    facts = ProvenanceFactSchema(many=True)
    raised = serializers.BooleanField(help_text="Whether the facts as they stand raise it")
    content_hash = serializers.CharField(help_text="What an assessment is bound to")
    open = serializers.BooleanField()
    assessment = AssessmentSchema(allow_null=True)


class RequirementSchema(Schema):
    code = serializers.CharField()
    sentence = serializers.CharField()
    source = serializers.CharField()  # type: ignore[assignment]


class EvidenceSchema(Schema):
    id = serializers.UUIDField()
    kind = serializers.ChoiceField(choices=EvidenceKind.choices)
    payment = serializers.IntegerField(allow_null=True, help_text="Number of the payment it shows")
    sha256 = serializers.CharField()
    size = serializers.IntegerField()
    content_type = serializers.CharField()


class ProvenanceDetailSchema(ProvenanceSchema):
    requirements = RequirementSchema(many=True, help_text="The missing ones")
    flag_details = FlagSchema(many=True)
    evidence = EvidenceSchema(many=True)


class PurposeSchema(Schema):
    purpose = serializers.CharField(help_text="Kept with the caller's name")


class PartiesSchema(Schema):
    intermediaries = serializers.ListField(child=serializers.DictField())
    route = serializers.ListField(child=serializers.DictField())
    payments = serializers.ListField(child=serializers.DictField())


class AssessSchema(Schema):
    flag = serializers.CharField()
    decision = serializers.ChoiceField(choices=AssessmentDecision.choices)
    reason = serializers.CharField()
    mitigation = serializers.CharField(required=False, help_text="Needed to continue")
    content_hash = serializers.CharField(help_text="That of the flag as it was read")
    password = serializers.CharField()


class NewEvidenceSchema(Schema):
    file = serializers.FileField(help_text="JPEG, PNG, WebP or PDF, at most 15 MB")
    kind = serializers.ChoiceField(choices=EvidenceKind.choices, required=False, help_text="By default other")
    caption = serializers.CharField(required=False)
    payment = serializers.IntegerField(required=False, help_text="Number of the payment it shows")


class AddedPartSchema(Schema):
    number = serializers.IntegerField()
    version = serializers.IntegerField()
