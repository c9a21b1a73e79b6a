"""Codes set aside, as one viewer may see them."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from lims.core.codes import normalise
from lims.core.scope import fetch_visible
from samples.allotments.models import Allotment
from samples.models import Sample


def select_allotments(viewer: Any) -> QuerySet[Allotment]:
    """The viewer's sets."""
    rows: QuerySet[Allotment] = Allotment.objects.visible_to(viewer)
    return rows.select_related("organisation", "issued_by", "end")


def find_allotment(code: str, viewer: Any) -> Allotment:
    """One set by its code, or `NotFound`."""
    return fetch_visible(Allotment, viewer, queryset=select_allotments(viewer), code=normalise(code))


def used_codes(allotment: Allotment) -> set[str]:
    """Those of its codes that are on samples."""
    codes = allotment.codes()
    return set(Sample.objects.filter(code__in=codes).values_list("code", flat=True))


def unused_codes(allotment: Allotment) -> list[str]:
    """Those of its codes that are on no sample yet, in order."""
    used = used_codes(allotment)
    return [code for code in allotment.codes() if code not in used]


def allotment_badge(allotment: Allotment) -> tuple[str, str]:
    """Open or closed."""
    return ("none", _("closed")) if hasattr(allotment, "end") else ("pass", _("open"))


def allotment_data(allotment: Allotment) -> dict[str, Any]:
    """One set, flat."""
    codes = allotment.codes()
    ended = hasattr(allotment, "end")
    return {
        "code": allotment.code,
        "organisation": allotment.organisation.code,
        "team": allotment.team,
        "purpose": allotment.purpose,
        "first": codes[0],
        "last": codes[-1],
        "count": allotment.count,
        "used": len(used_codes(allotment)),
        "issued_by": allotment.issued_by.full_name,
        "issued_at": allotment.issued_at.isoformat(),
        "ended_at": allotment.end.ended_at.isoformat() if ended else None,
        "end_reason": allotment.end.reason if ended else None,
    }


def allotment_detail(allotment: Allotment) -> dict[str, Any]:
    """One set with each code."""
    used = used_codes(allotment)
    return {**allotment_data(allotment), "codes": [{"code": code, "used": code in used} for code in allotment.codes()]}
