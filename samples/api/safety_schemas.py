"""The calls on radiation and seals as the OpenAPI description shows them."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from samples.models.radiation import ActivitySource
from samples.radiation_rules import NUCLIDES_OF_PROCESSED
from samples.selectors.seals import SEAL_STATES

_PAST = "RFC 3339 with offset; default: now"


class Schema(serializers.Serializer[Any]):
    """A shape, never used to validate."""


class NewScreenSchema(Schema):
    dose_rate = serializers.DecimalField(9, 3, help_text="µSv/h at the closed package")
    background = serializers.DecimalField(9, 3, help_text="µSv/h, away from every package")
    distance_cm = serializers.DecimalField(5, 1)
    instrument = serializers.CharField()
    uncertainty = serializers.DecimalField(9, 3, required=False, help_text="Expanded, of the net dose rate, µSv/h")
    k = serializers.DecimalField(3, 1, required=False, help_text="Coverage factor, by default 2")
    remark = serializers.CharField(required=False)
    at = serializers.DateTimeField(required=False, help_text=_PAST)


class ScreenSchema(Schema):
    id = serializers.UUIDField()
    dose_rate = serializers.CharField()
    background = serializers.CharField()
    uncertainty = serializers.CharField()
    k = serializers.CharField()
    unit = serializers.CharField()
    distance_cm = serializers.CharField()
    instrument = serializers.CharField()
    limit = serializers.CharField(help_text="µSv/h above background, as it was when this was measured")
    passed = serializers.BooleanField(help_text="(dose rate - background) + U < limit")
    finding = serializers.CharField()
    remark = serializers.CharField()
    measured_by = serializers.CharField()
    measured_at = serializers.DateTimeField()


class NuclideSchema(Schema):
    nuclide = serializers.ChoiceField(choices=list(NUCLIDES_OF_PROCESSED))
    activity = serializers.CharField(help_text="Bq/g; with a qualifier the bound")
    qualifier = serializers.ChoiceField(choices=["", "<", ">"], required=False)
    uncertainty = serializers.CharField(required=False, help_text="Expanded, Bq/g; needed without a qualifier")
    k = serializers.CharField(required=False)


class NewGammaSchema(Schema):
    reference = serializers.CharField(help_text="Report or spectrum")
    measured_by = serializers.CharField(required=False, help_text="The laboratory of the spectrometer, where it is another")
    nuclides = NuclideSchema(many=True)
    at = serializers.DateTimeField(required=False, help_text=_PAST)


class ActivitySchema(Schema):
    id = serializers.UUIDField()
    source = serializers.ChoiceField(choices=ActivitySource.choices)  # type: ignore[assignment]  # a member, not the field's own source
    measured_by = serializers.CharField()
    reference = serializers.CharField()
    processed = serializers.BooleanField(help_text="A chemical product, which only gamma spectrometry clears")
    limit = serializers.CharField()
    unit = serializers.CharField()
    cleared = serializers.BooleanField(help_text="Every nuclide's value + U is below the limit")
    reasons = serializers.ListField(child=serializers.CharField())
    nuclides = NuclideSchema(many=True)
    recorded_by = serializers.CharField(allow_null=True)
    recorded_at = serializers.DateTimeField()


class RadiationSchema(Schema):
    sample = serializers.CharField()
    needs_screen = serializers.BooleanField()
    screens = ScreenSchema(many=True)
    activities = ActivitySchema(many=True)


class NewDoorPolicySchema(Schema):
    requires_screen = serializers.BooleanField(required=False)
    dose_rate_limit = serializers.DecimalField(8, 3, required=False, help_text="µSv/h above background")
    activity_limit = serializers.DecimalField(8, 3, required=False, help_text="Bq/g of each nuclide")
    gamma_for_processed = serializers.BooleanField(required=False)
    quarantine_place = serializers.CharField(required=False)
    mass_tolerance_percent = serializers.DecimalField(5, 2, required=False)
    mass_tolerance_g = serializers.DecimalField(8, 3, required=False)
    clock_skew_minutes = serializers.IntegerField(required=False)
    reason = serializers.CharField()


class DoorPolicySchema(Schema):
    requires_screen = serializers.BooleanField()
    dose_rate_limit = serializers.CharField()
    activity_limit = serializers.CharField()
    gamma_for_processed = serializers.BooleanField()
    quarantine_place = serializers.CharField()
    mass_tolerance_percent = serializers.CharField()
    mass_tolerance_g = serializers.CharField()
    clock_skew_minutes = serializers.IntegerField()
    reason = serializers.CharField()
    set_by = serializers.CharField(allow_null=True)
    set_at = serializers.DateTimeField(allow_null=True)


class NewSealBatchSchema(Schema):
    first = serializers.CharField(help_text="DM-000101")
    last = serializers.CharField(help_text="DM-000200")
    organisation = serializers.CharField(help_text="Code")
    team = serializers.CharField(required=False)
    person = serializers.CharField(required=False)
    remark = serializers.CharField(required=False)


class SealBatchSchema(Schema):
    id = serializers.UUIDField()
    first = serializers.CharField()
    last = serializers.CharField()
    count = serializers.IntegerField()
    used = serializers.IntegerField(allow_null=True, help_text="Counted for one batch, not in lists")
    voided = serializers.IntegerField()
    organisation = serializers.CharField()
    organisation_name = serializers.CharField()
    team = serializers.CharField()
    person = serializers.CharField()
    remark = serializers.CharField()
    issued_at = serializers.DateTimeField()
    issued_by = serializers.CharField()


class SealBatchPage(Schema):
    """A page of batches."""

    next = serializers.CharField(allow_null=True)
    previous = serializers.CharField(allow_null=True)
    count = serializers.IntegerField(required=False)
    results = SealBatchSchema(many=True)


class NewVoidingSchema(Schema):
    first = serializers.CharField()
    last = serializers.CharField(required=False, help_text="By default the first alone")
    kind = serializers.ChoiceField(choices=["returned", "void", "lost"], required=False)
    reason = serializers.CharField()


class SealEventSchema(Schema):
    at = serializers.DateTimeField()
    kind = serializers.CharField()
    sample = serializers.CharField(allow_null=True)
    consignment = serializers.CharField(allow_null=True)
    finding = serializers.CharField(allow_null=True, help_text="What the register knew against it")
    detail = serializers.CharField()
    by = serializers.CharField(allow_null=True)


class SealSchema(Schema):
    number = serializers.CharField()
    state = serializers.ChoiceField(choices=SEAL_STATES)
    events = SealEventSchema(many=True)
