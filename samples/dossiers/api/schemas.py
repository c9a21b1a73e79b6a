"""The calls on dossiers as the OpenAPI description shows them."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from lims.jobs.models import JobState
from samples.dossiers.models import Verdict


class Schema(serializers.Serializer[Any]):
    """A shape, never used to validate."""


class NewDossierSchema(Schema):
    sample = serializers.CharField(required=False, help_text="A code the caller knows it by; its whole family comes with it")
    consignment = serializers.CharField(required=False, help_text="CN-26-00012-X; give this or `sample`")
    purpose = serializers.CharField(
        required=False,
        help_text="What exact places are needed for: with it the dossier holds them and a look is kept",
    )


class DossierJobSchema(Schema):
    id = serializers.UUIDField()
    url = serializers.CharField()
    state = serializers.ChoiceField(choices=JobState.choices)
    progress = serializers.FloatField()
    message = serializers.CharField()


class DossierRowSchema(Schema):
    number = serializers.CharField()
    subject = serializers.ChoiceField(choices=["sample", "consignment"])
    code = serializers.CharField(help_text="Of its subject, as its reader knows it")
    state = serializers.ChoiceField(choices=["made", "queued", "running", "failed"])
    verdict = serializers.ChoiceField(choices=Verdict.choices, allow_null=True, help_text="Of our own run of the verifier; run it yourself")
    samples = serializers.IntegerField(allow_null=True)
    events = serializers.IntegerField(allow_null=True)
    log_size = serializers.IntegerField(allow_null=True, help_text="Records in the log at the checkpoint it appeals to")
    requested_by = serializers.CharField()
    organisation = serializers.CharField()
    requested_at = serializers.DateTimeField()
    made_at = serializers.DateTimeField(allow_null=True)
    bundle_sha256 = serializers.CharField(allow_null=True)
    pdf_sha256 = serializers.CharField(allow_null=True)
    data_url = serializers.CharField(allow_null=True)
    pdf_url = serializers.CharField(allow_null=True)
    zip_url = serializers.CharField(allow_null=True)


class DossierSchema(DossierRowSchema):
    job = DossierJobSchema(allow_null=True, help_text="While it is being made")


class DossierPageSchema(Schema):
    next = serializers.CharField(allow_null=True)
    previous = serializers.CharField(allow_null=True)
    count = serializers.IntegerField(required=False)
    results = DossierRowSchema(many=True)
