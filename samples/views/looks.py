"""Looks at suppliers and exact places: asking for one, and the list of all."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from django.db.models import QuerySet
from django.http import HttpRequest

from lims.core.listing import RecordList
from lims.core.roles import Action
from samples.forms.looks import LookFilter, LookForm
from samples.looks.looking import Door, Glance, look_data, may_see_origin, record_looks
from samples.looks.models import Look


def look_form_for(viewer: Any, forms: Mapping[str, Any]) -> LookForm | None:
    """The form that asks what for: the one that was refused, or a new one for who may look."""
    if not may_see_origin(viewer):
        return None
    found: LookForm | None = forms.get("look_form")
    return found or LookForm(prefix="look")


def look_on_page(request: HttpRequest, glances: Iterable[Glance], purpose: str) -> None:
    """Record the looks this page is about to grant."""
    record_looks(glances=glances, purpose=purpose, door=Door.PAGE, address=request.path, by=request.user)


class LookList(RecordList):
    """All looks, newest first; the same rows as CSV."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.LOOK_VIEW}
    template = "samples/looks/list.html"
    filterset_class = LookFilter
    orderings: ClassVar[dict[str, str]] = {"id": "id", "looked_at": "looked_at"}
    default_ordering = "-looked_at"
    file_name = "looks.csv"

    def select(self, viewer: Any) -> QuerySet[Look]:
        return Look.objects.visible_to(viewer)

    def row(self, found: Look) -> dict[str, Any]:
        return look_data(found)
