"""The rule of origins: supplier and exact places are shown by permission, on request, with a purpose, and every look is kept.

Whoever shows them calls `record_looks` first, in the request that shows them; what nobody asked for is left out of pages, lists, files and
answers. What counts as a look stands in docs/adr.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from lims.core import clock
from lims.core.errors import Invalid, Problem
from lims.core.ids import uuid7_series
from lims.core.roles import Action, allowed, require
from samples.looks.models import Door, Look, Shown, Subject

SHORTEST_PURPOSE, LONGEST_PURPOSE = 5, 300


@dataclass(frozen=True)
class Glance:
    """What is about to be shown: `kind` and `shown` are values of `Subject` and `Shown`."""

    kind: str
    pk: UUID
    code: str
    shown: str


def may_see_origin(user: Any) -> bool:
    """Whether this person may see suppliers and exact places at all (each look is recorded nevertheless)."""
    return allowed(user, Action.PLACE_EXACT)


def glance_at(thing: Any, shown: str) -> Glance:
    """A glance at a mine, sample, visit or provenance record."""
    kinds = {"mine": Subject.MINE, "sample": Subject.SAMPLE, "visit": Subject.VISIT, "provenancerecord": Subject.PROVENANCE}
    return Glance(kinds[thing._meta.model_name], thing.pk, thing.code, shown)


def check_purpose(purpose: str) -> str:
    """The purpose without blanks around it. Raises `Invalid('purpose')` for none, for a line too long and for what cannot be printed."""
    purpose = purpose.strip()
    if len(purpose) < SHORTEST_PURPOSE or len(purpose) > LONGEST_PURPOSE or not purpose.isprintable():
        detail = (
            f"Say in one line what you need to see it for ({SHORTEST_PURPOSE} to {LONGEST_PURPOSE} characters). It is kept with your name."
        )
        raise Invalid("purpose", detail, problems=[Problem("/purpose", "purpose", detail)])
    return purpose


def record_looks(
    *, glances: Iterable[Glance], purpose: str, door: str = Door.PAGE, address: str = "", by: Any, at: datetime | None = None
) -> list[Look]:
    """Keep one look for each glance, before anything is shown. Raises `Forbidden('role')` without the permission and
    `Invalid('purpose')`."""
    require(by, Action.PLACE_EXACT)
    purpose, now, glances = check_purpose(purpose), at or clock.now(), list(glances)
    with transaction.atomic():
        return Look.objects.bulk_create(
            Look(
                pk=key,  # in the order they were shown
                viewer=by,
                viewer_name=by.full_name,
                viewer_organisation=by.organisation.name,
                viewer_role=by.role,
                looked_at=now,
                subject_kind=one.kind,
                subject_id=one.pk,
                subject_code=one.code,
                shown=one.shown,
                purpose=purpose,
                door=door,
                address=address[:300],
            )
            for key, one in zip(uuid7_series(len(glances)), glances, strict=True)
        )


def look_data(look: Look) -> dict[str, Any]:
    """One look as plain values."""
    return {
        "id": str(look.pk),
        "looked_at": look.looked_at.isoformat(),
        "viewer": look.viewer_name,
        "organisation": look.viewer_organisation,
        "role": look.viewer_role,
        "subject_kind": look.subject_kind,
        "subject": look.subject_code,
        "shown": look.shown,
        "purpose": look.purpose,
        "door": look.door,
        "address": look.address,
    }


__all__ = ["Door", "Glance", "Shown", "Subject", "check_purpose", "glance_at", "look_data", "may_see_origin", "record_looks"]
