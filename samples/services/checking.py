"""Model checks as refusals."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.db import models

from lims.core.errors import Invalid, Problem


def check_record(record: models.Model, *, exclude: set[str] | None = None) -> None:
    """Raise `Invalid('record')` with one problem per member that the model's own rules refuse (length, range, choice, uniqueness)."""
    try:
        record.full_clean(exclude=exclude)
    except ValidationError as error:
        problems = [
            Problem("" if name == "__all__" else f"/{name}", str(one.code or "invalid"), " ".join(one.messages))
            for name, errors in error.error_dict.items()
            for one in errors
        ]
        raise Invalid("record", _sentence(problems[0]), problems=problems) from error


def _sentence(problem: Problem) -> str:
    return f"{problem.pointer[1:]}: {problem.detail}" if problem.pointer else problem.detail


def assign(record: models.Model, values: dict[str, Any]) -> None:
    """Set members of a record by name."""
    for name, value in values.items():
        setattr(record, name, value)
