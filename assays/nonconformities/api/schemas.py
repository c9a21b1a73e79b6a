"""Shapes for the API's description."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from assays.lifecycle import RunState
from assays.nonconformities.lifecycle import NonconformityState
from assays.nonconformities.models import Significance, Source


class Schema(serializers.Serializer[Any]):
    """A shape, never used to validate."""


class OverrideInSchema(Schema):
    reason = serializers.CharField(help_text="Printed on the certificate")
    password = serializers.CharField(help_text="The caller's own, again: it signs")
    content_hash = serializers.CharField(required=False, allow_null=True, help_text="What the caller was shown; refused when it changed")


class OverrideContentSchema(Schema):
    act = serializers.CharField()
    run = serializers.CharField()
    method = serializers.CharField()
    evaluation = serializers.CharField()
    outcome = serializers.CharField()
    failed = serializers.ListField(child=serializers.CharField(), help_text="Every verdict that failed, as a sentence")
    results = serializers.ListField(child=serializers.DictField())


class StepBlockerSchema(Schema):
    code = serializers.CharField()
    sentence = serializers.CharField()


class OverrideOptionsSchema(Schema):
    content_hash = serializers.CharField()
    blockers = StepBlockerSchema(many=True)
    content = OverrideContentSchema()


class OverrideOutSchema(Schema):
    run = serializers.CharField()
    state = serializers.ChoiceField(choices=RunState.choices)
    nonconformity = serializers.CharField(help_text="The code of what was opened")


class ReopenInSchema(OverrideInSchema):
    nonconformity = serializers.CharField(help_text="The open one because of which; it is about the run")


class NonconformityRowSchema(Schema):
    code = serializers.CharField()
    state = serializers.ChoiceField(choices=NonconformityState.choices)
    source = serializers.ChoiceField(choices=Source.choices)  # type: ignore[assignment]
    title = serializers.CharField()
    significance = serializers.ChoiceField(choices=Significance.choices, allow_null=True)
    found_on = serializers.DateField()
    reported_by = serializers.CharField()
    reported_at = serializers.DateTimeField()
    work_stopped = serializers.BooleanField(help_text="Whether work stands still because of it now")
    action_owner = serializers.CharField(allow_null=True)
    action_due = serializers.DateField(allow_null=True)
    overdue = serializers.BooleanField()
    closed_at = serializers.DateTimeField(allow_null=True)


class NonconformityLinkSchema(Schema):
    kind = serializers.CharField()
    name = serializers.CharField()
    detail = serializers.CharField()


class NonconformityNoteSchema(Schema):
    text = serializers.CharField()
    by = serializers.CharField()
    at = serializers.DateTimeField()


class SentNoticeSchema(Schema):
    id = serializers.UUIDField()
    customer = serializers.CharField()
    subject = serializers.CharField()
    sent_at = serializers.DateTimeField()


class NonconformitySchema(NonconformityRowSchema):
    what_happened = serializers.CharField()
    evaluation = serializers.CharField()
    may_recur = serializers.BooleanField(allow_null=True)
    notify_customers = serializers.BooleanField(allow_null=True)
    resumed_at = serializers.DateTimeField(allow_null=True)
    root_cause = serializers.CharField()
    action = serializers.CharField()
    action_done_at = serializers.DateTimeField(allow_null=True)
    effective = serializers.BooleanField(allow_null=True)
    effect = serializers.CharField()
    override = serializers.BooleanField(help_text="Opened by the override of a failed control")
    links = NonconformityLinkSchema(many=True)
    notes = NonconformityNoteSchema(many=True)
    notices = SentNoticeSchema(many=True)


class NonconformityListSchema(Schema):
    next = serializers.CharField(allow_null=True)
    previous = serializers.CharField(allow_null=True)
    count = serializers.IntegerField(required=False)
    results = NonconformityRowSchema(many=True)


class NewNonconformitySchema(Schema):
    source = serializers.ChoiceField(choices=Source.choices)  # type: ignore[assignment]
    title = serializers.CharField()
    what_happened = serializers.CharField()
    found_on = serializers.DateField()
    touches = serializers.ListField(
        child=serializers.CharField(), required=False, help_text="Codes of runs, samples, lots, equipment, instruments, certificates"
    )


class EvaluateSchema(Schema):
    significance = serializers.ChoiceField(choices=Significance.choices)
    evaluation = serializers.CharField()
    may_recur = serializers.BooleanField()
    stop_work = serializers.BooleanField()
    notify_customers = serializers.BooleanField()


class ActionSchema(Schema):
    root_cause = serializers.CharField()
    action = serializers.CharField()
    owner = serializers.CharField(help_text="Username of somebody of the laboratory")
    due = serializers.DateField()


class EffectSchema(Schema):
    effective = serializers.BooleanField()
    effect = serializers.CharField()


class TextSchema(Schema):
    text = serializers.CharField()


class CloseSchema(Schema):
    password = serializers.CharField(help_text="The caller's own, again: it signs")
    reason = serializers.CharField(required=False)
    content_hash = serializers.CharField(required=False, allow_null=True)


class TouchedRunSchema(Schema):
    run = serializers.CharField()
    state = serializers.ChoiceField(choices=RunState.choices)
    method = serializers.CharField()
    measured_at = serializers.DateTimeField(allow_null=True)
    samples = serializers.IntegerField()
    results = serializers.IntegerField()
    certificates = serializers.ListField(child=serializers.CharField())


class RecalledCertificateSchema(Schema):
    number = serializers.CharField()
    status = serializers.CharField()
    customer = serializers.CharField()
    issued_at = serializers.DateTimeField(allow_null=True)


class RecallSchema(Schema):
    runs = TouchedRunSchema(many=True)
    certificates = RecalledCertificateSchema(many=True)
    samples = serializers.IntegerField()
    results = serializers.IntegerField()


class NoticeInSchema(Schema):
    subject = serializers.CharField()
    text = serializers.CharField()


class NoticeSchema(Schema):
    id = serializers.UUIDField()
    laboratory = serializers.CharField()
    customer = serializers.CharField()
    nonconformity = serializers.CharField(allow_null=True, help_text="For the laboratory that sent it")
    subject = serializers.CharField()
    text = serializers.CharField()
    certificates = serializers.ListField(child=serializers.CharField())
    sent_at = serializers.DateTimeField()
    acknowledged_at = serializers.DateTimeField(allow_null=True)


class NoticePageSchema(Schema):
    next = serializers.CharField(allow_null=True)
    previous = serializers.CharField(allow_null=True)
    count = serializers.IntegerField(required=False)
    results = NoticeSchema(many=True)
