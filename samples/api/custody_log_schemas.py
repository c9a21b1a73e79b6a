"""What the custody log's endpoints take and give, for the description of the interface."""

from __future__ import annotations

from rest_framework import serializers

from samples.api.sample_schemas import ProofSchema, Schema


class ConsistencySchema(Schema):
    to = serializers.IntegerField()
    hashes = serializers.ListField(child=serializers.CharField(), help_text="RFC 9162 consistency path, hexadecimal")

    def get_fields(self) -> dict[str, serializers.Field]:
        """`from` is a word of the language, so it cannot stand as an attribute."""
        return {"from": serializers.IntegerField(), **super().get_fields()}


class LogKeySchema(Schema):
    key = serializers.CharField(help_text="C2SP verifier key: name+id+base64(0x01 ‖ public key)")
    leaf_index = serializers.IntegerField(help_text="The leaf that announces it; it signs checkpoints with more leaves")
    until = serializers.IntegerField(allow_null=True, help_text="The leaf that announces the next one; null for the present key")
    recorded_at = serializers.DateTimeField()
    record = serializers.CharField(help_text="Base64 of the announcing leaf's bytes, signed by the key before")
    leaf_hash = serializers.CharField()
    proof = ProofSchema(allow_null=True)


class WitnessKeySchema(Schema):
    key = serializers.CharField(help_text="C2SP verifier key of type 4")
    active = serializers.BooleanField()


class KeysSchema(Schema):
    origin = serializers.CharField()
    keys = LogKeySchema(many=True)
    witnesses = WitnessKeySchema(many=True)


class NewCosignatureSchema(Schema):
    checkpoint = serializers.CharField(help_text="The checkpoint's text with the witness's cosignature line")


class CosignatureSchema(Schema):
    witness = serializers.CharField()
    size = serializers.IntegerField()
    signed_at = serializers.DateTimeField()
