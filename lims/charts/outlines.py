"""The outlines that `prepare_assets` laid down, read once."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from django.conf import settings

from lims.core.errors import DomainError


def read_outlines() -> dict[str, Any]:
    """Country outlines of the region as a GeoJSON feature collection. Raises `DomainError` (`outlines_missing`) before set-up."""
    return _read(Path(settings.ASSETS_DIR) / "geo" / "outlines.json")


@cache
def _read(path: Path) -> dict[str, Any]:
    if not path.is_file():
        raise DomainError("outlines_missing", f"The map outlines are not at {path}. Run `python manage.py prepare_assets` first.")
    collection: dict[str, Any] = json.loads(path.read_bytes())
    return collection
