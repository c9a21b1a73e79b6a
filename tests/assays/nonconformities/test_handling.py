"""The life of a nonconformity, step by step, refusals included."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from assays.nonconformities.lifecycle import NONCONFORMITY
from assays.nonconformities.models import Nonconformity
from assays.nonconformities.selectors import badge_of, fetch_nonconformity
from assays.nonconformities.services import handling
from assays.nonconformities.services.reporting import Finding, add_note, report_nonconformity
from lims.core import clock
from lims.core.errors import Blocked, Forbidden, Invalid
from tests.assays.nonconformities.test_recalling import make_lot
from tests.factories.bench import make_instrument
from tests.factories.browsing import said, sign_in, text_of
from tests.factories.people import PASSWORD, Cast

pytestmark = pytest.mark.django_db


def report(cast: Cast, **more: Any) -> Nonconformity:
    fields = {"source": "audit", "title": "Torch changed", "what_happened": "No entry in the book.", "found_on": clock.today()}
    return report_nonconformity(finding=Finding(**(fields | more)), by=cast.analyst)


def evaluate(cast: Cast, record: Nonconformity, **more: Any) -> Nonconformity:
    fields = {"significance": "major", "evaluation": "Two runs.", "may_recur": True, "stop_work": False, "notify_customers": False}
    return handling.evaluate_nonconformity(record=record, found=handling.Evaluation(**(fields | more)), by=cast.quality_manager)


def plan(cast: Cast, record: Nonconformity, **more: Any) -> Nonconformity:
    due = clock.today() + timedelta(days=7)
    fields = {"root_cause": "No line in the form.", "action": "A line in the form.", "owner": cast.technician, "due": due}
    return handling.plan_action(record=record, plan=handling.CorrectiveAction(**(fields | more)), by=cast.quality_manager)


def close_codes(record: Nonconformity) -> list[str]:
    return [one.code for one in NONCONFORMITY.blockers(record, "close")]


def test_from_report_to_a_signed_end_with_an_action_that_first_did_not_work(cast: Cast) -> None:
    record = report(cast)
    assert close_codes(record) == ["wrong_state"]
    record = evaluate(cast, record, stop_work=True)
    assert close_codes(record) == ["action_missing", "work_stopped"]
    record = plan(cast, record)
    with pytest.raises(Blocked) as refusal:
        handling.finish_action(record=record, note="done", by=cast.analyst)
    assert refusal.value.code == "not_the_owner"
    record = handling.finish_action(record=record, note="The line is there.", by=cast.technician)
    record = handling.check_effect(record=record, effective=False, effect="Two entries missing.", by=cast.quality_manager)
    assert record.state == "acting"
    record = handling.finish_action(record=record, note="Shown to everybody.", by=cast.technician)
    assert close_codes(record) == ["effect_unchecked", "work_stopped"]
    record = handling.check_effect(record=record, effective=True, effect="None missing.", by=cast.quality_manager)
    record = handling.resume_work(record=record, reason="The book is whole.", by=cast.quality_manager)
    with pytest.raises(Invalid):
        handling.close_nonconformity(record=record, password="wrong", by=cast.quality_manager)
    record = handling.close_nonconformity(record=record, password=PASSWORD, by=cast.quality_manager)
    assert (record.state, record.closing_signature.meaning) == ("closed", "closure")  # type: ignore[union-attr]
    assert record.notes.count() == 5
    for late in (evaluate, plan):
        with pytest.raises(Blocked):
            late(cast, record)
    assert add_note(record=record, text="Looked at again in spring.", by=cast.reviewer)


def test_customers_who_are_to_be_told_keep_it_open(cast: Cast) -> None:
    record = evaluate(cast, report(cast), may_recur=False, notify_customers=True)
    assert close_codes(record) == ["customers_not_told"]
    assert close_codes(evaluate(cast, record, may_recur=False)) == []


def test_only_the_quality_manager_evaluates_and_only_of_the_own_laboratory(cast: Cast) -> None:
    record = report(cast)
    means = handling.Evaluation("minor", "x", False, False, False)
    with pytest.raises(Forbidden):
        handling.evaluate_nonconformity(record=record, found=means, by=cast.analyst)
    with pytest.raises(Invalid):
        evaluate(cast, record, significance="huge")
    with pytest.raises(Invalid):
        plan(cast, evaluate(cast, record), owner=cast.outsiders["analyst"])
    with pytest.raises(Forbidden):
        report_nonconformity(finding=Finding("audit", "x", "y", clock.today()), by=cast.collector)
    with pytest.raises(Invalid):
        report(cast, title=" ", found_on=clock.today() + timedelta(days=1))


def test_what_is_overdue_comes_first_and_says_so(cast: Cast, client: Client) -> None:
    first, late, done = (report(cast, title=title) for title in ("First", "Late", "Done"))
    handling.close_nonconformity(record=evaluate(cast, done, may_recur=False), password=PASSWORD, by=cast.quality_manager)
    plan(cast, evaluate(cast, late))
    Nonconformity.objects.filter(pk=late.pk).update(action_due=clock.today() - timedelta(days=1))
    client.force_login(cast.reviewer)
    rows = client.get("/nonconformities/").context["rows"]
    assert [row["record"].title for row in rows] == ["Late", "First", "Done"]
    assert badge_of(fetch_nonconformity(cast.reviewer, late.code))[0] == "fail"
    assert [row["record"].code for row in client.get("/nonconformities/?overdue=true").context["rows"]] == [late.code]
    client.force_login(cast.outsiders["reviewer"])
    assert client.get(f"/nonconformities/{first.code}/").status_code == 404


def test_pages_take_each_step_and_keep_what_was_typed_when_they_refuse(cast: Cast, client: Client) -> None:
    client.force_login(cast.technician)
    asked = {"source": "audit", "title": "T", "what_happened": "W", "found_on": clock.today().isoformat(), "touches": "NOTHING"}
    refused = client.post("/nonconformities/new/", asked)
    assert (refused.status_code, "There is nothing of yours under" in refused.content.decode()) == (422, True)
    client.post("/nonconformities/new/", asked | {"touches": ""})
    record = Nonconformity.objects.get()
    address = f"/nonconformities/{record.code}/"
    assert client.post(f"{address}notes/", {"text": "Seen."}).status_code == 302
    client.force_login(cast.quality_manager)
    refused = client.post(f"{address}evaluate/", {"significance": "minor", "evaluation": "", "may_recur": "on"})
    assert refused.status_code == 422
    assert client.post(f"{address}evaluate/", {"significance": "minor", "evaluation": "E", "may_recur": "on"}).status_code == 302
    body = {"root_cause": "R", "action": "A", "owner": str(cast.quality_manager.pk), "due": clock.today().isoformat()}
    assert client.post(f"{address}action/", body).status_code == 302
    assert client.post(f"{address}finish/", {"text": "Done."}).status_code == 302
    assert client.post(f"{address}effect/", {"effective": "yes", "effect": "Works."}).status_code == 302
    page = client.get(address)
    assert client.post(f"{address}close/", {"password": "wrong"}).status_code == 422
    assert client.post(f"{address}close/", {"password": PASSWORD, "content_hash": page.context["digest"]}).status_code == 302
    record.refresh_from_db()
    assert record.state == "closed"


def test_further_things_are_linked_by_their_codes_until_it_is_closed(cast: Cast) -> None:
    record, lot = report(cast), make_lot(cast)
    address = f"/nonconformities/{record.code}/links/"
    analyst = sign_in(cast.analyst)
    refused = analyst.post(address, {"touches": f"{lot.code} LOT-NONE"})
    assert refused.status_code == 422
    assert "LOT-NONE" in text_of(refused)
    assert not record.links.exists()
    answer = analyst.post(address, {"touches": f"{lot.code}\n{lot.code}"}, follow=True)
    assert said(answer) == ["It is linked."]
    assert [one.lot for one in record.links.all()] == [lot]
    evaluate(cast, record, may_recur=False)
    record.refresh_from_db()
    handling.close_nonconformity(record=record, password=PASSWORD, by=cast.quality_manager)
    assert "is closed and was signed" in text_of(analyst.post(address, {"touches": make_instrument(cast).code}))
    assert record.links.count() == 1
