"""From readings to released results by HTTP alone; verdicts, charts, signatures, and who may see what."""

from __future__ import annotations

import csv
import io
from decimal import Decimal
from typing import Any

import pytest
from django.test.utils import CaptureQueriesContext

from assays.models import Authorisation, Result, Run, RunDecision
from lims.core.roles import MATRIX, Action, Role
from tests.factories.bench import grant_competence
from tests.factories.callers import Caller, InstrumentCaller
from tests.factories.measurement import (
    make_authorised_run,
    make_instrument_token,
    make_measured_run,
    make_readings,
    make_reviewed_run,
)
from tests.factories.people import PASSWORD, Cast

pytestmark = pytest.mark.django_db


def test_from_readings_to_released_results_by_http_alone(cast: Cast, planned: Run) -> None:
    sent = InstrumentCaller(make_instrument_token(cast, planned.instrument)).post("/instruments/me/readings/", make_readings(planned))
    assert sent.json()["run"]["state"] == "qc_passed"
    grant_competence(cast, cast.reviewer, "review")
    grant_competence(cast, cast.signatory, "authorise")
    reviewer, signatory, collector = Caller(cast.reviewer), Caller(cast.signatory), Caller(cast.collector)

    offered = reviewer.get(f"/runs/{planned.code}/review/").json()["approve"]
    assert offered["blockers"] == []
    assert len(offered["content"]["results"]) == 51
    body = {"decision": "approve", "password": PASSWORD, "content_hash": offered["content_hash"], "meaning": "Reviewed and found good."}
    reviewed = reviewer.post(f"/runs/{planned.code}/review/", body)
    assert reviewed.status_code == 200, reviewed.content
    assert (reviewed.json()["state"], reviewed.json()["signature"]["content_hash"]) == ("reviewed", offered["content_hash"])

    assert collector.get("/results/").json()["results"] == []
    offered = signatory.get(f"/results/authorise/?run={planned.code}").json()
    released = signatory.post("/results/authorise/", {"run": planned.code, "password": PASSWORD, "content_hash": offered["content_hash"]})
    assert released.status_code == 200, released.content
    assert (released.json()["state"], released.json()["results"]) == ("authorised", 51)
    assert released.json()["signature"]["meaning"] == "Authorised the results for release"

    [dy] = [row for row in collector.get("/results/?analyte=Dy&page_size=100").json()["results"] if row["value"] == "43.9"]
    # 35.1 µg/L with its dilution, blank 0.018, 100 mL, 0.1 g, 20 % moisture: 43.8525 mg/kg dry; U = 10 %.
    expected = {
        "analyte": "Dy", "text": "43.9", "value": "43.9", "qualifier": "", "unit": "mg/kg", "basis": "dry", "uncertainty": "4.4", "k": "2",
        "method": "FUS-MS", "method_version": 1, "extraction": "total", "run": planned.code, "state": "authorised", "version": 1,
    }  # fmt: skip
    assert {name: dy[name] for name in expected} == expected
    sample = planned.positions.get(number=3).aliquot.test.sample  # type: ignore[union-attr]
    assert dy["sample"] == sample.code
    assert Result.objects.get(pk=dy["id"]).authorised.value == Decimal("43.8525")  # type: ignore[union-attr]


def test_the_laboratory_sees_blind_codes_and_the_owner_human_ones(cast: Cast) -> None:
    run = make_authorised_run(cast)
    samples = [position.aliquot.test.sample for position in run.positions.filter(kind="sample")]  # type: ignore[union-attr]
    by_person = {
        person: {row["sample"] for row in Caller(cast.people[person]).get("/results/?analyte=Dy").json()["results"]}
        for person in ("reviewer", "collector", "official")
    }
    assert by_person["reviewer"] == {sample.blind_code for sample in samples}
    assert by_person["collector"] == by_person["official"] == {sample.code for sample in samples}
    one = samples[0]
    assert Caller(cast.reviewer).get(f"/results/?sample={one.code}").json()["results"] == []
    assert len(Caller(cast.collector).get(f"/results/?sample={one.code}").json()["results"]) == 17


def test_outsiders_have_no_results(cast: Cast) -> None:
    make_authorised_run(cast)
    for person in cast.outsiders.values():
        if person.role in MATRIX[Action.RESULT_VIEW]:
            answer = Caller(person).get("/results/?count=1").json()
            assert (answer["count"], answer["results"]) == (0, [])


