"""The product, running."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.running import Product, running_product


@pytest.fixture
def product(fresh_database: str, tmp_path: Path) -> Iterator[Product]:
    """Web server, broker and worker as processes of their own, on a database of their own."""
    with running_product(fresh_database, tmp_path) as product:
        yield product
