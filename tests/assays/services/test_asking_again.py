"""A reviewer asks for single samples to be measured again; the queue by risk; earlier results of the same source, told blind."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from assays.models import AuthorisedResult, Result, ResultVersion, RetestRequest, Run
from assays.selectors.retests import find_retests
from assays.selectors.review_queue import explain, review_queue
from assays.selectors.run_page import last_results
from assays.selectors.same_source import compare_with_source, earlier_values
from assays.services.authorising import authorise_results
from assays.services.retesting import ask_retests, plan_retests, reject_positions
from assays.services.reviewing import review_blockers, review_content, review_run, shown_hash_of
from lims.accounts.signing import content_hash
from lims.core.errors import Blocked, DomainError, Forbidden, Invalid
from tests.factories import bench
from tests.factories.bench import grant_competence
from tests.factories.browsing import said, sign_in, text_of
from tests.factories.callers import Caller
from tests.factories.measurement import make_authorised_run, make_measured_run, make_reviewed_run, upload_run
from tests.factories.people import PASSWORD, Cast
from tests.factories.samples import make_mine

pytestmark = pytest.mark.django_db


def first_sample(run: Run) -> int:
    return int(run.positions.filter(kind="sample").order_by("number").values_list("number", flat=True)[0])


def test_what_a_reviewer_asks_for_is_measured_again_and_the_rest_is_approved(cast: Cast) -> None:
    run = make_measured_run(cast, 2)
    grant_competence(cast, cast.reviewer, "review")
    number = first_sample(run)
    assert find_retests(run).rows == []
    answer = sign_in(cast.reviewer).post(f"/runs/{run.code}/again/ask/", {"position": [number], "reason": "Tb looks odd."}, follow=True)
    assert said(answer) == ["The analyst is asked to measure it again. Approve the rest once that is planned."]
    assert "Asked by the reviewer: Tb looks odd." in text_of(answer)
    assert [(one.position.number, one.asked, one.everything) for one in find_retests(run).rows] == [(number, "Tb looks odd.", True)]
    assert [one.code for one in review_blockers(run, cast.reviewer)] == ["retest_asked"]
    with pytest.raises(Blocked):
        review_run(run=run, decision="approve", password=PASSWORD, by=cast.reviewer)
    told = Caller(cast.analyst).post(f"/runs/{run.code}/retests/", {})
    assert told.status_code == 201, told.content
    assert review_run(run=run, decision="approve", password=PASSWORD, by=cast.reviewer).run.state == "reviewed"
    left = run.positions.get(number=number).aliquot.test  # type: ignore[union-attr]
    assert left.state == "in_run", "the sample waits for its new run; the review was about the other"


def test_what_a_reviewer_rejects_is_measured_again_and_never_reported_while_the_rest_is_released(cast: Cast) -> None:
    run = make_measured_run(cast, 3)
    grant_competence(cast, cast.reviewer, "review")
    grant_competence(cast, cast.signatory, "authorise")
    number, stale = first_sample(run), shown_hash_of(run, "approve")
    spoilt = run.positions.get(number=number)
    test: Any = spoilt.aliquot.test  # type: ignore[union-attr]
    answer = sign_in(cast.reviewer).post(f"/runs/{run.code}/again/reject/", {"position": [number], "reason": "Cloudy."}, follow=True)
    assert said(answer) == ["1 sample is rejected and waits to be planned again. The signature covers it."]
    assert "One sample is rejected and not among them:" in text_of(answer)
    test.refresh_from_db()
    assert test.state == "prepared"
    assert not Result.objects.filter(test=test, current__isnull=False).exists()
    with bench.nothing_changes(), pytest.raises(DomainError) as refusal:
        review_run(run=run, decision="approve", password=PASSWORD, by=cast.reviewer, shown_hash=stale)
    assert refusal.value.code == "stale_content"
    content = review_content(run, "approve")
    assert [line["standing"] for line in content["positions"]] == ["rejected", "kept", "kept"]
    assert (content["positions"][0]["reason"], content["positions"][0]["by"]) == ("Cloudy.", cast.reviewer.full_name)
    assert test.sample.blind_code not in {line["sample"] for line in content["results"]}
    signed = review_run(run=run, decision="approve", password=PASSWORD, by=cast.reviewer)
    assert signed.signature.content_hash == content_hash(content)
    run.refresh_from_db()
    released = authorise_results(run=run, password=PASSWORD, by=cast.signatory)
    assert b'"standing":"rejected"' in bytes(released.content)
    assert not released.results.filter(result_version__position=spoilt).exists()
    assert Result.objects.filter(authorised__isnull=False).values("test").distinct().count() == 2
    version = ResultVersion.objects.filter(position=spoilt)[0]
    with pytest.raises(DatabaseError, match="rejected result"), transaction.atomic():
        AuthorisedResult.objects.create(authorisation=released, result_version=version)
    found = find_retests(run).rows
    assert [(one.position, one.rejected, one.everything) for one in found] == [(spoilt, True, True)]
    assert "Rejected by the reviewer: Cloudy." in text_of(sign_in(cast.analyst).get(f"/runs/{run.code}/again/"))
    again = plan_retests(run=run, by=cast.analyst)
    upload_run(cast, again)
    assert set(Result.objects.filter(test=test).values_list("current__reduction__run", flat=True)) == {again.pk}
    assert not Result.objects.filter(test=test, authorised__isnull=False).exists()


def test_a_rejection_that_is_refused_changes_nothing(cast: Cast) -> None:
    run, reviewed = make_measured_run(cast, 1), make_reviewed_run(cast, 1)
    grant_competence(cast, cast.reviewer, "review")
    number = first_sample(run)
    asked: dict[str, Any] = {"run": run, "positions": [number], "reason": "Cloudy.", "by": cast.reviewer}
    with bench.nothing_changes():
        for person in (cast.analyst, cast.signatory, cast.quality_manager):
            with pytest.raises(Forbidden):
                reject_positions(**asked | {"by": person})
        for wrong in ({"reason": " "}, {"positions": []}, {"positions": [1]}):
            with pytest.raises(Invalid):
                reject_positions(**asked | wrong)
        with pytest.raises(Blocked, match="under review"):
            reject_positions(**asked | {"run": reviewed, "positions": [first_sample(reviewed)]})
        tube = run.positions.get(number=number)
        own = RetestRequest(run=run, position=tube, rejects=True, reason="Mine.", asked_by=cast.analyst, asked_at=run.planned_at)
        with pytest.raises(DatabaseError, match="own work"), transaction.atomic():
            own.save()
    told = Caller(cast.reviewer).post(f"/runs/{run.code}/retests/reject/", {"positions": [number], "reason": "Cloudy."})
    assert (told.status_code, told.json()["retests"][0]["rejected"]) == (201, True)
    with bench.nothing_changes():
        with pytest.raises(Invalid, match="holds no sample"):
            reject_positions(**asked)
        with pytest.raises(Blocked, match="send the run back"):
            review_run(run=run, decision="approve", password=PASSWORD, by=cast.reviewer)
    type(cast.analyst).objects.filter(pk=cast.analyst.pk).update(role="reviewer")
    cast.analyst.refresh_from_db()
    with pytest.raises(Blocked, match="planned"):
        reject_positions(**asked | {"by": cast.analyst})
    assert review_run(run=run, decision="send_back", reason="Again.", password=PASSWORD, by=cast.reviewer).run.state == "sent_back"


@pytest.mark.parametrize(
    ("more", "code"), [({"reason": " "}, "reason"), ({"positions": []}, "positions"), ({"positions": [1]}, "positions")]
)
def test_a_wish_without_reason_or_sample_changes_nothing(cast: Cast, more: dict[str, Any], code: str) -> None:
    run = make_measured_run(cast, 1)
    asked = {"positions": [first_sample(run)], "reason": "Look again."} | more
    with pytest.raises(Invalid) as refusal:
        ask_retests(run=run, by=cast.reviewer, **asked)
    assert refusal.value.code == code
    assert not RetestRequest.objects.exists()


def test_only_a_reviewer_without_a_hand_in_it_asks_once_and_under_review(cast: Cast) -> None:
    run, reviewed = make_measured_run(cast, 1), make_reviewed_run(cast, 1)
    asked: dict[str, Any] = {"run": run, "positions": [first_sample(run)], "reason": "Look again."}
    for person in (cast.analyst, cast.signatory, cast.quality_manager):
        with pytest.raises(Forbidden):
            ask_retests(**asked, by=person)
    assert Caller(cast.reviewer).post(f"/runs/{run.code}/retests/ask/", {k: v for k, v in asked.items() if k != "run"}).status_code == 201
    with pytest.raises(Invalid):
        ask_retests(**asked, by=cast.reviewer)
    type(cast.analyst).objects.filter(pk=cast.analyst.pk).update(role="reviewer")
    cast.analyst.refresh_from_db()
    with pytest.raises(Blocked, match="planned"):
        ask_retests(**asked, by=cast.analyst)
    with pytest.raises(Blocked, match="under review"):
        ask_retests(run=reviewed, positions=[first_sample(reviewed)], reason="Too late.", by=cast.reviewer)


def test_the_queue_is_ordered_by_risk_and_told_by_page_file_and_api(cast: Cast) -> None:
    calm = make_measured_run(cast, 1)
    failed = make_measured_run(cast, 1, factors={"Dy": 1.15})
    assert [(one.run.code, one.risk.level) for one in review_queue(cast.reviewer)] == [(failed.code, "high"), (calm.code, "low")]
    with connection.cursor() as cursor:
        # In a small table a scan is cheaper; the question is whether keys lead from the runs to their results and their sources.
        cursor.execute("SET LOCAL enable_seqscan = off")
        plan = "\n".join(explain([calm, failed]))
        cursor.execute("SET LOCAL enable_seqscan = on")
    assert "Seq Scan" not in plan, plan
    page = text_of(sign_in(cast.reviewer).get("/review/"))
    assert "a control failed" in page
    assert failed.code not in text_of(sign_in(cast.reviewer).get("/review/?risk=low"))
    lines = b"".join(sign_in(cast.reviewer).get("/review/?format=csv&ordering=code")).decode().splitlines()
    assert [line.split(",")[0] for line in lines[1:]] == sorted([calm.code, failed.code])
    caller = Caller(cast.reviewer)
    assert [row["run"] for row in caller.get("/review-queue/?risk=high").json()["results"]] == [failed.code]
    first = caller.get("/review-queue/?page_size=1").json()
    assert ([row["run"] for row in first["results"]], first["previous"]) == ([failed.code], None)
    second = caller.get("/review-queue/?" + first["next"].split("?")[1]).json()
    assert ([row["run"] for row in second["results"]], second["next"]) == ([calm.code], None)
    page = text_of(sign_in(cast.reviewer).get("/review/?" + second["previous"].split("?")[1]))
    assert failed.code in page
    assert calm.code not in page
    assert "2 rows" in page
    for cursor in ("x", "eyJhdCI6LTF9", "eyJhdCI6dHJ1ZX0"):  # no JSON, -1, true
        assert caller.get(f"/review-queue/?cursor={cursor}").status_code == 422
    assert caller.get("/review-queue/?page_size=0").status_code == 422
    assert caller.get("/review-queue/?risk=huge").status_code == 422
    assert caller.get("/review-queue/?ordering=mine").status_code == 422


def test_earlier_results_of_a_source_are_told_to_those_who_judge_and_never_name_it(cast: Cast) -> None:
    make_authorised_run(cast, 3)
    run = make_measured_run(cast, 1, factors=None)
    version = next(one for one in last_results(run) if one.result.analyte.symbol == "Dy")
    rows = compare_with_source(run, [version], cast.reviewer)
    earlier = [float(one.authorised.value) for one in Result.objects.filter(authorised__isnull=False, analyte__symbol="Dy")]  # type: ignore[union-attr]
    assert [(row.count, row.lowest, row.highest) for row in rows] == [(3, min(earlier), max(earlier))]
    assert compare_with_source(run, [version], cast.analyst) == []
    page = text_of(sign_in(cast.reviewer).get(f"/runs/{run.code}/review/"))
    assert "Earlier results of the same source" in page
    sample = version.result.sample
    codes = list(Result.objects.filter(authorised__isnull=False).values_list("sample__blind_code", flat=True).distinct())
    assert not [word for word in (sample.mine.name, sample.code, *codes) if word in page]  # type: ignore[union-attr]
    assert "Earlier results of the same source" not in text_of(sign_in(cast.analyst).get(f"/runs/{run.code}/review/"))


def test_a_busy_source_does_not_crowd_out_a_quiet_one(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    quiet, elsewhere = make_authorised_run(cast, 3), make_mine("BS1", "Busy")
    monkeypatch.setattr("tests.factories.samples.make_mine", lambda: elsewhere)
    make_authorised_run(cast, 5)
    monkeypatch.setattr("assays.selectors.same_source.MOST_EARLIER", 3)
    keys = [(mine.pk, quiet.method_version.method_id, "Dy") for mine in (make_mine(), elsewhere)]
    found = earlier_values(keys, quiet.laboratory_id, ())
    assert [len(found[key]) for key in keys] == [3, 3]


def test_of_fewer_than_three_earlier_samples_nothing_is_told(cast: Cast) -> None:
    make_authorised_run(cast, 2)
    run = make_measured_run(cast, 1)
    assert compare_with_source(run, last_results(run), cast.reviewer) == []
