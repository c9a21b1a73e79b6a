"""Certificates as pages and the API show them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils.translation import gettext as _

from assays.reports.content import verify_url
from assays.reports.models import Certificate, CertificateArtefact, CertificateSample, CertificateStatus, Standing
from lims.core.errors import DomainError
from lims.core.files import read_bytes
from lims.core.scope import fetch_visible

TONES = {
    Standing.MAKING: "wait",
    Standing.FAILED: "fail",
    Standing.ISSUED: "pass",
    Standing.SUPERSEDED: "warn",
    Standing.WITHDRAWN: "fail",
}


def select_certificates(viewer: Any) -> QuerySet[Certificate]:
    """The certificates within the viewer's scope, with all that a row of a list shows."""
    reported = CertificateSample.objects.filter(certificate=OuterRef("pk")).order_by().values("certificate").values(n=Count("pk"))
    rows: QuerySet[Certificate] = (
        Certificate.objects.visible_to(viewer)
        .with_standing()
        .annotate(sample_count=Coalesce(Subquery(reported), 0))
        .select_related("laboratory", "submission__customer", "replaces", "replaced_by", "snapshot", "job")
        .defer("snapshot__content")
        .prefetch_related("artefacts")
    )
    return rows


def fetch_certificate(viewer: Any, number: str) -> Certificate:
    """One certificate within the viewer's scope, or `NotFound`."""
    return fetch_visible(Certificate, viewer, queryset=select_certificates(viewer), number=number)


def badge_of(certificate: Certificate) -> tuple[str, str]:
    """Tone and word of a certificate that carries its standing."""
    standing = Standing(certificate.standing)  # type: ignore[attr-defined]
    return TONES[standing], str(standing.label)


def paper_of(certificate: Certificate) -> CertificateArtefact | None:
    """Its PDF, None while there is none."""
    return next((one for one in certificate.artefacts.all() if one.kind == "pdf"), None)


def read_paper(certificate: Certificate) -> bytes:
    """The stored PDF, its hash checked. Refuses with `not_made` while there is none and `file_altered` when the bytes are not those."""
    paper = paper_of(certificate)
    if paper is None:
        raise _not_made(certificate)
    return read_bytes("certificates", paper.sha256)


def read_snapshot(certificate: Certificate) -> bytes:
    """The exact bytes of the snapshot. Refuses with `not_made` while there is none."""
    if paper_of(certificate) is None:
        raise _not_made(certificate)
    return bytes(certificate.snapshot.content)


def _not_made(certificate: Certificate) -> DomainError:
    failed = certificate.standing == Standing.FAILED and certificate.job is not None  # type: ignore[attr-defined]
    if failed:
        return DomainError("not_made", f"Certificate {certificate.number} could not be made: {certificate.job.message}")  # type: ignore[union-attr]
    return DomainError("not_made", f"Certificate {certificate.number} is being made. Ask again when its job is done.")


@dataclass(frozen=True)
class HistoryLine:
    """One thing that happened to a certificate, as a timeline shows it."""

    tone: str
    title: str
    at: Any
    detail: str
    actor: str
    hash: str = ""


def history_of(certificate: Certificate) -> list[HistoryLine]:
    """Asked for, issued, superseded or withdrawn: newest first."""
    events = CertificateStatus.objects.filter(certificate=certificate).select_related("by__organisation", "signature").order_by("at", "id")
    lines = [HistoryLine("none", _("Asked for"), certificate.requested_at, certificate.reason, _named(certificate.requested_by))]
    lines += [
        HistoryLine(
            tone=TONES[Standing(event.status)],
            title=_("Put in force") if event.status == Standing.ISSUED else str(Standing(event.status).label).capitalize(),
            at=event.at,
            detail=event.reason,
            actor=_named(event.by) + (f", {event.signature.get_meaning_display()}" if event.signature else ""),
            hash=event.signature.content_hash if event.signature else "",
        )
        for event in events
    ]
    return lines[::-1]


def _named(person: Any) -> str:
    return f"{person.full_name}, {person.organisation.name}" if person else ""


def certificate_row(certificate: Certificate) -> dict[str, Any]:
    """One certificate as the API shows it in a list."""
    paper, snapshot = paper_of(certificate), getattr(certificate, "snapshot", None)
    newer = getattr(certificate, "replaced_by", None)
    issued_at = certificate.issued_at  # type: ignore[attr-defined]
    return {
        "number": certificate.number,
        "status": certificate.standing,  # type: ignore[attr-defined]
        "laboratory": certificate.laboratory.code,
        "laboratory_name": certificate.laboratory.name,
        "customer": certificate.submission.customer.code,
        "submission": certificate.submission.code,
        "samples": certificate.sample_count,  # type: ignore[attr-defined]
        "requested_at": certificate.requested_at.isoformat(),
        "issued_at": issued_at.isoformat() if issued_at else None,
        "verify_url": verify_url(certificate),
        "snapshot_sha256": snapshot.sha256 if snapshot else None,
        "pdf_sha256": paper.sha256 if paper else None,
        "pdf_size": paper.size if paper else None,
        "replaces": certificate.replaces.number if certificate.replaces else None,
        "replaced_by": newer.number if newer else None,
        "reason": certificate.reason or None,
        "pdf_url": reverse("api-certificate-pdf", args=[certificate.number]) if paper else None,
        "data_url": reverse("api-certificate-data", args=[certificate.number]) if paper else None,
    }


def certificate_detail(certificate: Certificate, viewer: Any) -> dict[str, Any]:
    """One certificate in full: its samples by the viewer's codes, its standing through time, and its job while it is made."""
    job = certificate.job
    samples = [one.sample.code_for(viewer) for one in certificate.samples.select_related("sample")]
    history = [
        {"status": event.status, "at": event.at.isoformat(), "reason": event.reason or None}
        for event in certificate.statuses.order_by("at", "id")
    ]
    making = certificate.standing in {Standing.MAKING, Standing.FAILED}  # type: ignore[attr-defined]
    working = {
        "id": str(job.pk),
        "url": reverse("api-job", args=[job.pk]),
        "state": job.state,
        "progress": job.progress,
        "message": job.message,
    } if job and making else None  # fmt: skip
    return certificate_row(certificate) | {"samples": sorted(samples), "history": history, "job": working}
