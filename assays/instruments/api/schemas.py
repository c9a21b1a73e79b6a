"""The calls of instruments and uploads as the OpenAPI description shows them."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from assays.instruments.models import RowOutcome, UploadState, WeighingStep
from assays.lifecycle import RunState
from assays.models.runs import PositionKind
from lims.jobs.models import JobState

_NUMBER = "A number as text, exactly as kept"
ROW_KINDS = ["sample", "blank", "standard", "control", "statistic", "unknown"]


class Schema(serializers.Serializer[Any]):
    """A shape, never used to validate."""


class UploadRunSchema(Schema):
    id = serializers.UUIDField()
    code = serializers.CharField()
    state = serializers.ChoiceField(choices=RunState.choices)
    verdict = serializers.CharField(help_text="Why the run stands where it stands; names every missing control")


class UploadErrorSchema(Schema):
    detail = serializers.CharField()
    place = serializers.CharField(help_text="Sheet, row and column, or line and character")


class UploadSchema(Schema):
    id = serializers.UUIDField()
    state = serializers.ChoiceField(choices=UploadState.choices)
    file_name = serializers.CharField()
    sha256 = serializers.CharField()
    size = serializers.IntegerField()
    format = serializers.CharField(allow_null=True)
    instrument = serializers.CharField()
    run = UploadRunSchema(allow_null=True)
    stated_unit = serializers.CharField(allow_null=True, help_text="The unit of concentrations that the file gives without any")
    stated_unit_by = serializers.ChoiceField(
        choices=["instrument", "person"], allow_null=True, help_text="Whether it is the instrument's setting or a person said it"
    )
    error = UploadErrorSchema(allow_null=True)
    received_at = serializers.DateTimeField()
    received_from = serializers.CharField(allow_null=True, help_text="Who brought it; null when the instrument sent it itself")
    decided_at = serializers.DateTimeField(allow_null=True)
    decided_by = serializers.CharField(allow_null=True)
    decision_reason = serializers.CharField()


class NoteSchema(Schema):
    code = serializers.CharField()
    message = serializers.CharField()
    place = serializers.CharField(required=False)
    readings = serializers.IntegerField(required=False)
    information = serializers.BooleanField(help_text="Needs nobody's decision")


class CountsSchema(Schema):
    rows = serializers.IntegerField()
    readings = serializers.IntegerField()
    matched = serializers.IntegerField()
    control = serializers.IntegerField()
    calibration = serializers.IntegerField()
    parked = serializers.IntegerField()
    ignored = serializers.IntegerField()


class EarlierUploadSchema(Schema):
    id = serializers.UUIDField()
    file_name = serializers.CharField()


class UploadRowSchema(Schema):
    index = serializers.IntegerField(help_text="Order in the file, from 1")
    label = serializers.CharField()  # type: ignore[assignment]  # a member, not the field's own label
    type = serializers.CharField()
    kind = serializers.ChoiceField(choices=ROW_KINDS)
    sheet = serializers.CharField(allow_null=True)
    row = serializers.IntegerField(allow_null=True)
    vial = serializers.CharField(allow_null=True)
    total_dilution = serializers.CharField(allow_null=True, help_text=_NUMBER)
    acquired_at = serializers.CharField(allow_null=True, help_text="As the file has it")
    outcome = serializers.ChoiceField(choices=RowOutcome.choices)
    position = serializers.IntegerField(allow_null=True)
    reason = serializers.CharField()
    warnings = serializers.ListField(child=serializers.CharField())
    already_recorded_by = EarlierUploadSchema(many=True, help_text="Recorded uploads that gave this tube the same elements before")


class UploadBlockerSchema(Schema):
    code = serializers.CharField()
    sentence = serializers.CharField()


class UploadJobSchema(Schema):
    id = serializers.UUIDField()
    state = serializers.ChoiceField(choices=JobState.choices)
    progress = serializers.FloatField(min_value=0, max_value=1)
    message = serializers.CharField()


class UploadDetailSchema(UploadSchema):
    job = UploadJobSchema(allow_null=True, help_text="While the state is `reading`: how far the worker is")
    notes = NoteSchema(many=True)
    counts = CountsSchema()
    rows = UploadRowSchema(many=True)
    unfilled_positions = serializers.ListField(child=serializers.IntegerField())
    blockers = UploadBlockerSchema(many=True, help_text="Why it cannot be confirmed now; empty when it can")
    readings_url = serializers.CharField()


class UploadPage(Schema):
    next = serializers.CharField(allow_null=True)
    previous = serializers.CharField(allow_null=True)
    count = serializers.IntegerField(required=False)
    results = UploadSchema(many=True)


class ReadingSchema(Schema):
    id = serializers.UUIDField()
    row_index = serializers.IntegerField()
    sample = serializers.CharField(help_text="The label as written")
    type = serializers.CharField()
    position = serializers.IntegerField(allow_null=True)
    analyte = serializers.CharField()
    isotope_or_line = serializers.CharField(allow_null=True)
    gas_mode = serializers.CharField(allow_null=True)
    quantity = serializers.CharField()
    unit = serializers.CharField(allow_null=True)
    raw = serializers.CharField(help_text="The cell's text as it came")
    value = serializers.CharField(allow_null=True, help_text=_NUMBER)
    qualifier = serializers.CharField()
    internal_standard = serializers.BooleanField()
    replicate = serializers.IntegerField(allow_null=True)
    sheet = serializers.CharField(allow_null=True)
    row = serializers.IntegerField(allow_null=True)
    column = serializers.CharField(allow_null=True)


class ReadingPage(Schema):
    next = serializers.CharField(allow_null=True)
    previous = serializers.CharField(allow_null=True)
    count = serializers.IntegerField(required=False)
    results = ReadingSchema(many=True)


class FileSchema(Schema):
    file = serializers.FileField()
    run = serializers.CharField(required=False, help_text="Code or id; without it the run is found by the labels")


class ConfirmSchema(Schema):
    run = serializers.CharField(required=False, allow_null=True, help_text="Code or id of the run, where it is not chosen yet")
    assignments = serializers.DictField(
        child=serializers.IntegerField(), required=False, help_text="Row index in the file → position number"
    )
    unit = serializers.CharField(required=False, allow_blank=True, help_text="What concentrations without a unit in the file are in")


class AssignSchema(Schema):
    position = serializers.IntegerField()


class UploadReasonSchema(Schema):
    reason = serializers.CharField()


class ReadingInSchema(Schema):
    position = serializers.IntegerField(help_text="The tray position's number, or the label on the tube as a string")
    analyte = serializers.CharField(help_text="Element symbol; never an oxide")
    value = serializers.CharField(
        allow_null=True, help_text="A string or a number, kept digit for digit; null with a qualifier that says why"
    )
    unit = serializers.CharField(help_text="The method's solution unit, such as ug/L")
    qualifier = serializers.CharField(required=False, allow_null=True, help_text="Empty, <, >, OVER, ND, N/A or --")
    measured_at = serializers.DateTimeField(required=False, allow_null=True)
    isotope_or_line = serializers.CharField(required=False, allow_null=True)
    gas_mode = serializers.CharField(required=False, allow_null=True)
    quantity = serializers.CharField(
        required=False, help_text="`concentration` (dilution included), `measured_concentration`, or `mass_fraction` of a solid"
    )
    replicate = serializers.IntegerField(required=False, allow_null=True)
    dilution = serializers.CharField(required=False, allow_null=True, help_text="The factor the value already carries; 1 when left out")
    sample = serializers.CharField(required=False, allow_null=True)
    type = serializers.CharField(required=False)
    comment = serializers.CharField(required=False)
    internal_standard = serializers.BooleanField(required=False)


class ReadingsInSchema(Schema):
    run = serializers.CharField(help_text="Code or id, as the worklist gives it")
    readings = ReadingInSchema(many=True)


class InstrumentPositionSchema(Schema):
    position = serializers.IntegerField()
    label = serializers.CharField()  # type: ignore[assignment]  # a member, not the field's own label
    type = serializers.CharField(help_text="What the instrument's sequence calls it")
    kind = serializers.ChoiceField(choices=PositionKind.choices)
    aliquot = serializers.CharField(allow_null=True)
    sample = serializers.CharField(allow_null=True, help_text="Blind code")
    material = serializers.CharField(allow_null=True)
    duplicate_of = serializers.IntegerField(allow_null=True)
    mass_g = serializers.CharField(allow_null=True, help_text=_NUMBER)
    volume_ml = serializers.CharField(allow_null=True, help_text=_NUMBER)
    dilution = serializers.CharField(allow_null=True, help_text=_NUMBER)


class WaitingRunSchema(Schema):
    id = serializers.UUIDField()
    code = serializers.CharField()
    method = serializers.CharField()
    method_version = serializers.IntegerField()
    solution_unit = serializers.CharField()
    planned_at = serializers.DateTimeField()
    positions = InstrumentPositionSchema(many=True)


class InstrumentWorklistSchema(Schema):
    instrument = serializers.CharField()
    runs = WaitingRunSchema(many=True)


class SignOfLifeSchema(Schema):
    time = serializers.DateTimeField(required=False, allow_null=True, help_text="What the instrument's own clock says, with its offset")
    agent = serializers.CharField(required=False, help_text="The program that speaks for it, with its version")
    waiting = serializers.IntegerField(required=False, allow_null=True, min_value=0, help_text="Files it has not yet sent")


class HeartbeatSchema(Schema):
    instrument = serializers.CharField()
    at = serializers.DateTimeField(help_text="What our clock says")
    clock_skew_s = serializers.FloatField(allow_null=True, help_text="The instrument's clock minus ours; null where it never said its time")
    clock_wrong = serializers.BooleanField(help_text="Whether that is more than this installation's limit")
    waiting_runs = serializers.IntegerField()
    calibration_due = serializers.DateField(allow_null=True)


class WeightInSchema(Schema):
    code = serializers.CharField(max_length=40, help_text="As scanned: a sample's blind code, or an aliquot's to repeat its test portion")
    step = serializers.ChoiceField(choices=WeighingStep.choices)
    raw = serializers.CharField(max_length=80, help_text="The balance's line as it came, such as `+   0.2513 g`")
    unit = serializers.ChoiceField(choices=["mg", "g", "kg"], required=False, help_text="Where the line has none")
    measured_at = serializers.DateTimeField(
        required=False, allow_null=True, help_text="By the balance's clock; with it the same weighing sent again is the same weight"
    )
    method = serializers.CharField(required=False, max_length=20, help_text="Where several tests of the sample wait")
    route = serializers.CharField(required=False, max_length=20, help_text="With `moisture_wet`: `pulp`, `moist` or `air_dry`")


class WeightsInSchema(Schema):
    weights = WeightInSchema(many=True)


class WeightSchema(Schema):
    id = serializers.UUIDField()
    code = serializers.CharField()
    step = serializers.ChoiceField(choices=WeighingStep.choices)
    raw = serializers.CharField()
    mass_g = serializers.CharField(help_text=_NUMBER)
    measured_at = serializers.DateTimeField(allow_null=True)
    weighed_by = serializers.CharField(help_text="Who stood at the balance")
    sample = serializers.CharField(help_text="Blind code")
    aliquot = serializers.CharField(allow_null=True)
    outcome = serializers.ChoiceField(choices=["recorded", "waits_for_dry", "waits_for_step"])


class WeightsSchema(Schema):
    weights = WeightSchema(many=True)


class ScanSchema(Schema):
    code = serializers.CharField(max_length=40)


class WaitingStepSchema(Schema):
    step = serializers.ChoiceField(choices=["prepare", "weigh", "load", "measure"])
    method = serializers.CharField()
    run = serializers.CharField(allow_null=True)
    held = serializers.BooleanField(help_text="A hold, a discrepancy or a stopped submission stands before it")


class ScannedSchema(Schema):
    kind = serializers.ChoiceField(choices=["sample", "aliquot", "run"])
    code = serializers.CharField()
    state = serializers.CharField()
    waits = WaitingStepSchema(many=True)


class OperatorInSchema(Schema):
    leave = serializers.BooleanField(required=False)


class OperatorSchema(Schema):
    instrument = serializers.CharField()
    operator = serializers.CharField(allow_null=True)
    until = serializers.DateTimeField(allow_null=True)


class UploadProblemSchema(Schema):
    type = serializers.CharField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    detail = serializers.CharField()
    code = serializers.CharField()
    errors = serializers.ListField(child=serializers.DictField(), required=False)  # type: ignore[assignment]


class UnreadableSchema(UploadProblemSchema):
    upload = serializers.UUIDField(required=False, help_text="The bytes are kept under this id")
    line = serializers.IntegerField(required=False, allow_null=True, help_text="Row of a table, or line of a text")
    column = serializers.CharField(required=False, allow_null=True, help_text="Letter of a table's column, or character of a text's line")
