"""Review: by someone else, bound to what was shown, with a reason when it goes back."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from assays.models import Result, Run, RunDecision, SubmissionTest
from assays.services.authorising import authorise_results
from assays.services.reviewing import APPROVE, SEND_BACK, result_lines, review_blockers, review_run, shown_hash_of
from lims.accounts.models import Signature
from lims.core import clock
from lims.core.errors import Blocked, DomainError, Forbidden, Invalid
from samples.services.holding import hold_sample
from tests.factories.bench import grant_competence
from tests.factories.measurement import make_measured_run, make_reviewed_run
from tests.factories.people import PASSWORD, Cast

pytestmark = pytest.mark.django_db


def everything() -> tuple[Any, ...]:
    return (
        list(Run.objects.order_by("pk").values()),
        list(SubmissionTest.objects.order_by("pk").values()),
        list(Result.objects.order_by("pk").values()),
        RunDecision.objects.count(),
        Signature.objects.count(),
    )


def review(run: Run, by: Any, decision: str = APPROVE, **more: Any) -> RunDecision:
    return review_run(**({"run": run, "decision": decision, "password": PASSWORD, "by": by} | more))


def test_a_competent_reviewer_approves_with_a_signature_over_the_results(cast: Cast, measured: Run) -> None:
    grant_competence(cast, cast.reviewer, "review")
    shown = shown_hash_of(measured, APPROVE)
    decision = review(measured, cast.reviewer, shown_hash=shown)
    measured.refresh_from_db()
    assert (measured.state, measured.reviewed_at) == ("reviewed", decision.decided_at)
    assert (decision.evaluation, decision.decided_by) == (measured.evaluations.get(), cast.reviewer)
    assert (decision.signature.content_hash, decision.signature.meaning) == (shown, "review")
    assert set(SubmissionTest.objects.values_list("state", flat=True)) == {"reviewed"}
    assert len(result_lines(measured)) == 3 * 17


def test_an_analyst_cannot_review(cast: Cast, measured: Run) -> None:
    before = everything()
    for person in (cast.analyst, cast.technician, cast.signatory, cast.quality_manager, cast.administrator):
        with pytest.raises(Forbidden):
            review(measured, person)
    assert everything() == before


@pytest.mark.parametrize("deed", ["planned", "weighed", "brought"])
def test_who_had_a_hand_in_a_run_cannot_review_it_whatever_the_role_is_now(cast: Cast, measured: Run, deed: str) -> None:
    person = {"planned": cast.analyst, "weighed": cast.technician, "brought": cast.analyst}[deed]
    type(person).objects.filter(pk=person.pk).update(role="reviewer")
    person.refresh_from_db()
    grant_competence(cast, person, "review")
    before = everything()
    with pytest.raises(Blocked) as refusal:
        review(measured, person)
    assert refusal.value.code == "own_work"
    assert everything() == before


def test_competence_must_be_on_record_and_valid_today(cast: Cast, measured: Run) -> None:
    assert [blocker.code for blocker in review_blockers(measured, cast.reviewer)] == ["competence"]
    today = clock.today()
    grant_competence(cast, cast.reviewer, "review", valid_from=today - timedelta(days=400), valid_until=today - timedelta(days=1))
    with pytest.raises(Blocked) as refusal:
        review(measured, cast.reviewer)
    assert "expired on" in refusal.value.message
    grant_competence(cast, cast.reviewer, "authorise")
    grant_competence(cast, cast.reviewer, "review", method="LCH-MS")
    with pytest.raises(Blocked):
        review(measured, cast.reviewer)


def test_a_failed_or_blocked_run_cannot_be_approved_and_says_why(cast: Cast) -> None:
    run = make_measured_run(cast, factors={"Dy": 1.3})
    grant_competence(cast, cast.reviewer, "review")
    before = everything()
    with pytest.raises(Blocked) as refusal:
        review(run, cast.reviewer)
    assert refusal.value.code == "qc_failed"
    assert "Dy" in refusal.value.message
    assert everything() == before


def test_sending_back_needs_a_reason_and_returns_the_tests(cast: Cast) -> None:
    run = make_measured_run(cast, factors={"Dy": 1.3})
    with pytest.raises(Invalid):
        review(run, cast.reviewer, SEND_BACK, reason=" ")
    review(run, cast.reviewer, SEND_BACK, reason="Dy is high: recalibrate.")
    run.refresh_from_db()
    assert run.state == "sent_back"
    assert set(SubmissionTest.objects.values_list("state", flat=True)) == {"prepared"}


def test_a_signatory_may_send_back_what_was_reviewed_and_nothing_earlier(cast: Cast, measured: Run) -> None:
    with pytest.raises(Forbidden):
        review(measured, cast.signatory, SEND_BACK, reason="Look at Tb again.")
    grant_competence(cast, cast.reviewer, "review")
    review(measured, cast.reviewer)
    with pytest.raises(Forbidden):
        review(measured, cast.analyst, SEND_BACK, reason="mine again")
    review(measured, cast.signatory, SEND_BACK, reason="Look at Tb again.")
    measured.refresh_from_db()
    assert (measured.state, measured.reviewed_at) == ("sent_back", None)


def test_a_wrong_password_signs_nothing(cast: Cast, measured: Run) -> None:
    grant_competence(cast, cast.reviewer, "review")
    before = everything()
    with pytest.raises(Invalid) as refusal:
        review(measured, cast.reviewer, password="wrong")
    assert refusal.value.code == "password"
    assert everything() == before


def test_a_page_that_was_stale_is_refused(cast: Cast, measured: Run) -> None:
    grant_competence(cast, cast.reviewer, "review")
    shown = shown_hash_of(measured, APPROVE)
    from assays.services.judging import judge_run

    judge_run(run=measured, by=cast.analyst)
    before = everything()
    with pytest.raises(DomainError) as refusal:
        review(measured, cast.reviewer, shown_hash=shown)
    assert refusal.value.code == "stale_content"
    assert everything() == before


def test_a_run_is_reviewed_once(cast: Cast) -> None:
    run = make_reviewed_run(cast)
    with pytest.raises(Blocked):
        review(run, cast.reviewer)
    assert run.decisions.count() == 1


def test_a_sample_on_hold_keeps_its_run_from_review_and_release(cast: Cast, measured: Run) -> None:
    grant_competence(cast, cast.reviewer, "review")
    sample = measured.positions.filter(kind="sample").first().aliquot.test.sample  # type: ignore[union-attr]
    hold_sample(sample=sample, kind="quality", reason="Th above the limit", by=cast.quality_manager)
    before = everything()
    with pytest.raises(Blocked) as refusal:
        review(measured, cast.reviewer)
    assert refusal.value.code == "on_hold"
    assert sample.blind_code in refusal.value.message
    assert everything() == before


def test_an_instrument_whose_calibration_had_expired_blocks_review_and_release(cast: Cast, measured: Run) -> None:
    grant_competence(cast, cast.reviewer, "review")
    type(measured.instrument).objects.filter(pk=measured.instrument_id).update(calibration_due=clock.today() - timedelta(days=3))
    with pytest.raises(Blocked) as refusal:
        review(measured, cast.reviewer)
    assert refusal.value.code == "calibration_due"


def test_a_reference_material_that_had_expired_blocks_review(cast: Cast, measured: Run) -> None:
    material = measured.positions.get(kind="reference").material
    type(material).objects.filter(pk=material.pk).update(expires_on=clock.today() - timedelta(days=3))  # type: ignore[union-attr]
    assert "material_expired" in {blocker.code for blocker in review_blockers(measured, cast.reviewer)}


def test_an_unknown_decision_is_refused(cast: Cast, measured: Run) -> None:
    with pytest.raises(Invalid) as refusal:
        review(measured, cast.reviewer, "perhaps")
    assert refusal.value.code == "decision"


def test_a_reviewed_run_takes_no_more_readings(cast: Cast) -> None:
    from assays.instruments.recording import withdraw_upload

    run = make_reviewed_run(cast)
    with pytest.raises(Blocked):
        withdraw_upload(upload=run.uploads.get(), reason="too late", by=cast.analyst)
    grant_competence(cast, cast.signatory, "authorise")
    assert authorise_results(run=run, password=PASSWORD, by=cast.signatory)
