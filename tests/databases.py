"""Test databases: one migrated template, cloned. Tests connect as the application role, with every trigger on."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg2
import psycopg2.errors
from django.conf import settings
from django.core.management import call_command
from django.db import connections
from psycopg2 import sql

# Folders are named: a walk of the whole checkout meets files that other tests' processes make and remove meanwhile.
_SOURCES = [f"{package}/**/migrations/*.py" for package in ("lims", "samples", "assays")]
_SOURCES += ["lims/core/database_policy.py", "lims/core/models.py", "assays/reference/*.json", "assays/services/loading_*.py"]


def template_name() -> str:
    """Names the template after everything that goes into it, so it is made once and never stale."""
    digest = hashlib.sha256()
    for pattern in _SOURCES:
        for path in sorted(Path(settings.BASE_DIR).glob(pattern)):
            digest.update(path.read_bytes())
    return f"lims_template_{digest.hexdigest()[:16]}"


@contextmanager
def maintenance() -> Iterator[psycopg2.extensions.cursor]:
    """A cursor of the owner in the product's own database, outside any transaction: for CREATE and DROP DATABASE."""
    connection = psycopg2.connect(os.environ["DATABASE_OWNER_URL"])
    connection.autocommit = True
    try:
        with connection.cursor() as cursor:
            yield cursor
    finally:
        connection.close()


def connect_to(name: str) -> None:
    """Point Django's connections at another database of the same server."""
    for alias in settings.DATABASES:
        connections[alias].close()
        connections[alias].settings_dict["NAME"] = name
        settings.DATABASES[alias]["NAME"] = name


def url_of(name: str, variable: str = "DATABASE_URL") -> str:
    """The address of a database for a process of its own."""
    return urlunsplit(urlsplit(os.environ[variable])._replace(path=f"/{name}"))


def create(name: str, template: str | None = None) -> None:
    """Create a database, empty or as a clone."""
    with maintenance() as cursor:
        statement = sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name))
        if template:
            # Copied file by file: half the work of writing every page to the log first.
            statement += sql.SQL(" TEMPLATE {} STRATEGY FILE_COPY").format(sql.Identifier(template))
        cursor.execute(statement)
        # A test's commits need not survive a power cut.
        cursor.execute(sql.SQL("ALTER DATABASE {} SET synchronous_commit = off").format(sql.Identifier(name)))


def drop(name: str) -> None:
    """Drop a database and whoever is still connected to it. The server's own vacuum, which only a superuser may end and which `FORCE` would
    stumble over, makes way for a plain `DROP` by itself."""
    statement = sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(name))
    end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s AND backend_type = 'client backend'"
    with maintenance() as cursor:
        for _ in range(5):
            cursor.execute(end, [name])
            try:
                return cursor.execute(statement)
            except psycopg2.errors.ObjectInUse:
                time.sleep(0.1)  # somebody connected meanwhile
        cursor.execute(statement)


def ensure_template() -> str:
    """Make the template if it is not there yet; several test runs may ask at once."""
    name = template_name()
    with maintenance() as cursor:
        cursor.execute("SELECT pg_advisory_lock(726583)")
        cursor.execute("SELECT datname FROM pg_database WHERE datname LIKE 'lims_template_%%'")
        existing = {row[0] for row in cursor.fetchall()}
        if name not in existing:
            building = f"lims_building_{os.getpid()}"
            create(building)
            connect_to(building)
            call_command("migrate", verbosity=0)
            call_command("load_reference_data", verbosity=0)
            connections.close_all()
            cursor.execute(sql.SQL("ALTER DATABASE {} RENAME TO {}").format(sql.Identifier(building), sql.Identifier(name)))
    return name
