"""What a fault needs to happen to: a database that commits, a broker and workers of the test's own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.conf import settings

from lims.core.assets import prepare_assets
from tests.factories.people import Cast, make_cast
from tests.processes import Broker, Program, start_worker


@pytest.fixture(scope="session", autouse=True)
def _fonts() -> None:
    prepare_assets(checkout=Path(settings.BASE_DIR), build_dir=Path(settings.BUILD_DIR))


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    """A broker of one's own to which this process sends."""
    own = Broker(tmp_path)
    own.start()
    own.serve()
    yield own
    own.serve(settings.CELERY_BROKER_URL)
    own.stop()


@pytest.fixture
def start(fresh_database: str, broker: Broker, tmp_path: Path) -> Iterator[Callable[[str], Program]]:
    """Starts workers by name; whatever is left of them at the end is killed."""
    started: list[Program] = []

    def start_one(name: str) -> Program:
        started.append(start_worker(name, database=fresh_database, broker=broker, folder=tmp_path))
        return started[-1]

    yield start_one
    for worker in started:
        worker.kill()


@pytest.fixture
def people(fresh_database: str) -> Cast:
    """The cast, committed."""
    return make_cast()
