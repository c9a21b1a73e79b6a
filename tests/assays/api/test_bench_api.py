"""The bench by HTTP alone: from a submission to a planned run and its worklist; personas, refusals and queries."""

from __future__ import annotations

import csv
import io
from decimal import Decimal

import pytest

from assays.models import Aliquot, Preparation, Run, Submission
from lims.core.roles import MATRIX, Action, Role
from tests.factories.bench import (
    grant_competence,
    make_instrument,
    make_planned_run,
    make_prepared,
    make_received_samples,
    make_submission,
    make_weighed,
    nothing_changes,
)
from tests.factories.callers import Caller


def pointers(answer):
    """Where a problem document says something is wrong."""
    return [error["pointer"] for error in answer.json()["errors"]]


def test_from_a_submission_to_the_worklist_by_http_alone(cast):
    samples = make_received_samples(cast, 2)
    make_instrument(cast)
    grant_competence(cast, cast.analyst)
    receptionist, technician, analyst = Caller(cast.receptionist), Caller(cast.technician), Caller(cast.analyst)

    asked = receptionist.post(
        "/submissions/", {"samples": [one.blind_code for one in samples], "methods": ["FUS-MS"], "turnaround": "rush"}
    )
    assert asked.status_code == 201, asked.content
    submission = asked.json()
    assert asked["Location"].endswith(f"/submissions/{submission['code']}/")
    assert (submission["customer"]["code"], submission["laboratory"]["code"]) == ("IREL", "LAB")
    assert [test["state"] for test in submission["tests"]] == ["requested", "requested"]

    prepared = technician.post(
        "/preparations/",
        [{"sample": one.blind_code, "route": "moist", "wet_mass_g": "50.0000", "dry_mass_g": "37.1250"} for one in samples],
    )
    assert prepared.status_code == 201, prepared.content
    assert [row["moisture_percent"] for row in prepared.json()] == ["25.75", "25.75"]

    first, second = (test["id"] for test in submission["tests"])
    weighed = technician.post("/aliquots/", [{"test": first, "mass_g": "0.1002"}, {"test": second, "mass_g": 0.0998}])
    assert weighed.status_code == 201, weighed.content
    code = weighed.json()[0]["code"]
    repeated = technician.post(
        "/aliquots/", {"sample": weighed.json()[0]["sample"], "method": "fus-ms", "mass_g": "0.1", "duplicate_of": code}
    )
    assert (repeated.status_code, repeated.json()[0]["duplicate_of"]) == (201, code)

    planned = analyst.post("/runs/", {"instrument": "ICPMS-1", "method": "FUS-MS"})
    assert planned.status_code == 201, planned.content
    run = planned.json()
    assert [row["kind"] for row in run["positions"]] == ["blank", "reference", "sample", "sample", "duplicate"]
    assert run["positions"][4]["duplicate_of"] == 3
    by_id = analyst.get(f"/runs/{run['id']}/")
    assert by_id.json() == analyst.get(f"/runs/{run['code'].lower()}/").json() == run

    worklist = analyst.get(f"/runs/{run['code']}/worklist/").json()
    assert worklist["positions"][2]["label"] == code
    assert worklist["positions"][2]["mass_g"] == "0.1002"
    sequence = analyst.get(f"/runs/{run['code']}/worklist/", Accept="text/csv")
    rows = list(csv.DictReader(io.StringIO(sequence.getvalue().decode())))
    assert [(row["position"], row["label"], row["type"]) for row in rows][:3] == [
        ("1", "BLK-1", "Blank"),
        ("2", "OREAS 100a", "Sample"),
        ("3", code, "Sample"),
    ]
    assert receptionist.get(f"/submissions/{submission['code']}/").json()["tests"][0]["state"] == "in_run"

    cancelled = analyst.post(f"/runs/{run['id']}/cancel/", {"reason": "tray dropped"})
    assert (cancelled.status_code, cancelled.json()["state"]) == (200, "cancelled")


def test_a_submissions_clock_by_http(cast):
    submission = make_submission(cast, make_received_samples(cast))
    receptionist = Caller(cast.receptionist)
    held = receptionist.post(f"/submissions/{submission.code}/hold/", {"reason": "customer unsure"})
    assert (held.status_code, held.json()["state"]) == (200, "on_hold")
    assert [stop["reason"] for stop in held.json()["clock_stops"]] == ["customer unsure"]
    again = receptionist.post(f"/submissions/{submission.code}/hold/", {"reason": "again"})
    assert (again.status_code, again.json()["code"]) == (409, "wrong_state")
    assert receptionist.post(f"/submissions/{submission.code}/resume/", {}).json()["state"] == "open"
    refused = receptionist.post(f"/submissions/{submission.code}/complete/", {})
    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (409, "tests_unfinished")
    cancelled = receptionist.post(f"/submissions/{submission.code}/cancel/", {"reason": "customer withdrew"})
    assert cancelled.json()["state"] == "cancelled"


