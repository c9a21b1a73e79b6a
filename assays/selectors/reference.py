"""Reading methods and reference materials."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db.models import Prefetch, Q, QuerySet

from assays.models import CertifiedValue, MethodVersion, ReferenceMaterial
from lims.core.roles import LABORATORY_ROLES


def version_list() -> QuerySet[MethodVersion]:
    """Every method version with its analytes and controls."""
    return MethodVersion.objects.select_related("method").prefetch_related("analytes__analyte", "controls")


def versions_in_force(day: date) -> list[MethodVersion]:
    """The newest version in force of each method on that day, by method code."""
    in_force = Q(in_force_from__lte=day) & (Q(retired_on=None) | Q(retired_on__gt=day))
    newest: dict[object, MethodVersion] = {}
    for version in MethodVersion.objects.filter(in_force).select_related("method").order_by("method__code", "-number"):
        newest.setdefault(version.method_id, version)
    return list(newest.values())


def material_list(viewer: Any) -> QuerySet[ReferenceMaterial]:
    """Certified materials for everybody; in-house ones for their laboratory, officials and administrators. With their values."""
    values = CertifiedValue.objects.select_related("analyte").order_by("method_group", "analyte__order")
    rows = ReferenceMaterial.objects.select_related("laboratory").prefetch_related(Prefetch("values", queryset=values))
    if viewer.role in LABORATORY_ROLES:
        return rows.filter(Q(laboratory=None) | Q(laboratory=viewer.organisation_id))
    return rows
