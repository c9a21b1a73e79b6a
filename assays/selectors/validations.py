"""Validations of the calculations for their pages, papers and programs."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from assays.models import ValidationRun, ValidationSignOff
from assays.models.validations import FILES
from assays.selectors.badges import Badge
from assays.validation.outcomes import read_outcomes
from lims.core.files import read_bytes
from lims.core.scope import fetch_visible

MOST_ROWS = 300


def validation_list(viewer: Any) -> QuerySet[ValidationRun]:
    """The validations a viewer may see, with who ran and who signed them."""
    return ValidationRun.objects.visible_to(viewer).select_related("ran_by", "organisation", "sign_off__signature")


def fetch_validation(viewer: Any, number: str) -> ValidationRun:
    """One of them, or *not found*."""
    return fetch_visible(ValidationRun, viewer, queryset=validation_list(viewer), number=number)


def outcomes_of(run: ValidationRun) -> list[dict[str, Any]]:
    """Each example as it was kept (`assays.validation.outcomes`); refuses where the stored bytes changed."""
    return read_outcomes(read_bytes(FILES, run.outcome_sha256))


def source_of(run: ValidationRun) -> bytes:
    """The examples as they were run."""
    return read_bytes(FILES, run.file_sha256)


def pick_outcomes(rows: list[dict[str, Any]], *, q: str = "", topic: str = "", verdict: str = "") -> list[dict[str, Any]]:
    """Rows with the words in id, topic, source or a value's name; of a topic; passed or failed."""
    words = q.casefold().split()

    def fits(row: dict[str, Any]) -> bool:
        text = " ".join([row["id"], row["topic"], row["source"], row["basis"], *(one["name"] for one in row["values"])]).casefold()
        wanted = {"passed": row["passed"], "failed": not row["passed"]}.get(verdict, True)
        return wanted and topic in ("", row["topic"]) and all(word in text for word in words)

    return [row for row in rows if fits(row)]


def sign_off_of(run: ValidationRun) -> ValidationSignOff | None:
    """The conclusion, once there is one."""
    return getattr(run, "sign_off", None)


def validation_badge(run: ValidationRun) -> Badge:
    """How a run came out."""
    return ("fail", _("not all reproduced")) if run.failed else ("pass", _("all reproduced"))


def validation_data(run: ValidationRun) -> dict[str, Any]:
    """A run as plain data: a line of the exported file, an object of the API."""
    signed = sign_off_of(run)
    return {
        "number": run.number,
        "ran_at": run.ran_at.isoformat(),
        "ran_by": run.ran_by.full_name,
        "organisation": run.organisation.code,
        "origin": run.origin,
        "file_name": run.file_name,
        "file_sha256": run.file_sha256,
        "outcome_sha256": run.outcome_sha256,
        "examples": run.examples,
        "passed": run.passed,
        "failed": run.failed,
        "version": run.version,
        "commit": run.commit,
        "formulae_sha256": run.formulae_sha256,
        "conclusion": signed.conclusion if signed else "",
        "signed_by": signed.signature.printed_name if signed else "",
        "signed_at": signed.signature.signed_at.isoformat() if signed else "",
    }
