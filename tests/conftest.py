"""Fixtures everybody uses. The database is real, the role is the application's, the triggers are on."""

from __future__ import annotations

import gc
import itertools
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import connections
from hypothesis import HealthCheck, settings

from assays.models import Run, Submission
from assays.reports.models import Certificate
from lims.core.models import Installation
from tests import databases, worlds
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
    """The longest folders first, the rest in the order of collection; within a file, tests on one world together."""
    places = {folder: place for place, folder in enumerate(_LONGEST)}
    grounds = {name: place for place, name in enumerate([None, *worlds.BUILDERS])}
    files: dict[Path, int] = {}

    def place_of(item: pytest.Item) -> tuple[int, int, int]:
        folder = min((place for folder, place in places.items() if item.nodeid.startswith(folder)), default=len(places))
        file = files.setdefault(item.path, len(files))
        return folder, file, grounds[worlds.find_world(getattr(item, "fixturenames", []))]

    items.sort(key=place_of)


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


@pytest.fixture(scope="session")
def ground(django_db_setup: None, django_db_blocker: pytest.FixtureRequest) -> Iterator[worlds.Ground]:
    """Where the worlds of this process are built."""
    ground = worlds.Ground()
    yield ground
    with django_db_blocker.unblock():
        ground.clear()


@pytest.fixture
def _world(request: pytest.FixtureRequest, ground: worlds.Ground, django_db_blocker: pytest.FixtureRequest) -> worlds.Ground:
    """The world this test asks for stands."""
    with django_db_blocker.unblock():
        ground.stand_on(worlds.find_world(request.fixturenames))
    return ground


@pytest.fixture
def _django_db_helper(_world: worlds.Ground, _django_db_helper: None) -> None:
    """The transaction of a test begins when its world stands, however the test asks for the database."""


@pytest.fixture
def objects(_world: worlds.Ground, db: None) -> worlds.Objects:
    """The objects of the test's world."""
    return _world.copy()


@pytest.fixture
def fresh_database(django_db_setup: None, django_db_blocker: pytest.FixtureRequest) -> Iterator[str]:
    """A clone of one's own for tests that commit, use several connections, attack, or run other processes. Yields its name; the
    connection `owner` is the owner's."""
    name = f"lims_test_{os.getpid()}_{next(_numbers)}"
    with django_db_blocker.unblock():
        databases.create(name, databases.template_name())
        with worlds.other_database(name):
            yield name
        databases.drop(name)


@pytest.fixture
def cast(objects: worlds.Objects) -> people.Cast:
    """One person of each role, in two laboratories, two firms and a carrier."""
    return objects.get("cast") or people.make_cast()


@pytest.fixture
def planned(objects: worlds.Objects) -> Run:
    """A run over prepared portions, planned and not yet measured: `make_planned_run`."""
    run: Run = objects["planned"]
    return run


@pytest.fixture
def measured(objects: worlds.Objects) -> Run:
    """A run whose readings came, reduced and judged: `make_measured_run`."""
    run: Run = objects["measured"]
    return run


@pytest.fixture
def authorised(objects: worlds.Objects) -> Submission:
    """A submission of one sample whose results are authorised: `make_authorised`."""
    submission: Submission = objects["authorised"]
    return submission


@pytest.fixture
def certificate(objects: worlds.Objects) -> Certificate:
    """A certificate in force over one sample: `make_issued`."""
    certificate: Certificate = objects["certificate"]
    return certificate


@pytest.fixture
def synthetic(db: None) -> Installation:
    """A database marked synthetic, in which the clock may be set."""
    return Installation.create(synthetic=True)
