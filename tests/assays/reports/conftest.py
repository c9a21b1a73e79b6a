"""Papers need the fonts."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.conf import settings

from lims.core.assets import prepare_assets


@pytest.fixture(scope="session", autouse=True)
def _fonts() -> None:
    prepare_assets(checkout=Path(settings.BASE_DIR), build_dir=Path(settings.BUILD_DIR))
