"""The product, running."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings

from lims.core.assets import prepare_assets
from tests.flows.product import Product, people_the_product, start_web, start_work, stop
from tests.processes import Broker


@pytest.fixture(scope="session", autouse=True)
def _assets() -> None:
    prepare_assets(checkout=Path(settings.BASE_DIR), build_dir=Path(settings.BUILD_DIR))


@pytest.fixture
def product(fresh_database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Product]:
    """Web server, broker and worker as processes of their own, on a database of their own."""
    broker = Broker(tmp_path)
    broker.start()
    cast, instrument, tokens = people_the_product()
    web, address = start_web(fresh_database, broker, tmp_path)
    monkeypatch.setenv("PUBLIC_URL", address)
    worker = start_work(fresh_database, broker, tmp_path)
    yield Product(address, cast, instrument, tokens)
    worker.kill()
    stop(web)
    broker.stop()
