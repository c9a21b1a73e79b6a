"""The override of a failed control: the quality manager's alone, signed, open as nonconforming work, and said on the certificate."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client

from assays.models import Authorisation, Result, Run, RunDecision, SubmissionTest
from assays.nonconformities.models import Nonconformity
from assays.nonconformities.services.overriding import override_blockers, override_content, override_run
from assays.reports.content import read_content
from assays.reports.services import request_certificate
from assays.services.authorising import authorise_results
from assays.services.judging import judge_run
from assays.services.reviewing import APPROVE, review_run
from lims.accounts.models import Organisation, Signature
from lims.accounts.signing import content_hash, sign
from lims.accounts.tokens import issue_user_token
from lims.core.errors import Blocked, DomainError, Forbidden, Invalid
from tests.factories import release
from tests.factories.bench import grant_competence
from tests.factories.measurement import make_measured_run
from tests.factories.people import PASSWORD, Cast

pytestmark = pytest.mark.django_db
REASON = "Dy of the material reads high; the clays are far below its grade and their duplicates agree."


def make_failed_run(cast: Cast, n: int = 2) -> Run:
    return make_measured_run(cast, n, factors={"Dy": 1.3})


def everything() -> tuple[Any, ...]:
    return (
        list(Run.objects.order_by("pk").values()),
        list(SubmissionTest.objects.order_by("pk").values()),
        list(Result.objects.order_by("pk").values()),
        RunDecision.objects.count(),
        Signature.objects.count(),
        Nonconformity.objects.count(),
    )


def override(run: Run, by: Any, **more: Any) -> Nonconformity:
    return override_run(**({"run": run, "reason": REASON, "password": PASSWORD, "by": by} | more))


def release_run(cast: Cast, run: Run) -> None:
    code = run.method_version.method.code
    grant_competence(cast, cast.reviewer, "review", code)
    grant_competence(cast, cast.signatory, "authorise", code)
    review_run(run=run, decision=APPROVE, password=PASSWORD, by=cast.reviewer)
    authorise_results(run=run, password=PASSWORD, by=cast.signatory)


def test_an_overridden_run_goes_on_with_nonconforming_work_and_without_accreditation(cast: Cast) -> None:
    Organisation.objects.filter(pk=cast.organisations["lab"].pk).update(accreditation="Accredited, certificate TC-0000 (invented)")
    run = make_failed_run(cast)
    shown = content_hash(override_content(run))
    opened = override(run, cast.quality_manager, shown_hash=shown)
    run.refresh_from_db()
    decision = run.decisions.get()
    assert run.state == "overridden"
    assert (decision.decision, decision.signature.meaning, decision.signature.content_hash) == ("override", "override", shown)
    assert (opened.override, opened.source, opened.state, opened.links.get().run) == (decision, "run", "open", run)
    assert "Dy" in opened.what_happened
    assert REASON in opened.what_happened

    release_run(cast, run)
    submission = SubmissionTest.objects.first().submission  # type: ignore[union-attr]
    certificate = release.finish(request_certificate(submission=submission, by=cast.signatory))
    content = read_content(certificate)
    assert content.laboratory.accreditation == ""
    statement = content.deviations[0]
    assert statement.startswith(f"Nonconforming work {opened.code}: quality control of run {run.code}")
    assert statement.endswith(REASON)
    assert all(item.code in statement for item in content.items)


def test_a_certificate_over_conforming_work_keeps_the_accreditation(cast: Cast) -> None:
    Organisation.objects.filter(pk=cast.organisations["lab"].pk).update(accreditation="Accredited, certificate TC-0000 (invented)")
    run = make_measured_run(cast, 1)
    release_run(cast, run)
    certificate = release.finish(request_certificate(submission=SubmissionTest.objects.get().submission, by=cast.signatory))
    assert read_content(certificate).laboratory.accreditation
    assert read_content(certificate).deviations == ()


def test_whoever_may_not_or_does_not_say_why_or_saw_something_else_overrides_nothing(cast: Cast) -> None:
    run = make_failed_run(cast)
    before = everything()
    for person in (cast.analyst, cast.reviewer, cast.signatory, cast.administrator):
        with pytest.raises(Forbidden):
            override(run, person)
    with pytest.raises(Invalid):
        override(run, cast.quality_manager, reason="  ")
    with pytest.raises(Invalid):
        override(run, cast.quality_manager, password="wrong")
    with pytest.raises(DomainError) as refusal:
        override(run, cast.quality_manager, shown_hash="0" * 64)
    assert refusal.value.code == "stale_content"
    assert everything() == before


def test_who_had_a_hand_in_the_run_does_not_override_it(cast: Cast) -> None:
    run = make_failed_run(cast)
    type(cast.analyst).objects.filter(pk=cast.analyst.pk).update(role="quality_manager")
    cast.analyst.refresh_from_db()
    assert [one.code for one in override_blockers(run, cast.analyst)] == ["own_work"]
    with pytest.raises(Blocked):
        override(run, cast.analyst)


def test_only_a_failed_run_is_overridden_and_judging_it_anew_ends_the_override(cast: Cast) -> None:
    with pytest.raises(Blocked):
        override(make_measured_run(cast, 1), cast.quality_manager)
    run = make_failed_run(cast)
    Run.objects.filter(pk=run.pk).update(state="blocked")
    with pytest.raises(Blocked) as refusal:
        override(run, cast.quality_manager)
    assert refusal.value.code == "control_missing"
    Run.objects.filter(pk=run.pk).update(state="qc_failed")
    override(run, cast.quality_manager)
    run.refresh_from_db()
    judge_run(run=run, by=cast.analyst)
    assert run.state == "qc_failed"


def test_the_database_itself_refuses_a_decision_about_own_work(cast: Cast) -> None:
    """As the application role, past every service."""
    run = make_measured_run(cast, 1)

    def sign_by(person: Any) -> Signature:
        return sign(by=person, password=PASSWORD, meaning="review", content={})

    def decide(person: Any, signature: Signature, decision: str = "approve") -> RunDecision:
        return RunDecision.objects.create(
            run=run,
            evaluation=run.evaluations.get(),
            decision=decision,
            signature=signature,
            decided_by=person,
            decided_at=signature.signed_at,
        )

    def authorise(person: Any) -> Authorisation:
        signature = sign_by(person)
        return Authorisation.objects.create(
            laboratory=run.laboratory, run=run, signature=signature, content=b"", content_hash="", authorised_at=signature.signed_at
        )

    for person in (cast.analyst, cast.technician):  # planned and brought; prepared and weighed
        for decision in ("approve", "override"):
            with pytest.raises(IntegrityError, match="own work"), transaction.atomic():
                decide(person, sign_by(person), decision)
        with pytest.raises(IntegrityError, match="own work"), transaction.atomic():
            authorise(person)
    with pytest.raises(IntegrityError, match="signed by who decides"), transaction.atomic():
        decide(cast.reviewer, sign_by(cast.analyst))
    decide(cast.reviewer, sign_by(cast.reviewer))
    with pytest.raises(IntegrityError, match="own review"), transaction.atomic():
        authorise(cast.reviewer)
    assert authorise(cast.signatory)


def test_the_page_shows_what_is_signed_and_leads_on(cast: Cast, client: Client) -> None:
    run = make_failed_run(cast, 1)
    client.force_login(cast.quality_manager)
    assert f"/runs/{run.code}/override/" in client.get(f"/runs/{run.code}/").content.decode()
    page = client.get(f"/runs/{run.code}/override/")
    assert "Override and open nonconforming work" in page.content.decode()
    refused = client.post(f"/runs/{run.code}/override/", {"reason": REASON, "password": "wrong"})
    assert (refused.status_code, REASON in refused.content.decode()) == (422, True)
    done = client.post(f"/runs/{run.code}/override/", {"reason": REASON, "password": PASSWORD, "content_hash": page.context["digest"]})
    assert done.status_code == 302
    opened = Nonconformity.objects.get()
    run_page = client.get(f"/runs/{run.code}/").content.decode()
    assert opened.code in run_page
    assert "Quality control failed and was overridden" in run_page
    client.force_login(cast.outsiders["quality_manager"])
    assert client.get(f"/runs/{run.code}/override/").status_code == 404


def test_the_api_overrides_and_says_what_was_opened(cast: Cast, client: Client) -> None:
    run = make_failed_run(cast, 1)
    token = issue_user_token(user=cast.quality_manager, by=cast.quality_manager, name="test")[1]
    headers = {"Authorization": f"Token {token}"}
    address = f"/api/v1/runs/{run.code}/override/"
    shown = client.get(address, headers=headers).json()
    assert shown["blockers"] == []
    assert shown["content"]["failed"]
    body = {"reason": REASON, "password": PASSWORD, "content_hash": shown["content_hash"]}
    answer = client.post(address, body, content_type="application/json", headers=headers)
    assert answer.json() == {"run": run.code, "state": "overridden", "nonconformity": Nonconformity.objects.get().code}
    again = client.post(address, body, content_type="application/json", headers=headers)
    assert (again.status_code, again.json()["code"]) == (409, "wrong_state")
