"""One demonstration laboratory for all tests of this folder, built once through its own command."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from django.core.management import call_command

from tests import databases, worlds


@pytest.fixture(scope="package")
def demonstration(ground: worlds.Ground, django_db_blocker: pytest.FixtureRequest) -> Iterator[str]:
    """The name of a database with the demonstration in it; connections point to it while a test of this folder runs."""
    name = f"lims_test_{os.getpid()}_demo"
    with django_db_blocker.unblock():
        ground.clear()
        databases.create(name, databases.template_name())
        with worlds.other_database(name):
            call_command("build_demo", verbosity=0)
            yield name
        databases.drop(name)
