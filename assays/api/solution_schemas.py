"""What the interface says of leaches, dilution series and determinations."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

_NUMBER = "As reported, a text"


class NewLeachSchema(serializers.Serializer[Any]):
    """How one aliquot was leached; numbers may be written as numbers or texts."""

    aliquot = serializers.CharField()
    concentration_mol_l = serializers.DecimalField(6, 3)
    leachant_ml = serializers.DecimalField(9, 3, help_text="Added to the portion, without its pore water")
    ph_start = serializers.DecimalField(4, 2)
    ph_end = serializers.DecimalField(4, 2)
    minutes = serializers.DecimalField(7, 1)
    temperature_c = serializers.DecimalField(4, 1)


class NewLeachesSchema(serializers.Serializer[Any]):
    """A batch of leaches."""

    leaches = NewLeachSchema(many=True)
    lot = serializers.CharField(required=False, help_text="Code of the leachant's lot")
    reason = serializers.CharField(required=False, help_text="Where they take the place of leaches on record")


class LeachSchema(serializers.Serializer[Any]):
    """A leach on record; the newest of an aliquot counts."""

    id = serializers.UUIDField()
    aliquot = serializers.CharField()
    sample = serializers.CharField()
    method = serializers.CharField()
    lot = serializers.CharField(allow_null=True)
    concentration_mol_l = serializers.CharField(help_text=_NUMBER)
    leachant_ml = serializers.CharField(help_text=_NUMBER)
    pore_water_ml = serializers.CharField(help_text="From mass and moisture of the portion")
    pore_water_counts = serializers.BooleanField(help_text="Whether it is part of the volume the elements are dissolved in")
    liquid_to_solid = serializers.CharField(help_text="mL of leachant per g of dry solid")
    ph_start = serializers.CharField(help_text=_NUMBER)
    ph_end = serializers.CharField(help_text=_NUMBER)
    minutes = serializers.CharField(help_text=_NUMBER)
    temperature_c = serializers.CharField(help_text=_NUMBER)
    fault = serializers.CharField(help_text="Which limits of the method were not kept; empty when all were. Such a portion is not loaded")
    leached_at = serializers.DateTimeField()
    corrects = serializers.UUIDField(allow_null=True)
    reason = serializers.CharField()


class LeachPage(serializers.Serializer[Any]):
    """A page of leaches."""

    next = serializers.CharField(allow_null=True)
    previous = serializers.CharField(allow_null=True)
    count = serializers.IntegerField(required=False)
    results = LeachSchema(many=True)


class NewDilutionStepSchema(serializers.Serializer[Any]):
    """One step: what was taken, brought to what."""

    taken = serializers.DecimalField(12, 5)
    final = serializers.DecimalField(12, 5)
    unit = serializers.CharField(required=False, help_text="mL (as where it is left out) or g")
    u_taken = serializers.DecimalField(12, 5, required=False, help_text="Standard uncertainty, same unit")
    u_final = serializers.DecimalField(12, 5, required=False, help_text="Standard uncertainty, same unit")
    equipment = serializers.CharField(required=False, help_text="Code of the pipette or balance")


class NewDilutionSchema(serializers.Serializer[Any]):
    """A dilution series of one aliquot."""

    aliquot = serializers.CharField()
    steps = NewDilutionStepSchema(many=True)
    reason = serializers.CharField(required=False, help_text="Where it takes the place of another series")


class DilutionStepSchema(serializers.Serializer[Any]):
    """One step as it is kept."""

    taken = serializers.CharField()
    final = serializers.CharField()
    unit = serializers.CharField(help_text="mL or g")
    u_taken = serializers.CharField()
    u_final = serializers.CharField()
    equipment = serializers.CharField(help_text="Empty where none was named")


class DilutionSchema(serializers.Serializer[Any]):
    """A dilution series on record; the newest of an aliquot counts."""

    id = serializers.UUIDField()
    aliquot = serializers.CharField()
    sample = serializers.CharField()
    method = serializers.CharField()
    steps = DilutionStepSchema(many=True)
    factor = serializers.CharField(help_text="The product of final over taken")
    relative_u_percent = serializers.CharField(help_text="Relative standard uncertainty of the factor, percent")
    made_at = serializers.DateTimeField()
    reason = serializers.CharField()


class DilutionPage(serializers.Serializer[Any]):
    """A page of dilution series."""

    next = serializers.CharField(allow_null=True)
    previous = serializers.CharField(allow_null=True)
    count = serializers.IntegerField(required=False)
    results = DilutionSchema(many=True)


class NewDeterminationSchema(serializers.Serializer[Any]):
    """What was read at one position."""

    position = serializers.IntegerField(help_text="Its number on the tray")
    values = serializers.DictField(
        child=serializers.CharField(),
        help_text="By amount. Weighed: solution_ml, aliquot_ml, crucible_g, ignited_g, blank_g. Titrated: solution_ml, aliquot_ml, "
        "titre_ml, blank_ml, titrant_mol_l, mean_oxide_g_mol. Both: loi_crucible_g, loi_before_g, loi_after_g, other_percent",
    )


class NewDeterminationsSchema(serializers.Serializer[Any]):
    """What was weighed and titrated for a run."""

    determinations = NewDeterminationSchema(many=True)
    used = serializers.ListField(child=serializers.CharField(), required=False, help_text="Codes of balance, furnace, burette, titrant")
    reason = serializers.CharField(required=False, help_text="Where they take the place of earlier ones")


class DeterminationSchema(serializers.Serializer[Any]):
    """A determination that counts, with what it gives."""

    id = serializers.UUIDField()
    position = serializers.IntegerField()
    sample = serializers.CharField()
    aliquot = serializers.CharField()
    values = serializers.DictField(child=serializers.CharField())
    treo_percent = serializers.CharField(help_text="Dry, not rounded; what is reported stands among the results")
    loi_percent = serializers.CharField()
    total_percent = serializers.CharField(help_text="TREO, loss on ignition and other oxides")
    total_near_100 = serializers.BooleanField(help_text="Whether the total lies within the method's limits; else the run is blocked")
    made_at = serializers.DateTimeField()
    corrects = serializers.UUIDField(allow_null=True)
    reason = serializers.CharField()


class RunDeterminationsSchema(serializers.Serializer[Any]):
    """The determinations of a run of a classical method."""

    run = serializers.CharField()
    state = serializers.CharField()
    verdict = serializers.CharField()
    technique = serializers.ChoiceField(choices=["gravimetry", "titration"])
    total_least_percent = serializers.CharField()
    total_most_percent = serializers.CharField()
    limits_source = serializers.CharField(help_text="Where limits and uncertainties of the method come from")
    determinations = DeterminationSchema(many=True)