def test_drafts_are_for_those_who_may_see_them(cast: Cast) -> None:
    make_measured_run(cast)
    assert Caller(cast.analyst).get("/results/").json()["results"] == []
    drafts = Caller(cast.analyst).get("/results/?draft=1&page_size=100").json()["results"]
    assert len(drafts) == 51
    assert {row["state"] for row in drafts} == {"draft"}
    for role in ("collector", "official", "receptionist"):
        assert Caller(cast.people[role]).get("/results/?draft=1").status_code == 403


def test_results_are_filtered_paged_and_exported(cast: Cast) -> None:
    run = make_authorised_run(cast)
    official = Caller(cast.official)
    first = official.get("/results/?page_size=20").json()
    assert len(first["results"]) == 20
    assert first["next"]
    assert len(official.get("/results/?analyte=Dy,Tb").json()["results"]) == 6
    assert len(official.get(f"/results/?run={run.code.lower()}&page_size=100").json()["results"]) == 51
    assert official.get("/results/?method=LCH-MS").json()["results"] == []
    assert official.get("/results/?authorised_after=soon").status_code == 422
    rows = list(csv.DictReader(io.StringIO(official.get("/results/?analyte=Tb", Accept="text/csv").getvalue().decode())))
    assert {row["analyte"] for row in rows} == {"Tb"}
    assert {(row["unit"], row["basis"], row["k"]) for row in rows} == {("mg/kg", "dry", "2")}


def test_a_page_of_results_costs_the_same_whatever_its_size(cast: Cast, django_assert_max_num_queries: Any) -> None:
    make_authorised_run(cast)
    official = Caller(cast.official)
    with django_assert_max_num_queries(6):
        official.get("/results/?page_size=50")


# --- Quality control -------------------------------------------------------------------------------------------------------------------


def test_verdicts_carry_statistic_limit_rule_and_version(cast: Cast) -> None:
    run = make_measured_run(cast, factors={"Dy": 1.15})
    body = Caller(cast.quality_manager).get(f"/runs/{run.code}/qc/").json()
    assert (body["outcome"], body["state"], body["rule_version"]) == ("failed", "qc_failed", "FUS-MS/1.0, rules 1.0")
    [failed] = [one for one in body["verdicts"] if one["outcome"] == "fail"]
    assert (failed["analyte"], failed["rule"], failed["statistic"], failed["expected"]) == ("Dy", "reference_material_z", "z", "23.20")
    assert (failed["limit"], failed["unit"], failed["kind"]) == ("|z| <= 2 (fail above 3)", "mg/kg", "reference")
    assert Decimal(failed["value"]) > 3
    assert body["condemned"] == [{"position": number, "analyte": "Dy", "control": 2} for number in (3, 4, 5)]


def test_a_blocked_run_names_the_missing_controls(cast: Cast, planned: Run) -> None:
    body = make_readings(planned)
    references = set(planned.positions.filter(kind="reference").values_list("number", flat=True))
    body["readings"] = [one for one in body["readings"] if one["position"] not in references and one["analyte"] not in {"Tb", "Lu"}]
    InstrumentCaller(make_instrument_token(cast, planned.instrument)).post("/instruments/me/readings/", body)
    told = Caller(cast.analyst).get(f"/runs/{planned.code}/qc/").json()
    assert (told["outcome"], told["state"]) == ("blocked", "blocked")
    assert {(one["code"], one["kind"], one["analyte"]) for one in told["blockers"]} == {
        ("control_missing", "reference_material", ""),
        ("analyte_not_read", "", "Tb"),
        ("analyte_not_read", "", "Lu"),
    }
    assert "No reference material was measured" in told["verdict"]
    refused = Caller(cast.reviewer).post(f"/runs/{planned.code}/review/", {"decision": "approve", "password": PASSWORD})
    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (409, "blocked")
    assert "reference material" in refused.json()["detail"]


def test_a_run_that_was_not_measured_has_no_verdict_yet(cast: Cast, planned: Run) -> None:
    body = Caller(cast.analyst).get(f"/runs/{planned.code}/qc/").json()
    assert (body["outcome"], body["verdicts"], body["blockers"]) == (None, [], [])


