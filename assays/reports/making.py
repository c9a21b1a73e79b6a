"""Making a certificate: gather what is authorised, draw it, and put it in force in one transaction. Safe to run again from the start, and
by two workers at once: until that transaction nothing is stored, and after it nothing is done twice."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils import translation

from assays.lifecycle import SUBMISSION, TEST
from assays.models import Submission, SubmissionTest
from assays.reports.content import gather_content
from assays.reports.models import Certificate, CertificateArtefact, CertificateSnapshot, CertificateStatus, Standing, StatusKind
from assays.reports.services import REPORTABLE, standing_of
from assays.services.announcing import announce_certificate
from lims.accounts.models import User
from lims.charts.pattern import PatternPoint, PatternSeries, pattern_chart
from lims.charts.render import to_svg
from lims.core import clock
from lims.core.acting import acting
from lims.core.days import LABORATORY_ZONE
from lims.core.errors import DomainError, refuse_if
from lims.core.files import StoredFile, store_bytes
from lims.documents.certificate import CertificateContent
from lims.documents.certificate_paper import render_certificate
from lims.jobs.services import NotYet
from samples.custody.cosigning import active_witnesses, cosigned_size, is_covered
from samples.services.consuming import advance_samples

Report = Callable[[float, str], None]
_TRIES = 3


def make_certificate(certificate_id: UUID, report: Report) -> Certificate:
    """Make the certificate, telling `report` how far it is.

    Raises `NotYet` while it waits for witnesses of the custody log, `Blocked` when a sample was held meanwhile,
    `DomainError('nothing_authorised' | 'results_move')`, and as `render_certificate` does; nothing is stored then, and the same certificate
    can be tried again.
    """
    related = ("laboratory", "submission__customer", "replaces__snapshot", "requested_by__organisation")
    certificate = Certificate.objects.select_related(*related).get(pk=certificate_id)
    _await_witnesses(certificate)
    for _ in range(_TRIES):
        report(0.1, "Gathering authorised results.")
        content = _gather(certificate)
        report(0.4, "Drawing the chondrite-normalised pattern.")
        svg = draw_pattern(content)
        report(0.6, "Setting the pages.")
        pdf = render_certificate(content, pattern_svg=svg)
        report(0.9, "Putting it in force.")
        if _put_in_force(certificate, content, store_bytes("certificates", pdf)):
            return certificate
    raise DomainError("results_move", "The results changed each time while the certificate was made. Try again once they rest.")


def _await_witnesses(certificate: Certificate) -> None:
    """Where certificates wait for cosignatures: whether enough witnesses saw a custody log with every event of these samples."""
    needed = settings.CERTIFICATE_COSIGNATURES
    if not needed or is_covered(certificate.samples.values("sample"), cosigned_size(needed)):
        return
    there = active_witnesses()
    if there < needed:
        raise NotYet(f"Waiting: {needed} witnesses must cosign the custody of its samples, and only {there} are registered.")
    raise NotYet(f"Waiting until {needed} of {there} witnesses have cosigned the custody of its samples.")


def _gather(certificate: Certificate) -> CertificateContent:
    """What the certificate says as of now, in the paper's language; nobody moves the submission meanwhile."""
    with transaction.atomic(), translation.override("en"):
        _lock(certificate)
        refuse_if([blocker for test in _tests(certificate) for blocker in TEST.blockers(test, "certify")])
        return gather_content(certificate, issued_at=clock.now().astimezone(LABORATORY_ZONE).replace(microsecond=0))


def _lock(certificate: Certificate) -> Submission:
    return Submission.objects.select_for_update(of=("self",)).get(pk=certificate.submission_id)


def _tests(certificate: Certificate) -> list[SubmissionTest]:
    rows = SubmissionTest.objects.filter(submission=certificate.submission_id, sample__in=certificate.samples.values("sample"))
    return list(rows.filter(state__in=REPORTABLE).select_related("sample", "submission").order_by("pk").select_for_update(of=("self",)))


def draw_pattern(content: CertificateContent) -> str | None:
    """The vector drawing of the patterns, or None when nothing was quantified."""
    series = [
        PatternSeries(pattern.item_code, tuple(PatternPoint(element, float(value)) for element, value in pattern.values))
        for pattern in content.patterns
        if pattern.values
    ]
    if not series:
        return None
    with translation.override("en"):  # the paper's language, whoever asks for it
        return to_svg(pattern_chart(series, normalisation=content.normalisation.removeprefix("CI chondrite, ")))


def _put_in_force(certificate: Certificate, content: CertificateContent, stored: StoredFile) -> bool:
    """Keep snapshot and paper, issue the certificate, supersede what it replaces, move tests, samples and submission on: all or nothing.
    False when the results are no longer those that were drawn."""
    by, data = certificate.requested_by, content.canonical_bytes()
    with acting(by, f"certificate {certificate.number} issued"), transaction.atomic(), translation.override("en"):
        submission = _lock(certificate)
        if standing_of(certificate) == Standing.ISSUED or certificate.statuses.exists():
            return True
        tests = _tests(certificate)
        refuse_if([blocker for test in tests for blocker in TEST.blockers(test, "certify")])
        if gather_content(certificate, issued_at=content.issued_at).canonical_bytes() != data:
            return False
        now = clock.now()
        CertificateSnapshot.objects.create(
            certificate=certificate, content=data, sha256=hashlib.sha256(data).hexdigest(), frozen_at=content.issued_at
        )
        CertificateArtefact.objects.create(certificate=certificate, kind="pdf", sha256=stored.sha256, size=stored.size, made_at=now)
        CertificateStatus.objects.create(certificate=certificate, status=StatusKind.ISSUED, at=content.issued_at, by=by)
        _supersede(certificate, content.issued_at, by)
        _move_on(submission, certificate, tests, by, now)
        announce_certificate("certificate.amended" if certificate.replaces_id else "certificate.issued", certificate)
    return True


def _supersede(certificate: Certificate, at: datetime, by: User) -> None:
    old = certificate.replaces
    if old is not None and standing_of(old) == Standing.ISSUED:
        CertificateStatus.objects.create(certificate=old, status=StatusKind.SUPERSEDED, at=at, by=by, reason=certificate.reason)


def _move_on(submission: Submission, certificate: Certificate, tests: list[SubmissionTest], by: User, now: datetime) -> None:
    """The tests are certified; samples without other open work are reported; the submission with nothing left is complete."""
    SubmissionTest.objects.filter(pk__in=[test.pk for test in tests]).update(state=TEST.find("certify").target, changed_at=now)
    finished = ["certified", "cancelled"]
    samples = {test.sample_id: test.sample for test in tests}
    open_work = set(SubmissionTest.objects.filter(sample__in=samples).exclude(state__in=finished).values_list("sample", flat=True))
    advance_samples(
        samples=[sample for sample in samples.values() if sample.state == "in_analysis" and sample.pk not in open_work],
        step="report",
        by=by,
    )
    if submission.state == "open" and not submission.tests.exclude(state__in=finished).exists():
        submission.state, submission.completed_at = SUBMISSION.target(submission, "complete"), now
        submission.save(update_fields=["state", "completed_at"])
