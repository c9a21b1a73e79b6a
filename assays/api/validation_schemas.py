"""Validations of the calculations, as the API's description shows them."""

from __future__ import annotations

from rest_framework import serializers

from assays.api.bench_schemas import Schema
from assays.models.validations import Conclusion, ValidationOrigin


class ValidationSchema(Schema):
    number = serializers.CharField()
    ran_at = serializers.DateTimeField()
    ran_by = serializers.CharField()
    organisation = serializers.CharField()
    origin = serializers.ChoiceField(choices=ValidationOrigin.choices)
    file_name = serializers.CharField()
    file_sha256 = serializers.CharField()
    outcome_sha256 = serializers.CharField()
    examples = serializers.IntegerField()
    passed = serializers.IntegerField()
    failed = serializers.IntegerField()
    version = serializers.CharField()
    commit = serializers.CharField()
    formulae_sha256 = serializers.CharField()
    conclusion = serializers.ChoiceField(choices=[("", "not signed off"), *Conclusion.choices])
    signed_by = serializers.CharField()
    signed_at = serializers.CharField()


class ValidationListSchema(Schema):
    next = serializers.CharField(allow_null=True)
    previous = serializers.CharField(allow_null=True)
    count = serializers.IntegerField(required=False)
    results = ValidationSchema(many=True)


class ValidatedValueSchema(Schema):
    name = serializers.CharField()
    expected = serializers.CharField()
    computed = serializers.CharField()
    agrees = serializers.BooleanField()


class ValidatedExampleSchema(Schema):
    id = serializers.CharField()
    topic = serializers.CharField()
    source = serializers.CharField()  # type: ignore[assignment]
    basis = serializers.CharField()
    tolerance = serializers.CharField()
    passed = serializers.BooleanField()
    obstacle = serializers.CharField()
    values = ValidatedValueSchema(many=True)


class ValidationDetailSchema(ValidationSchema):
    outcomes = ValidatedExampleSchema(many=True)
