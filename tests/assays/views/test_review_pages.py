"""Signing on the pages: exactly what is shown, by the right person, with the password again."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from assays.models import Authorisation, Run, RunDecision
from assays.services.judging import judge_run
from assays.services.reviewing import shown_hash_of
from tests.factories.bench import grant_competence, make_planned_run
from tests.factories.browsing import said, sign_in, text_of
from tests.factories.measurement import make_measured_run, make_reviewed_run
from tests.factories.people import PASSWORD, Cast

pytestmark = pytest.mark.django_db


def hash_on(page: Any) -> str:
    found = re.search(r'name="content_hash" value="([0-9a-f]{64})"', text_of(page))
    assert found
    return found[1]


def test_a_reviewer_signs_exactly_what_the_page_shows(cast: Cast, measured: Run) -> None:
    grant_competence(cast, cast.reviewer, "review")
    reviewer, address = sign_in(cast.reviewer), f"/runs/{measured.code}/review/"
    page = reviewer.get(address)
    shown = hash_on(page)
    assert shown == shown_hash_of(measured, "approve")
    assert f"51 results of run {measured.code} by FUS-MS v1" in text_of(page)
    answer = reviewer.post(address, {"decision": "approve", "password": PASSWORD, "content_hash": shown, "meaning": "x"}, follow=True)
    assert answer.redirect_chain == [(f"/runs/{measured.code}/", 302)]
    assert said(answer) == [f"{measured.code} is reviewed and waits for a signatory."]
    measured.refresh_from_db()
    assert (measured.state, RunDecision.objects.get().signature.content_hash) == ("reviewed", shown)


def test_a_signatory_releases_the_results(cast: Cast) -> None:
    run = make_reviewed_run(cast)
    grant_competence(cast, cast.signatory, "authorise")
    signatory, address = sign_in(cast.signatory), f"/runs/{run.code}/authorise/"
    shown = hash_on(signatory.get(address))
    answer = signatory.post(address, {"decision": "authorise", "password": PASSWORD, "content_hash": shown}, follow=True)
    assert said(answer) == [f"The results of {run.code} are released."]
    assert Authorisation.objects.get().content_hash == shown


def test_sending_back_needs_its_reason_and_keeps_what_was_typed(cast: Cast) -> None:
    run = make_measured_run(cast, factors={"Dy": 1.15})
    reviewer, address = sign_in(cast.reviewer), f"/runs/{run.code}/review/"
    shown = hash_on(reviewer.get(f"{address}?decision=send_back"))
    body = {"decision": "send_back", "password": PASSWORD, "content_hash": shown}
    assert "Say why the run is sent back" in text_of(reviewer.post(address, body))
    wrong = reviewer.post(address, body | {"reason": "Dy is high: recalibrate.", "password": "wrong"})
    assert wrong.status_code == 422
    assert "Dy is high: recalibrate." in text_of(wrong)
    assert "The password is not right" in text_of(wrong)
    reviewer.post(address, body | {"reason": "Dy is high: recalibrate."})
    run.refresh_from_db()
    assert run.state == "sent_back"


def test_a_signatory_sends_back_from_the_page_of_release(cast: Cast) -> None:
    run = make_reviewed_run(cast)
    signatory, address = sign_in(cast.signatory), f"/runs/{run.code}/authorise/"
    shown = hash_on(signatory.get(f"{address}?decision=send_back"))
    signatory.post(address, {"decision": "send_back", "password": PASSWORD, "content_hash": shown, "reason": "Look at Tb."})
    run.refresh_from_db()
    assert run.state == "sent_back"


def test_a_stale_page_is_refused_and_shows_what_holds_now(cast: Cast, measured: Run) -> None:
    grant_competence(cast, cast.reviewer, "review")
    reviewer, address = sign_in(cast.reviewer), f"/runs/{measured.code}/review/"
    stale = hash_on(reviewer.get(address))
    judge_run(run=measured, by=cast.analyst)
    answer = reviewer.post(address, {"decision": "approve", "password": PASSWORD, "content_hash": stale})
    assert answer.status_code == 422
    assert "has changed since the page was made" in text_of(answer)
    assert hash_on(answer) != stale
    assert not RunDecision.objects.exists()


def test_who_may_not_sign_sees_why_and_no_box(cast: Cast, measured: Run) -> None:
    page = text_of(sign_in(cast.reviewer).get(f"/runs/{measured.code}/review/"))
    assert "Your competence to review by FUS-MS is not on record" in page
    assert 'name="password"' not in page
    type(cast.analyst).objects.filter(pk=cast.analyst.pk).update(role="reviewer")
    cast.analyst.refresh_from_db()
    own = text_of(sign_in(cast.analyst).get(f"/runs/{measured.code}/review/"))
    assert "You planned the run, so you cannot review it." in own


def test_only_reviewers_post_a_review(cast: Cast) -> None:
    run = make_measured_run(cast, 1)
    body = {"decision": "approve", "password": PASSWORD}
    for role in ["analyst", "technician", "signatory", "quality_manager"]:
        assert sign_in(cast.people[role]).post(f"/runs/{run.code}/review/", body).status_code == 403, role
        assert not RunDecision.objects.exists(), role


def test_only_signatories_post_an_authorisation(cast: Cast) -> None:
    run = make_reviewed_run(cast, 1)
    for role in ["analyst", "technician", "reviewer", "quality_manager"]:
        assert sign_in(cast.people[role]).post(f"/runs/{run.code}/authorise/", {"password": PASSWORD}).status_code == 403, role
        assert not Authorisation.objects.exists(), role


def test_the_queue_shows_what_failed_first_and_ones_own_step(cast: Cast) -> None:
    passed = make_measured_run(cast, 1)
    failed = make_measured_run(cast, 1, factors={"Dy": 1.15})
    reviewed = make_reviewed_run(cast, 1)
    make_planned_run(cast, 1)
    page = text_of(sign_in(cast.reviewer).get("/review/"))
    assert page.index(failed.code) < page.index(passed.code) < page.index(reviewed.code)
    assert f"/runs/{passed.code}/review/" in page
    assert f"/runs/{reviewed.code}/authorise/" not in page
    page = text_of(sign_in(cast.signatory).get("/review/"))
    assert page.index(reviewed.code) < page.index(failed.code)
    assert f"/runs/{reviewed.code}/authorise/" in page


def test_the_pages_of_review_cost_a_fixed_number_of_queries(cast: Cast) -> None:
    counts: dict[str, list[int]] = {"queue": [], "page": []}
    for size in (1, 6):
        run = make_measured_run(cast, size)
        client = sign_in(cast.reviewer)
        client.get("/runs/")
        for name, path in (("queue", "/review/"), ("page", f"/runs/{run.code}/review/")):
            with CaptureQueriesContext(connection) as captured:
                client.get(path)
            counts[name].append(len(captured))
    assert counts["queue"][0] == counts["queue"][1] <= 9
    assert counts["page"][0] == counts["page"][1] <= 36
