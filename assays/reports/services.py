"""Asking for certificates, amending and withdrawing them. A request is a row and a job; `making` does the work."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from assays.lifecycle import TEST
from assays.models import Submission
from assays.reports.models import Certificate, CertificateSample, CertificateStatus, Standing, StatusKind
from assays.services.announcing import announce_certificate
from lims.accounts.models import SignatureMeaning
from lims.accounts.signing import sign
from lims.core import clock
from lims.core.acting import acting
from lims.core.codes import CERTIFICATE
from lims.core.errors import Blocker, DomainError, Invalid, Problem, refuse_if
from lims.core.roles import Action, require
from lims.core.sequences import take_codes
from lims.jobs.services import create_job, restart_job

REPORTABLE = ("authorised", "certified")


def standing_of(certificate: Certificate) -> Standing:
    """What the certificate is worth now."""
    return Standing(Certificate.objects.with_standing().values_list("standing", flat=True).get(pk=certificate.pk))


def issue_blockers(submission: Submission, samples: Collection[UUID] | None = None) -> list[Blocker]:
    """Why no certificate over the submission's authorised results (of `samples` only, when given) can be issued now."""
    tests = submission.tests.filter(state__in=REPORTABLE).select_related("sample", "method_version__method")
    chosen = [test for test in tests if samples is None or test.sample_id in samples]
    if not chosen:
        return [Blocker("nothing_authorised", f"No result of {submission.code} is authorised yet. Authorise its runs first.")]
    held = [blocker for test in chosen for blocker in TEST.blockers(test, "certify")]
    return list(dict.fromkeys(held)) + _covered_already(submission, {test.sample_id for test in chosen})


def _covered_already(submission: Submission, samples: Collection[UUID]) -> list[Blocker]:
    remedies = {
        Standing.MAKING: "is being made over these samples. Wait for it.",
        Standing.FAILED: "covers these samples and could not be made. Put right what it names, then try it again.",
        Standing.ISSUED: "covers these samples. Amend it, or withdraw it first.",
    }
    others = submission.certificates.with_standing().filter(standing__in=list(remedies), samples__sample__in=samples).distinct()
    return [
        Blocker("certified_already", f"Certificate {other.number} {remedies[Standing(other.standing)]}") for other in others.order_by("id")
    ]


def request_certificate(
    *, submission: Submission, by: Any, samples: Sequence[UUID] | None = None, at: datetime | None = None
) -> Certificate:
    """Ask for a certificate over the submission's authorised results (of `samples` only, when given). The job row is created with it; the
    edge sends it.

    Raises `Blocked` while nothing is authorised, a sample is held, or another certificate covers the same samples; `Invalid('samples')` for
    a sample without an authorised result in this submission.
    """
    require(by, Action.CERTIFICATE_ISSUE)
    with acting(by, "certificate requested"), transaction.atomic():
        submission = Submission.objects.select_for_update(of=("self",)).get(pk=submission.pk)
        refuse_if(issue_blockers(submission, None if samples is None else set(samples)))
        ready = set(submission.tests.filter(state__in=REPORTABLE).values_list("sample", flat=True))
        _refuse_strangers(submission, samples or (), ready)
        covered = sorted(ready if samples is None else set(samples))
        return _create(submission, covered, by, at or clock.now())


def _refuse_strangers(submission: Submission, samples: Sequence[UUID], ready: Collection[UUID]) -> None:
    problems = [
        Problem(f"/samples/{index}", "samples", f"This sample has no authorised result in {submission.code}. Leave it out.")
        for index, sample in enumerate(samples)
        if sample not in ready
    ]
    if problems:
        raise Invalid("samples", problems[0].detail, problems=problems)


def _create(
    submission: Submission, samples: Sequence[UUID], by: Any, at: datetime, *, replaces: Certificate | None = None, reason: str = ""
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


def amend_blockers(certificate: Certificate) -> list[Blocker]:
    """Why the certificate cannot be amended now."""
    newer = Certificate.objects.filter(replaces=certificate).first()
    if newer is not None and standing_of(newer) in {Standing.MAKING, Standing.FAILED}:
        return [Blocker("amended_already", f"An amendment of {certificate.number} is on its way: {newer.number}. Wait for it.")]
    return _not_in_force(certificate, "amended")


def withdraw_blockers(certificate: Certificate) -> list[Blocker]:
    """Why the certificate cannot be withdrawn now."""
    return _not_in_force(certificate, "withdrawn")


def _not_in_force(certificate: Certificate, participle: str) -> list[Blocker]:
    standing = standing_of(certificate)
    if standing == Standing.ISSUED:
        return []
    return [
        Blocker("not_in_force", f"Certificate {certificate.number} is {standing.label}; only one that is in force can be {participle}.")
    ]


def _refuse_empty(reason: str, sentence: str) -> str:
    if not reason.strip():
        raise Invalid("reason", sentence, problems=[Problem("/reason", "reason", sentence)])
    return reason.strip()


def amend_certificate(*, certificate: Certificate, reason: str, by: Any, at: datetime | None = None) -> Certificate:
    """Ask for a new certificate that replaces this one, from the results as authorised now. Its paper says why and what changed; this one
    stays in force until the new one is."""
    require(by, Action.CERTIFICATE_WITHDRAW)
    reason = _refuse_empty(reason, "Say why the certificate is amended; the reason is printed on the new one.")
    with acting(by, reason), transaction.atomic():
        submission = Submission.objects.select_for_update(of=("self",)).get(pk=certificate.submission_id)
        refuse_if(amend_blockers(certificate))
        samples = list(certificate.samples.values_list("sample", flat=True))
        return _create(submission, samples, by, at or clock.now(), replaces=certificate, reason=reason)


def retry_certificate(*, certificate: Certificate, by: Any) -> Certificate:
    """Try again to make a certificate that could not be made, once what it named is put right."""
    require(by, Action.CERTIFICATE_WITHDRAW if certificate.replaces_id else Action.CERTIFICATE_ISSUE)
    with acting(by, "certificate tried again"), transaction.atomic():
        Submission.objects.select_for_update(of=("self",)).get(pk=certificate.submission_id)
        standing = standing_of(certificate)
        if standing != Standing.FAILED or certificate.job is None:
            raise DomainError("not_failed", f"Certificate {certificate.number} is {standing.label}, so there is nothing to try again.")
        certificate.job = restart_job(certificate.job)
    return certificate


def withdrawal_content(certificate: Certificate, reason: str) -> dict[str, Any]:
    """Exactly what a withdrawal signs."""
    return {"act": "withdraw", "certificate": certificate.number, "snapshot": certificate.snapshot.sha256, "reason": reason}


def withdraw_certificate(*, certificate: Certificate, reason: str, password: str, by: Any, at: datetime | None = None) -> CertificateStatus:
    """Take a certificate out of force, with a signed reason. The paper stays; its verification says *withdrawn*, not why."""
    require(by, Action.CERTIFICATE_WITHDRAW)
    reason = _refuse_empty(reason, "Say why the certificate is withdrawn; the reason is kept with your signature.")
    with acting(by, reason), transaction.atomic():
        Submission.objects.select_for_update(of=("self",)).get(pk=certificate.submission_id)
        refuse_if(withdraw_blockers(certificate))
        content = withdrawal_content(certificate, reason)
        announce_certificate("certificate.withdrawn", certificate)
        signature = sign(by=by, password=password, meaning=SignatureMeaning.WITHDRAWAL, content=content, reason=reason)
        return CertificateStatus.objects.create(
            certificate=certificate, status=StatusKind.WITHDRAWN, at=at or clock.now(), by=by, reason=reason, signature=signature
        )
