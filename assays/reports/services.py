"""Issuing, amending and withdrawing certificates. A request is a row and a job; a worker freezes the snapshot and draws the PDF."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import translation

from assays.lifecycle import SUBMISSION, TEST
from assays.models import Submission, SubmissionTest
from assays.reports.content import NORMALISATION, ZONE, gather_content
from assays.reports.models import (
    Certificate,
    CertificateArtefact,
    CertificateSample,
    CertificateSnapshot,
    CertificateStatus,
    StatusKind,
)
from lims.accounts.models import SignatureMeaning, User
from lims.accounts.signing import sign
from lims.charts.pattern import PatternPoint, PatternSeries, pattern_chart
from lims.charts.render import to_svg
from lims.core import clock
from lims.core.acting import acting
from lims.core.codes import CERTIFICATE
from lims.core.errors import Blocked, Blocker, DomainError, Invalid
from lims.core.files import store_bytes
from lims.core.roles import Action, require
from lims.core.sequences import take_codes
from lims.documents import certificate as paper
from lims.documents.certificate_paper import render_certificate
from lims.jobs.services import create_job
from samples.services.consuming import advance_sample

REPORTABLE = ("authorised", "certified")
Report = Callable[[float, str], None]


def status_of(certificate: Certificate) -> str:
    """`making`, `issued`, `superseded` or `withdrawn`: the last status event."""
    last = max(certificate.statuses.all(), key=lambda one: (one.at, one.pk), default=None)
    return last.status if last else "making"


def issue_blockers(submission: Submission) -> list[Blocker]:
    """Why no certificate can be issued for the submission now."""
    tests = submission.tests.exclude(state="cancelled").select_related("sample", "method_version__method")
    ready = [test for test in tests if test.state in REPORTABLE]
    if not ready:
        return [Blocker("nothing_authorised", f"No result of {submission.code} is authorised yet. Authorise its runs first.")]
    return [blocker for test in ready for blocker in TEST.blockers(test, "certify")]


def request_certificate(
    *, submission: Submission, by: User, samples: Sequence[UUID] | None = None, at: datetime | None = None
) -> Certificate:
    """Ask for a certificate over the submission's authorised results (of `samples` only, when given). The job row is created with it.

    Raises `Blocked` while nothing is authorised or a sample is held, and when a certificate that is in force covers the same samples.
    """
    require(by, Action.CERTIFICATE_ISSUE)
    with acting(by, "certificate requested"), transaction.atomic():
        submission = Submission.objects.select_for_update(of=("self",)).get(pk=submission.pk)
        blockers = issue_blockers(submission)
        if blockers:
            raise Blocked(blockers)
        tests = submission.tests.filter(state__in=REPORTABLE)
        covered = sorted({test.sample_id for test in tests if samples is None or test.sample_id in samples})
        if not covered:
            raise Invalid("samples", f"None of the chosen samples has an authorised result in {submission.code}.")
        _refuse_second(submission, covered)
        return _create(submission, covered, by, at or clock.now())


def _refuse_second(submission: Submission, samples: Sequence[UUID]) -> None:
    for other in submission.certificates.prefetch_related("statuses", "samples"):
        if status_of(other) in {"making", StatusKind.ISSUED} and {one.sample_id for one in other.samples.all()} & set(samples):
            raise DomainError("certified_already", f"Certificate {other.number} covers these samples. Amend it, or withdraw it first.")


def _create(
    submission: Submission, samples: Sequence[UUID], by: User, at: datetime, *, replaces: Certificate | None = None, reason: str = ""
) -> Certificate:
    (number,) = take_codes(CERTIFICATE)
    certificate = Certificate(
        number=number,
        laboratory_id=submission.laboratory_id,
        submission=submission,
        replaces=replaces,
        reason=reason,
        requested_by=by,
        requested_at=at,
    )
    certificate.job = create_job(kind="certificate", arguments={"certificate": str(certificate.pk)}, by=by)
    certificate.save(force_insert=True)
    CertificateSample.objects.bulk_create(CertificateSample(certificate=certificate, sample_id=sample) for sample in samples)
    return certificate


def amend_certificate(*, certificate: Certificate, reason: str, by: User, at: datetime | None = None) -> Certificate:
    """Ask for a new certificate that replaces this one, from the results as authorised now. Its paper says why and what changed."""
    require(by, Action.CERTIFICATE_WITHDRAW)
    if not reason.strip():
        raise Invalid("reason", "Say why the certificate is amended; the reason is printed on the new one.")
    with acting(by, reason), transaction.atomic():
        submission = Submission.objects.select_for_update(of=("self",)).get(pk=certificate.submission_id)
        _refuse_unless_issued(certificate, "amended")
        if Certificate.objects.filter(replaces=certificate).exists():
            raise DomainError("amended_already", f"An amendment of {certificate.number} is being made already.")
        samples = list(certificate.samples.values_list("sample", flat=True))
        return _create(submission, samples, by, at or clock.now(), replaces=certificate, reason=reason)


def withdraw_certificate(
    *, certificate: Certificate, reason: str, password: str, by: User, at: datetime | None = None
) -> CertificateStatus:
    """Take a certificate out of force, with a signed reason. The paper stays; its verification says *withdrawn*."""
    require(by, Action.CERTIFICATE_WITHDRAW)
    if not reason.strip():
        raise Invalid("reason", "Say why the certificate is withdrawn; whoever verifies it learns that it is, not why.")
    with acting(by, reason), transaction.atomic():
        Submission.objects.select_for_update(of=("self",)).get(pk=certificate.submission_id)
        _refuse_unless_issued(certificate, "withdrawn")
        content = {"act": "withdraw", "certificate": certificate.number, "snapshot": certificate.snapshot.sha256, "reason": reason}
        signature = sign(by=by, password=password, meaning=SignatureMeaning.WITHDRAWAL, content=content, reason=reason)
        return _add_status(certificate, StatusKind.WITHDRAWN, at or clock.now(), by, reason=reason, signature=signature)


def _refuse_unless_issued(certificate: Certificate, participle: str) -> None:
    status = status_of(certificate)
    if status != StatusKind.ISSUED:
        raise DomainError("not_in_force", f"Certificate {certificate.number} is {status}; only one that is in force can be {participle}.")


def _add_status(certificate: Certificate, status: str, at: datetime, by: Any, **more: Any) -> CertificateStatus:
    return CertificateStatus.objects.create(certificate=certificate, status=status, at=at, by=by, **more)


def make_certificate(certificate_id: UUID, report: Report) -> Certificate:
    """Freeze the snapshot, draw the paper, put it in force. Safe to run again from the start: what is there already is kept, and the same
    snapshot gives the same bytes."""
    certificate = Certificate.objects.select_related("laboratory", "submission__customer", "replaces__snapshot", "requested_by").get(
        pk=certificate_id
    )
    report(0.1, "Gathering authorised results.")
    snapshot = _freeze(certificate)
    content = paper.CertificateContent.from_data(json.loads(bytes(snapshot.content)))
    report(0.4, "Drawing the chondrite-normalised pattern.")
    svg = draw_pattern(content)
    report(0.6, "Setting the pages.")
    pdf = render_certificate(content, pattern_svg=svg, snapshot_sha256=snapshot.sha256)
    report(0.9, "Storing the certificate.")
    _put_in_force(certificate, pdf)
    return certificate


def _freeze(certificate: Certificate) -> CertificateSnapshot:
    with transaction.atomic():
        Submission.objects.select_for_update(of=("self",)).get(pk=certificate.submission_id)
        existing = CertificateSnapshot.objects.filter(certificate=certificate).first()
        if existing is not None:
            return existing
        now = clock.now()
        content = gather_content(certificate, issued_at=now.astimezone(ZONE).replace(microsecond=0))
        content = dataclasses.replace(content, amendment=_amendment(certificate, content))
        data = content.canonical_bytes()
        return CertificateSnapshot.objects.create(
            certificate=certificate, content=data, sha256=hashlib.sha256(data).hexdigest(), frozen_at=now
        )


def _amendment(certificate: Certificate, content: paper.CertificateContent) -> paper.Amendment | None:
    """What replaces what, why, and which numbers differ."""
    if certificate.replaces is None:
        return None
    before = paper.CertificateContent.from_data(json.loads(bytes(certificate.replaces.snapshot.content)))
    return paper.Amendment(
        of_number=before.number, of_issued_at=before.issued_at, reason=certificate.reason, changes=tuple(find_changes(before, content))
    )


def find_changes(before: paper.CertificateContent, after: paper.CertificateContent) -> list[paper.Change]:
    """Every reported value that differs, was added or is gone."""
    old, new = _values(before), _values(after)
    return [
        paper.Change(what=key, before=old.get(key, "not reported"), after=new.get(key, "not reported"))
        for key in dict.fromkeys([*old, *new])
        if old.get(key) != new.get(key)
    ]


def _values(content: paper.CertificateContent) -> dict[str, str]:
    found = {}
    for table in content.tables:
        for one in table.results:
            uncertainty = f" ± {one.result.uncertainty}" if one.result.uncertainty else ""
            text = f"{one.result.qualifier}{one.result.value}{uncertainty} {table.unit} {table.basis}"
            found[f"{table.item_code}, {one.element}, {table.method_code}"] = text
    return found


def draw_pattern(content: paper.CertificateContent) -> str | None:
    """The vector drawing of the patterns, or None when nothing was quantified."""
    series = [
        PatternSeries(pattern.item_code, tuple(PatternPoint(element, float(value)) for element, value in pattern.values))
        for pattern in content.patterns
        if pattern.values
    ]
    if not series:
        return None
    with translation.override("en"):  # the paper's language, whoever asks for it
        return to_svg(pattern_chart(series, normalisation=NORMALISATION.removeprefix("CI chondrite, ")))


def _put_in_force(certificate: Certificate, pdf: bytes) -> None:
    """Store the paper and, in one transaction, issue it, supersede what it replaces, and move tests, samples and submission on."""
    stored = store_bytes("certificates", pdf)
    by = certificate.requested_by
    with acting(by, f"certificate {certificate.number} issued"), transaction.atomic():
        submission = Submission.objects.select_for_update(of=("self",)).get(pk=certificate.submission_id)
        now = clock.now()
        CertificateArtefact.objects.get_or_create(
            certificate=certificate, kind="pdf", defaults={"sha256": stored.sha256, "size": stored.size, "made_at": now}
        )
        if certificate.statuses.exists():
            return
        _add_status(certificate, StatusKind.ISSUED, now, by)
        if certificate.replaces is not None and status_of(certificate.replaces) == StatusKind.ISSUED:
            _add_status(certificate.replaces, StatusKind.SUPERSEDED, now, by, reason=certificate.reason)
        _move_on(submission, certificate, by, now)


def _move_on(submission: Submission, certificate: Certificate, by: User, now: datetime) -> None:
    samples = certificate.samples.values("sample")
    tests = SubmissionTest.objects.select_for_update(of=("self",)).filter(submission=submission, sample__in=samples, state__in=REPORTABLE)
    SubmissionTest.objects.filter(pk__in=[test.pk for test in tests]).update(state=TEST.find("certify").target, changed_at=now)
    for one in certificate.samples.select_related("sample"):
        if one.sample.state == "in_analysis":
            advance_sample(sample=one.sample, step="report", by=by)
    if submission.state == "open" and not submission.tests.exclude(state__in=["certified", "cancelled"]).exists():
        submission.state, submission.completed_at = SUBMISSION.target(submission, "complete"), now
        submission.save(update_fields=["state", "completed_at"])
