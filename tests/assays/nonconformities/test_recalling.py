"""Recall: from a thing to its runs, results and certificates; then nonconforming work, holds and notices."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from assays.models import Lot, Run, SubmissionTest, Use
from assays.nonconformities.models import Nonconformity, Notice
from assays.nonconformities.recalls import Question, TouchedRun, find_touched_runs
from assays.nonconformities.services.recalling import hold_affected, notify_customers
from assays.nonconformities.services.reporting import Finding, report_nonconformity
from assays.reports.models import Certificate
from assays.reports.services import request_certificate
from lims.core import clock
from lims.core.codes import LOT
from lims.core.errors import Blocked, Forbidden
from lims.core.sequences import take_codes
from samples.models import Hold, Sample
from tests.factories import release
from tests.factories.browsing import text_of
from tests.factories.measurement import make_authorised_run, make_measured_run
from tests.factories.people import Cast

pytestmark = pytest.mark.django_db


def make_lot(cast: Cast, **more: Any) -> Lot:
    fields = {"kind": "acid", "name": "Nitric acid 67 %", "supplier_lot": f"N-{Lot.objects.count()}", "received_on": clock.today()}
    return Lot.objects.create(code=take_codes(LOT)[0], laboratory=cast.organisations["lab"], **(fields | more))


def use(cast: Cast, lot: Lot, **what: Any) -> Use:
    return Use.objects.create(lot=lot, used_on=clock.today(), recorded_by=cast.analyst, recorded_at=clock.now(), **what)


def certify(cast: Cast, run: Run) -> Certificate:
    submission = SubmissionTest.objects.filter(aliquots__positions__run=run)[0].submission
    return release.finish(request_certificate(submission=submission, by=cast.signatory))


@pytest.fixture
def certified(cast: Cast) -> tuple[Run, Certificate]:
    run = make_authorised_run(cast, 2)
    return run, certify(cast, run)


def found(kind: str, key: Any, cast: Cast, laboratory: str = "lab", **span: Any) -> list[TouchedRun]:
    return find_touched_runs(Question(kind, key, **span), cast.organisations[laboratory].pk)


def test_every_way_in_leads_to_the_run_its_results_and_certificate(cast: Cast, certified: tuple[Run, Certificate]) -> None:
    run, certificate = certified
    make_measured_run(cast, 1)
    by_run, by_aliquot, by_preparation, unused = (make_lot(cast) for _ in range(4))
    aliquot = run.positions.filter(kind="sample")[0].aliquot
    assert aliquot is not None
    use(cast, by_run, run=run)
    use(cast, by_aliquot, aliquot=aliquot)
    use(cast, by_preparation, preparation=aliquot.preparation)
    (expected,) = found("run", run.pk, cast)
    assert (expected.results, len(expected.samples), expected.certificates) == (34, 2, (certificate.pk,))
    for lot in (by_run, by_aliquot, by_preparation):
        assert found("lot", lot.pk, cast) == [expected]
    assert found("lot", unused.pk, cast) == []
    assert expected in found("instrument", run.instrument_id, cast)
    assert expected in found("material", run.positions.get(kind="reference").material_id, cast)
    for person in (cast.analyst, cast.technician):
        assert expected in found("person", person.pk, cast)
    assert found("person", cast.reviewer.pk, cast) == []


def test_days_and_laboratory_bound_what_is_found(cast: Cast, certified: tuple[Run, Certificate]) -> None:
    run, today = certified[0], clock.today()
    assert found("instrument", run.instrument_id, cast, since=today, until=today)
    assert found("instrument", run.instrument_id, cast, since=today + timedelta(days=1)) == []
    assert found("instrument", run.instrument_id, cast, until=today - timedelta(days=1)) == []
    assert found("run", run.pk, cast, laboratory="other_lab") == []


def report(cast: Cast, *touches: Any) -> Nonconformity:
    finding = Finding("lot", "Acid contaminated", "The acid held 3 µg/L of Dy.", clock.today(), touches)
    return report_nonconformity(finding=finding, by=cast.quality_manager)


def test_samples_are_held_once_and_customers_told_of_their_own_certificates(cast: Cast, certified: tuple[Run, Certificate]) -> None:
    run, certificate = certified
    record = report(cast, run, certificate)
    with pytest.raises(Forbidden):
        hold_affected(record=record, by=cast.analyst)
    assert Hold.objects.count() == 0
    assert hold_affected(record=record, by=cast.quality_manager) == 2
    assert all(one.on_hold for one in Sample.objects.filter(tests__aliquots__positions__run=run))
    with pytest.raises(Blocked):
        hold_affected(record=record, by=cast.quality_manager)
    (notice,) = notify_customers(record=record, subject="Dy too high", text="Do not use the Dy results.", by=cast.quality_manager)
    assert notice.customer == certificate.submission.customer
    assert [one.certificate for one in notice.named.all()] == [certificate]
    with pytest.raises(Blocked) as refusal:
        notify_customers(record=report(cast), subject="x", text="y", by=cast.quality_manager)
    assert refusal.value.code == "nobody_to_tell"


def test_the_page_finds_opens_work_and_tells_the_customer_who_acknowledges(
    cast: Cast, client: Client, certified: tuple[Run, Certificate]
) -> None:
    run, certificate = certified
    client.force_login(cast.quality_manager)
    address = f"/recall/?thing={run.instrument.code}"
    page = client.get(address).content.decode()
    assert run.code in page
    assert certificate.number in page
    lines = b"".join(client.get(f"{address}&format=csv").streaming_content).decode().splitlines()  # type: ignore[attr-defined]
    assert len(lines) == 1 + 34
    refused = client.get("/recall/?thing=NOBODY")
    assert refused.status_code == 422
    assert "Please correct:" in text_of(refused)
    assert "Nothing was saved" not in text_of(refused)
    assert client.get(f"/recall/?thing={run.code}&person=analyst").status_code == 422
    opened = client.post(address, {"title": "Cone worn", "what_happened": "Sensitivity fell by half within the day."})
    record = Nonconformity.objects.get()
    assert opened.headers["Location"] == f"/nonconformities/{record.code}/"
    assert {link.kind for link in record.links.all()} == {"instrument", "run", "certificate"}
    sent = client.post(f"/nonconformities/{record.code}/notify/", {"subject": "Cone worn", "text": "Wait for the amendment."})
    assert sent.status_code == 302
    client.force_login(cast.collector)
    notices = client.get("/notices/").content.decode()
    assert "Wait for the amendment." in notices
    assert certificate.number in notices
    assert record.code not in notices
    notice = Notice.objects.get()
    client.force_login(cast.outsiders["collector"])
    assert "Wait for the amendment." not in client.get("/notices/").content.decode()
    assert client.post(f"/notices/{notice.pk}/acknowledge/").status_code == 404
    client.force_login(cast.collector)
    assert client.post(f"/notices/{notice.pk}/acknowledge/").status_code == 302
    assert Notice.objects.get().acknowledgement.by == cast.collector
