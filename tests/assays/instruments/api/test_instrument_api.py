"""What an instrument sends: files and readings, refused in words, and nothing but what an instrument does."""

from __future__ import annotations

import csv
import io
import json
import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from assays.instruments.keeping import issue_instrument_token, revoke_instrument_token
from assays.instruments.models import Instrument, Reading, Upload
from assays.models import ResultVersion, Run
from lims.core import clock
from tests.factories.bench import make_instrument, make_planned_run
from tests.factories.callers import Caller, InstrumentCaller
from tests.factories.measurement import make_export, make_instrument_token, make_readings, make_waiting_upload
from tests.factories.people import Cast

pytestmark = pytest.mark.django_db


def caller_of(cast: Cast, instrument: Instrument) -> InstrumentCaller:
    return InstrumentCaller(make_instrument_token(cast, instrument))


def test_a_file_as_form_data_is_recorded_with_an_outcome_per_position(cast: Cast, planned: Run) -> None:
    answer = caller_of(cast, planned.instrument).send_form(make_export(planned), run=planned.code)
    assert answer.status_code == 201, answer.content
    body = answer.json()
    assert (body["state"], body["run"]["code"], body["run"]["state"]) == ("recorded", planned.code, "qc_passed")
    assert body["counts"]["matched"] == planned.positions.count()
    assert body["unfilled_positions"] == []
    assert {row["position"] for row in body["rows"] if row["outcome"] == "matched"} == set(
        planned.positions.values_list("number", flat=True)
    )
    assert answer["Location"] == f"/api/v1/instruments/me/uploads/{body['id']}/"


def test_a_raw_body_with_a_file_name_is_the_same_upload(cast: Cast, planned: Run) -> None:
    instrument, data = caller_of(cast, planned.instrument), make_export(planned)
    first = instrument.send_raw(data, query=f"?run={planned.pk}", **{"X-Filename": "run%201.xlsx"})
    assert (first.status_code, first.json()["file_name"]) == (201, "run 1.xlsx")
    again = instrument.send_form(data, "other.xlsx")
    assert (again.status_code, again.json()["id"]) == (200, first.json()["id"])
    third = instrument.send_raw(data, **{"Content-Disposition": 'attachment; filename="c.xlsx"'})
    assert (third.status_code, third.json()["file_name"]) == (200, "run 1.xlsx")
    assert Upload.objects.count() == 1


