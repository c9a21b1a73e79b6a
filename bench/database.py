"""A database of the measurement's own, thrown away afterwards."""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "lims.settings")


@contextmanager
def throwaway_database() -> Iterator[str]:
    """A migrated, empty database to which the connections `default` (application role) and `owner` point; yields its name."""
    django.setup()
    from django.conf import settings
    from django.db import connections

    from tests import databases

    name, before = f"lims_bench_{os.getpid()}", settings.DATABASES["default"]["NAME"]
    databases.create(name, databases.ensure_template())
    databases.connect_to(name)
    try:
        yield name
    finally:
        connections.close_all()
        databases.drop(name)
        databases.connect_to(before)


def database_cpu_seconds() -> float:
    """The CPU time of the server process behind the connection `default`; 0 where it runs on another machine."""
    from django.db import connection

    connection.ensure_connection()
    return process_cpu_seconds(connection.connection.get_backend_pid())


def process_cpu_seconds(pid: int) -> float:
    """The CPU time a process has used; 0 where it is none of this machine's."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def median_seconds(work: Callable[[], object], *, times: int = 5) -> float:
    """The median of several runs of `work`, in seconds."""
    taken = []
    for _ in range(times):
        start = time.perf_counter()
        work()
        taken.append(time.perf_counter() - start)
    return statistics.median(taken)
