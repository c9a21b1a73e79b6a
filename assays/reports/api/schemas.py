"""Shapes for the API's description."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from assays.reports.models import Standing, StatusKind
from lims.jobs.models import JobState


class Schema(serializers.Serializer[Any]):
    """A shape, never used to validate."""


class NewCertificateSchema(Schema):
    submission = serializers.CharField(help_text="Its code")
    samples = serializers.ListField(
        child=serializers.CharField(), required=False, allow_null=True, help_text="Codes; without them all that are authorised"
    )


class AmendSchema(Schema):
    reason = serializers.CharField(help_text="Printed on the new certificate")


class WithdrawSchema(Schema):
    reason = serializers.CharField(help_text="Kept with the signature")
    password = serializers.CharField(help_text="The caller's own, again: it signs")


class CertificateJobSchema(Schema):
    id = serializers.UUIDField()
    url = serializers.CharField()
    state = serializers.ChoiceField(choices=JobState.choices)
    progress = serializers.FloatField(min_value=0, max_value=1)
    message = serializers.CharField()


class StatusEventSchema(Schema):
    status = serializers.ChoiceField(choices=StatusKind.choices)
    at = serializers.DateTimeField()
    reason = serializers.CharField(allow_null=True)


class CertificateRowSchema(Schema):
    number = serializers.CharField()
    status = serializers.ChoiceField(choices=Standing.choices)
    laboratory = serializers.CharField(help_text="Code of the organisation")
    laboratory_name = serializers.CharField()
    customer = serializers.CharField(help_text="Code of the organisation")
    submission = serializers.CharField()
    samples = serializers.IntegerField(help_text="How many")
    requested_at = serializers.DateTimeField()
    issued_at = serializers.DateTimeField(allow_null=True)
    verify_url = serializers.CharField(help_text="The address in the QR")
    snapshot_sha256 = serializers.CharField(allow_null=True)
    pdf_sha256 = serializers.CharField(allow_null=True)
    pdf_size = serializers.IntegerField(allow_null=True)
    replaces = serializers.CharField(allow_null=True)
    replaced_by = serializers.CharField(allow_null=True)
    reason = serializers.CharField(allow_null=True, help_text="Why it replaces the other one")
    pdf_url = serializers.CharField(allow_null=True)
    data_url = serializers.CharField(allow_null=True)


class CertificateSchema(CertificateRowSchema):
    samples = serializers.ListField(child=serializers.CharField(), help_text="By the code the caller knows")  # type: ignore[assignment]
    history = StatusEventSchema(many=True)
    job = CertificateJobSchema(allow_null=True, help_text="While it is being made")


class CertificatePage(Schema):
    next = serializers.CharField(allow_null=True)
    previous = serializers.CharField(allow_null=True)
    count = serializers.IntegerField(required=False)
    results = CertificateRowSchema(many=True)
