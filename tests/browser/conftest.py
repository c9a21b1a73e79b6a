"""The product, running, and a browser in front of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.browser.visitor import Visitor, open_browser
from tests.running import Product, running_product


@pytest.fixture
def product(fresh_database: str, tmp_path: Path) -> Iterator[Product]:
    """Web server, broker and worker as processes of their own, on a database of their own."""
    with running_product(fresh_database, tmp_path) as product:
        yield product


@pytest.fixture
def visitor(product: Product, tmp_path: Path) -> Iterator[Visitor]:
    """Somebody at a browser, not signed in yet."""
    with open_browser(tmp_path / "browser") as browser:
        yield Visitor(browser, product.address)
