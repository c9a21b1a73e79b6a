"""Places in storage for tests, made through the services."""

from __future__ import annotations

from typing import Any

from samples.storage.models import Location, LocationKind
from samples.storage.services.arranging import create_location
from tests.factories.people import Cast


def make_place(by: Any, kind: str, name: str, parent: Location | None = None, **more: Any) -> Location:
    """A place of the person's organisation; `more` are members of it, `rows` and `columns` its positions."""
    grid = {name: more.pop(name) for name in ("rows", "columns") if name in more}
    return create_location(kind=LocationKind.objects.get(code=kind), parent=parent, values={"name": name, **more}, by=by, **grid)


def make_box(cast: Cast, *, by: Any = None, rows: int = 2, columns: int = 3, **more: Any) -> Location:
    """A box of positions A1, A2 … in a room of a site of the cast's laboratory (or of `by`); `more` are members of the box."""
    by = by or cast.technician
    site = Location.objects.filter(organisation=by.organisation, parent=None).first() or make_place(by, "site", "Main building")
    room = site.children.first() or make_place(by, "room", "Store 1", site)
    number = room.children.count() + 1
    return make_place(by, "box", f"Box {number}", room, rows=rows, columns=columns, **more)


def position_in(box: Location, name: str = "A1") -> Location:
    """The position with that name."""
    return box.children.get(name=name)
