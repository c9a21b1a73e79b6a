"""Cursor pages by keyset: the deepest page costs what the first does."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

from django.core.exceptions import ValidationError
from django.db.models import F, Q, QuerySet

from lims.core.errors import Invalid


@dataclass(frozen=True)
class Page:
    """One page: its rows and the addresses of its neighbours; for a page of the web also their cursors, its size and the total."""

    rows: list[Any]
    next: str | None
    previous: str | None
    page_size: int = 0
    total: int | None = None

    @property
    def next_cursor(self) -> str:
        return _cursor_of(self.next)

    @property
    def previous_cursor(self) -> str:
        return _cursor_of(self.previous)


def _cursor_of(address: str | None) -> str:
    return parse_qs(urlsplit(address).query)["cursor"][0] if address else ""


def _foreign_cursor() -> Invalid:
    return Invalid("cursor", "This cursor is not one of ours, or belongs to another ordering. Start again without it.")


class KeysetPaginator:
    """Pages by (ordering field, id). Works for a DRF or a Django request: only its query string and absolute address are used."""

    def __init__(self, request: Any, *, orderings: dict[str, str], default: str, page_size: int = 50, largest: int = 1000) -> None:
        self.request = request
        self.query = request.GET
        name = self.query.get("ordering") or default
        self.descending = name.startswith("-")
        if name.lstrip("-") not in orderings:
            raise Invalid("ordering", f"Lists of this kind are ordered by one of: {', '.join(orderings)} (a leading '-' turns the order).")
        self.ordering = name
        self.field = orderings[name.lstrip("-")]
        self.page_size = _read_size(self.query, page_size, largest)

    def ordered(self, rows: QuerySet[Any], backwards: bool = False) -> QuerySet[Any]:
        """The rows in the asked order, ties broken by id."""
        descending = self.descending != backwards
        nulls: dict[str, bool] = {"nulls_first": True} if backwards else {"nulls_last": True}
        key = F(self.field).desc(**nulls) if descending else F(self.field).asc(**nulls)
        return rows.order_by(*([key] if self.field != "id" else []), "-id" if descending else "id")

    def page(self, rows: QuerySet[Any]) -> Page:
        """The page the query's cursor names, or the first."""
        cursor = self._read_cursor()
        backwards = bool(cursor and cursor["b"])
        ordered = self.ordered(rows, backwards)
        if cursor:
            ordered = self._continue(ordered, cursor, backwards)
        found = list(ordered[: self.page_size + 1])
        more, found = len(found) > self.page_size, found[: self.page_size]
        if backwards:
            found.reverse()
        has_next, has_previous = (bool(cursor), more) if backwards else (more, bool(cursor))
        return Page(
            found,
            self._address(found[-1], False) if has_next and found else None,
            self._address(found[0], True) if has_previous and found else None,
            self.page_size,
        )

    def _continue(self, ordered: QuerySet[Any], cursor: dict[str, Any], backwards: bool) -> QuerySet[Any]:
        """The rows beyond the cursor; its values come from outside and may be no key of these rows."""
        try:
            return ordered.filter(self._after(cursor, backwards))
        except (ValidationError, ValueError, TypeError, OverflowError) as error:
            raise _foreign_cursor() from error

    def _after(self, cursor: dict[str, Any], backwards: bool) -> Q:
        operator = "lt" if self.descending != backwards else "gt"
        by_id = Q(**{f"id__{operator}": cursor["i"]})
        if self.field == "id":
            return by_id
        if cursor["k"] is None:
            tie = Q(**{f"{self.field}__isnull": True}) & by_id
            return tie | Q(**{f"{self.field}__isnull": False}) if backwards else tie
        beyond = Q(**{f"{self.field}__{operator}": cursor["k"]}) | (Q(**{self.field: cursor["k"]}) & by_id)
        return beyond if backwards else beyond | Q(**{f"{self.field}__isnull": True})

    def _read_cursor(self) -> dict[str, Any] | None:
        text = self.query.get("cursor")
        if not text:
            return None
        try:
            cursor = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
            values = [cursor["i"], "" if cursor["k"] is None else cursor["k"]]
            written_here = all(isinstance(value, str) and "\0" not in value for value in values)
            if cursor["o"] == self.ordering and written_here and isinstance(cursor["b"], bool):
                return dict(cursor)
        except (ValueError, KeyError, TypeError, RecursionError):
            pass
        raise _foreign_cursor()

    def _address(self, row: Any, backwards: bool) -> str:
        value: Any = row
        for part in self.field.split("__"):
            value = getattr(value, part) if value is not None else None
        key = None if value is None else value.isoformat() if hasattr(value, "isoformat") else str(value)
        return _address_with(self.request, {"o": self.ordering, "k": key, "i": str(row.pk), "b": backwards})


def _address_with(request: Any, cursor: dict[str, Any]) -> str:
    query = request.GET.copy()
    query["cursor"] = base64.urlsafe_b64encode(json.dumps(cursor).encode()).decode().rstrip("=")
    address: str = request.build_absolute_uri(f"{request.path}?{query.urlencode()}")
    return address


def page_of_listed(request: Any, rows: Sequence[Any], *, page_size: int = 50, largest: int = 1000) -> Page:
    """A page of rows that were put in order outside the database, by the place of its first row; with the total. For lists that are short
    by their nature: all of them is read for each page."""
    size, text = _read_size(request.GET, page_size, largest), request.GET.get("cursor") or ""
    start = _read_place(text) if text else 0
    after = _address_with(request, {"at": start + size}) if start + size < len(rows) else None
    before = _address_with(request, {"at": max(start - size, 0)}) if start else None
    return Page(list(rows[start : start + size]), after, before, size, len(rows))


def _read_place(text: str) -> int:
    try:
        place = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))["at"]
    except (ValueError, KeyError, TypeError, RecursionError):
        place = None
    if type(place) is int and place >= 0:
        return place
    raise _foreign_cursor()


def _read_size(query: Any, page_size: int, largest: int) -> int:
    asked = query.get("page_size") or str(page_size)
    size = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 10 else 0
    if not 1 <= size <= largest:
        raise Invalid("page_size", f"page_size is a whole number from 1 to {largest}.")
    return size
