"""Mines, pits and visits as one viewer may see them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.db.models import Count, IntegerField, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce

from lims.core.codes import normalise
from lims.core.scope import fetch_visible
from samples.looks.looking import may_see_origin
from samples.models import Mine, Photo, Pit, Sample, Visit


def select_mines(viewer: Any) -> QuerySet[Mine]:
    """The viewer's mines, each with the number of the viewer's samples from it (`sample_count`)."""
    counted = Sample.objects.visible_to(viewer).filter(mine=OuterRef("pk")).order_by().values("mine").annotate(n=Count("pk")).values("n")
    rows: QuerySet[Mine] = Mine.objects.visible_to(viewer)
    return rows.annotate(sample_count=Coalesce(Subquery(counted, output_field=IntegerField()), 0))


def find_mine(code: str, viewer: Any) -> Mine:
    """One mine by its code, or `NotFound`."""
    return fetch_visible(Mine, viewer, code__iexact=code.strip())


def find_pit(mine: Mine, code: str, viewer: Any) -> Pit:
    """One pit of a mine by its code, or `NotFound`."""
    return fetch_visible(Pit, viewer, mine=mine, code__iexact=code.strip())


def place_data(place: Mine | Pit | Sample) -> dict[str, str | None]:
    """Where exactly it is. The look at it was recorded before."""
    return {"latitude": _text(place.latitude), "longitude": _text(place.longitude)}


def _text(number: Decimal | None) -> str | None:
    return None if number is None else format(number, "f")


def mine_data(mine: Mine) -> dict[str, Any]:
    """One mine for lists and the API. Its operator and its exact place are told on request alone (`origin_data`)."""
    return {
        "id": str(mine.pk),
        "code": mine.code,
        "name": mine.name,
        "belt": mine.belt,
        "township": mine.township,
        "control": mine.control,
        "extraction_method": mine.extraction_method,
        "active": mine.active,
    }


def mine_detail(mine: Mine) -> dict[str, Any]:
    """One mine with its pits."""
    return {**mine_data(mine), "remark": mine.remark, "pits": [pit_data(pit) for pit in mine.pits.order_by("code")]}


def pit_data(pit: Pit) -> dict[str, Any]:
    """One pit, without its exact place."""
    return {"code": pit.code, "kind": pit.kind, "elevation_m": _text(pit.elevation_m), "remark": pit.remark}


def origin_data(mine: Mine) -> dict[str, Any]:
    """What is told of a mine on request: its operator, its exact place and those of its pits. The look at it was recorded before."""
    pits = [{"code": pit.code, **place_data(pit)} for pit in mine.pits.order_by("code")]
    return {"operator": mine.operator, **place_data(mine), "pits": pits}


def select_visits(viewer: Any) -> QuerySet[Visit]:
    """The viewer's visits with the number of samples taken on each (`sample_count`)."""
    rows: QuerySet[Visit] = Visit.objects.visible_to(viewer)
    return rows.select_related("organisation").prefetch_related("mines").annotate(sample_count=Count("samples", distinct=True))


def find_visit(code: str, viewer: Any) -> Visit:
    """One visit by its code, or `NotFound`."""
    return fetch_visible(Visit, viewer, queryset=Visit.objects.select_related("organisation", "recorded_by"), code=normalise(code))


def visit_photos(visit: Visit, viewer: Any) -> list[Photo]:
    """The photographs of a visit in scope: they show places, so only for those who may see exact places."""
    return list(visit.photos.select_related("added_by")) if may_see_origin(viewer) else []
