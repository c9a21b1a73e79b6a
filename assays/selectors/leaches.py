"""Leaches and dilution series of aliquots: which count now, which aliquots wait for one, what a person is told of them."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef, QuerySet

from assays.chemistry.leach import compute_leachate_ml
from assays.lifecycle import TestState
from assays.models import Aliquot, DilutionSeries, Leach
from assays.selectors.worklists import bench_tests


def current_leaches(aliquots: Collection[UUID]) -> dict[UUID, Leach]:
    """The leach of each aliquot that counts: the newest on record."""
    return {one.aliquot_id: one for one in Leach.objects.filter(aliquot__in=aliquots).select_related("lot").order_by("id")}


def current_dilutions(aliquots: Collection[UUID]) -> dict[UUID, DilutionSeries]:
    """The dilution series of each aliquot that counts: the newest on record."""
    return {one.aliquot_id: one for one in DilutionSeries.objects.filter(aliquot__in=aliquots).order_by("id")}


def leachate_ml(aliquot: Aliquot, leach: Leach) -> float:
    """The volume the leached elements were dissolved in."""
    if not leach.pore_water_counts:
        return float(leach.leachant_ml)
    return compute_leachate_ml(float(leach.leachant_ml), float(aliquot.mass_g), aliquot.preparation.portion_moisture_percent)


def aliquots_to_leach(viewer: Any) -> QuerySet[Aliquot]:
    """Weighed portions of leaching methods whose leach is not on record, by due day."""
    tests = bench_tests(viewer).filter(state=TestState.PREPARED, method_version__leach__isnull=False)
    rows = Aliquot.objects.filter(test__in=tests.values("pk")).exclude(Exists(Leach.objects.filter(aliquot=OuterRef("pk"))))
    related = (
        "test__sample",
        "test__submission",
        "test__method_version__method",
        "test__method_version__leach",
        "preparation",
        "duplicate_of",
    )
    return rows.select_related(*related).order_by("test__submission__due_on", "code")


def leach_words(leach: Leach) -> str:
    """A leach in one line of English, as it stands on a certificate."""
    return (
        f"{leach.concentration_mol_l.normalize():f} mol/L, {leach.leachant_ml.normalize():f} mL of leachant "
        f"({leach.liquid_to_solid.normalize():f} mL per g of dry solid, pore water {leach.pore_water_ml.normalize():f} mL"
        f"{' counted' if leach.pore_water_counts else ' not counted'}), pH {leach.ph_start} to {leach.ph_end}, "
        f"{leach.minutes.normalize():f} min at {leach.temperature_c.normalize():f} °C"
    )


LEACH_NUMBERS = ("concentration_mol_l", "leachant_ml", "pore_water_ml", "liquid_to_solid", "ph_start", "ph_end", "minutes", "temperature_c")


def leach_inputs(leach: Leach) -> dict[str, str]:
    """What a result's inputs keep of the leach it was made from."""
    return {"leach": str(leach.pk), "leach_lot": leach.lot.code if leach.lot else ""} | {
        f"leach_{name}": str(getattr(leach, name)) for name in LEACH_NUMBERS
    }
