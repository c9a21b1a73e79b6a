"""Reading methods and reference materials."""

from __future__ import annotations

from datetime import date

from django.db.models import Q

from assays.models import MethodVersion


def versions_in_force(day: date) -> list[MethodVersion]:
    """The newest version in force of each method on that day, by method code."""
    in_force = Q(in_force_from__lte=day) & (Q(retired_on=None) | Q(retired_on__gt=day))
    newest: dict[object, MethodVersion] = {}
    for version in MethodVersion.objects.filter(in_force).select_related("method").order_by("method__code", "-number"):
        newest.setdefault(version.method_id, version)
    return list(newest.values())
