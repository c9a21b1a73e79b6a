"""The rail: who sees which page. Items are declared by the apps in `ready()`, filtered by the role × action matrix."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import reverse

from lims.core.roles import Action, allowed


@dataclass(frozen=True)
class Item:
    """One entry of the rail: its group decides the block, `count(user)` an optional number beside the label."""

    group: int
    order: int
    label: Any
    url_name: str
    action: Action
    count: Callable[[Any], int] | None = None


_items: list[Item] = []


def register_item(item: Item) -> None:
    """Add an entry to the rail."""
    _items.append(item)
    _items.sort(key=lambda one: (one.group, one.order))


def navigation_for(request: HttpRequest) -> list[list[dict[str, Any]]]:
    """Groups of `{label, url, active, count}` this user may open; the longest matching address is the active one."""
    user = request.user
    groups: dict[int, list[dict[str, Any]]] = {}
    for item in _items:
        if allowed(user, item.action):
            entry = {"label": item.label, "url": reverse(item.url_name), "count": item.count(user) if item.count else None}
            groups.setdefault(item.group, []).append(entry)
    entries = [entry for group in groups.values() for entry in group]
    here = max((entry["url"] for entry in entries if request.path.startswith(entry["url"])), key=len, default=None)
    for entry in entries:
        entry["active"] = entry["url"] == here
    return list(groups.values())
