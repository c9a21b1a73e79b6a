"""My work: what waits for a person, as items that each lead to their list."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from urllib.parse import urlencode

from django.db.models import Count, Min, Q, QuerySet
from django.urls import reverse

from lims.core import clock

SHOWN = 3
"""How many of the oldest an item names."""


@dataclass(frozen=True)
class Entry:
    """One thing that waits, by the code the viewer knows, and the page that opens it."""

    code: str
    url: str


@dataclass(frozen=True)
class Waiting:
    """What a list holds: how many, since when the oldest waits, the nearest due moment, how many are held, and the most urgent by name."""

    count: int
    oldest: datetime | None = None
    due: datetime | date | None = None
    held: int = 0
    entries: list[Entry] = field(default_factory=list)

    @property
    def late(self) -> bool:
        """Whether the nearest due moment has passed; a due day passes with its end."""
        if self.due is None:
            return False
        return self.due < clock.now() if isinstance(self.due, datetime) else self.due < clock.today()

    @property
    def more(self) -> int:
        """How many wait beside those that are named."""
        return self.count - len(self.entries)


@dataclass(frozen=True)
class WorkItem:
    """One kind of work of a role: `label` names it, `hint` says what to do, `url` opens its list. An `alarm`
    is something that went wrong."""

    label: Any
    hint: Any
    url: str
    waiting: Waiting
    alarm: bool = False

    @property
    def tone(self) -> str:
        """How urgent it is, as one of the five tones."""
        if not self.waiting.count:
            return "none"
        if self.alarm:
            return "fail"
        return "warn" if self.waiting.late else "wait"


Question = Callable[[Any], WorkItem]
"""Asks what waits for a person."""


def address(name: str, *arguments: Any, **query: Any) -> str:
    """A page with its filters."""
    return reverse(name, args=arguments) + (f"?{urlencode(query, doseq=True)}" if query else "")


def ask(
    rows: QuerySet[Any],
    *,
    since: str | None = None,
    due: str | None = None,
    held: Q | None = None,
    show: Callable[[Any], Entry] | None = None,
) -> Waiting:
    """Count rows that wait since the moment in `since`, until the one in `due`; a second query finds the most urgent to `show`."""
    asked: dict[str, Any] = {"count": Count("pk")}
    asked |= {"oldest": Min(since)} if since else {}
    asked |= {"due": Min(due)} if due else {}
    asked |= {"held": Count("pk", filter=held)} if held is not None else {}
    found = rows.order_by().aggregate(**asked)
    order = [name for name in (due, since, "pk") if name]
    entries = [show(one) for one in rows.order_by(*order)[:SHOWN]] if show and found["count"] else []
    return Waiting(**found, entries=entries)