def test_a_control_chart_gathers_the_runs_of_a_material(cast: Cast) -> None:
    first, second = make_measured_run(cast, factors={"Dy": 1.02}), make_measured_run(cast, factors={"Dy": 1.15})
    chart = Caller(cast.reviewer).get("/qc/charts/?method=FUS-MS&material=OREAS 100a&analyte=Dy").json()
    assert [point["run"] for point in chart["points"]] == [first.code, second.code]
    assert [point["outcome"] for point in chart["points"]] == ["pass", "fail"]
    assert (chart["unit"], chart["expected"][:5], chart["sd"][:4]) == ("mg/kg", "23.19", "0.87")
    low, high = (Decimal(limit) for limit in chart["limits"]["fail"])
    assert low < Decimal(chart["points"][0]["found"]) < high < Decimal(chart["points"][1]["found"])
    assert Caller(cast.outsiders["reviewer"]).get("/qc/charts/?method=FUS-MS&material=OREAS 100a&analyte=Dy").json()["points"] == []
    wrong = Caller(cast.reviewer).get("/qc/charts/?method=FUS-MS&material=OREAS 999&analyte=Dy2O3")
    assert (wrong.status_code, [error["pointer"] for error in wrong.json()["errors"]]) == (422, ["/material", "/analyte"])


# --- Who may sign ----------------------------------------------------------------------------------------------------------------------


def test_only_reviewers_review(cast: Cast) -> None:
    run = make_measured_run(cast, 1)
    body = {"decision": "approve", "password": PASSWORD}
    answers = {role: Caller(cast.people[role]).post(f"/runs/{run.code}/review/", body) for role in set(Role) - {Role.REVIEWER}}
    assert {role: (answer.status_code, answer.json()["code"]) for role, answer in answers.items()} == dict.fromkeys(answers, (403, "role"))
    assert not RunDecision.objects.exists()


def test_only_signatories_authorise(cast: Cast) -> None:
    run = make_reviewed_run(cast, 1)
    body = {"run": run.code, "password": PASSWORD}
    answers = {role: Caller(cast.people[role]).post("/results/authorise/", body) for role in set(Role) - {Role.SIGNATORY}}
    assert {role: (answer.status_code, answer.json()["code"]) for role, answer in answers.items()} == dict.fromkeys(answers, (403, "role"))
    assert not Authorisation.objects.exists()


def test_another_laboratorys_run_does_not_exist(cast: Cast) -> None:
    run = make_reviewed_run(cast, 1)
    assert Caller(cast.outsiders["reviewer"]).get(f"/runs/{run.code}/qc/").status_code == 404
    assert (
        Caller(cast.outsiders["reviewer"]).post(f"/runs/{run.code}/review/", {"decision": "approve", "password": PASSWORD}).status_code
        == 404
    )
    answer = Caller(cast.outsiders["signatory"]).post("/results/authorise/", {"run": run.code, "password": PASSWORD})
    assert answer.status_code == 404


def test_a_review_that_cannot_be_is_refused_and_nothing_changes(cast: Cast) -> None:
    run = make_measured_run(cast, 1)
    grant_competence(cast, cast.reviewer, "review")
    refusals: list[tuple[dict[str, Any], int, str]] = [
        ({"decision": "approve"}, 422, "validation"),
        ({"decision": "approve", "password": "wrong"}, 422, "password"),
        ({"decision": "perhaps", "password": PASSWORD}, 422, "decision"),
        ({"decision": "send_back", "password": PASSWORD}, 422, "reason"),
        ({"decision": "approve", "password": PASSWORD, "content_hash": "0" * 64}, 409, "stale_content"),
        ({"decision": "approve", "password": PASSWORD, "colour": "red"}, 422, "validation"),
    ]
    for body, status, code in refusals:
        answer = Caller(cast.reviewer).post(f"/runs/{run.code}/review/", body)
        assert (answer.status_code, answer.json()["code"]) == (status, code), body
        run.refresh_from_db()
        assert (run.state, RunDecision.objects.count()) == ("qc_passed", 0), body


def test_authorising_twice_is_a_conflict_and_a_retry_with_its_key_is_not(cast: Cast) -> None:
    run = make_reviewed_run(cast, 1)
    grant_competence(cast, cast.signatory, "authorise")
    signatory, body = Caller(cast.signatory), {"run": run.code, "password": PASSWORD}
    first, retry = (signatory.post("/results/authorise/", body, **{"Idempotency-Key": "k"}) for _ in range(2))
    assert first.json() == retry.json()
    again = signatory.post("/results/authorise/", body)
    assert (again.status_code, again.json()["errors"][0]["code"]) == (409, "authorised_already")
    assert Authorisation.objects.count() == 1


def test_reading_quality_control_costs_a_fixed_number_of_queries(cast: Cast) -> None:
    from django.db import connection

    counts = []
    for size in (1, 4):
        run = make_measured_run(cast, size)
        caller = Caller(cast.reviewer)
        caller.get("/runs/")
        with CaptureQueriesContext(
            connection,
        ) as captured:
            caller.get(f"/runs/{run.code}/qc/")
        counts.append(len(captured))
    assert counts[0] == counts[1] <= 8
