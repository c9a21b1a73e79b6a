"""Shapes for the API's description."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from assays.models.methods import Extraction


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
    censored = serializers.ListField(child=serializers.CharField(), help_text="Members below or above a limit, counted as bounds")
    missing = serializers.ListField(child=serializers.CharField(), help_text="Members that were not measured")
    complete = serializers.BooleanField()
    definition = serializers.CharField()


class GradeSchema(serializers.Serializer[Any]):
    """The grades of one sample by one method."""

    sample = serializers.CharField()
    mine = serializers.CharField(allow_null=True, help_text="Null for a laboratory, which knows samples blind")
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


class OverviewSchema(serializers.Serializer[Any]):
    """The ministry's page as data."""

    as_of = serializers.DateTimeField()
    collected = serializers.IntegerField()
    mines = serializers.IntegerField()
    on_the_way = serializers.IntegerField()
    on_hold = serializers.IntegerField()
    dy2o3 = MedianSchema(allow_null=True)
    tb4o7 = MedianSchema(allow_null=True)
    pit_to_certificate_days = serializers.DictField(allow_null=True)
    by_mine = serializers.ListField(child=serializers.DictField())
    funnel = serializers.ListField(child=serializers.DictField())
    in_transit = serializers.ListField(child=serializers.DictField())
    holds = serializers.ListField(child=serializers.DictField())
    turnaround = serializers.ListField(child=serializers.DictField())
