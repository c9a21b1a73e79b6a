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
    """One entry of the rail: its group decides the block, `count(user)` an optional number beside the label; `hidden_from` are roles that
    may open the page and do not need it in their rail."""

    group: int
    order: int
    label: Any
    url_name: str
    action: Action
    count: Callable[[Any], int] | None = None
    hidden_from: frozenset[str] = frozenset()


_items: list[Item] = []


def register_item(item: Item) -> None:
    """Add an entry to the rail."""
    _items.append(item)
    _items.sort(key=lambda one: (one.group, one.order))


def navigation_for(request: HttpRequest) -> list[list[dict[str, Any]]]:
    """Groups of `{label, url, active, count}` this user may open; the longest matching address is the active one."""
    user: Any = request.user
    groups: dict[int, list[dict[str, Any]]] = {}
    for item in _items:
        if allowed(user, item.action) and user.role not in item.hidden_from:
            entry = {"label": item.label, "url": reverse(item.url_name), "count": item.count(user) if item.count else None}
            groups.setdefault(item.group, []).append(entry)
    entries = [entry for group in groups.values() for entry in group]
    # The start page is above every other, so it is active only on itself.
    above = [entry["url"] for entry in entries if request.path.startswith(entry["url"]) and entry["url"] != "/"]
    here = max(above, key=len, default=request.path)
    for entry in entries:
        entry["active"] = entry["url"] == here
    return list(groups.values())