def test_a_retry_of_a_submission_makes_one(cast):
    body = {"samples": [make_received_samples(cast)[0].code], "methods": ["FUS-MS"]}
    receptionist = Caller(cast.receptionist)
    first, second = (receptionist.post("/submissions/", body, **{"Idempotency-Key": "k-1"}) for _ in range(2))
    assert first.json() == second.json()
    assert second["Idempotent-Replay"] == "true"
    assert Submission.objects.count() == 1


@pytest.mark.parametrize(
    ("change", "status", "pointer"),
    [
        ({"samples": ["S-26-00001-X"]}, 422, "/samples/0"),
        ({"samples": ["nothing"]}, 422, "/samples/0"),
        ({"methods": ["GUESS"]}, 422, "/methods/0"),
        ({"methods": ["FUS-MS v9"]}, 422, "/methods/0"),
        ({"methods": ["FUS-MS vx"]}, 422, "/methods/0"),
        ({"methods": []}, 422, "/methods"),
        ({"customer": "NOBODY"}, 422, "/customer"),
        ({"basis": "wet"}, 422, "/basis"),
        ({"unknown": 1}, 422, ""),
    ],
)
def test_a_wrong_submission_is_refused_at_its_place(cast, change, status, pointer):
    body = {"samples": [make_received_samples(cast)[0].code], "methods": ["FUS-MS"]} | change
    with nothing_changes():
        answer = Caller(cast.receptionist).post("/submissions/", body)
    assert (answer.status_code, pointers(answer)) == (status, [pointer])
    assert answer["Content-Type"] == "application/problem+json"


def test_preparations_and_aliquots_are_refused_at_their_place(cast):
    first, second = make_received_samples(cast, 2)
    technician = Caller(cast.technician)
    row = {"route": "pulp", "wet_mass_g": "50", "dry_mass_g": "49"}
    with nothing_changes():
        wrong = technician.post(
            "/preparations/", [row | {"sample": first.blind_code}, row | {"sample": second.blind_code, "dry_mass_g": "51"}]
        )
        one = technician.post("/preparations/", row | {"sample": first.blind_code, "wet_mass_g": "-1"})
        routeless = technician.post("/preparations/", row | {"sample": first.blind_code, "route": "my own way"})
        stranger = technician.post("/preparations/", [row | {"sample": "B-000000000-0"}])
        unprepared = technician.post("/aliquots/", {"sample": first.blind_code, "method": "FUS-MS", "mass_g": "0.1"})
        nothing = technician.post("/preparations/", [])
    assert (wrong.status_code, pointers(wrong)) == (422, ["/1/dry_mass_g"])
    assert wrong.json()["detail"].startswith("Row 2:")
    assert (one.status_code, pointers(one)) == (422, ["/wet_mass_g"])
    assert (routeless.status_code, pointers(routeless)) == (422, ["/drying_c"])
    assert (stranger.status_code, pointers(stranger)) == (422, ["/0/sample"])
    assert (unprepared.status_code, pointers(unprepared)) == (422, ["/method"])
    assert nothing.status_code == 422


def test_a_test_not_prepared_is_a_conflict(cast):
    [sample] = make_received_samples(cast)
    make_submission(cast, [sample])
    answer = Caller(cast.technician).post("/aliquots/", {"sample": sample.blind_code, "method": "FUS-MS", "mass_g": "0.1"})
    assert (answer.status_code, answer.json()["code"]) == (409, "not_prepared")
    assert not Aliquot.objects.exists()


def test_rows_name_their_tests_one_way(cast):
    samples = make_received_samples(cast, 2)
    submission = make_submission(cast, samples)
    make_prepared(cast, samples)
    test = submission.tests.first()
    rows = [{"test": str(test.pk), "mass_g": "0.1"}, {"sample": samples[1].blind_code, "method": "FUS-MS", "mass_g": "0.1"}]
    answer = Caller(cast.technician).post("/aliquots/", rows)
    assert (answer.status_code, pointers(answer)) == (422, ["/1/test"])


