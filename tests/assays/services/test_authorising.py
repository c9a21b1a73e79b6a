"""Authorisation: the signature is bound to every number, and given by someone who had no hand in them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from assays.models import Authorisation, AuthorisedResult, Result, Run, SubmissionTest
from assays.services.authorising import authorise_blockers, authorise_results, shown_hash_of
from lims.accounts.models import Signature
from lims.accounts.signing import content_hash
from lims.core.errors import Blocked, DomainError, Forbidden, Invalid
from tests.factories.bench import grant_competence
from tests.factories.measurement import make_authorised_run, make_measured_run, make_reviewed_run
from tests.factories.people import PASSWORD, Cast

pytestmark = pytest.mark.django_db


def everything() -> tuple[Any, ...]:
    return (
        list(Run.objects.order_by("pk").values()),
        list(SubmissionTest.objects.order_by("pk").values()),
        list(Result.objects.order_by("pk").values()),
        Authorisation.objects.count(),
        Signature.objects.count(),
    )


def authorise(run: Run, by: Any, **more: Any) -> Authorisation:
    return authorise_results(**({"run": run, "password": PASSWORD, "by": by} | more))


def test_a_signatory_authorises_every_current_result(cast: Cast) -> None:
    run = make_reviewed_run(cast)
    grant_competence(cast, cast.signatory, "authorise")
    made = authorise(run, cast.signatory, shown_hash=shown_hash_of(run), statement="I release these results.")
    run.refresh_from_db()
    assert (run.state, run.authorised_at) == ("authorised", made.authorised_at)
    assert AuthorisedResult.objects.filter(authorisation=made).count() == 3 * 17
    for result in Result.objects.all():
        assert (result.authorised_id, result.authorised_at) == (result.current_id, made.authorised_at)
    assert set(SubmissionTest.objects.values_list("state", flat=True)) == {"authorised"}
    assert made.signature.reason == "I release these results."


def test_the_signature_is_bound_to_the_bytes_that_are_kept(cast: Cast) -> None:
    run = make_authorised_run(cast)
    made = run.authorisations.get()
    content = json.loads(bytes(made.content))
    assert content_hash(content) == made.content_hash == made.signature.content_hash
    assert (made.signature.meaning, made.signature.printed_name) == ("authorisation", cast.signatory.full_name)
    assert content["review"] == str(run.decisions.get().signature_id)
    dy = [line for line in content["results"] if line["analyte"] == "Dy"]
    assert sorted(line["text"] for line in dy) == ["43.9", "47.2", "50.6"]
    assert {(line["unit"], line["basis"], line["method"]) for line in dy} == {("mg/kg", "dry", "FUS-MS v1")}


def test_only_a_signatory_authorises(cast: Cast) -> None:
    run = make_reviewed_run(cast)
    before = everything()
    for person in (cast.analyst, cast.technician, cast.reviewer, cast.quality_manager, cast.administrator):
        with pytest.raises(Forbidden):
            authorise(run, person)
    assert everything() == before


def test_an_analyst_cannot_authorise_own_results_whatever_the_role_is_now(cast: Cast) -> None:
    run = make_reviewed_run(cast)
    type(cast.analyst).objects.filter(pk=cast.analyst.pk).update(role="signatory")
    cast.analyst.refresh_from_db()
    grant_competence(cast, cast.analyst, "authorise")
    before = everything()
    with pytest.raises(Blocked) as refusal:
        authorise(run, cast.analyst)
    assert refusal.value.code == "own_work"
    assert everything() == before


def test_the_reviewer_authorises_only_where_the_method_version_allows_it(cast: Cast) -> None:
    run = make_reviewed_run(cast)
    type(cast.reviewer).objects.filter(pk=cast.reviewer.pk).update(role="signatory")
    cast.reviewer.refresh_from_db()
    grant_competence(cast, cast.reviewer, "authorise")
    assert [blocker.code for blocker in authorise_blockers(run, cast.reviewer)] == ["own_review"]
    type(run.method_version).objects.filter(pk=run.method_version_id).update(reviewer_may_authorise=True)
    assert authorise(Run.objects.get(pk=run.pk), cast.reviewer)


def test_competence_is_asked_for(cast: Cast) -> None:
    run = make_reviewed_run(cast)
    with pytest.raises(Blocked) as refusal:
        authorise(run, cast.signatory)
    assert refusal.value.code == "competence"


@pytest.mark.parametrize("prepare", [make_measured_run, make_authorised_run])
def test_only_a_reviewed_run_is_authorised_and_once(cast: Cast, prepare: Any) -> None:
    run = prepare(cast)
    grant_competence(cast, cast.signatory, "authorise")
    before = everything()
    with pytest.raises(Blocked):
        authorise(run, cast.signatory)
    assert everything() == before


def test_a_wrong_password_or_a_stale_page_releases_nothing(cast: Cast) -> None:
    run = make_reviewed_run(cast)
    grant_competence(cast, cast.signatory, "authorise")
    before = everything()
    with pytest.raises(Invalid):
        authorise(run, cast.signatory, password="wrong")
    with pytest.raises(DomainError) as stale:
        authorise(run, cast.signatory, shown_hash="0" * 64)
    assert stale.value.code == "stale_content"
    assert everything() == before
