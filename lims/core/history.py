"""What became of one editable record, version by version: read from its history, shown to administrators."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any

from django.db import models
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from lims.core.templatetags.values import zone_name

_KINDS = {"insert": "wait", "update": "none", "delete": "fail"}


@dataclass(frozen=True)
class Change:
    """One version: when, by whom, why, and what differs from the version before as (label, before, after)."""

    kind: str
    at: datetime
    by: str
    reason: str
    differences: list[tuple[str, str, str]]

    @property
    def badge(self) -> tuple[str, str]:
        """The kind of change as tone and word."""
        words = {"insert": _("recorded"), "update": _("changed"), "delete": _("removed")}
        return _KINDS[self.kind], words[self.kind]


def has_history(model: type[models.Model]) -> bool:
    """Whether versions of the model's rows are kept."""
    return getattr(model, "pgh_event_model", None) is not None


def read_history(record: models.Model, *, limit: int = 50, hide: frozenset[str] = frozenset()) -> list[Change]:
    """The newest changes of a record, newest first, in a fixed number of queries. `hide` names fields the reader may not see."""
    model: Any = type(record)
    events = list(model.pgh_event_model.objects.filter(pgh_obj_id=record.pk).order_by("-pgh_id")[: limit + 1])
    fields = [field for field in model._meta.concrete_fields if _is_kept(field, model) and field.name not in hide]
    pairs = [*pairwise(events), *([(events[-1], None)] if 0 < len(events) <= limit else [])]
    names = _names_of_related(fields, events)
    return [_change(after, before, fields, names) for after, before in pairs]


def _is_kept(field: Any, model: Any) -> bool:
    kept = {one.name for one in model.pgh_event_model._meta.concrete_fields}
    return field.name in kept and not field.primary_key


def _change(after: Any, before: Any, fields: list[Any], names: dict[tuple[type, Any], str]) -> Change:
    # A change made outside `acting()`, by a migration or by hand, names nobody.
    context = after.pgh_context or {}
    differences = [
        (str(field.verbose_name).capitalize(), _words(field, before, names) if before else "", _words(field, after, names))
        for field in fields
        if (getattr(before, field.attname) if before else field.get_default()) != getattr(after, field.attname)
    ]
    shown = [] if after.pgh_label == "delete" else differences
    return Change(after.pgh_label, after.pgh_created_at, context.get("actor_name", ""), context.get("reason", ""), shown)


def _words(field: Any, event: Any, names: dict[tuple[type, Any], str]) -> str:
    value = getattr(event, field.attname)
    if value is None or value == "":
        return "—"
    if field.is_relation:
        return names.get((field.related_model, value), str(value))
    if field.choices:
        return str(dict(field.flatchoices).get(value, value))
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, datetime):
        zone = timezone.get_current_timezone()
        return f"{date_format(value.astimezone(zone), 'j M Y H:i')} {zone_name(zone, value)}"
    return ", ".join(str(one) for one in value) if isinstance(value, list) else str(value)


def _names_of_related(fields: list[Any], events: list[Any]) -> dict[tuple[type, Any], str]:
    """The names of what the versions point to, one query for each kind of thing."""
    wanted: dict[type[models.Model], set[Any]] = {}
    for field in fields:
        if field.is_relation:
            ids = {getattr(event, field.attname) for event in events} - {None}
            wanted.setdefault(field.related_model, set()).update(ids)
    return {(model, one.pk): str(one) for model, ids in wanted.items() if ids for one in model._base_manager.filter(pk__in=ids)}