def test_hostile_texts_are_refused_not_crashed_on(cast):
    make_instrument(cast)
    technician, receptionist = Caller(cast.technician), Caller(cast.receptionist)
    [sample] = make_received_samples(cast)
    row = {"sample": sample.blind_code, "wet_mass_g": "50", "dry_mass_g": "49", "drying_c": 105}
    for answer in (
        technician.post("/runs/", {"instrument": "ICPMS-1\u0000", "method": "FUS-MS"}),
        technician.post("/runs/", {"instrument": "ICPMS-1", "method": "FUS\u0000MS v1"}),
        technician.post("/runs/", {"instrument": "ICPMS-1", "method": "FUS-MS", "aliquots": ["A-\u0000"]}),
        technician.post(
            "/runs/", {"instrument": "ICPMS-1", "method": "FUS-MS", "positions": [{"kind": "reference", "material": "\u0000"}]}
        ),
        technician.post("/preparations/", row | {"route": "dry\u0000"}),
        technician.post("/preparations/", row | {"route": "dry", "drying_c": 10**12}),
        receptionist.post("/submissions/", {"samples": [sample.code], "methods": ["FUS-MS"], "customer_reference": "\u0000"}),
        receptionist.post("/submissions/", {"samples": [sample.code], "methods": ["FUS-MS"], "customer_reference": "x" * 81}),
        receptionist.post("/submissions/", {"samples": [sample.code], "methods": [f"FUS-MS v{'9' * 50}"]}),
    ):
        assert answer.status_code == 422, answer.content
    assert not Preparation.objects.exists()


def test_explicit_positions_by_http(cast):
    samples = make_received_samples(cast, 1)
    submission = make_submission(cast, samples)
    make_prepared(cast, samples)
    [aliquot] = make_weighed(cast, submission)
    make_instrument(cast)
    grant_competence(cast, cast.analyst)
    body = {
        "instrument": "ICPMS-1",
        "method": "FUS-MS v1",
        "positions": [
            {"kind": "blank", "label": "BLK"},
            {"kind": "reference", "material": "OREAS 461", "mass_g": "0.0997"},
            {"kind": "sample", "number": 7, "aliquot": aliquot.code},
        ],
    }
    wrong = Caller(cast.analyst).post("/runs/", body | {"positions": [*body["positions"], {"kind": "sample", "aliquot": "A-26-99999-0"}]})
    assert (wrong.status_code, pointers(wrong)) == (422, ["/positions/3/aliquot"])
    faulty = Caller(cast.analyst).post("/runs/", body | {"positions": [*body["positions"], {"kind": "blank", "label": "BLK"}]})
    assert (faulty.status_code, pointers(faulty)) == (422, ["/positions/3/label"])
    planned = Caller(cast.analyst).post("/runs/", body)
    assert [(row["position"], row["label"]) for row in planned.json()["positions"]] == [(1, "BLK"), (2, "OREAS 461"), (7, aliquot.code)]
    assert planned.json()["positions"][1]["mass_g"] == "0.0997"


def test_a_run_that_cannot_be_planned_says_every_reason(cast):
    make_instrument(cast, active=False)
    answer = Caller(cast.analyst).post("/runs/", {"instrument": "ICPMS-1", "method": "FUS-MS"})
    assert answer.status_code == 409
    assert [error["code"] for error in answer.json()["errors"]] == ["competence", "instrument_out_of_use"]


def test_lists_filter_count_and_export(cast):
    run = make_planned_run(cast, 1)
    submission = Submission.objects.get()
    analyst = Caller(cast.analyst)
    assert analyst.get("/runs/?state=planned&count=1").json()["count"] == 1
    assert analyst.get("/runs/?state=measured&count=1").json()["count"] == 0
    assert analyst.get("/runs/?instrument=icpms-1&method=fus-ms&fields=code").json()["results"] == [{"code": run.code}]
    assert analyst.get("/runs/?state=guess").status_code == 422
    aliquot = Aliquot.objects.first()
    assert analyst.get(f"/runs/?q={aliquot.code}&count=1").json()["count"] == 1
    sample = aliquot.test.sample
    for query in (f"q={sample.blind_code}", "method=FUS-MS", "overdue=false", f"q={submission.code}", "customer=irel", "state=open"):
        assert analyst.get(f"/submissions/?{query}&count=1").json()["count"] == 1, query
    for query in (f"q={sample.code}", "method=LCH-MS", "overdue=true", "customer=midwest"):
        assert analyst.get(f"/submissions/?{query}&count=1").json()["count"] == 0, query
    exported = analyst.get("/submissions/", Accept="text/csv").getvalue().decode()
    assert exported.splitlines()[1].startswith(submission.code)


