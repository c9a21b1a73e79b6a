"""Model checks and reasons as refusals."""

from __future__ import annotations

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
        first = problems[0]
        raise Invalid("record", f"{first.pointer[1:]}: {first.detail}" if first.pointer else first.detail, problems=problems) from error


def refuse_member(name: str, code: str, detail: str) -> Invalid:
    """The refusal of one member of what was sent, for the caller to raise."""
    return Invalid(code, detail, problems=[Problem(f"/{name}", code, detail)])


def given_reason(reason: str) -> str:
    """The reason without blanks around it; raises `Invalid('reason')` when none is left."""
    if not reason.strip():
        raise refuse_member("reason", "reason", "Say why, in a few words: the reason is kept with the change.")
    return reason.strip()
