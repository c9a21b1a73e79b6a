"""An authorised number that turns out wrong: taken back, measured again, reviewed, authorised, and the certificate amended."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from django.test import Client

from assays.instruments.recording import withdraw_upload
from assays.instruments.writers import write_batch_table
from assays.models import Result, Run, RunDecision, SubmissionTest
from assays.nonconformities.models import Nonconformity
from assays.nonconformities.services.reopening import reopen_run
from assays.nonconformities.services.reporting import Finding, report_nonconformity
from assays.reports.models import Certificate
from assays.reports.services import amend_certificate, request_certificate
from assays.reports.verification import verify_token
from assays.services.authorising import authorise_results
from assays.services.reviewing import APPROVE, review_run
from lims.core import clock
from lims.core.errors import Blocked, Forbidden, Invalid
from tests.factories import release
from tests.factories.measurement import make_authorised_run, make_calibration, make_headings, make_rows, upload_run
from tests.factories.people import PASSWORD, Cast

pytestmark = pytest.mark.django_db


def report(cast: Cast, *touches: Any) -> Nonconformity:
    finding = Finding("run", "Rows exchanged", "Two rows of the export stood in each other's place.", clock.today(), touches)
    return report_nonconformity(finding=finding, by=cast.analyst)


def reopen(record: Nonconformity, run: Run, by: Any, **more: Any) -> RunDecision:
    return reopen_run(**({"record": record, "run": run, "reason": "Rows exchanged.", "password": PASSWORD, "by": by} | more))


def corrected_export(run: Run) -> bytes:
    """The run's batch with every sample's Dy a tenth higher; the controls stay."""
    rows = make_rows(run)
    samples = {position.label for position in run.positions.exclude(aliquot=None)}
    for row in rows:
        if row.sample in samples:
            value = row.values["Dy"]
            row.values["Dy"] = replace(value, concentration=value.concentration * 11 / 10)  # type: ignore[operator, type-var]
    return write_batch_table([*make_calibration(run), *rows], make_headings(run))


def test_a_wrong_number_gets_a_new_version_and_a_certificate_that_supersedes(cast: Cast) -> None:
    run = make_authorised_run(cast, 1)
    submission = SubmissionTest.objects.get().submission
    first = release.finish(request_certificate(submission=submission, by=cast.signatory))
    before = Result.objects.get(analyte__symbol="Dy").authorised
    decision = reopen(report(cast, run), run, cast.quality_manager)
    assert (decision.decision, decision.signature.meaning) == ("reopen", "reopening")
    run.refresh_from_db()
    assert (run.state, SubmissionTest.objects.get().state) == ("sent_back", "prepared")
    assert Result.objects.get(analyte__symbol="Dy").authorised == before
    assert verify_token(first.token).in_force  # type: ignore[union-attr]

    withdraw_upload(upload=run.uploads.get(), reason="Rows exchanged.", by=cast.analyst)
    upload_run(cast, run, corrected_export(run))
    review_run(run=run, decision=APPROVE, password=PASSWORD, by=cast.reviewer)
    authorise_results(run=run, password=PASSWORD, by=cast.signatory)
    after = Result.objects.get(analyte__symbol="Dy").authorised
    assert before is not None
    assert after is not None
    assert (after.version, after.value > before.value) == (2, True)
    newer = release.finish(amend_certificate(certificate=first, reason="Rows exchanged.", by=cast.signatory))
    told = verify_token(first.token)
    assert told is not None
    assert (told.status, told.superseded_by) == ("superseded", newer.number)


def test_only_the_quality_manager_because_of_an_open_nonconformity_about_it(cast: Cast) -> None:
    run = make_authorised_run(cast, 1)
    record, other = report(cast, run), report(cast)
    for person in (cast.analyst, cast.signatory, cast.reviewer):
        with pytest.raises(Forbidden):
            reopen(record, run, person)
    with pytest.raises(Blocked) as refusal:
        reopen(other, run, cast.quality_manager)
    assert refusal.value.code == "not_linked"
    for wrong in ({"reason": " "}, {"password": "wrong"}):
        with pytest.raises(Invalid):
            reopen(record, run, cast.quality_manager, **wrong)
    run.refresh_from_db()
    assert (run.state, RunDecision.objects.filter(decision="reopen").count()) == ("authorised", 0)
    assert Certificate.objects.count() == 0


def test_the_page_signs_and_leads_back(cast: Cast, client: Client) -> None:
    run = make_authorised_run(cast, 1)
    record = report(cast, run)
    client.force_login(cast.quality_manager)
    address = f"/nonconformities/{record.code}/runs/{run.code}/reopen/"
    assert address in client.get(f"/nonconformities/{record.code}/").content.decode()
    digest = client.get(address).context["digest"]
    assert client.post(address, {"reason": "Wrong.", "password": "wrong"}).status_code == 422
    assert client.post(address, {"reason": "Wrong.", "password": PASSWORD, "content_hash": digest}).status_code == 302
    assert Run.objects.get(pk=run.pk).state == "sent_back"
