"""Setting members of a record by name."""

from __future__ import annotations

from typing import Any

from django.db import models


def assign(record: models.Model, values: dict[str, Any]) -> None:
    """Set members of a record by name."""
    for name, value in values.items():
        setattr(record, name, value)
