"""The database's process ends while an export is taken in: nothing of it is left but the bytes; the same bytes again end right."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from typing import Any

import pytest
from django.db import Error, connection, connections

from assays.instruments.ingest import store_upload
from assays.instruments.models import Upload
from assays.models import Reduction, Result, Run
from tests.factories.bench import make_planned_run
from tests.factories.measurement import make_export
from tests.factories.people import Cast

_KILLS = 6

Execute = Callable[[str, Any, bool, dict[str, Any]], Any]


class Killer:
    """Counts statements that write, and ends the server process of the connection before the one with the given number."""

    def __init__(self, at: int | None = None) -> None:
        self.at, self.writes = at, count(1)
        self.last = 0

    def __call__(self, execute: Execute, sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
        if sql.lstrip().upper().startswith(("INSERT", "UPDATE")):
            self.last = next(self.writes)
            if self.last == self.at:
                with connections["owner"].cursor() as cursor:
                    cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [connection.connection.get_backend_pid()])
                    assert cursor.fetchone() == (True,)
        return execute(sql, params, many, context)


def everything(run: Run) -> tuple[str, dict[str, int]]:
    """The run's state, and how many rows stand in each table of the database, histories and messages included."""
    with connections["owner"].cursor() as cursor:
        tables = connection.introspection.table_names(cursor)
        cursor.execute(" UNION ALL ".join(f"SELECT '{name}', count(*) FROM \"{name}\"" for name in tables))  # noqa: S608  # names of our own tables
        return Run.objects.get(pk=run.pk).state, dict(cursor.fetchall())


def take_in(run: Run, data: bytes, cast: Cast, killer: Killer) -> Any:
    with connection.execute_wrapper(killer):
        return store_upload(instrument=run.instrument, file_name="batch.xlsx", data=data, run=run, by=cast.analyst)


def test_an_import_is_all_or_nothing_wherever_the_database_ends(people: Cast) -> None:
    run = make_planned_run(people)
    # The first run of all also makes its chart's series; the second writes as many times as this one will.
    for other in (make_planned_run(people), make_planned_run(people)):
        unharmed = Killer()
        take_in(other, make_export(other), people, unharmed)
    assert unharmed.last > _KILLS

    data, before = make_export(run), everything(run)
    for number in {1 + step * (unharmed.last - 1) // (_KILLS - 1) for step in range(_KILLS)}:
        with pytest.raises(Error):
            take_in(run, data, people, Killer(number))
        connection.close()
        assert everything(run) == before, f"killed before write {number} of {unharmed.last}"

    stored = take_in(run, data, people, Killer())
    assert (stored.created, stored.upload.state) == (True, "recorded")
    assert (Upload.objects.count(), Reduction.objects.count()) == (3, 3)
    assert set(Result.objects.values_list("current__version", flat=True)) == {1}