def test_reference_data_are_read_with_their_sources(cast):
    reviewer = Caller(cast.reviewer)
    methods = {method["code"]: method for method in reviewer.get("/methods/?in_force=true").json()["results"]}
    assert list(methods) == ["EDT-REO", "FAD-MS", "FUS-MS", "FUS-XRF", "GRA-REO", "LCH-MS"]
    terbium = next(one for one in methods["FUS-MS"]["analytes"] if one["analyte"] == "Tb")
    assert (terbium["loq"], terbium["isotope"]) == ("0.05", "159Tb")
    assert methods["FUS-MS"]["controls"][1]["limits"] == {"warn_z": 2, "fail_z": 3, "consecutive_z": 2}
    material = reviewer.get("/reference-materials/OREAS 100a/").json()
    dysprosium = {value["method_group"]: value["value"] for value in material["values"] if value["analyte"] == "Dy"}
    assert {group: round(Decimal(value), 2) for group, value in dysprosium.items()} == {
        "4_acid": Decimal("18.94"),
        "borate_or_peroxide_fusion_icp": Decimal("23.20"),
    }
    assert all(value["source"] for value in material["values"])
    assert reviewer.get("/reference-materials/nothing/").status_code == 404
    by_fusion = reviewer.get("/reference-materials/?analyte=sc&method_group=borate_or_peroxide_fusion_icp&count=1").json()
    assert by_fusion["count"] > 0
    assert reviewer.post("/methods/", {}).status_code == 405


READ = {
    "/submissions/": Action.SUBMISSION_VIEW,
    "/runs/": Action.RUN_VIEW,
    "/methods/": Action.REFERENCE_VIEW,
    "/reference-materials/": Action.REFERENCE_VIEW,
}
WRITE = {
    "/submissions/": Action.SUBMISSION_EDIT,
    "/preparations/": Action.PREPARATION_EDIT,
    "/aliquots/": Action.PREPARATION_EDIT,
    "/runs/": Action.RUN_EDIT,
}


def test_every_role_gets_what_the_matrix_says(cast):
    for role in list(Role):
        caller = Caller(cast.people[role])
        for path, action in READ.items():
            assert caller.get(path).status_code == (200 if role in MATRIX[action] else 403), (role, path)
        for path, action in WRITE.items():
            assert (caller.post(path, []).status_code == 403) == (role not in MATRIX[action]), (role, path)


def test_nobody_signed_in_is_asked_to(client):
    for path in READ:
        assert client.get(f"/api/v1{path}").status_code == 401


def test_another_laboratory_sees_nothing_of_it(cast):
    run = make_planned_run(cast, 1)
    submission = Submission.objects.get()
    outsider = Caller(cast.outsiders["analyst"])
    stranger = Caller(cast.outsiders["receptionist"])
    for path in (f"/runs/{run.code}/", f"/runs/{run.pk}/", f"/runs/{run.pk}/worklist/", f"/submissions/{submission.code}/"):
        assert outsider.get(path).status_code == 404, path
    assert outsider.post(f"/runs/{run.pk}/cancel/", {"reason": "x"}).status_code == 404
    assert stranger.post(f"/submissions/{submission.code}/hold/", {"reason": "x"}).status_code == 404
    assert outsider.get("/runs/?count=1").json()["count"] == 0
    assert outsider.get("/submissions/?count=1").json()["count"] == 0
    assert Run.objects.get().state == "planned"


def test_the_laboratory_never_reads_the_samples_own_code(cast):
    make_planned_run(cast, 1)
    submission = Submission.objects.get()
    sample = submission.tests.get().sample
    seen = Caller(cast.analyst).get(f"/submissions/{submission.code}/").content.decode()
    assert sample.blind_code in seen
    assert sample.code not in seen
    assert sample.code in Caller(cast.collector).get(f"/submissions/{submission.code}/").content.decode()


def test_a_page_of_submissions_takes_the_same_queries_for_few_and_many(cast, django_assert_max_num_queries):
    samples = make_received_samples(cast, 6)
    for sample in samples:
        make_submission(cast, [sample], ["FUS-MS", "LCH-MS"])
    caller = Caller(cast.analyst)
    with django_assert_max_num_queries(6):
        assert len(caller.get("/submissions/").json()["results"]) == 6
    with django_assert_max_num_queries(8):
        caller.get("/methods/")
    with django_assert_max_num_queries(6):
        caller.get("/reference-materials/")
