"""Which reference materials a tray holds: usable ones that cover the analytes, near the grade expected, in turn."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from math import log
from statistics import median
from typing import Any

from django.db.models import Prefetch, Q

from assays.models import CertifiedValue, MethodVersion, ReferenceMaterial, ResultVersion
from assays.models.reference import MaterialKind
from assays.tray_layout import Placement

GRADE = ("Dy", "Tb")
"""What the grade of a sample is told by."""
_LAST_RESULTS = 200

Usable = Sequence[tuple[ReferenceMaterial, set[str]]]


def choose_materials(
    version: MethodVersion, laboratory_id: Any, day: date, placement: Placement | None = None, samples: Iterable[Any] = ()
) -> list[ReferenceMaterial]:
    """The fewest usable materials (greedily) whose values for the method's group cover every required analyte; empty when none has any.
    Where the method asks for it, those with the method's matrix and those nearest to the expected grade come first, and further ones are
    added until as many stand in turn as it asks for."""
    placement = placement or Placement()
    wanted = _required(version)
    usable: Usable = usable_materials(version, laboratory_id, day)
    if placement.nearest_grade or placement.matrix:
        usable = _rank(usable, placement, expected_grade(version, laboratory_id, samples) if placement.nearest_grade else {})
    candidates = [(material, wanted & symbols) for material, symbols in usable]
    chosen: list[ReferenceMaterial] = []
    missing = set(wanted)
    while missing:
        material, symbols = max(candidates, key=lambda one: len(one[1] & missing), default=(None, set()))
        if material is None or not symbols & missing:
            break
        chosen.append(material)
        missing -= symbols
    others = [material for material, symbols in candidates if material not in chosen and symbols]
    return chosen + others[: max(0, placement.different - len(chosen))] if chosen else []


def usable_materials(version: MethodVersion, laboratory_id: Any, day: date) -> list[tuple[ReferenceMaterial, set[str]]]:
    """Active, unexpired materials (certified, or the laboratory's own) with the analytes they have a value and a standard deviation for, by
    the method's group; in the order of their codes."""
    values = CertifiedValue.objects.filter(method_group=version.method.method_group, sd__gt=0).select_related("analyte")
    materials = (
        ReferenceMaterial.objects.filter(Q(kind=MaterialKind.CERTIFIED) | Q(laboratory=laboratory_id), active=True)
        .filter(Q(expires_on=None) | Q(expires_on__gte=day), pk__in=values.values("material"))
        .prefetch_related(Prefetch("values", queryset=values))
        .order_by("code")
    )
    return [(material, {value.analyte.symbol for value in material.values.all()}) for material in materials]


def expected_grade(version: MethodVersion, laboratory_id: Any, samples: Iterable[Any]) -> dict[str, float]:
    """What the samples are expected to hold of dysprosium and terbium, in the version's unit: the median of their own earlier contents of
    the same extraction; without any, of the laboratory's last ones. Empty where nothing was measured yet."""
    contents = ResultVersion.objects.filter(
        current_of__isnull=False,
        result__test__submission__laboratory=laboratory_id,
        result__analyte__symbol__in=GRADE,
        method_version__method__extraction=version.method.extraction,
        unit=version.unit,
        qualifier="=",
    )
    found: dict[str, float] = {}
    for symbol in GRADE:
        of_symbol = contents.filter(result__analyte__symbol=symbol).order_by("-id").values_list("value", flat=True)
        values = list(of_symbol.filter(result__sample__in=list(samples))) or list(of_symbol[:_LAST_RESULTS])
        if values:
            found[symbol] = float(median(values))
    return found


def grade_distance(values: Mapping[str, float], expected: Mapping[str, float]) -> float:
    """How far a material stands from the expected grade: the mean of |ln(value/expected)| over what both know; infinite for nothing."""
    distances = [abs(log(values[symbol] / content)) for symbol, content in expected.items() if content > 0 and values.get(symbol, 0) > 0]
    return sum(distances) / len(distances) if distances else float("inf")


def _rank(usable: Usable, placement: Placement, expected: Mapping[str, float]) -> Usable:
    def rank(one: tuple[ReferenceMaterial, set[str]]) -> tuple[bool, float, str]:
        material = one[0]
        values = {value.analyte.symbol: float(value.value) for value in material.values.all()}
        other_matrix = bool(placement.matrix) and placement.matrix.casefold() not in material.matrix.casefold()
        return other_matrix, grade_distance(values, expected), material.code

    return sorted(usable, key=rank)


def _required(version: MethodVersion) -> set[str]:
    return {one.analyte.symbol for one in version.analytes.select_related("analyte") if one.required}