def test_retries_with_a_key_are_answered_once(cast: Cast, planned: Run) -> None:
    instrument = caller_of(cast, planned.instrument)
    answers = [instrument.send_raw(make_export(planned), **{"Idempotency-Key": "k"}) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[1]["Idempotent-Replay"] == "true"
    other = instrument.send_raw(make_export(planned)[:-1], **{"Idempotency-Key": "k"})
    assert (other.status_code, other.json()["code"]) == (409, "idempotency_mismatch")


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("photo.png", b"\x89PNG\r\n\x1a\n" + b"\0" * 300),
        ("garbage.csv", bytes(range(256)) * 20_000),
        ("batch.csv", b"Sample,,,163  Dy  [ He ] ,\nSample Name,Type,Total Dil.,Conc. [ ppb ],CPS\nX,Sample"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_place_and_kept(cast: Cast, name: str, data: bytes) -> None:
    instrument = make_instrument(cast)
    answer = caller_of(cast, instrument).send_form(data, name)
    assert answer.status_code == 422, answer.content
    assert answer["Content-Type"] == "application/problem+json"
    body = answer.json()
    assert body["detail"]
    assert {"line", "column", "code", "title", "type"} <= body.keys()
    upload = Upload.objects.get(pk=body["upload"])
    assert (upload.state, upload.size) == ("unreadable", len(data))
    assert caller_of(cast, instrument).send_form(data, name).json()["upload"] == body["upload"]


def test_a_truncated_table_names_line_and_column(cast: Cast, planned: Run) -> None:
    body = caller_of(cast, planned.instrument).send_raw(b'{"run": "R",\n "readings": [{"position": 1,', "application/json").json()
    assert (body["status"], body["line"], body["column"]) == (422, 2, "30")


def test_too_much_nothing_and_foreign_media_are_refused(cast: Cast, settings: Any) -> None:
    instrument = caller_of(cast, make_instrument(cast))
    assert instrument.send_raw(b"", **{"X-Filename": "a.xlsx"}).json()["code"] == "empty_file"
    for media in ("image/png", "application/x-www-form-urlencoded", "text/html"):
        refused = instrument.send_raw(b"x" * 10, media)
        assert (refused.status_code, refused.json()["code"]) == (415, "unsupported_media_type")
    missing = instrument.client.post("/api/v1/instruments/me/uploads/", {"run": "RUN-1"})
    assert (missing.status_code, missing.json()["errors"][0]["pointer"]) == (422, "/file")
    settings.MAX_UPLOAD_BYTES = 1000
    assert instrument.send_raw(b"x" * (2**20 + 2000)).status_code == 413
    assert instrument.send_form(b"x" * 2000).status_code == 413
    assert not Upload.objects.exists()


def test_a_run_that_is_not_the_instruments_is_unknown_to_it(cast: Cast, planned: Run) -> None:
    other = caller_of(cast, make_instrument(cast, "ICPMS-2"))
    answer = other.send_form(make_export(planned), run=planned.code)
    assert (answer.status_code, answer.json()["code"]) == (404, "unknown_run")
    assert not Upload.objects.exists()


def test_readings_as_json_are_recorded(cast: Cast, planned: Run) -> None:
    answer = caller_of(cast, planned.instrument).post("/instruments/me/readings/", make_readings(planned))
    assert answer.status_code == 201, answer.content
    assert (answer.json()["state"], answer.json()["run"]["state"]) == ("recorded", "qc_passed")
    assert caller_of(cast, planned.instrument).post("/instruments/me/readings/", make_readings(planned)).status_code == 200


@pytest.mark.parametrize("run", ["", " ", "RUN\x00"])
def test_a_run_that_is_no_code_is_refused_by_name(cast: Cast, planned: Run, run: str) -> None:
    answer = caller_of(cast, planned.instrument).post("/instruments/me/readings/", make_readings(planned) | {"run": run})
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/run"), answer.content


def test_posted_readings_ask_as_few_questions_of_a_large_tray_as_of_a_small_one(cast: Cast) -> None:
    """From the token to the verdicts and the answer; what a tube or a reading asks on its own would be sixty or a thousand questions."""
    asked = []
    for samples in (1, 4):
        run = make_planned_run(cast, samples)
        instrument, body = caller_of(cast, run.instrument), make_readings(run)
        with CaptureQueriesContext(connection) as captured:
            answer = instrument.post("/instruments/me/readings/", body)
        assert (answer.status_code, answer.json()["run"]["state"]) == (201, "qc_passed"), answer.content
        asked.append(captured)
    assert len(asked[0]) == len(asked[1]) <= 48, [one["sql"][:150] for one in asked[1]]


@pytest.mark.parametrize(
    ("members", "code", "member"),
    [
        ({"position": 77}, "unknown_position", "position"),
        ({"analyte": "Tb4O7"}, "oxide_as_analyte", "analyte"),
        ({"unit": "mg/kg"}, "unit_differs", "unit"),
        ({"unit": "furlong"}, "bad_unit", "unit"),
        ({"value": "1,5"}, "bad_value", "value"),
    ],
)
def test_a_wrong_reading_is_refused_with_its_pointer_and_nothing_changes(
    cast: Cast, planned: Run, members: dict[str, Any], code: str, member: str
) -> None:
    body = make_readings(planned)
    body["readings"][7] |= members
    answer = caller_of(cast, planned.instrument).post("/instruments/me/readings/", body)
    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert f"/readings/7/{member}" in {error["pointer"] for error in answer.json()["errors"]}
    planned.refresh_from_db()
    assert (planned.state, Upload.objects.count(), Reading.objects.count()) == ("planned", 0, 0)


def test_malformed_readings_are_400_and_another_media_type_415(cast: Cast, planned: Run) -> None:
    instrument = caller_of(cast, planned.instrument)
    cut = json.dumps(make_readings(planned))[:-30]
    answer = instrument.post("/instruments/me/readings/", cut)
    assert (answer.status_code, answer.json()["code"]) == (400, "malformed_json")
    assert answer.json()["details"]["line"] == 1
    assert instrument.client.post("/api/v1/instruments/me/readings/", "x", content_type="text/plain").status_code == 415
    assert instrument.post("/instruments/me/readings/", {"run": planned.code, "readings": []}).status_code == 422


def test_the_worklist_names_planned_runs_tube_by_tube(cast: Cast, planned: Run) -> None:
    body = caller_of(cast, planned.instrument).get("/instruments/me/worklist/").json()
    [waiting] = body["runs"]
    assert (body["instrument"], waiting["code"], waiting["solution_unit"]) == (planned.instrument.code, planned.code, "ug/L")
    assert [tube["label"] for tube in waiting["positions"]] == list(planned.positions.values_list("label", flat=True))
    assert caller_of(cast, make_instrument(cast, "ICPMS-2")).get("/instruments/me/worklist/").json()["runs"] == []


def test_a_heartbeat_is_noted(cast: Cast, planned: Run) -> None:
    answer = caller_of(cast, planned.instrument).post("/instruments/me/heartbeat/", {})
    assert (answer.status_code, answer.json()["waiting_runs"]) == (200, 1)
    planned.instrument.refresh_from_db()
    assert planned.instrument.last_heartbeat_at is not None


def test_a_clock_that_is_wrong_is_kept_and_told(cast: Cast, client: Client) -> None:
    instrument = make_instrument(cast)
    caller = caller_of(cast, instrument)
    fast = caller.post(
        "/instruments/me/heartbeat/", {"time": (clock.now() + timedelta(minutes=3)).isoformat(), "agent": "agent 1", "waiting": 2}
    ).json()
    assert fast["clock_skew_s"] == pytest.approx(180, abs=10)
    assert fast["clock_wrong"]
    client.force_login(cast.quality_manager)
    page = client.get(f"/instruments/{instrument.code}/").content.decode()
    assert re.search(r"by 1(7\d|80)\b", page)
    assert "Set the clock" in page
    assert "agent 1" in page
    assert "clock wrong" in client.get("/instruments/").content.decode()
    right = caller.post("/instruments/me/heartbeat/", {"time": clock.now().isoformat()}).json()
    assert right["clock_skew_s"] == pytest.approx(0, abs=5)
    assert not right["clock_wrong"]
    # A time without its offset says nothing, and a sign of life without a time leaves the skew as it was.
    assert caller.post("/instruments/me/heartbeat/", {"time": "2026-01-01T10:00:00"}).status_code == 422
    assert caller.post("/instruments/me/heartbeat/", {}).json()["clock_skew_s"] == right["clock_skew_s"]


def test_the_worklist_is_also_the_sequence_file_of_a_run(cast: Cast, planned: Run) -> None:
    caller = caller_of(cast, planned.instrument)
    labels = list(planned.positions.values_list("label", flat=True))
    listed = caller.get("/instruments/me/worklist/", Accept="application/vnd.agilent.masshunter+csv")
    assert listed["Content-Disposition"] == f'attachment; filename="{planned.code}-sequence.csv"'
    rows = list(csv.DictReader(io.StringIO(listed.content.decode("utf-8-sig"))))
    assert [row["Sample Name"] for row in rows] == labels
    plain = caller.get(f"/instruments/me/worklist/?run={planned.code}", Accept="text/csv")
    assert [row["label"] for row in csv.DictReader(io.StringIO(b"".join(plain).decode()))] == labels
    assert caller.get("/instruments/me/worklist/?run=R-1", Accept="text/csv").status_code == 404
    nothing = caller_of(cast, make_instrument(cast, "ICPMS-2")).get("/instruments/me/worklist/", Accept="text/csv")
    assert (nothing.status_code, nothing.json()["code"]) == (404, "nothing_waits")


def test_an_instrument_reaches_nothing_but_instrument_calls(cast: Cast, planned: Run) -> None:
    upload = make_waiting_upload(cast, planned)
    instrument = caller_of(cast, planned.instrument)
    assert instrument.get(f"/instruments/me/uploads/{upload.pk}/").status_code == 200
    for path in ("/uploads/", "/runs/", f"/runs/{planned.code}/", f"/runs/{planned.code}/qc/", "/results/", "/samples/", "/submissions/"):
        assert instrument.get(path).status_code == 403, path
    for path in ("confirm/", "withdraw/", "reopen/", "ignore/", "rows/1/assign/", "rows/1/ignore/"):
        assert instrument.post(f"/instruments/me/uploads/{upload.pk}/{path}", {"reason": "x"}).status_code == 403, path
    for path in (f"/runs/{planned.code}/review/", "/results/authorise/", "/runs/"):
        assert instrument.post(path, {}).status_code == 403, path


def test_people_send_nothing_as_an_instrument(cast: Cast, planned: Run) -> None:
    for person in (cast.analyst, cast.administrator, cast.collector):
        assert Caller(person).post("/instruments/me/readings/", make_readings(planned)).status_code == 403
        assert Caller(person).get("/instruments/me/worklist/").status_code == 403
    assert InstrumentCaller("nobody").get("/instruments/me/worklist/").status_code == 401


def test_a_token_that_was_revoked_or_has_expired_opens_nothing(cast: Cast) -> None:
    instrument = make_instrument(cast)
    row, token = issue_instrument_token(instrument=instrument, name="console", by=cast.administrator)
    short, brief = issue_instrument_token(
        instrument=instrument, name="brief", expires_at=clock.now() + timedelta(hours=1), by=cast.administrator
    )
    assert InstrumentCaller(token).get("/instruments/me/worklist/").status_code == 200
    revoke_instrument_token(token=row, by=cast.administrator)
    assert InstrumentCaller(token).get("/instruments/me/worklist/").status_code == 401
    assert InstrumentCaller(brief).get("/instruments/me/worklist/").status_code == 200
    type(short).objects.filter(pk=short.pk).update(expires_at=clock.now() - timedelta(hours=1))
    assert InstrumentCaller(brief).get("/instruments/me/worklist/").status_code == 401
    Instrument.objects.filter(pk=instrument.pk).update(active=False)
    type(short).objects.filter(pk=short.pk).update(expires_at=None)
    assert InstrumentCaller(brief).get("/instruments/me/worklist/").status_code == 401


def test_an_instrument_sees_only_what_it_sent(cast: Cast, planned: Run) -> None:
    upload = make_waiting_upload(cast, planned)
    stranger = caller_of(cast, make_instrument(cast, "ICPMS-2"))
    assert stranger.get(f"/instruments/me/uploads/{upload.pk}/").status_code == 404
    assert stranger.get(f"/instruments/me/uploads/{upload.pk}/readings/").status_code == 404


# --- What people decide ----------------------------------------------------------------------------------------------------------------


def test_a_person_assigns_sets_aside_and_confirms(cast: Cast, planned: Run) -> None:
    upload = make_waiting_upload(cast, planned)
    analyst, address = Caller(cast.analyst), f"/instruments/me/uploads/{upload.pk}"
    parked = upload.rows.get(outcome="parked").index
    taken = analyst.post(f"{address}/rows/{parked}/assign/", {"position": 3})
    assert (taken.status_code, taken.json()["code"]) == (422, "position_taken")
    assert analyst.post(f"{address}/rows/{parked}/ignore/", {"reason": " "}).status_code == 422
    aside = analyst.post(f"{address}/rows/{parked}/ignore/", {"reason": "another project"})
    assert (aside.status_code, aside.json()["counts"]["ignored"]) == (200, 1)
    confirmed = analyst.post(f"{address}/confirm/", {})
    assert (confirmed.status_code, confirmed.json()["run"]["state"]) == (200, "qc_passed")
    again = analyst.post(f"{address}/confirm/", {})
    assert (again.status_code, again.json()["code"]) == (409, "wrong_state")
    withdrawn = analyst.post(f"{address}/withdraw/", {"reason": "wrong batch"})
    assert (withdrawn.json()["state"], withdrawn.json()["run"]["state"]) == ("withdrawn", "planned")
    assert analyst.post(f"{address}/reopen/", {"reason": "right after all"}).json()["state"] == "waiting"


def test_the_confirmation_may_choose_run_and_tubes(cast: Cast, planned: Run) -> None:
    upload = make_waiting_upload(cast, planned)
    analyst, address = Caller(cast.analyst), f"/instruments/me/uploads/{upload.pk}/confirm/"
    unknown = analyst.post(address, {"run": "RUN-26-99999-X"})
    assert (unknown.status_code, unknown.json()["errors"][0]["pointer"]) == (422, "/run")
    wrong = analyst.post(address, {"run": planned.code, "assignments": {"1": 99}})
    assert (wrong.status_code, wrong.json()["errors"][0]["pointer"]) == (422, "/assignments/1")
    assert analyst.post(address, {"run": planned.code}).status_code == 200


def test_only_who_measures_decides(cast: Cast) -> None:
    upload = make_waiting_upload(cast, make_planned_run(cast))
    for role in ["reviewer", "signatory", "quality_manager", "receptionist", "administrator", "official", "collector"]:
        person = Caller(cast.people[role])
        assert person.post(f"/instruments/me/uploads/{upload.pk}/confirm/", {}).status_code == 403, role
        assert person.post(f"/instruments/me/uploads/{upload.pk}/withdraw/", {"reason": "x"}).status_code == 403, role


def test_another_laboratorys_upload_does_not_exist(cast: Cast) -> None:
    upload = make_waiting_upload(cast, make_planned_run(cast))
    outsider = Caller(cast.outsiders["analyst"])
    assert outsider.get(f"/instruments/me/uploads/{upload.pk}/").status_code == 404
    assert outsider.post(f"/instruments/me/uploads/{upload.pk}/confirm/", {}).status_code == 404
    assert outsider.get("/uploads/").json()["results"] == []


def test_uploads_are_listed_filtered_and_exported(cast: Cast, planned: Run) -> None:
    waiting = make_waiting_upload(cast, planned)
    unreadable = caller_of(cast, planned.instrument).send_form(b"x", "x.csv").json()["upload"]
    reviewer = Caller(cast.reviewer)
    ids = [row["id"] for row in reviewer.get("/uploads/?count=1").json()["results"]]
    assert ids == [unreadable, str(waiting.pk)]
    assert [row["id"] for row in reviewer.get("/uploads/?state=waiting").json()["results"]] == [str(waiting.pk)]
    assert [row["id"] for row in reviewer.get(f"/uploads/?run={planned.code}").json()["results"]] == [str(waiting.pk)]
    assert reviewer.get("/uploads/?state=eaten").status_code == 422
    lines = reviewer.get("/uploads/", Accept="text/csv").getvalue().decode().splitlines()
    assert len(lines) == 3


def test_the_cells_of_an_upload_can_be_read_in_the_order_of_the_file(cast: Cast, planned: Run) -> None:
    upload = make_waiting_upload(cast, planned)
    address = f"/instruments/me/uploads/{upload.pk}/readings/"
    first = Caller(cast.reviewer).get(f"{address}?page_size=100&count=1").json()
    assert first["count"] == Reading.objects.count()
    assert [(row["row"], row["column"]) for row in first["results"][:5]] == [(3, "G"), (3, "H"), (3, "I"), (3, "J"), (3, "K")]
    assert first["next"]
    assert ResultVersion.objects.count() == 0
    assert Run.objects.get().state == "planned"
