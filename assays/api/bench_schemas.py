"""The calls at the bench as the OpenAPI description shows them. What is accepted is decided by `bodies`."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from assays.lifecycle import RunState, SubmissionState, TestState
from assays.models.lots import LotPurpose, ValueUnit
from assays.models.methods import Extraction, Form, ReportedOf
from assays.models.reference import MaterialKind
from assays.models.runs import PositionKind
from assays.models.submissions import Turnaround
from assays.qc.bracketing import Scope

_BASES = ["dry", "as_received"]
_NUMBER = "A number as text, exactly as kept"


class Schema(serializers.Serializer[Any]):
    """A shape, never used to validate."""


class PartySchema(Schema):
    code = serializers.CharField()
    name = serializers.CharField()


class NewSubmissionSchema(Schema):
    samples = serializers.ListField(child=serializers.CharField(), help_text="Human codes, blind codes or UUIDs")
    methods = serializers.ListField(child=serializers.CharField(), help_text="`FUS-MS` for the version in force, or `FUS-MS v1`")
    laboratory = serializers.CharField(required=False, allow_null=True, help_text="Code; the caller's own by default")
    customer = serializers.CharField(
        required=False, allow_null=True, help_text="Code; the caller's own by default, at a laboratory the owner of the samples"
    )
    basis = serializers.ChoiceField(choices=_BASES, required=False)
    turnaround = serializers.ChoiceField(choices=Turnaround.choices, required=False)
    customer_reference = serializers.CharField(required=False)
    remark = serializers.CharField(required=False)


class BenchReasonSchema(Schema):
    reason = serializers.CharField()


class TestSchema(Schema):
    __test__ = False  # not a test case, whatever its name says

    id = serializers.UUIDField()
    sample = serializers.CharField()
    method = serializers.CharField()
    method_version = serializers.IntegerField()
    state = serializers.ChoiceField(choices=TestState.choices)
    changed_at = serializers.DateTimeField(allow_null=True)


class ClockStopSchema(Schema):
    reason = serializers.CharField()
    started_at = serializers.DateTimeField()
    ended_at = serializers.DateTimeField(allow_null=True)


class SubmissionSchema(Schema):
    code = serializers.CharField()
    state = serializers.ChoiceField(choices=SubmissionState.choices)
    laboratory = PartySchema()
    customer = PartySchema()
    customer_reference = serializers.CharField()
    basis = serializers.ChoiceField(choices=_BASES)
    turnaround = serializers.ChoiceField(choices=Turnaround.choices)
    submitted_at = serializers.DateTimeField()
    due_on = serializers.DateField()
    working_days_left = serializers.IntegerField(allow_null=True, help_text="Negative when overdue; null once finished")
    overdue = serializers.BooleanField()
    completed_at = serializers.DateTimeField(allow_null=True)
    sample_count = serializers.IntegerField()
    test_count = serializers.IntegerField()
    certified_count = serializers.IntegerField()


class SubmissionDetailSchema(SubmissionSchema):
    remark = serializers.CharField()
    tests = TestSchema(many=True)
    clock_stops = ClockStopSchema(many=True)


class SubmissionPage(Schema):
    next = serializers.CharField(allow_null=True)
    previous = serializers.CharField(allow_null=True)
    count = serializers.IntegerField(required=False)
    results = SubmissionSchema(many=True)


class NewPreparationSchema(Schema):
    sample = serializers.CharField()
    route = serializers.CharField(help_text="`pulp`, `moist`, `air_dry`, or a text")
    wet_mass_g = serializers.DecimalField(12, 4, help_text="Of the moisture aliquot, which leaves the sample")
    dry_mass_g = serializers.DecimalField(12, 4)
    drying_c = serializers.IntegerField(
        required=False, allow_null=True, help_text="Of the moisture aliquot; needed with a text for a route"
    )
    portion_dried_c = serializers.IntegerField(
        required=False, allow_null=True, help_text="Of the material test portions are weighed from; null when as received"
    )
    sieve_passing_percent = serializers.DecimalField(5, 1, required=False, allow_null=True, help_text="Passing 75 µm")
    remark = serializers.CharField(required=False)


class PreparationSchema(Schema):
    id = serializers.UUIDField()
    sample = serializers.CharField()
    route = serializers.CharField()
    drying_c = serializers.IntegerField()
    portion_dried_c = serializers.IntegerField(allow_null=True)
    wet_mass_g = serializers.CharField(help_text=_NUMBER)
    dry_mass_g = serializers.CharField(help_text=_NUMBER)
    moisture_percent = serializers.CharField(help_text="Wet basis, to two decimals")
    portion_moisture_percent = serializers.CharField(help_text="What a test portion still holds when it is weighed")
    sieve_passing_percent = serializers.CharField(allow_null=True)
    prepared_at = serializers.DateTimeField()


class NewAliquotSchema(Schema):
    mass_g = serializers.DecimalField(12, 5, help_text="Within the method's tolerance; it leaves the sample")
    duplicate_mass_g = serializers.DecimalField(12, 5, required=False, allow_null=True, help_text="A duplicate weighed beside it")
    test = serializers.UUIDField(required=False, allow_null=True, help_text="Or `sample` and `method`")
    sample = serializers.CharField(required=False)
    method = serializers.CharField(required=False)
    volume_ml = serializers.DecimalField(9, 3, required=False, allow_null=True, help_text="The method's by default")
    dilution = serializers.DecimalField(12, 4, required=False, allow_null=True, help_text="The method's by default")
    specimen_g = serializers.DecimalField(12, 5, required=False, allow_null=True, help_text="The finished pellet or bead of a solid")
    ignition_loss_percent = serializers.DecimalField(
        6, 3, required=False, allow_null=True, help_text="Of a solid that was ignited: of the material as weighed, its moisture included"
    )
    duplicate_of = serializers.CharField(required=False, allow_null=True, help_text="Code of the aliquot it repeats")


class AliquotSchema(Schema):
    code = serializers.CharField()
    test = serializers.UUIDField()
    sample = serializers.CharField()
    method = serializers.CharField()
    mass_g = serializers.CharField(help_text=_NUMBER)
    volume_ml = serializers.CharField(allow_null=True, help_text=f"{_NUMBER}; null of a solid")
    dilution = serializers.CharField(help_text=_NUMBER)
    specimen_g = serializers.CharField(allow_null=True)
    ignition_loss_percent = serializers.CharField(allow_null=True)
    duplicate_of = serializers.CharField(allow_null=True)
    weighed_at = serializers.DateTimeField()


class NewPositionSchema(Schema):
    kind = serializers.ChoiceField(choices=PositionKind.choices)
    number = serializers.IntegerField(required=False, allow_null=True, help_text="The next free one by default")
    label = serializers.CharField(  # type: ignore[assignment]
        required=False, help_text="As the instrument's sequence names it; the code of what stands there by default"
    )
    aliquot = serializers.CharField(required=False, allow_null=True)
    material = serializers.CharField(required=False, allow_null=True)
    duplicate_of = serializers.IntegerField(required=False, allow_null=True, help_text="Number of the original's position")
    control = serializers.CharField(
        required=False, help_text="Sort of control where the kind leaves it open: `coarse_blank`, `instrument_duplicate`, …"
    )
    nominal = serializers.DictField(
        child=serializers.DecimalField(18, 6),
        required=False,
        help_text="By symbol or `*`: µg/L in a calibration standard or check, µg added in a spike",
    )
    mass_g = serializers.DecimalField(12, 5, required=False, allow_null=True, help_text="Of a control")
    volume_ml = serializers.DecimalField(9, 3, required=False, allow_null=True)
    dilution = serializers.DecimalField(12, 4, required=False, allow_null=True)


class NewRunLotsSchema(Schema):
    calibration = serializers.CharField(required=False, allow_null=True, help_text="Code of the lot the standards are made from")
    verification = serializers.CharField(required=False, allow_null=True, help_text="Of the second source of ICV and CCV")
    spike = serializers.CharField(required=False, allow_null=True, help_text="Of the solution spikes are made with")
    references = serializers.ListField(child=serializers.CharField(), required=False, help_text="Of the materials on the tray, one of each")
    reagents = serializers.ListField(child=serializers.CharField(), required=False, help_text="Acids, fluxes, internal standards")


class NewRunSchema(Schema):
    instrument = serializers.CharField()
    method = serializers.CharField(help_text="`FUS-MS` for the version in force, or `FUS-MS v1`")
    aliquots = serializers.ListField(child=serializers.CharField(), required=False, allow_null=True, help_text="What waits, by default")
    positions = NewPositionSchema(many=True, required=False, allow_null=True, help_text="Exactly these, instead of a proposed tray")
    lots = NewRunLotsSchema(required=False, allow_null=True, help_text="What it is measured with; by default what is in date and serves")
    layout = serializers.CharField(required=False, allow_null=True, help_text="Code of a rack: `50`, `60`, `84`, `240` or an own one")
    seed = serializers.IntegerField(required=False, allow_null=True, help_text="Of the random order, to have the same again")


class WorklistPositionSchema(Schema):
    position = serializers.IntegerField()
    label = serializers.CharField()  # type: ignore[assignment]
    type = serializers.CharField()
    kind = serializers.ChoiceField(choices=PositionKind.choices)
    aliquot = serializers.CharField(allow_null=True)
    sample = serializers.CharField(allow_null=True)
    material = serializers.CharField(allow_null=True)
    duplicate_of = serializers.IntegerField(allow_null=True)
    mass_g = serializers.CharField(allow_null=True)
    volume_ml = serializers.CharField(allow_null=True)
    dilution = serializers.CharField(allow_null=True)
    control = serializers.CharField(allow_blank=True, help_text="Sort of control; empty where the kind says all")
    nominal = serializers.DictField(child=serializers.CharField(), help_text="µg/L in a standard or check, µg added in a spike")


class RunSchema(Schema):
    id = serializers.UUIDField()
    code = serializers.CharField()
    state = serializers.ChoiceField(choices=RunState.choices)
    verdict = serializers.CharField(help_text="Why it stands where it stands")
    instrument = serializers.CharField()
    method = serializers.CharField()
    method_version = serializers.IntegerField()
    planned_by = serializers.CharField()
    planned_at = serializers.DateTimeField()
    measured_at = serializers.DateTimeField(allow_null=True)
    reviewed_at = serializers.DateTimeField(allow_null=True)
    authorised_at = serializers.DateTimeField(allow_null=True)
    position_count = serializers.IntegerField()
    sample_count = serializers.IntegerField()


class LotValueSchema(Schema):
    element = serializers.CharField()
    value = serializers.CharField(help_text=_NUMBER)
    unit = serializers.ChoiceField(choices=ValueUnit.choices)
    basis = serializers.CharField(allow_blank=True, help_text="Of a reference material's content; empty for a solution")
    uncertainty = serializers.CharField(allow_null=True, help_text="Expanded")
    k = serializers.CharField(allow_null=True)
    nominal = serializers.CharField(allow_null=True, help_text="On the label of a solution; its dilutions are reckoned by it")
    method_group = serializers.CharField(allow_blank=True, help_text="A certified content is for one")
    sd = serializers.CharField(allow_null=True, help_text="Between laboratories")


class RunLotSchema(Schema):
    purpose = serializers.ChoiceField(choices=LotPurpose.choices)
    code = serializers.CharField()
    name = serializers.CharField()
    supplier = serializers.CharField()
    supplier_lot = serializers.CharField()
    material = serializers.CharField(allow_null=True)
    expires_on = serializers.DateField(allow_null=True)
    values = LotValueSchema(many=True, help_text="What its certificate says of the method's elements")
    note = serializers.CharField(allow_blank=True, help_text="Where the material's or the method's amounts apply instead")


class RunDetailSchema(RunSchema):
    layout = serializers.CharField(allow_null=True, help_text="Code of the rack it was planned for")
    seed = serializers.IntegerField(allow_null=True, help_text="Of the random order of its samples; null where they stand by due day")
    lots = RunLotSchema(many=True)
    positions = WorklistPositionSchema(many=True)


class RunPage(Schema):
    next = serializers.CharField(allow_null=True)
    previous = serializers.CharField(allow_null=True)
    count = serializers.IntegerField(required=False)
    results = RunSchema(many=True)


class WorklistSchema(Schema):
    run = serializers.CharField()
    instrument = serializers.CharField()
    method = serializers.CharField()
    positions = WorklistPositionSchema(many=True)


class MethodAnalyteSchema(Schema):
    analyte = serializers.CharField()
    isotope = serializers.CharField()
    lod = serializers.CharField()
    loq = serializers.CharField()
    upper_limit = serializers.CharField()
    relative_uncertainty_percent = serializers.CharField(help_text="Expanded, k = 2")
    accredited = serializers.BooleanField()
    required = serializers.BooleanField()  # type: ignore[assignment]
    source = serializers.CharField()  # type: ignore[assignment]


class ControlSchema(Schema):
    kind = serializers.CharField()
    rule = serializers.CharField()
    minimum_count = serializers.IntegerField()
    rate_percent = serializers.CharField()
    limits = serializers.DictField()
    condemns = serializers.ChoiceField(choices=[one.value for one in Scope], help_text="What one that fails takes with it")
    placement = serializers.DictField(help_text="How a planner places it")
    analytes = serializers.ListField(child=serializers.CharField(), allow_null=True)
    source = serializers.CharField()  # type: ignore[assignment]


class MethodSchema(Schema):
    code = serializers.CharField()
    version = serializers.IntegerField()
    name = serializers.CharField()
    method_group = serializers.CharField()
    extraction = serializers.ChoiceField(choices=Extraction.choices)
    in_force_from = serializers.DateField()
    retired_on = serializers.DateField(allow_null=True)
    unit = serializers.CharField()
    basis = serializers.CharField()
    solution_unit = serializers.CharField()
    test_portion_g = serializers.CharField()
    test_portion_tolerance_percent = serializers.CharField()
    form = serializers.ChoiceField(choices=Form.choices, help_text="A solid has no volume and no dilution")
    reported_of = serializers.ChoiceField(choices=ReportedOf.choices, help_text="What the contents of a solid are contents of")
    volume_ml = serializers.CharField(allow_null=True)
    dilution = serializers.CharField()
    specimen_g = serializers.CharField(allow_null=True, help_text="The finished pellet or bead")
    drying_c = serializers.IntegerField()
    calculation = serializers.DictField(help_text="The way from readings to results; empty: the plain one")
    rule_set = serializers.CharField()
    analytes = MethodAnalyteSchema(many=True)
    controls = ControlSchema(many=True)


class MethodPage(Schema):
    next = serializers.CharField(allow_null=True)
    previous = serializers.CharField(allow_null=True)
    count = serializers.IntegerField(required=False)
    results = MethodSchema(many=True)


class CertifiedValueSchema(Schema):
    analyte = serializers.CharField()
    method_group = serializers.CharField()
    value = serializers.CharField()
    unit = serializers.CharField()
    sd = serializers.CharField(allow_null=True, help_text="Between laboratories, or from run to run in-house")
    interval_low = serializers.CharField(allow_null=True)
    interval_high = serializers.CharField(allow_null=True)
    expanded_uncertainty = serializers.CharField(allow_null=True)
    interval_type = serializers.CharField()
    value_type = serializers.CharField()
    n = serializers.IntegerField(allow_null=True)
    source = serializers.CharField()  # type: ignore[assignment]


class MaterialSchema(Schema):
    code = serializers.CharField()
    kind = serializers.ChoiceField(choices=MaterialKind.choices)
    producer = serializers.CharField()
    matrix = serializers.CharField()
    expires_on = serializers.DateField(allow_null=True)
    active = serializers.BooleanField()
    values = CertifiedValueSchema(many=True)


class MaterialPage(Schema):
    next = serializers.CharField(allow_null=True)
    previous = serializers.CharField(allow_null=True)
    count = serializers.IntegerField(required=False)
    results = MaterialSchema(many=True)
