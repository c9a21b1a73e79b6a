"""Routes, border posts and customs papers as the OpenAPI description shows them."""

from __future__ import annotations

from rest_framework import serializers

from samples.api import consignment_schemas as schemas
from samples.models.papers import PaperStatus
from samples.models.routes import LegMode, PaperKind, PostStatus


class LegSchema(schemas.Schema):
    number = serializers.IntegerField(read_only=True)
    mode = serializers.ChoiceField(choices=LegMode.choices)
    origin = serializers.CharField()
    destination = serializers.CharField()
    border_post = serializers.CharField(required=False, allow_null=True, help_text="Code; needed where the mode is a border post")
    transit_days = serializers.CharField()
    cost = serializers.CharField(required=False, allow_null=True)
    currency = serializers.CharField(required=False, allow_null=True, help_text="ISO 4217")
    hazard = serializers.CharField(required=False)
    closed_months = serializers.ListField(child=serializers.IntegerField(), required=False)
    papers = serializers.ListField(child=serializers.ChoiceField(choices=PaperKind.choices), required=False)


class RouteVersionSchema(schemas.Schema):
    version = serializers.IntegerField()
    reason = serializers.CharField()
    made_at = serializers.DateTimeField()
    transit_days = serializers.CharField()
    costs = serializers.DictField(child=serializers.CharField(), help_text="By currency; never added up")
    legs = LegSchema(many=True)


class RouteSchema(schemas.Schema):
    code = serializers.CharField()
    name = serializers.CharField()
    active = serializers.BooleanField()
    versions = RouteVersionSchema(many=True)


class RouteListSchema(schemas.Schema):
    results = RouteSchema(many=True)


class NewRouteSchema(schemas.Schema):
    code = serializers.CharField()
    name = serializers.CharField()
    legs = LegSchema(many=True)


class NewVersionSchema(schemas.Schema):
    legs = LegSchema(many=True)
    reason = serializers.CharField()


class PostSchema(schemas.Schema):
    code = serializers.CharField()
    name = serializers.CharField()
    far_side = serializers.CharField(required=False)
    region = serializers.CharField(required=False)
    status = serializers.ChoiceField(choices=PostStatus.choices)
    remark = serializers.CharField(required=False)


class PostListSchema(schemas.Schema):
    results = PostSchema(many=True)


class PassageSchema(schemas.Schema):
    leg = serializers.IntegerField()
    place = serializers.CharField(required=False, help_text="By default the end of the leg")
    remark = serializers.CharField(required=False)
    at = serializers.DateTimeField(required=False, allow_null=True)


class WayLegSchema(LegSchema):
    expected_at = serializers.DateTimeField(allow_null=True)
    passed_at = serializers.DateTimeField(allow_null=True)
    place = serializers.CharField()


class WaySchema(schemas.Schema):
    legs = WayLegSchema(many=True)


class RouteUseSchema(schemas.Schema):
    active = serializers.BooleanField()
    reason = serializers.CharField()


class ExpectationSchema(schemas.Schema):
    expected_by = serializers.DateTimeField()
    reason = serializers.CharField()


class DeclarationSchema(schemas.Schema):
    purpose = serializers.CharField()
    hs_code = serializers.CharField(required=False, help_text="4 to 12 digits, as on the declaration")
    norm_notice = serializers.BooleanField(required=False)
    soil_notice = serializers.BooleanField(required=False)


class PaperFileSchema(schemas.Schema):
    id = serializers.UUIDField()
    name = serializers.CharField()
    content_type = serializers.CharField()
    size = serializers.IntegerField()


class NewPaperSchema(schemas.Schema):
    kind = serializers.ChoiceField(choices=PaperKind.choices)
    number = serializers.CharField(required=False, help_text="Needed once granted")
    issued_by = serializers.CharField(required=False)
    status = serializers.ChoiceField(choices=PaperStatus.choices, required=False)
    valid_from = serializers.DateField(required=False, allow_null=True)
    valid_until = serializers.DateField(required=False, allow_null=True)
    remark = serializers.CharField(required=False)


class PaperStatusSchema(schemas.Schema):
    status = serializers.ChoiceField(choices=PaperStatus.choices)
    number = serializers.CharField(required=False)
    valid_from = serializers.DateField(required=False, allow_null=True)
    valid_until = serializers.DateField(required=False, allow_null=True)
    remark = serializers.CharField(required=False)


class PaperSchema(NewPaperSchema):
    id = serializers.UUIDField()
    added_at = serializers.DateTimeField()
    files = PaperFileSchema(many=True)


class CustomsSchema(schemas.Schema):
    consignment = serializers.CharField()
    hs_code = serializers.CharField()
    purpose = serializers.CharField()
    norm_notice = serializers.BooleanField()
    soil_notice = serializers.BooleanField()
    needed = serializers.ListField(child=serializers.ChoiceField(choices=PaperKind.choices), help_text="What the route asks for")
    papers = PaperSchema(many=True)


class PaperUploadSchema(schemas.Schema):
    file = serializers.FileField(help_text="PDF, JPEG, PNG or WebP, at most 15 MB")
