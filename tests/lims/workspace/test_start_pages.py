"""My work: each role starts with what waits for it, in a fixed number of questions to the database."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from assays.models import Submission
from assays.services.weighing import weigh_aliquot
from lims.accounts.services.people import set_temporary_password
from lims.core import clock
from lims.core.models import Installation
from lims.core.roles import Role
from lims.jobs.models import Job
from lims.workspace import field_work, laboratory_work, office_work
from lims.workspace.start_pages import START_PAGES, items_for
from lims.workspace.work import WorkItem
from samples.services.handing_over import offer_handover
from samples.services.holding import hold_sample
from tests.access.world import make_world
from tests.factories import bench, measurement, release
from tests.factories.consignments import make_arrived, make_consignment, make_dispatched
from tests.factories.people import Cast
from tests.factories.samples import make_samples

pytestmark = pytest.mark.django_db

WORKERS = [role for role in Role if role != Role.OFFICIAL]


def counts(user: Any) -> dict[str, int]:
    """What the person's page says, by the question's name."""
    return {question.__name__: question(user).waiting.count for question in START_PAGES[user.role].questions}


def only(user: Any) -> dict[str, int]:
    return {name: count for name, count in counts(user).items() if count}


@pytest.mark.parametrize("role", WORKERS)
def test_an_empty_page_says_what_to_do_next(cast: Cast, client: Client, role: str) -> None:
    person = cast.people[role]
    client.force_login(person)
    page = client.get("/").content.decode()
    assert only(person) == {}
    assert "Nothing waits for you" in page
    step = re.search(r'class="empty".*?<a class="button" href="([^"]+)"', page, re.DOTALL)
    assert step is not None
    assert client.get(step[1]).status_code == 200


def test_an_official_starts_at_the_overview_and_finds_the_ways_on(cast: Cast, client: Client) -> None:
    client.force_login(cast.official)
    assert client.get("/").headers["Location"] == "/overview/"
    page = client.get("/overview/").content.decode()
    for address in ("/overview/", "/mines/", "/samples/", "/consignments/", "/certificates/"):
        assert f'class="nav-item" href="{address}"' in page
    assert 'class="nav-item" href="/"' not in page


def test_every_item_leads_to_a_list_its_person_may_open_and_asks_a_fixed_number_of_questions() -> None:
    """One world for everybody: making it takes far longer than looking at it."""
    world = make_world()
    for role in WORKERS:
        for item in items_for(world.cast.people[role]):
            for address in (item.url, *(entry.url for entry in item.waiting.entries)):
                assert world.web[role].get(address).status_code == 200, (role, item.label, address)
    few = {role: questions_of(world.web[role]) for role in WORKERS}
    bench.make_planned_run(world.cast, 2)
    make_arrived(world.cast, 3)
    for sample in make_samples(world.cast, 2):
        hold_sample(sample=sample, kind="provenance", reason="Unclear.", by=world.cast.collector)
    for role in WORKERS:
        many = questions_of(world.web[role])
        # An item that had nothing to name before asks for the names once.
        assert many - few[role] <= len(START_PAGES[role].questions), role
        assert many <= 40, role


def questions_of(client: Client) -> int:
    """How often the start page asks the database."""
    with CaptureQueriesContext(connection) as asked:
        assert client.get("/").status_code == 200
    return len(asked)


def test_a_collector_sees_what_lies_unpacked_and_what_nobody_answered(cast: Cast) -> None:
    make_samples(cast, 3)
    make_consignment(cast, 1)
    sent = make_dispatched(cast, 1)
    offer_handover(consignment=sent, receiver=cast.organisations["carrier"], place="Nampong", by=cast.collector)
    assert only(cast.collector) == {"to_pack": 3, "being_packed": 1, "not_acknowledged": 1}
    assert only(cast.outsiders["collector"]) == {}
    to_pack = field_work.to_pack(cast.collector).waiting
    assert len(to_pack.entries) == 3
    assert to_pack.oldest is not None


def test_a_custodian_sees_what_is_offered_and_what_is_overdue(cast: Cast, synthetic: Installation) -> None:
    with clock.set_to(clock.now() - timedelta(days=9)):
        sent = make_dispatched(cast, 1)
        offer_handover(consignment=sent, receiver=cast.organisations["carrier"], place="Nampong", by=cast.collector)
    found = {item.label: item for item in items_for(cast.custodian) if item.waiting.count}
    assert set(found) == {"Handovers to acknowledge", "Overdue"}
    assert found["Overdue"].waiting.late
    assert found["Overdue"].tone == "warn"
    assert [entry.code for entry in found["Overdue"].waiting.entries] == [sent.code]


def test_a_receptionist_sees_what_arrives_and_what_nobody_asked_for(cast: Cast) -> None:
    make_arrived(cast, 2)
    bench.make_received_samples(cast, 2)
    asked = bench.make_received_samples(cast, 1)
    bench.make_submission(cast, asked)
    assert only(cast.receptionist) == {"to_receive": 1, "received_unasked": 2, "open_submissions": 1}
    assert only(cast.outsiders["receptionist"]) == {}


def test_the_bench_sees_its_three_steps_with_what_is_held(cast: Cast) -> None:
    samples = bench.make_received_samples(cast, 3)
    submission = bench.make_submission(cast, samples)
    hold_sample(sample=samples[0], kind="quality", reason="Wet.", by=cast.quality_manager)
    assert only(cast.technician) == {"to_prepare": 3}
    waiting = laboratory_work.to_prepare(cast.technician).waiting
    assert (waiting.held, waiting.due) == (1, submission.due_on)
    bench.make_prepared(cast, samples[1:])
    assert only(cast.technician) == {"to_prepare": 1, "to_weigh": 2}
    assert only(cast.outsiders["technician"]) == {}


def test_a_weighed_portion_waits_for_its_leach(cast: Cast) -> None:
    samples = bench.make_received_samples(cast, 1)
    submission = bench.make_submission(cast, samples, ["LCH-MS"])
    bench.make_prepared(cast, samples)
    test = submission.tests.get()
    aliquot = weigh_aliquot(test=test, mass_g=test.method_version.test_portion_g, by=cast.technician)
    assert only(cast.technician)["to_leach"] == 1
    bench.leach_portions(cast, [aliquot])
    assert "to_leach" not in only(cast.technician)


def test_runs_go_from_the_analyst_to_the_reviewer_to_the_signatory(cast: Cast) -> None:
    run = bench.make_planned_run(cast, 1)
    assert only(cast.analyst) == {"to_import": 1}
    measurement.make_waiting_upload(cast, run)
    assert only(cast.analyst)["uploads_waiting"] == 1
    run.state = "qc_passed"
    run.save(update_fields=["state"])
    assert only(cast.reviewer) == {"to_review": 1}
    run.state = "reviewed"
    run.save(update_fields=["state"])
    assert (only(cast.reviewer), only(cast.signatory)) == ({}, {"to_authorise": 1})
    run.state = "qc_failed"
    run.save(update_fields=["state"])
    for person, name in ((cast.analyst, "went_wrong"), (cast.reviewer, "stopped_runs"), (cast.quality_manager, "stopped_runs")):
        assert only(person)[name] == 1
    assert laboratory_work.stopped_runs(cast.reviewer).tone == "fail"
    assert laboratory_work.stopped_runs(cast.outsiders["reviewer"]).waiting.count == 0


def test_a_signatory_sees_submissions_whose_results_no_certificate_reports(cast: Cast, authorised: Submission) -> None:
    item = laboratory_work.to_certify(cast.signatory)
    assert [entry.code for entry in item.waiting.entries] == [authorised.code]
    release.make_issued(cast, authorised)
    assert only(cast.signatory) == {}


def test_the_quality_manager_sees_holds_and_competences_that_end_unrenewed(cast: Cast) -> None:
    sample = bench.make_received_samples(cast, 1)[0]
    hold_sample(sample=sample, kind="customer", reason="Unpaid.", by=cast.receptionist)
    soon = {"valid_until": clock.today() + timedelta(days=20)}
    bench.grant_competence(cast, cast.analyst, **soon)
    bench.grant_competence(cast, cast.technician, **soon)
    bench.grant_competence(cast, cast.technician, valid_until=clock.today() + timedelta(days=300))
    assert only(cast.quality_manager) == {"holds": 1, "competences_ending": 1}
    assert [entry.code for entry in field_work.holds(cast.quality_manager).waiting.entries] == [sample.blind_code]


def test_an_administrator_sees_failed_jobs_and_what_ends(cast: Cast) -> None:
    Job.objects.create(kind="certificate", state="failed", requested_by=cast.signatory)
    set_temporary_password(person=cast.analyst, by=cast.administrator)
    bench.make_instrument(cast, calibration_due=clock.today() + timedelta(days=3))
    assert only(cast.administrator) == {"jobs_failed": 1, "temporary_passwords": 1, "calibrations_due": 1}
    assert office_work.jobs_failed(cast.administrator).tone == "fail"


def test_an_item_says_how_urgent_it_is() -> None:
    def item(alarm: bool = False, **waiting: Any) -> WorkItem:
        return WorkItem("x", "y", "/", laboratory_work.Waiting(**waiting), alarm)

    past, ahead = clock.now() - timedelta(minutes=1), clock.now() + timedelta(minutes=1)
    assert item(count=0, due=past, alarm=True).tone == "none"
    assert item(count=1).tone == "wait"
    assert item(count=1, due=ahead).tone == "wait"
    assert item(count=1, due=past).tone == "warn"
    assert item(count=1, due=past.date() - timedelta(days=1)).tone == "warn"
    assert item(count=1, due=ahead, alarm=True).tone == "fail"
