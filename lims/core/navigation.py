"""The rail: who sees which page. Items are declared by the apps in `ready()`, filtered by the role × action matrix."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse

from lims.core.roles import Action, allowed


@dataclass(frozen=True)
class Item:
    """One entry of the rail: its group decides the block, how many rows `counted(user)` has, if any, stands beside the label;
    `hidden_from` are roles that may open the page and do not need it in their rail."""

    group: int
    order: int
    label: Any
    url_name: str
    action: Action
    counted: Callable[[Any], QuerySet[Any]] | None = None
    hidden_from: frozenset[str] = frozenset()


_items: list[Item] = []


def register_item(item: Item) -> None:
    """Add an entry to the rail."""
    _items.append(item)
    _items.sort(key=lambda one: (one.group, one.order))


def navigation_for(request: HttpRequest) -> list[list[dict[str, Any]]]:
    """Groups of `{label, url, active, count}` this user may open; the longest matching address is the active one."""
    user: Any = request.user
    shown = [item for item in _items if allowed(user, item.action) and user.role not in item.hidden_from]
    counts = dict(zip((item.url_name for item in shown if item.counted), count_together(_counted_rows(shown, user)), strict=True))
    groups: dict[int, list[dict[str, Any]]] = {}
    for item in shown:
        entry = {"label": item.label, "url": reverse(item.url_name), "count": counts.get(item.url_name)}
        groups.setdefault(item.group, []).append(entry)
    entries = [entry for group in groups.values() for entry in group]
    # The start page is above every other, so it is active only on itself.
    above = [entry["url"] for entry in entries if request.path.startswith(entry["url"]) and entry["url"] != "/"]
    here = max(above, key=len, default=request.path)
    for entry in entries:
        entry["active"] = entry["url"] == here
    return list(groups.values())


def _counted_rows(shown: list[Item], user: Any) -> list[QuerySet[Any]]:
    return [item.counted(user) for item in shown if item.counted]


def count_together(wanted: list[QuerySet[Any]]) -> list[int]:
    """How many rows each of the queries has, by one question to the database."""
    parts: list[str] = []
    values: list[Any] = []
    for rows in wanted:
        try:
            query = rows.values("pk").query
            query.clear_ordering(force=False)
            statement, given = query.sql_with_params()
        except EmptyResultSet:
            parts.append("0")
            continue
        parts.append(f"(SELECT count(*) FROM ({statement}) AS counted)")  # noqa: S608  # Django's own text, its values apart
        values.extend(given)
    if not parts:
        return []
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {', '.join(parts)}", values)
        return list(cursor.fetchone())
