"""Asking for custody dossiers. A request is a row and a job; `making` does the work."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction

from lims.core import clock
from lims.core.acting import acting
from lims.core.codes import DOSSIER
from lims.core.errors import DomainError
from lims.core.roles import Action, require
from lims.core.sequences import take_codes
from lims.jobs.models import Job
from lims.jobs.services import create_job, restart_job
from samples.dossiers.models import Dossier
from samples.looks.looking import check_purpose
from samples.models import Consignment, Sample


def request_sample_dossier(*, sample: Sample, purpose: str = "", by: Any, at: datetime | None = None) -> Dossier:
    """Ask for the dossier of a sample with all it was split from and into, as far as `by` may see them. The edge sends its job.

    With a `purpose` it holds exact places: a look at each sample, kept when it is made. Raises `Forbidden('role')` where `by` may not look,
    `Invalid('purpose')` for what is no line of words.
    """
    return _request(by, at, purpose, sample=sample, subject_code=sample.code_for(by))


def request_consignment_dossier(*, consignment: Consignment, purpose: str = "", by: Any, at: datetime | None = None) -> Dossier:
    """Ask for the dossier of everything that travelled in a consignment, as far as `by` may see it; `purpose` as for a sample."""
    return _request(by, at, purpose, consignment=consignment, subject_code=consignment.code)


def _request(by: Any, at: datetime | None, purpose: str, **subject: Any) -> Dossier:
    require(by, Action.CUSTODY_DOSSIER)
    if purpose.strip():
        require(by, Action.PLACE_EXACT)
        purpose = check_purpose(purpose)
    with acting(by, "custody dossier asked for"), transaction.atomic():
        (number,) = take_codes(DOSSIER)
        dossier = Dossier(
            number=number,
            organisation_id=by.organisation_id,
            reader_role=by.role,
            requested_by=by,
            requested_at=at or clock.now(),
            purpose=purpose.strip(),
            **subject,
        )
        dossier.job = create_job(kind="custody_dossier", arguments={"dossier": str(dossier.pk)}, by=by)
        dossier.save(force_insert=True)
    return dossier


def retry_dossier(*, dossier: Dossier, by: Any) -> Job:
    """Try again to make a dossier that could not be made, once what its job named is put right."""
    require(by, Action.CUSTODY_DOSSIER)
    with acting(by, "custody dossier tried again"), transaction.atomic():
        if hasattr(dossier, "edition"):
            raise DomainError("not_failed", f"Dossier {dossier.number} is made. Ask for a new one to see what happened since.")
        return restart_job(dossier.job)
