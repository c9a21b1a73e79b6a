"""The calls on samples as the OpenAPI description shows them. What is accepted is decided by the services."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from samples.custody.kinds import EventKind
from samples.lifecycle import SampleState
from samples.models.handling import DepartureKind
from samples.models.samples import HoldKind, Material, SampleKind, SamplingMethod
from samples.services.splitting import PART_KINDS

_CODE = "S-26-00142-K; at a laboratory the blind code"


class Schema(serializers.Serializer[Any]):
    """A shape, never used to validate."""


class SamplingRecordSchema(Schema):
    mine = serializers.CharField(help_text="Code, name or UUID")
    material = serializers.ChoiceField(choices=Material.choices)
    method = serializers.ChoiceField(choices=SamplingMethod.choices)
    collected_at = serializers.DateTimeField(help_text="RFC 3339 with offset")
    mass_g = serializers.DecimalField(12, 3, help_text="Grams, to the milligram")
    container = serializers.CharField()
    code = serializers.CharField(required=False, help_text="Of a label printed before (`/allotments/`); empty: a new one is given")
    collected_zone = serializers.CharField(required=False, help_text="IANA zone of the place, by default Asia/Yangon")
    collected_by = serializers.CharField(required=False, help_text="Empty: whoever registers")
    field_id = serializers.CharField(required=False, help_text="What stands on the bag; once per organisation")
    visit = serializers.CharField(required=False, help_text="Code of the visit")
    pit = serializers.CharField(required=False, help_text="Code of the pit within the mine")
    duplicate_of = serializers.CharField(required=False, help_text="Code or field id of the sample this one repeats")
    latitude = serializers.DecimalField(9, 6, required=False, allow_null=True, help_text="Decimal degrees, WGS 84")
    longitude = serializers.DecimalField(9, 6, required=False, allow_null=True)
    depth_from_m = serializers.DecimalField(8, 2, required=False, allow_null=True)
    depth_to_m = serializers.DecimalField(8, 2, required=False, allow_null=True)
    container_count = serializers.IntegerField(required=False)
    seal_number = serializers.CharField(required=False, help_text="A seal is used once")
    remark = serializers.CharField(required=False)


class CorrectionSchema(Schema):
    reason = serializers.CharField(help_text="Kept with the sample for good")
    mine = serializers.CharField(required=False)
    material = serializers.ChoiceField(choices=Material.choices, required=False)
    method = serializers.ChoiceField(choices=SamplingMethod.choices, required=False)
    collected_at = serializers.DateTimeField(required=False)
    collected_zone = serializers.CharField(required=False)
    collected_by = serializers.CharField(required=False)
    field_id = serializers.CharField(required=False)
    visit = serializers.CharField(required=False)
    pit = serializers.CharField(required=False)
    latitude = serializers.DecimalField(9, 6, required=False, allow_null=True)
    longitude = serializers.DecimalField(9, 6, required=False, allow_null=True)
    depth_from_m = serializers.DecimalField(8, 2, required=False, allow_null=True)
    depth_to_m = serializers.DecimalField(8, 2, required=False, allow_null=True)
    mass_g = serializers.DecimalField(12, 3, required=False, help_text="Only before the sample is packed, split or used")
    container = serializers.CharField(required=False, help_text="As mass_g")
    container_count = serializers.IntegerField(required=False, help_text="As mass_g")
    seal_number = serializers.CharField(required=False, help_text="As mass_g")
    remark = serializers.CharField(required=False)


class SampleSchema(Schema):
    id = serializers.UUIDField()
    code = serializers.CharField(help_text=_CODE)
    state = serializers.ChoiceField(choices=SampleState.choices)
    on_hold = serializers.BooleanField()
    has_open_discrepancy = serializers.BooleanField()
    kind = serializers.ChoiceField(choices=SampleKind.choices)
    parent = serializers.CharField(allow_null=True)  # type: ignore[assignment]
    material = serializers.ChoiceField(choices=Material.choices)
    method = serializers.ChoiceField(choices=SamplingMethod.choices)
    mass_g = serializers.CharField(help_text="What is left, in grams")
    container = serializers.CharField()
    container_count = serializers.IntegerField()
    seal_number = serializers.CharField(allow_null=True)
    laboratory = serializers.CharField(allow_null=True, help_text="Code")
    received_at = serializers.DateTimeField(allow_null=True)
    version = serializers.IntegerField(help_text="Counts corrections; the ETag")
    blind_code = serializers.CharField(required=False)
    field_id = serializers.CharField(required=False)
    mine = serializers.CharField(required=False, allow_null=True, help_text="Null for a composite of several: see `mines`")
    mine_name = serializers.CharField(required=False, allow_null=True)
    mines = serializers.ListField(child=serializers.CharField(), required=False, help_text="Every mine whose material is in it")
    belt = serializers.CharField(required=False)
    pit = serializers.CharField(required=False, allow_null=True)
    visit = serializers.CharField(required=False, allow_null=True)
    latitude = serializers.CharField(required=False, allow_null=True, help_text="Only to who has just given it; else `POST /origins/`")
    longitude = serializers.CharField(required=False, allow_null=True)
    depth_from_m = serializers.CharField(required=False, allow_null=True)
    depth_to_m = serializers.CharField(required=False, allow_null=True)
    collected_by = serializers.CharField(required=False)
    collected_at = serializers.DateTimeField(required=False)
    collected_zone = serializers.CharField(required=False)
    collected_mass_g = serializers.CharField(required=False)
    owner = serializers.CharField(required=False, help_text="Code")
    holder = serializers.CharField(required=False, help_text="Code")
    place = serializers.CharField(required=False)
    remark = serializers.CharField(required=False)
    registered_by = serializers.CharField(required=False)
    registered_at = serializers.DateTimeField(required=False)


class SamplePageSchema(Schema):
    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)
    count = serializers.IntegerField(required=False)
    results = SampleSchema(many=True)


class HoldSchema(Schema):
    id = serializers.UUIDField()
    kind = serializers.ChoiceField(choices=HoldKind.choices)
    reason = serializers.CharField(allow_null=True, help_text="Null where it is not the caller's to know")
    opened_by = serializers.CharField(allow_null=True)
    opened_at = serializers.DateTimeField()
    released_at = serializers.DateTimeField(allow_null=True)
    release_reason = serializers.CharField(allow_null=True)


class SampleDetailSchema(SampleSchema):
    holds = HoldSchema(many=True)
    parts = serializers.ListField(child=serializers.CharField())
    warnings = serializers.ListField(child=serializers.CharField(), required=False, help_text="What the seal register says; on registering")


class OutcomeSchema(Schema):
    index = serializers.IntegerField()
    outcome = serializers.ChoiceField(choices=["registered", "valid", "refused", "not_registered"])
    id = serializers.UUIDField(required=False)
    code = serializers.CharField(required=False)
    blind_code = serializers.CharField(required=False)
    field_id = serializers.CharField(required=False)
    warnings = serializers.ListField(child=serializers.CharField(), required=False, help_text="What the seal register says; on registering")


class RegistrationSchema(Schema):
    dry_run = serializers.BooleanField()
    results = OutcomeSchema(many=True)


class ProblemRowSchema(Schema):
    pointer = serializers.CharField(help_text="/3/mass_g")
    code = serializers.CharField()
    detail = serializers.CharField()


class RegistrationDetailsSchema(Schema):
    results = OutcomeSchema(many=True)


class RegistrationProblemSchema(Schema):
    type = serializers.CharField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    detail = serializers.CharField()
    code = serializers.CharField()
    errors = ProblemRowSchema(many=True, required=False)  # type: ignore[assignment]
    details = RegistrationDetailsSchema(required=False)


class PartSchema(Schema):
    mass_g = serializers.DecimalField(12, 3)
    kind = serializers.ChoiceField(choices=PART_KINDS, required=False)
    container = serializers.CharField(required=False)
    seal_number = serializers.CharField(required=False)


class SplitSchema(Schema):
    parts = PartSchema(many=True)
    remaining_g = serializers.DecimalField(12, 3, help_text="What stays under the sample's own code")
    reason = serializers.CharField(required=False, help_text="Needed where more than 2 % is lost")


class SplitResultSchema(Schema):
    sample = SampleSchema()
    parts = SampleSchema(many=True)


class NewHoldSchema(Schema):
    kind = serializers.ChoiceField(choices=HoldKind.choices)
    reason = serializers.CharField()


class ReleaseSchema(Schema):
    reason = serializers.CharField()
    hold = serializers.UUIDField(required=False, help_text="Needed where several are open")
    kind = serializers.ChoiceField(choices=HoldKind.choices, required=False)
    password = serializers.CharField(required=False, help_text="Signs the release of a hold for safety: the caller's own, again")
    place = serializers.CharField(required=False, help_text="Where a quarantined sample is put now")


class ReturnSchema(Schema):
    reason = serializers.CharField(help_text="How and why; kept with the sample for good")
    witness = serializers.CharField(help_text="User name of a colleague of the same laboratory")
    witness_password = serializers.CharField(help_text="The witness types it")
    password = serializers.CharField(help_text="The caller's own")


class DisposalSchema(ReturnSchema):
    early = serializers.BooleanField(required=False, help_text="True: before its retention has ended")


class DeparturesSchema(DisposalSchema):
    samples = serializers.ListField(child=serializers.CharField())
    kind = serializers.ChoiceField(choices=DepartureKind.choices)


class DepartedSchema(Schema):
    kind = serializers.ChoiceField(choices=DepartureKind.choices)
    samples = serializers.ListField(child=serializers.CharField())


class ShareSchema(Schema):
    sample = serializers.CharField()
    mass_g = serializers.CharField()


class CompositeSchema(Schema):
    shares = ShareSchema(many=True)
    mass_g = serializers.CharField(help_text="What the composite weighs")
    container = serializers.CharField(required=False, allow_blank=True)
    seal_number = serializers.CharField(required=False, allow_blank=True)
    reason = serializers.CharField(required=False, allow_blank=True, help_text="Needed where more is lost than the material's tolerance")


class ProofSchema(Schema):
    tree_size = serializers.IntegerField()
    hashes = serializers.ListField(child=serializers.CharField(), help_text="RFC 9162 inclusion path, hexadecimal")


class CustodyEventSchema(Schema):
    seq = serializers.IntegerField()
    kind = serializers.ChoiceField(choices=EventKind.choices)
    occurred_at = serializers.DateTimeField()
    recorded_at = serializers.DateTimeField()
    previous = serializers.CharField(allow_null=True, help_text="Hash of the sample's previous event, hexadecimal")
    hash = serializers.CharField(help_text="SHA-256 of the canonical bytes, hexadecimal")
    seal_number = serializers.CharField(allow_blank=True)
    seal_condition = serializers.CharField(allow_blank=True)
    mass_g = serializers.CharField(allow_null=True)
    container_count = serializers.IntegerField(allow_null=True)
    purpose = serializers.CharField(allow_blank=True)
    consignment = serializers.CharField(allow_blank=True)
    corrects = serializers.IntegerField(allow_null=True)
    detail = serializers.DictField(child=serializers.CharField())
    disclosed = serializers.DictField(child=serializers.CharField(), help_text="Restricted fields the caller may see")
    canonical = serializers.CharField(required=False, help_text="Base64 of the exact hashed bytes")
    salts = serializers.DictField(
        child=serializers.CharField(), required=False, help_text="Hexadecimal; SHA-256(salt ‖ value) is the commitment"
    )
    leaf_index = serializers.IntegerField(required=False, allow_null=True, help_text="Null until the event has its place in the log")
    leaf_hash = serializers.CharField(required=False, help_text="SHA-256(0x00 ‖ bytes), hexadecimal")
    proof = ProofSchema(required=False, allow_null=True, help_text="In the tree of `checkpoint`; null until it covers the event")


class CustodySchema(Schema):
    sample = serializers.CharField()
    id = serializers.UUIDField()
    events = CustodyEventSchema(many=True)
    checkpoint = serializers.CharField(allow_null=True, help_text="The signed checkpoint the proofs lead to; with proof=1")


class PitSchema(Schema):
    code = serializers.CharField()
    kind = serializers.CharField()
    elevation_m = serializers.CharField(allow_null=True)
    remark = serializers.CharField(allow_blank=True)


class MineSchema(Schema):
    id = serializers.UUIDField()
    code = serializers.CharField()
    name = serializers.CharField()
    belt = serializers.CharField()
    township = serializers.CharField(allow_blank=True)
    control = serializers.CharField(allow_blank=True)
    extraction_method = serializers.CharField(allow_blank=True)
    active = serializers.BooleanField()


class MineDetailSchema(MineSchema):
    remark = serializers.CharField(allow_blank=True)
    pits = PitSchema(many=True)


class MinePageSchema(Schema):
    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)
    count = serializers.IntegerField(required=False)
    results = MineSchema(many=True)
