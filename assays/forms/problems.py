"""Refusals back into the form they came from."""

from __future__ import annotations

from typing import Any

from lims.core.errors import DomainError


def add_problems(form: Any, error: DomainError) -> None:
    """Put each problem at the field its pointer names (`/samples/3` at `samples`); what names no field stands at the top."""
    if not error.problems:
        form.add_error(None, error.message)
    for problem in error.problems:
        named = next((part for part in problem.pointer.split("/") if part in form.fields), None)
        form.add_error(named, problem.detail)
