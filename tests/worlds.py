"""What many tests begin with, built once for those that follow one another on it.

A test that names a world's fixture (`certificate`, `planned` …) starts from a savepoint above what the world's builder wrote,
with copies of its objects; nothing of a test reaches the next. `pytest_collection_modifyitems` lets the tests of a file that share a world
follow one another.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any

from django.conf import settings
from django.db import connections, transaction

from tests import databases
from tests.factories import bench, measurement, people, release
from tests.factories.people import Cast

Objects = Mapping[str, Any]


def _on_cast(name: str, make: Callable[[Cast], Any]) -> Callable[[], Objects]:
    def build() -> Objects:
        cast = people.make_cast()
        return {"cast": cast, name: make(cast)}

    return build


BUILDERS: Mapping[str, Callable[[], Objects]] = {
    "planned": _on_cast("planned", bench.make_planned_run),
    "measured": _on_cast("measured", measurement.make_measured_run),
    "authorised": _on_cast("authorised", release.make_authorised),
    "certificate": _on_cast("certificate", release.make_issued),
}
"""What each world holds, by the fixture that asks for it: the cast, and what the fixture is named after."""


def find_world(fixtures: Iterable[str]) -> str | None:
    """The world a test with these fixtures stands on; None for one that makes everything itself. Raises where it names two."""
    named = [name for name in fixtures if name in BUILDERS]
    if len(named) > 1:
        raise LookupError(f"A test stands on one world, not on {' and '.join(named)}: let it make the other.")
    return named[0] if named else None


class Ground:
    """The world that stands in this process's database at the moment, in a transaction that is never committed."""

    def __init__(self) -> None:
        self._name: str | None = None
        self._objects: Objects = {}
        self._open = ExitStack()

    def stand_on(self, name: str | None) -> None:
        """Build a world unless it stands already; None clears the ground."""
        if name == self._name:
            return
        self.clear()
        if name is None:
            return
        self._open.enter_context(transaction.atomic())
        self._open.callback(transaction.set_rollback, True)
        try:
            self._objects, self._name = BUILDERS[name](), name
        except BaseException:
            self.clear()
            raise

    def clear(self) -> None:
        """Take back what stands."""
        self._name, self._objects = None, {}
        self._open.close()

    def copy(self) -> Objects:
        """The objects of the world, a test's own."""
        return copy.deepcopy(self._objects)


@contextmanager
def other_database(name: str) -> Iterator[None]:
    """Connections of one's own to another database, for everything that runs here; those that hold the ground wait as they are."""
    kept = {alias: (connections[alias], settings.DATABASES[alias]["NAME"]) for alias in settings.DATABASES}
    for alias, (connection, _) in kept.items():
        connections[alias] = connection.copy()
    databases.connect_to(name)
    try:
        yield
    finally:
        connections.close_all()
        for alias, (connection, former) in kept.items():
            connections[alias] = connection
            settings.DATABASES[alias]["NAME"] = former
