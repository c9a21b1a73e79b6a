"""Taking in files and messages: kept, placed, recorded at once only when nobody needs to look."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from assays.instruments.ingest import TooLarge, store_readings, store_upload
from assays.instruments.models import Reading, Upload, UploadRow
from assays.instruments.parsers.model import ParseError
from assays.instruments.writers import BatchRow, write_batch_table
from assays.models import ResultVersion, Run
from lims.core.errors import DomainError, Forbidden, Invalid, NotFound
from lims.core.files import read_bytes
from tests.factories.bench import make_instrument, make_planned_run
from tests.factories.measurement import (
    make_export,
    make_headings,
    make_readings,
    make_readings_bytes,
    make_rows,
    upload_run,
)
from tests.factories.people import Cast

pytestmark = pytest.mark.django_db


def everything() -> tuple[Any, ...]:
    """All that a refused upload must leave as it was."""
    return (
        list(Upload.objects.order_by("pk").values()),
        UploadRow.objects.count(),
        Reading.objects.count(),
        ResultVersion.objects.count(),
        list(Run.objects.order_by("pk").values()),
    )


def test_a_file_whose_rows_all_match_is_recorded_and_judged_at_once(cast: Cast, planned: Run) -> None:
    stored = upload_run(cast, planned)
    assert stored.created
    assert (stored.upload.state, stored.upload.run) == ("recorded", planned)
    planned.refresh_from_db()
    assert planned.state == "qc_passed"
    assert set(stored.upload.rows.values_list("kind", "outcome")) == {
        ("sample", "matched"),
        ("blank", "calibration"),
        ("standard", "calibration"),
    }


def test_the_raw_bytes_are_kept_under_their_hash(cast: Cast, planned: Run) -> None:
    data = make_export(planned)
    upload = upload_run(cast, planned, data).upload
    assert read_bytes("uploads", upload.sha256) == data


def test_a_stranger_among_the_rows_makes_the_file_wait_and_changes_no_run(cast: Cast, planned: Run) -> None:
    rows = [*make_rows(planned), BatchRow("FELDSPAR 7", "Sample", make_rows(planned)[-1].values)]
    upload = upload_run(cast, planned, write_batch_table(rows, make_headings(planned))).upload
    assert upload.state == "waiting"
    parked = upload.rows.get(outcome="parked")
    assert "FELDSPAR 7" in parked.reason
    planned.refresh_from_db()
    assert planned.state == "planned"
    assert not ResultVersion.objects.exists()


def test_the_same_bytes_are_the_same_upload_even_under_another_name(cast: Cast, planned: Run) -> None:
    first = upload_run(cast, planned)
    before = everything()
    again = upload_run(cast, planned, make_export(planned), file_name="renamed.xlsx")
    assert (again.created, again.upload.pk) == (False, first.upload.pk)
    assert everything() == before


def test_the_same_bytes_from_another_instrument_are_another_upload(cast: Cast, planned: Run) -> None:
    data = make_export(planned)
    other = store_upload(instrument=make_instrument(cast, "ICPMS-2"), file_name="batch.xlsx", data=data, by=cast.analyst)
    assert other.created
    assert other.upload.run is None
    assert upload_run(cast, planned, data).created


def test_what_cannot_be_read_is_kept_with_its_place_and_read_again_when_it_comes_again(cast: Cast) -> None:
    instrument = make_instrument(cast)
    data = b"Sample,,\nName,163  Dy,\nx"
    first = store_upload(instrument=instrument, file_name="batch.csv", data=data, by=cast.analyst)
    assert first.problem is not None
    assert (first.upload.state, first.upload.error) == ("unreadable", first.problem.message)
    again = store_upload(instrument=instrument, file_name="batch.csv", data=data, by=cast.analyst)
    assert (again.created, again.upload.pk) == (False, first.upload.pk)
    assert again.problem is not None
    assert again.problem.place == first.problem.place
    assert Upload.objects.count() == 1


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("photo.xlsx", b"\x89PNG\r\n\x1a\n" + b"\0" * 500),
        ("garbage.xlsx", bytes(range(256)) * 20_000),
        ("cut.xlsx", b"PK\x03\x04" + b"\0" * 40),
    ],
)
def test_images_garbage_and_broken_files_are_refused_in_words_and_change_no_run(cast: Cast, planned: Run, name: str, data: bytes) -> None:
    stored = store_upload(instrument=planned.instrument, file_name=name, data=data, by=cast.analyst)
    assert stored.upload.state == "unreadable"
    assert stored.problem is not None
    assert stored.problem.message.endswith(".")
    assert not UploadRow.objects.exists()
    planned.refresh_from_db()
    assert planned.state == "planned"


def test_a_file_cut_off_in_the_middle_is_unreadable(cast: Cast, planned: Run) -> None:
    data = make_export(planned)
    stored = upload_run(cast, planned, data[: len(data) // 2])
    assert stored.upload.state == "unreadable"
    planned.refresh_from_db()
    assert planned.state == "planned"


def test_nothing_and_too_much_are_refused_and_not_kept(cast: Cast, planned: Run, settings: Any) -> None:
    before = everything()
    with pytest.raises(Invalid) as empty:
        upload_run(cast, planned, b"")
    assert empty.value.code == "empty_file"
    settings.MAX_UPLOAD_BYTES = 1000
    with pytest.raises(TooLarge):
        upload_run(cast, planned)
    assert everything() == before


def test_only_people_of_the_instruments_laboratory_who_measure_may_bring_files(cast: Cast, planned: Run) -> None:
    before = everything()
    for stranger in (cast.reviewer, cast.outsiders["analyst"], cast.administrator):
        with pytest.raises(Forbidden):
            upload_run(cast, planned, by=stranger)
    with pytest.raises(Forbidden):
        upload_run(cast, planned, by=make_instrument(cast, "ICPMS-2"))
    assert everything() == before


def test_a_run_of_another_instrument_is_refused(cast: Cast, planned: Run) -> None:
    with pytest.raises(Invalid) as refusal:
        store_upload(
            instrument=make_instrument(cast, "ICPMS-2"), file_name="b.xlsx", data=make_export(planned), run=planned, by=cast.analyst
        )
    assert refusal.value.code == "other_instrument"
    assert not Upload.objects.exists()


def test_a_file_without_a_run_finds_the_one_its_labels_belong_to(cast: Cast, planned: Run) -> None:
    second = make_planned_run(cast, 2)
    assert upload_run(cast, second).upload.run == second
    assert upload_run(cast, planned).upload.run == planned


def test_positions_that_were_measured_already_are_never_averaged_unseen(cast: Cast, planned: Run) -> None:
    upload_run(cast, planned)
    second = upload_run(cast, planned, make_export(planned, {"Dy": 1.01}), file_name="again.xlsx").upload
    assert (second.state, second.run) == ("waiting", planned)
    assert ResultVersion.objects.order_by("-version").first().version == 1  # type: ignore[union-attr]


def test_a_dilution_that_is_not_the_aliquots_is_said_before_anything_is_recorded(cast: Cast, planned: Run) -> None:
    rows = make_rows(planned)
    rows[2] = BatchRow(rows[2].sample, "Sample", rows[2].values, total_dilution=Decimal("10.1461212856184"))
    upload = upload_run(cast, planned, write_batch_table(rows, make_headings(planned))).upload
    assert upload.state == "waiting"
    assert [note["code"] for note in upload.notes if not note["information"]] == ["dilution_differs"]
    assert upload.rows.get(index=3).total_dilution == Decimal("10.1461212856184")


# --- Readings as JSON ------------------------------------------------------------------------------------------------------------------


def test_readings_as_json_give_the_results_a_file_gives(cast: Cast, planned: Run) -> None:
    stored = store_readings(instrument=planned.instrument, body=make_readings_bytes(planned), by=planned.instrument)
    assert (stored.created, stored.upload.state) == (True, "recorded")
    planned.refresh_from_db()
    assert planned.state == "qc_passed"
    by_json = set(ResultVersion.objects.values_list("result__sample", "result__analyte__symbol", "text"))
    other = make_planned_run(cast, instrument=make_instrument(cast, "ICPMS-2"))
    upload_run(cast, other)
    by_file = {text for _, _, text in ResultVersion.objects.filter(reduction__run=other).values_list("pk", "version", "text")}
    assert {text for _, _, text in by_json} == by_file
    assert not store_readings(instrument=planned.instrument, body=make_readings_bytes(planned), by=planned.instrument).created


def test_an_instrument_may_send_tube_by_tube(cast: Cast, planned: Run) -> None:
    body = make_readings(planned)
    positions = sorted({reading["position"] for reading in body["readings"]})
    for number in positions:
        part = {"run": planned.code, "readings": [one for one in body["readings"] if one["position"] == number]}
        stored = store_readings(instrument=planned.instrument, body=json.dumps(part).encode(), by=planned.instrument)
        assert stored.upload.state == "recorded"
    planned.refresh_from_db()
    assert planned.state == "qc_passed"


def change(body: dict[str, Any], index: int, **members: Any) -> bytes:
    body["readings"][index] |= members
    return json.dumps(body).encode()


@pytest.mark.parametrize(
    ("members", "code", "pointer"),
    [
        ({"position": 99}, "unknown_position", "/readings/4/position"),
        ({"position": "NOBODY"}, "unknown_position", "/readings/4/position"),
        ({"unit": "mg/L"}, "unit_differs", "/readings/4/unit"),
        ({"analyte": "Dy2O3"}, "oxide_as_analyte", "/readings/4/analyte"),
        ({"value": "twelve"}, "bad_value", "/readings/4/value"),
    ],
)
def test_a_wrong_reading_refuses_the_whole_message_with_its_pointer(
    cast: Cast, planned: Run, members: dict[str, Any], code: str, pointer: str
) -> None:
    before = everything()
    with pytest.raises(Invalid) as refusal:
        store_readings(instrument=planned.instrument, body=change(make_readings(planned), 4, **members), by=planned.instrument)
    assert refusal.value.code == code
    assert pointer in {problem.pointer for problem in refusal.value.problems}
    assert everything() == before


def test_a_message_sent_again_after_its_run_was_closed_is_the_same_upload(cast: Cast, planned: Run) -> None:
    sent = {"instrument": planned.instrument, "body": make_readings_bytes(planned), "by": planned.instrument}
    first = store_readings(**sent)
    Run.objects.filter(pk=planned.pk).update(state="authorised")
    again = store_readings(**sent)
    assert (again.created, again.upload) == (False, first.upload)


def test_the_same_reading_twice_in_one_message_is_refused(cast: Cast, planned: Run) -> None:
    body = make_readings(planned)
    body["readings"].append(body["readings"][0])
    with pytest.raises(Invalid) as refusal:
        store_readings(instrument=planned.instrument, body=json.dumps(body).encode(), by=planned.instrument)
    assert refusal.value.code == "reading_twice"


def test_readings_for_an_unknown_or_closed_run_are_refused(cast: Cast, planned: Run) -> None:
    with pytest.raises(NotFound) as unknown:
        store_readings(instrument=planned.instrument, body=make_readings_bytes(planned, run="RUN-26-99999-X"), by=planned.instrument)
    assert unknown.value.code == "unknown_run"
    other = make_instrument(cast, "ICPMS-2")
    with pytest.raises(NotFound):
        store_readings(instrument=other, body=make_readings_bytes(planned), by=other)
    Run.objects.filter(pk=planned.pk).update(state="authorised")
    with pytest.raises(DomainError) as closed:
        store_readings(instrument=planned.instrument, body=make_readings_bytes(planned), by=planned.instrument)
    assert closed.value.code == "run_closed"
    assert not Upload.objects.exists()


def test_a_broken_message_names_line_and_character(cast: Cast, planned: Run) -> None:
    with pytest.raises(ParseError) as refusal:
        store_readings(instrument=planned.instrument, body=make_readings_bytes(planned)[:-20], by=planned.instrument)
    assert refusal.value.place.line == 1
    assert not Upload.objects.exists()


def test_readings_that_were_sent_before_wait_for_a_person_when_they_come_changed(cast: Cast, planned: Run) -> None:
    store_readings(instrument=planned.instrument, body=make_readings_bytes(planned), by=planned.instrument)
    corrected = store_readings(instrument=planned.instrument, body=change(make_readings(planned), 0, value="1.5"), by=planned.instrument)
    assert corrected.upload.state == "waiting"
