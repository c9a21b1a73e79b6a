"""Fixtures everybody uses. The database is real, the role is the application's, the triggers are on."""

from __future__ import annotations

import gc
import itertools
import os
from collections.abc import Iterator

import pytest
from django.db import connections
from hypothesis import HealthCheck, settings

from lims.core.models import Installation
from tests import databases
from tests.factories import people

_numbers = itertools.count(1)

# How long an example takes says something of the machine, nothing of the property. Where a test asks for more examples, it says so.
settings.register_profile("untimed", deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")


# What waits for servers and browsers, or stays in one file for minutes, begins first: at the end it would run alone.
_LONGEST = (
    "tests/stack/",
    "tests/accessibility/",
    "tests/lims/demo/",
    "tests/access/",
    "tests/lims/backups/",
    "tests/browser/",
    "tests/faults/",
)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest folders first, the rest in the order of collection."""
    places = {folder: place for place, folder in enumerate(_LONGEST)}
    items.sort(key=lambda item: min((place for folder, place in places.items() if item.nodeid.startswith(folder)), default=len(places)))


def pytest_collection_finish() -> None:
    """What is loaded by now stays to the end: the collector need not look at it again and again."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def django_db_setup(django_db_blocker: pytest.FixtureRequest) -> Iterator[None]:
    """Ordinary tests: one clone for the whole run, each test rolled back."""
    name = f"lims_test_{os.getpid()}"
    with django_db_blocker.unblock():
        template = databases.ensure_template()
        databases.drop(name)
        databases.create(name, template)
        databases.connect_to(name)
    yield
    with django_db_blocker.unblock():
        connections.close_all()
        databases.drop(name)


@pytest.fixture
def fresh_database(django_db_setup: None, django_db_blocker: pytest.FixtureRequest) -> Iterator[str]:
    """A clone of one's own for tests that commit, use several connections, attack, or run other processes. Yields its name; the
    connection `owner` is the owner's."""
    shared = f"lims_test_{os.getpid()}"
    name = f"{shared}_{next(_numbers)}"
    with django_db_blocker.unblock():
        databases.create(name, databases.template_name())
        databases.connect_to(name)
        yield name
        connections.close_all()
        databases.drop(name)
        databases.connect_to(shared)


@pytest.fixture
def cast(db: None) -> people.Cast:
    """One person of each role, in two laboratories, two firms and a carrier."""
    return people.make_cast()


@pytest.fixture
def synthetic(db: None) -> Installation:
    """A database marked synthetic, in which the clock may be set."""
    return Installation.create(synthetic=True)
