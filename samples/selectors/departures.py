"""What may leave now, until when the rest is kept, and who can witness it."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db.models import Q, QuerySet

from lims.accounts.models import User
from lims.core.errors import Invalid, Problem
from lims.core.roles import LABORATORY_ROLES
from samples.lifecycle import SampleState
from samples.models import Sample

_AT_LABORATORY = [SampleState.RECEIVED, SampleState.IN_PREPARATION, SampleState.IN_ANALYSIS, SampleState.REPORTED, SampleState.REFUSED]


def select_colleagues(viewer: Any) -> QuerySet[User]:
    """Who can witness what the viewer does."""
    people: QuerySet[User] = User.objects.filter(organisation=viewer.organisation_id, is_active=True, role__in=LABORATORY_ROLES)
    others: QuerySet[User] = people.exclude(pk=viewer.pk).order_by("full_name")
    return others


def find_colleague(username: str, viewer: Any) -> User:
    """The colleague with that user name; the viewer too, so that the service can say why not. Raises `Invalid('witness')`."""
    found: User | None = User.objects.filter(organisation=viewer.organisation_id, username=username).first()
    if found is None:
        detail = f"There is nobody “{username}” in your laboratory. Give the user name of the colleague who stands beside you."
        raise Invalid("witness", detail, problems=[Problem("/witness", "witness", detail)])
    return found


def select_kept(viewer: Any) -> QuerySet[Sample]:
    """What the viewer's organisation holds and could let go some day: kept until a date, or refused."""
    rows = Sample.objects.visible_to(viewer).filter(holder=viewer.organisation_id, state__in=_AT_LABORATORY)
    return rows.filter(Q(retain_until__isnull=False) | Q(state=SampleState.REFUSED)).select_related("placement__location")


def only_due(rows: QuerySet[Sample], today: date) -> QuerySet[Sample]:
    """Those that nothing keeps: their day has come or they were refused, and no hold or discrepancy lies over them."""
    free = rows.filter(on_hold=False, has_open_discrepancy=False)
    return free.filter(Q(retain_until__lte=today) | Q(retain_until=None, state=SampleState.REFUSED))
