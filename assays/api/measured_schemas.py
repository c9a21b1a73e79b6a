"""Quality control, review and results as the OpenAPI description shows them."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from assays.lifecycle import RunState
from assays.models.judgements import Outcome
from assays.models.methods import Extraction
from assays.models.runs import PositionKind

_NUMBER = "A number as text, exactly as kept"
_EVALUATIONS = ["passed", "failed", "blocked"]
_DECISIONS = ["approve", "send_back"]
_BASES = ["dry", "as_received"]
_QUALIFIERS = ["", "<", ">"]


class Schema(serializers.Serializer[Any]):
    """A shape, never used to validate."""


class QualityBlockerSchema(Schema):
    code = serializers.CharField()
    kind = serializers.CharField(help_text="Kind of control that is missing; empty where it is none")
    analyte = serializers.CharField(help_text="Element that is missing; empty where it is none")
    sentence = serializers.CharField()


class VerdictSchema(Schema):
    control = serializers.CharField()
    kind = serializers.ChoiceField(choices=PositionKind.choices, allow_null=True)
    position = serializers.IntegerField(allow_null=True)
    analyte = serializers.CharField(allow_null=True)
    found = serializers.CharField(allow_null=True, help_text=_NUMBER)
    expected = serializers.CharField(allow_null=True, help_text=_NUMBER)
    unit = serializers.CharField()
    statistic = serializers.CharField()
    value = serializers.CharField(allow_null=True, help_text="The statistic, as a number in text")
    limit = serializers.CharField()
    rule = serializers.CharField()
    rule_version = serializers.CharField(allow_null=True)
    outcome = serializers.ChoiceField(choices=Outcome.choices)
    sentence = serializers.CharField()


class CondemnedSchema(Schema):
    position = serializers.IntegerField()
    analyte = serializers.CharField()
    control = serializers.IntegerField(help_text="Position of the control that failed")


class AttemptEvaluationSchema(Schema):
    number = serializers.IntegerField()
    outcome = serializers.ChoiceField(choices=_EVALUATIONS)
    at = serializers.DateTimeField()


class AttemptSchema(Schema):
    run = serializers.CharField()
    state = serializers.ChoiceField(choices=RunState.choices)
    planned_at = serializers.DateTimeField()
    measured_at = serializers.DateTimeField(allow_null=True)
    shared_samples = serializers.IntegerField(help_text="How many samples it has in common with this run")
    evaluations = AttemptEvaluationSchema(many=True)
    withdrawn_files = serializers.IntegerField()


class RunQualitySchema(Schema):
    run = serializers.CharField()
    state = serializers.ChoiceField(choices=RunState.choices)
    outcome = serializers.ChoiceField(choices=_EVALUATIONS, allow_null=True)
    verdict = serializers.CharField(help_text="In words; names every missing control")
    evaluation = serializers.IntegerField(allow_null=True)
    evaluated_at = serializers.DateTimeField(allow_null=True)
    rule_version = serializers.CharField(allow_null=True)
    rules = serializers.DictField(allow_null=True, help_text="The requirements as they stood")
    blockers = QualityBlockerSchema(many=True)
    verdicts = VerdictSchema(many=True)
    condemned = CondemnedSchema(many=True)
    attempts = AttemptSchema(many=True, help_text="Runs of the same samples by this method, with every judgement; this run among them")


class SigningBlockerSchema(Schema):
    code = serializers.CharField()
    sentence = serializers.CharField()


class SignableSchema(Schema):
    content_hash = serializers.CharField(help_text="SHA-256 of what would be signed; send it along, so that a change since is refused")
    blockers = SigningBlockerSchema(many=True)
    content = serializers.DictField(help_text="Exactly what would be signed")


class ReviewOptionsSchema(Schema):
    approve = SignableSchema()
    send_back = SignableSchema()


class ReviewInSchema(Schema):
    decision = serializers.ChoiceField(choices=_DECISIONS)
    password = serializers.CharField()
    reason = serializers.CharField(required=False, help_text="Needed to send a run back")
    content_hash = serializers.CharField(required=False, allow_null=True)
    meaning = serializers.CharField(required=False, help_text="What the signer says with it; kept beside the signature")
    otp = serializers.CharField(required=False, help_text="Second factor, where enrolled")


class SignatureSchema(Schema):
    id = serializers.UUIDField()
    printed_name = serializers.CharField()
    organisation = serializers.CharField()
    meaning = serializers.CharField()
    signed_at = serializers.DateTimeField()
    content_hash = serializers.CharField()


class ReviewOutSchema(Schema):
    run = serializers.CharField()
    state = serializers.ChoiceField(choices=RunState.choices)
    decision = serializers.ChoiceField(choices=_DECISIONS)
    reason = serializers.CharField()
    decided_at = serializers.DateTimeField()
    signature = SignatureSchema()


class AuthoriseInSchema(Schema):
    run = serializers.CharField(help_text="Code or id of a reviewed run")
    password = serializers.CharField()
    content_hash = serializers.CharField(required=False, allow_null=True)
    meaning = serializers.CharField(required=False, help_text="What the signer says with it; kept beside the signature")
    otp = serializers.CharField(required=False, help_text="Second factor, where enrolled")


class AuthoriseOutSchema(Schema):
    id = serializers.UUIDField()
    run = serializers.CharField()
    state = serializers.ChoiceField(choices=RunState.choices)
    results = serializers.IntegerField(help_text="How many results were released")
    authorised_at = serializers.DateTimeField()
    signature = SignatureSchema()


class ResultSchema(Schema):
    id = serializers.UUIDField()
    sample = serializers.CharField(help_text="Human code; in a laboratory the blind code")
    analyte = serializers.CharField(help_text="Always the element")
    text = serializers.CharField(help_text="As reported, bound included")
    value = serializers.CharField(help_text="As reported, without the bound's sign")
    qualifier = serializers.ChoiceField(choices=_QUALIFIERS, allow_blank=True)
    unit = serializers.CharField()
    basis = serializers.ChoiceField(choices=_BASES)
    uncertainty = serializers.CharField(allow_null=True, help_text="Expanded with k; null for a bound")
    k = serializers.CharField(allow_null=True)
    lod = serializers.CharField(allow_null=True, help_text=_NUMBER)
    loq = serializers.CharField(allow_null=True, help_text=_NUMBER)
    method = serializers.CharField()
    method_version = serializers.IntegerField()
    extraction = serializers.ChoiceField(choices=Extraction.choices)
    run = serializers.CharField()
    version = serializers.IntegerField()
    state = serializers.ChoiceField(choices=["authorised", "draft"])
    authorised_at = serializers.DateTimeField(allow_null=True)


class ResultPage(Schema):
    next = serializers.CharField(allow_null=True)
    previous = serializers.CharField(allow_null=True)
    count = serializers.IntegerField(required=False)
    results = ResultSchema(many=True)


class TrailStepSchema(Schema):
    where = serializers.CharField(help_text="acquisition N, tube or result")
    step = serializers.CharField(help_text="Name of the formula with its version")
    meaning = serializers.CharField()
    formula = serializers.CharField(help_text="Arithmetic over the names of the inputs, or what is done with all of them")
    inputs = serializers.DictField(child=serializers.FloatField())
    output = serializers.FloatField()
    unit = serializers.CharField()
    about = serializers.DictField(help_text="Which standard, which parent, a flag; not part of the arithmetic")


class TrailSchema(Schema):
    sample = serializers.CharField()
    analyte = serializers.CharField()
    run = serializers.CharField()
    position = serializers.IntegerField()
    method_version = serializers.CharField()
    version = serializers.IntegerField()
    reduction = serializers.IntegerField()
    software = serializers.CharField()
    reduced_at = serializers.DateTimeField()
    carried_from = serializers.UUIDField(allow_null=True, help_text="The version it was carried over from")
    result = serializers.DictField(help_text="The stored version: text, bound, value, uncertainty, k, limits")
    instrument_ug_l = serializers.CharField(allow_null=True, help_text="What the instrument's software gave, for comparison only")
    portion = serializers.DictField()
    cells = serializers.ListField(child=serializers.DictField(), help_text="The raw cells with file, hash and place")
    steps = TrailStepSchema(many=True)
    formulas = serializers.ListField(child=serializers.DictField())
    stages = serializers.DictField(help_text="What the stages of the reduction found for the run and this element, the plan among it")


class RunCalculationSchema(Schema):
    run = serializers.CharField()
    method_version = serializers.CharField()
    reduction = serializers.IntegerField(allow_null=True)
    software = serializers.CharField(allow_null=True)
    reduced_at = serializers.DateTimeField(allow_null=True)
    stages = serializers.DictField(help_text="By name: plan, internal_standards, calibrations, interferences, limits and the rest")
