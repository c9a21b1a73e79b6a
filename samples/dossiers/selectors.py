"""Dossiers as pages and the API show them."""

from __future__ import annotations

import io
import zipfile
from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from django.urls import reverse

from lims.core.errors import DomainError
from lims.core.files import read_bytes
from lims.core.scope import fetch_visible
from lims.jobs.models import Job, JobState
from samples.dossiers.making import FILES
from samples.dossiers.models import Dossier, DossierEdition, Verdict
from samples.dossiers.verifier_file import VERIFIER_NAME, read_verifier

_TONES = {Verdict.AUTHENTIC: "pass", Verdict.NOT_COVERED: "warn", Verdict.MISSING: "fail", Verdict.ALTERED: "fail"}


def select_dossiers(viewer: Any) -> QuerySet[Dossier]:
    """The dossiers within the viewer's scope, with all that a row of a list shows."""
    return Dossier.objects.visible_to(viewer).select_related("requested_by", "organisation", "edition", "job")


def fetch_dossier(viewer: Any, number: str) -> Dossier:
    """One dossier within the viewer's scope, or `NotFound`."""
    return fetch_visible(Dossier, viewer, queryset=select_dossiers(viewer), number=number)


def edition_of(dossier: Dossier) -> DossierEdition | None:
    """What was made, None while it is being made."""
    return getattr(dossier, "edition", None)


def badge_of(dossier: Dossier) -> tuple[str, str]:
    """Tone and word: how far it is, or what the verifier said."""
    edition = edition_of(dossier)
    if edition is not None:
        verdict = Verdict(edition.verdict)
        return _TONES[verdict], str(verdict.label)
    return ("fail" if dossier.job.state == JobState.FAILED else "wait"), str(JobState(dossier.job.state).label)


def dossier_row(dossier: Dossier) -> dict[str, Any]:
    """One dossier, flat."""
    edition = edition_of(dossier)
    made = edition is not None
    return {
        "number": dossier.number,
        "subject": "sample" if dossier.is_of_sample else "consignment",
        "code": dossier.subject_code,
        "state": "made" if made else dossier.job.state,
        "verdict": edition.verdict if edition else None,
        "samples": edition.samples if edition else None,
        "events": edition.events if edition else None,
        "log_size": edition.log_size if edition else None,
        "requested_by": dossier.requested_by.full_name,
        "organisation": dossier.organisation.code,
        "requested_at": dossier.requested_at.isoformat(),
        "made_at": edition.made_at.isoformat() if edition else None,
        "bundle_sha256": edition.bundle_sha256 if edition else None,
        "pdf_sha256": edition.paper_sha256 if edition else None,
        "data_url": _address("data", dossier) if made else None,
        "pdf_url": _address("pdf", dossier) if made else None,
        "zip_url": _address("zip", dossier) if made else None,
    }


def _address(kind: str, dossier: Dossier) -> str:
    return reverse(f"api-dossier-{kind}", args=[dossier.number])


def dossier_detail(dossier: Dossier) -> dict[str, Any]:
    """One dossier with its job while it is made."""
    job = None if edition_of(dossier) else dossier.job
    return dossier_row(dossier) | {"job": _job_data(job) if job else None}


def _job_data(job: Job) -> dict[str, Any]:
    url = reverse("api-job", args=[job.pk])
    return {"id": str(job.pk), "url": url, "state": job.state, "progress": job.progress, "message": job.message}


def _edition(dossier: Dossier) -> DossierEdition:
    edition = edition_of(dossier)
    if edition is None:
        raise DomainError("not_made", f"Dossier {dossier.number} is not made yet: {dossier.job.message}")
    return edition


def read_bundle(dossier: Dossier) -> bytes:
    """The data, byte for byte as they were verified."""
    return read_bytes(FILES, _edition(dossier).bundle_sha256)


def read_paper(dossier: Dossier) -> bytes:
    """The PDF."""
    return read_bytes(FILES, _edition(dossier).paper_sha256)


_README = """Custody dossier {number} of {subject} {code}

{number}.json   the data: every event in the exact bytes that were signed into the log, with its proof
{number}.pdf    the same for people; a picture of the data
{verifier}      the verifier: one file of plain Python, to be read before it is run

Check it without trusting whoever runs the system:

1. SHA-256 of the files (Linux: sha256sum, macOS: shasum -a 256, Windows: certutil -hashfile FILE SHA256)
   {bundle_sha256}  {number}.json
   {verifier_sha256}  {verifier}
   Compare the first with the one printed in the PDF, the second with the one at {address}
   or, better, with a copy that you or the ministry kept from before.
2. Python 3.9 or newer, and once: python -m pip install cryptography
3. python {verifier} {number}.json
   With the log's key that you have from elsewhere, one a line in a file:
   python {verifier} {number}.json --keys KEYS
4. Exit code 0: all authentic. 1: something altered or missing. 2: not covered, or the file cannot be used.
   The key in the data itself proves only that the data agree with themselves.

Keep this folder. A later dossier of the same samples can be held against it: --earlier {number}.json
"""


def pack_folder(dossier: Dossier) -> bytes:
    """Data, paper, verifier and a short explanation in one ZIP; the same bytes every time."""
    edition, (verifier, verifier_sha256) = _edition(dossier), read_verifier()
    readme = _README.format(
        number=dossier.number,
        subject="sample" if dossier.is_of_sample else "consignment",
        code=dossier.subject_code,
        verifier=VERIFIER_NAME,
        verifier_sha256=verifier_sha256,
        bundle_sha256=edition.bundle_sha256,
        address=settings.PUBLIC_URL + reverse("dossiers:verifier"),
    )
    files = {
        "README.txt": readme.encode(),
        f"{dossier.number}.json": read_bundle(dossier),
        f"{dossier.number}.pdf": read_paper(dossier),
        VERIFIER_NAME: verifier,
    }
    out = io.BytesIO()
    made = edition.made_at.timetuple()[:6]
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as folder:
        for name, data in files.items():
            member = zipfile.ZipInfo(f"{dossier.number}/{name}", (made[0], made[1], made[2], made[3], made[4], made[5]))
            member.compress_type, member.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
            folder.writestr(member, data)
    return out.getvalue()
