"""The owner's view of PostgreSQL: dumping a database, loading one beside it, putting it in its place.

`pg_dump` and `pg_restore` do the work, taken from beside the server program that the embedded stack would start, or from the system.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg2
from django.conf import settings
from django.db import connections
from psycopg2 import sql

from lims.core.errors import DomainError
from lims.stack.binaries import find_postgres
from lims.stack.errors import StackError
from lims.stack.identity import Identity

_MAINTENANCE = ("postgres", "template1")


def owner() -> dict[str, Any]:
    """The owner's connection settings; refuses where this process has none."""
    found: dict[str, Any] | None = settings.DATABASES.get("owner")
    if not found:
        raise DomainError(
            "no_owner", "Backups and restorations run as the owner of the database. Set DATABASE_OWNER_URL, for this command alone."
        )
    return found


def dump(target: Path, *, snapshot: str) -> None:
    """Write the owner's database as it stands in an exported snapshot, in pg_dump's custom format."""
    name = str(owner()["NAME"])
    _run("pg_dump", ["--format=custom", "--no-owner", "--no-privileges", f"--snapshot={snapshot}", f"--file={target}", f"--dbname={name}"])


def load(source: Path, name: str) -> None:
    """Load a dump into an empty database, all or nothing."""
    _run("pg_restore", ["--no-owner", "--no-privileges", "--single-transaction", "--exit-on-error", f"--dbname={name}", str(source)])


def create(name: str) -> None:
    """An empty database of the owner's."""
    with _maintenance() as cursor:
        cursor.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(sql.Identifier(name)))


def drop(name: str) -> None:
    """Drop a database that is there."""
    with _maintenance() as cursor:
        cursor.execute(sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(name)))


def count_sessions(name: str) -> int:
    """How many sessions of others hold a database, which keeps it from being renamed."""
    with _maintenance() as cursor:
        cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE datname = %s AND backend_type = 'client backend'", [name])
        row = cursor.fetchone()
    return int(row[0]) if row else 0


def put_in_place(*, name: str, place: str, former: str) -> None:
    """Rename `place` to `former` and `name` to `place`: the present is kept, never dropped."""
    with _maintenance() as cursor:
        rename = sql.SQL("ALTER DATABASE {} RENAME TO {}")
        cursor.execute(rename.format(sql.Identifier(place), sql.Identifier(former)))
        try:
            cursor.execute(rename.format(sql.Identifier(name), sql.Identifier(place)))
        except psycopg2.Error:
            cursor.execute(rename.format(sql.Identifier(former), sql.Identifier(place)))
            raise


@contextmanager
def _maintenance() -> Iterator[Any]:
    """A cursor in another database than the product's, outside any transaction."""
    connection = _connect_elsewhere()
    connection.autocommit = True
    try:
        with connection.cursor() as cursor:
            yield cursor
    finally:
        connection.close()


def _connect_elsewhere() -> Any:
    place = owner()
    for name in _MAINTENANCE:
        try:
            return psycopg2.connect(
                dbname=name, user=place["USER"], password=place["PASSWORD"], host=place["HOST"], port=place["PORT"] or None
            )
        except psycopg2.OperationalError as error:
            refused = error
    raise DomainError(
        "no_maintenance", f"The owner may connect to neither {' nor '.join(_MAINTENANCE)}, where databases are renamed from: {refused}"
    )


def _run(program: str, arguments: list[str]) -> None:
    place = owner()
    environment = os.environ | {
        "PGHOST": str(place["HOST"]),
        "PGPORT": str(place["PORT"] or 5432),
        "PGUSER": str(place["USER"]),
        "PGPASSWORD": str(place["PASSWORD"]),
    }
    done = subprocess.run([str(_find(program)), *arguments], env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        reason = done.stderr.strip().splitlines()[-1:] or ["no reason given"]
        raise DomainError("postgres", f"{program} failed and nothing was changed: {reason[0]}")


def _find(program: str) -> Path:
    """A client program as new as the newest server program found; an older one cannot read a newer server."""
    try:
        found = find_postgres(Identity(Path(settings.DATA_DIR))).executable.with_name(program)
    except StackError as error:
        raise DomainError("no_programs", f"{program} was not found: {error}") from error
    if not found.is_file():
        raise DomainError("no_programs", f"{program} is missing beside {found.parent}. Install PostgreSQL's client programs.")
    return found


def connect_to(name: str) -> None:
    """Point this process's connections at another database of the same server."""
    for alias in settings.DATABASES:
        connections[alias].close()
        connections[alias].settings_dict["NAME"] = name
        settings.DATABASES[alias]["NAME"] = name
