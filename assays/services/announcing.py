"""What the laboratory's work tells webhooks: codes and ids alone, and only to organisations that know them."""

from __future__ import annotations

from typing import Any

from assays.models import Run
from lims.webhooks.outbox import announce


def announce_upload(upload: Any) -> None:
    """An upload is recorded, waits, or could not be read."""
    url = f"/api/v1/instruments/me/uploads/{upload.pk}/"
    announce(f"upload.{upload.state}", [upload.laboratory_id], url=url, upload=upload.pk, instrument=upload.instrument.code)


def announce_run(kind: str, run: Run) -> None:
    """A run was judged, reviewed, sent back, or its results authorised."""
    announce(kind, [run.laboratory_id], url=f"/api/v1/runs/{run.code}/", run=run.code)


def announce_certificate(kind: str, certificate: Any) -> None:
    """A certificate came into force or was withdrawn; its customer may know too."""
    url = f"/api/v1/certificates/{certificate.number}/"
    organisations = [certificate.laboratory_id, certificate.submission.customer_id]
    announce(kind, organisations, url=url, certificate=certificate.number, submission=certificate.submission.code)
