"""One demonstration laboratory for all tests of this folder, built once through its own command."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from django.core.management import call_command
from django.db import connections

from tests import databases


@pytest.fixture(scope="package")
def demonstration(django_db_setup: None, django_db_blocker: pytest.FixtureRequest) -> Iterator[str]:
    """The name of a database with the demonstration in it; connections point to it while a test of this folder runs."""
    shared, name = f"lims_test_{os.getpid()}", f"lims_test_{os.getpid()}_demo"
    with django_db_blocker.unblock():
        databases.create(name, databases.template_name())
        databases.connect_to(name)
        call_command("build_demo", verbosity=0)
        yield name
        connections.close_all()
        databases.drop(name)
        databases.connect_to(shared)
