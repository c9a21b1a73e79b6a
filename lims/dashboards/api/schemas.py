"""Shapes for the API's description."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from assays.models.methods import Extraction
from samples.models.samples import HoldKind


class ContentSchema(serializers.Serializer[Any]):
    """One content, numbers as text exactly as reported."""

    species = serializers.CharField()
    value = serializers.CharField()
    qualifier = serializers.ChoiceField(choices=["", "<", ">"], allow_blank=True)
    unit = serializers.CharField()
    basis = serializers.CharField()
    uncertainty = serializers.CharField(allow_null=True)
    k = serializers.CharField(allow_null=True)


class SumSchema(serializers.Serializer[Any]):
    """A group sum with its definition; `value` is null unless every member is quantified."""

    value = serializers.CharField(allow_null=True)
    text = serializers.CharField()
    lower = serializers.CharField()
    upper = serializers.CharField(allow_null=True)
    unit = serializers.CharField()
    basis = serializers.CharField()
    uncertainty = serializers.CharField(allow_null=True)
    k = serializers.CharField(allow_null=True)
    censored = serializers.ListField(child=serializers.CharField(), help_text="Members below their limit, counted as bounds")
    over_range = serializers.ListField(child=serializers.CharField(), help_text="Members above what was measured")
    missing = serializers.ListField(child=serializers.CharField(), help_text="Members that were not measured")
    complete = serializers.BooleanField()
    definition = serializers.CharField()


class GradeSchema(serializers.Serializer[Any]):
    """The grades of one sample by one method."""

    sample = serializers.CharField()
    mine = serializers.CharField(allow_null=True, help_text="Null for a laboratory, and for a composite of several")
    mines = serializers.ListField(child=serializers.CharField(), help_text="Every mine whose material is in it; empty for a laboratory")
    belt = serializers.CharField()
    laboratory = serializers.CharField(help_text="Who measured")
    method = serializers.CharField()
    extraction = serializers.ChoiceField(choices=Extraction.choices)
    basis = serializers.CharField()
    unit = serializers.CharField()
    authorised_at = serializers.DateTimeField(allow_null=True)
    dy = ContentSchema(allow_null=True)
    tb = ContentSchema(allow_null=True)
    dy2o3 = ContentSchema(allow_null=True)
    tb4o7 = ContentSchema(allow_null=True)
    treo = SumSchema()
    hreo = SumSchema()
    mreo = SumSchema()


class GradePage(serializers.Serializer[Any]):
    """A page of grades."""

    next = serializers.CharField(allow_null=True)
    previous = serializers.CharField(allow_null=True)
    count = serializers.IntegerField(required=False)
    results = GradeSchema(many=True)


class MedianSchema(serializers.Serializer[Any]):
    """A median over samples, with what it rests on."""

    median = serializers.CharField()
    uncertainty = serializers.CharField(allow_null=True)
    k = serializers.CharField(allow_null=True)
    unit = serializers.CharField()
    basis = serializers.CharField()
    n = serializers.IntegerField()
    censored = serializers.IntegerField()


class MineMediansSchema(serializers.Serializer[Any]):
    """One mine; `beside_` is the other content: leachable beside a total, total beside leachable."""

    mine = serializers.CharField()
    name = serializers.CharField()
    belt = serializers.CharField()
    samples = serializers.IntegerField()
    dy2o3 = MedianSchema(allow_null=True)
    tb4o7 = MedianSchema(allow_null=True)
    beside_dy2o3 = MedianSchema(allow_null=True)
    beside_tb4o7 = MedianSchema(allow_null=True)


class FunnelSchema(serializers.Serializer[Any]):
    """Samples that reached a step."""

    step = serializers.CharField()
    count = serializers.IntegerField()


class TransitSchema(serializers.Serializer[Any]):
    """A consignment under way."""

    consignment = serializers.CharField()
    holder = serializers.CharField(allow_null=True)
    since = serializers.DateTimeField()
    addressee = serializers.CharField()
    last_seen = serializers.CharField(allow_null=True)
    items = serializers.IntegerField()
    dispatched_at = serializers.DateTimeField(allow_null=True)
    expected_by = serializers.DateTimeField(allow_null=True)
    overdue = serializers.BooleanField()


class HeldSchema(serializers.Serializer[Any]):
    """An open hold."""

    sample = serializers.CharField()
    kind = serializers.ChoiceField(choices=HoldKind.choices)
    reason = serializers.CharField()
    since = serializers.DateTimeField()
    mine = serializers.CharField()


class LaboratorySchema(serializers.Serializer[Any]):
    """A laboratory's days from submission to the last certificate, without the time the clock stood."""

    laboratory = serializers.CharField()
    median_days = serializers.CharField(allow_null=True)
    p90_days = serializers.CharField(allow_null=True)
    complete = serializers.IntegerField()
    open = serializers.IntegerField()


class DaysSchema(serializers.Serializer[Any]):
    """Days from collection to the first certificate."""

    median = serializers.CharField()
    p90 = serializers.CharField()
    n = serializers.IntegerField()


class ChosenSchema(serializers.Serializer[Any]):
    """What the numbers are of; null is all."""

    days = serializers.IntegerField(allow_null=True)
    belt = serializers.CharField(allow_null=True)
    firm = serializers.CharField(allow_null=True)
    content = serializers.ChoiceField(choices=Extraction.choices)


class OverviewProvenanceSchema(serializers.Serializer[Any]):
    """How complete provenance is, over all records."""

    records = serializers.IntegerField()
    complete = serializers.IntegerField()
    lots_without_record = serializers.IntegerField()
    open_flags = serializers.IntegerField(help_text="Red flags that wait for an assessment")
    stopped = serializers.IntegerField(help_text="Records that are suspended or disengaged")


class OverviewProvenanceRowSchema(serializers.Serializer[Any]):
    """One record with much to do."""

    record = serializers.CharField()
    mine = serializers.CharField()
    consignment = serializers.CharField(allow_null=True)
    facts_met = serializers.IntegerField()
    facts_required = serializers.IntegerField()
    missing = serializers.CharField(allow_null=True, help_text="Codes of the required facts that are missing")
    open_flags = serializers.IntegerField()
    stopped = serializers.BooleanField()


class OverviewSchema(serializers.Serializer[Any]):
    """The ministry's page as data."""

    as_of = serializers.DateTimeField()
    filters = ChosenSchema()
    beside = serializers.ChoiceField(choices=Extraction.choices)
    collected = serializers.IntegerField()
    mines = serializers.IntegerField()
    on_the_way = serializers.IntegerField()
    on_hold = serializers.IntegerField()
    dy2o3 = MedianSchema(allow_null=True)
    tb4o7 = MedianSchema(allow_null=True)
    pit_to_certificate_days = DaysSchema(allow_null=True)
    by_mine = MineMediansSchema(many=True)
    funnel = FunnelSchema(many=True)
    in_transit = TransitSchema(many=True)
    holds = HeldSchema(many=True)
    turnaround = LaboratorySchema(many=True)
    provenance = OverviewProvenanceSchema()
    provenance_records = OverviewProvenanceRowSchema(many=True)
