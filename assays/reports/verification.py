"""What anybody may learn about a certificate from the address in its QR: whether it is authentic and in force. Never a result."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from assays.reports.models import Certificate, Standing
from assays.reports.selectors import paper_of
from lims.core.models import Installation

_TOKEN = re.compile(r"[A-Za-z0-9_-]{1,64}")
_WORDS = {Standing.ISSUED: "authentic", Standing.SUPERSEDED: "superseded", Standing.WITHDRAWN: "withdrawn"}


@dataclass(frozen=True)
class Verification:
    """The answer. `status` is authentic, superseded or withdrawn; only the first is in force. Hashes are hexadecimal SHA-256."""

    status: str
    number: str
    laboratory: str
    issued_at: datetime
    snapshot_sha256: str
    pdf_sha256: str
    pdf_size: int
    superseded_by: str | None
    synthetic: bool

    @property
    def in_force(self) -> bool:
        return self.status == "authentic"

    def to_data(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "status": self.status,
            "authentic": True,
            "in_force": self.in_force,
            "number": self.number,
            "laboratory": self.laboratory,
            "issued_at": self.issued_at.isoformat(),
            "snapshot_sha256": self.snapshot_sha256,
            "pdf_sha256": self.pdf_sha256,
            "pdf_size": self.pdf_size,
            "superseded_by": self.superseded_by,
            "synthetic": self.synthetic,
        }


UNKNOWN = {"status": "unknown", "authentic": False, "in_force": False}


def verify_token(token: str) -> Verification | None:
    """The certificate of a token, or None: unknown. One that is still being made, or never was, is unknown too."""
    if not _TOKEN.fullmatch(token):
        return None
    related = ("laboratory", "snapshot", "replaced_by")
    found = Certificate.objects.with_standing().select_related(*related).defer("snapshot__content").filter(token=token).first()
    paper = paper_of(found) if found else None
    if found is None or paper is None:
        return None
    return Verification(
        status=_WORDS[Standing(found.standing)],
        number=found.number,
        laboratory=found.laboratory.name,
        issued_at=found.issued_at,
        snapshot_sha256=found.snapshot.sha256,
        pdf_sha256=paper.sha256,
        pdf_size=paper.size,
        superseded_by=_successor(found),
        synthetic=Installation.current().synthetic,
    )


def _successor(certificate: Certificate) -> str | None:
    """The certificate in force at the end of the chain of amendments; the last one where none is."""
    newer = getattr(certificate, "replaced_by", None)
    number = None
    while newer is not None and newer.statuses.exists():
        number, newer = newer.number, getattr(newer, "replaced_by", None)
    return number
