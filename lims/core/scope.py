"""Scope first: the only ways to obtain objects on behalf of someone."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Protocol, TypeVar

from django.db import models
from django.db.models import QuerySet

from lims.core.errors import NotFound

M = TypeVar("M", bound=models.Model)


class Scoped(Protocol):
    """A queryset that knows what a caller may see."""

    def visible_to(self, user: Any) -> Any: ...


def fetch_visible(model: type[M], user: Any, *, lock: bool = False, queryset: QuerySet[M] | None = None, **lookup: Any) -> M:
    """One object inside the user's scope, or `NotFound`: what is outside does not exist. `lock=True` takes the row FOR UPDATE."""
    everything: Any = model._default_manager.all() if queryset is None else queryset
    rows = everything.visible_to(user)
    if lock:
        # The scope may join; the lock is taken on the row itself.
        rows = model._default_manager.filter(pk__in=rows.filter(**lookup).values("pk")).select_for_update()
        found: M | None = rows.first()
    else:
        found = rows.filter(**lookup).first()
    if found is None:
        raise NotFound()
    return found


def lock_visible(model: type[M], user: Any, keys: Collection[Any]) -> dict[Any, M]:
    """Those of the rows with these keys that lie inside the user's scope, by key, FOR UPDATE; what is outside is left out. Locks are taken
    in one order, so that two writers wait for each other and never for good."""
    everything: Any = model._default_manager.all()
    visible = everything.visible_to(user).filter(pk__in=keys).values("pk")
    return {row.pk: row for row in model._default_manager.filter(pk__in=visible).order_by("pk").select_for_update()}
