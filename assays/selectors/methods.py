"""Reading what a method version asks for."""

from __future__ import annotations

from django.db.models import Prefetch, prefetch_related_objects

from assays.models import MethodAnalyte, MethodVersion


def analytes_of(version: MethodVersion) -> dict[str, MethodAnalyte]:
    """What the version measures, by symbol, in the usual order. Read once for each object of it: several steps of an import ask."""
    prefetch_related_objects([version], Prefetch("analytes", queryset=MethodAnalyte.objects.select_related("analyte")))
    return {one.analyte.symbol: one for one in version.analytes.all()}
