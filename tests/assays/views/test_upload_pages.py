"""The conversation about a file: brought, looked at, decided, recorded, withdrawn."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext

from assays.instruments.models import Upload
from assays.models import Run
from lims.core.files import read_bytes
from tests.factories.bench import make_instrument, make_planned_run
from tests.factories.browsing import said, sign_in, text_of
from tests.factories.measurement import (
    make_export,
    make_headings,
    make_measured_run,
    make_rows,
    make_waiting_upload,
    upload_run,
    write_batch_table,
)
from tests.factories.people import Cast

pytestmark = pytest.mark.django_db


def bring(client: Any, data: bytes, instrument: str = "ICPMS-1", name: str = "batch.xlsx", **more: str) -> Any:
    return client.post("/uploads/new/", {"instrument": instrument, "file": SimpleUploadedFile(name, data)} | more, follow=True)


def test_a_perfect_file_is_recorded_and_says_so(cast: Cast, planned: Run) -> None:
    analyst = sign_in(cast.analyst)
    assert planned.code in text_of(analyst.get(f"/uploads/new/?run={planned.code}"))
    answer = bring(analyst, make_export(planned), run=planned.code)
    upload = Upload.objects.get()
    assert answer.redirect_chain == [(f"/uploads/{upload.pk}/", 302)]
    assert said(answer) == ["Every row matched without a warning, so the readings are recorded."]
    assert upload.sha256 in text_of(answer)
    planned.refresh_from_db()
    assert planned.state == "qc_passed"


def test_the_same_bytes_again_open_the_first_upload(cast: Cast, planned: Run) -> None:
    first = upload_run(cast, planned).upload
    answer = bring(sign_in(cast.technician), make_export(planned), name="other.xlsx")
    assert answer.redirect_chain == [(f"/uploads/{first.pk}/", 302)]
    assert "came from this instrument before" in said(answer)[0]
    assert Upload.objects.count() == 1


def test_nothing_is_recorded_before_a_person_has_decided(cast: Cast, planned: Run) -> None:
    upload = make_waiting_upload(cast, planned)
    analyst, address = sign_in(cast.analyst), f"/uploads/{upload.pk}/"
    page = text_of(analyst.get(address))
    assert "FELDSPAR 7" in page
    assert "Record the readings" in page
    row = upload.rows.get(outcome="parked")

    refused = analyst.post(f"{address}rows/", {f"position_{row.index}": "99", f"aside_{row.index}": ""})
    assert refused.status_code == 422
    assert "has no position 99" in text_of(refused)
    unreasoned = analyst.post(f"{address}rows/", {f"position_{row.index}": "", f"aside_{row.index}": "on"})
    assert (unreasoned.status_code, "Say why they are set aside." in text_of(unreasoned)) == (422, True)
    nothing = analyst.post(f"{address}rows/", {f"position_{row.index}": ""})
    assert (nothing.status_code, "Nothing was chosen" in text_of(nothing)) == (422, True)

    placed = analyst.post(
        f"{address}rows/", {f"position_{row.index}": "", f"aside_{row.index}": "on", "reason": "another project"}, follow=True
    )
    assert said(placed) == ["The rows are placed."]
    planned.refresh_from_db()
    assert planned.state == "planned"
    confirmed = analyst.post(f"{address}confirm/", follow=True)
    assert confirmed.redirect_chain == [(f"/runs/{planned.code}/", 302)]
    planned.refresh_from_db()
    assert planned.state == "qc_passed"


def test_all_remaining_rows_are_set_aside_at_once(cast: Cast) -> None:
    upload = make_waiting_upload(cast, make_planned_run(cast))
    analyst = sign_in(cast.analyst)
    assert said(analyst.post(f"/uploads/{upload.pk}/rest/", {"reason": ""}, follow=True)) == ["Say why the rows are set aside."]
    analyst.post(f"/uploads/{upload.pk}/rest/", {"reason": "a test of the cones"})
    assert not upload.rows.filter(outcome="parked").exists()


def test_the_run_is_chosen_among_those_of_the_instrument(cast: Cast, planned: Run) -> None:
    stray = make_planned_run(cast, 1, instrument=make_instrument(cast, "ICPMS-2"))
    first_row = make_rows(planned)[2]
    foreign = write_batch_table([type(first_row)("X", "Sample", first_row.values)], make_headings(planned))
    upload = upload_run(cast, planned, foreign).upload
    analyst, address = sign_in(cast.analyst), f"/uploads/{upload.pk}/"
    page = text_of(analyst.get(address))
    assert planned.code in page
    assert stray.code not in page
    assert "No run of this instrument fits its labels" in page
    analyst.post(f"{address}run/", {"run": stray.code})
    upload.refresh_from_db()
    assert upload.run is None
    analyst.post(f"{address}run/", {"run": planned.code})
    upload.refresh_from_db()
    assert upload.run == planned


def test_withdrawing_needs_a_reason_and_can_be_undone(cast: Cast, measured: Run) -> None:
    upload = measured.uploads.get()
    analyst, address = sign_in(cast.analyst), f"/uploads/{upload.pk}/"
    assert said(analyst.post(f"{address}withdraw/", {"reason": " "}, follow=True)) == ["Say why the upload is withdrawn."]
    analyst.post(f"{address}withdraw/", {"reason": "wrong batch"})
    measured.refresh_from_db()
    upload.refresh_from_db()
    assert (measured.state, upload.state) == ("planned", "withdrawn")
    assert "Take it up again" in text_of(analyst.get(address))
    analyst.post(f"{address}reopen/", {"reason": "right after all"})
    upload.refresh_from_db()
    assert upload.state == "waiting"


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("holiday.png", b"\x89PNG\r\n\x1a\n" + b"\0" * 200, "cannot be read"),
        ("garbage.xlsx", bytes(range(256)) * 20_000, "cannot be read"),
        ("empty.xlsx", b"", "empty"),
    ],
)
def test_what_is_no_export_is_refused_in_words(cast: Cast, planned: Run, name: str, data: bytes, words: str) -> None:
    answer = bring(sign_in(cast.analyst), data, name=name)
    assert words in text_of(answer)
    planned.refresh_from_db()
    assert planned.state == "planned"
    assert not Upload.objects.exclude(state="unreadable").exists()


def test_too_large_a_file_is_413(cast: Cast, settings: Any) -> None:
    make_instrument(cast)
    settings.MAX_UPLOAD_BYTES = 100
    answer = bring(sign_in(cast.analyst), b"x" * 200)
    assert answer.status_code == 413
    assert not Upload.objects.exists()


def test_the_raw_bytes_come_as_an_attachment_that_no_browser_opens(cast: Cast, planned: Run) -> None:
    upload = upload_run(cast, planned, file_name='evil".html').upload
    answer = sign_in(cast.reviewer).get(f"/uploads/{upload.pk}/raw/")
    assert answer.content == read_bytes("uploads", upload.sha256)
    assert answer["Content-Type"] == "application/octet-stream"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Disposition"].startswith("attachment;")
    assert "\n" not in answer["Content-Disposition"]


def test_cells_show_text_and_number_and_export(cast: Cast) -> None:
    upload = make_waiting_upload(cast, make_planned_run(cast))
    reviewer = sign_in(cast.reviewer)
    page = text_of(reviewer.get(f"/uploads/{upload.pk}/readings/?analyte=Dy&quantity=concentration"))
    assert "35.100000" in page
    assert "AM5" in page
    lines = b"".join(reviewer.get(f"/uploads/{upload.pk}/readings/?format=csv").streaming_content).decode().splitlines()  # type: ignore[attr-defined]
    assert len(lines) == 1 + upload.rows.count() * 17 * 4


def test_the_queue_holds_what_waits_for_a_person(cast: Cast, measured: Run) -> None:
    waiting = make_waiting_upload(cast, make_planned_run(cast))
    page = text_of(sign_in(cast.analyst).get("/uploads/queue/"))
    assert str(waiting.pk) in page
    assert str(measured.uploads.get().pk) not in page
    assert "Bring a file" not in text_of(sign_in(cast.reviewer).get("/uploads/"))


def test_an_export_of_the_list(cast: Cast) -> None:
    make_measured_run(cast)
    lines = b"".join(sign_in(cast.reviewer).get("/uploads/?format=csv").streaming_content).decode().splitlines()  # type: ignore[attr-defined]
    assert len(lines) == 2
    assert lines[0].startswith("id,state,file_name,sha256")


def test_uploads_are_the_laboratorys(cast: Cast) -> None:
    upload = make_waiting_upload(cast, make_planned_run(cast))
    for role in ["collector", "custodian", "official", "administrator"]:
        person = sign_in(cast.people[role])
        for path in ("/uploads/", f"/uploads/{upload.pk}/", f"/uploads/{upload.pk}/raw/", "/uploads/new/"):
            assert person.get(path).status_code == 403, (role, path)


def test_who_does_not_measure_looks_and_decides_nothing(cast: Cast) -> None:
    upload = make_waiting_upload(cast, make_planned_run(cast))
    for role in ["reviewer", "signatory", "quality_manager", "receptionist"]:
        person, address = sign_in(cast.people[role]), f"/uploads/{upload.pk}/"
        page = person.get(address)
        assert page.status_code == 200, role
        assert "Record the readings" not in text_of(page), role
        assert person.get("/uploads/new/").status_code == 403, role
        for step in ("confirm", "withdraw", "reopen", "rest", "rows", "run"):
            assert person.post(f"{address}{step}/", {"reason": "x"}).status_code == 403, (role, step)
        upload.refresh_from_db()
        assert upload.state == "waiting", role


def test_another_laboratorys_uploads_are_not_there(cast: Cast) -> None:
    upload = make_waiting_upload(cast, make_planned_run(cast))
    outsider = sign_in(cast.outsiders["analyst"])
    for path in ("", "raw/", "readings/"):
        assert outsider.get(f"/uploads/{upload.pk}/{path}").status_code == 404, path
    assert outsider.post(f"/uploads/{upload.pk}/confirm/").status_code == 404
    assert str(upload.pk) not in text_of(outsider.get("/uploads/"))


def test_an_uploads_page_costs_a_fixed_number_of_queries(cast: Cast) -> None:
    counts = []
    for size in (1, 6):
        upload = make_waiting_upload(cast, make_planned_run(cast, size))
        client = sign_in(cast.analyst)
        client.get("/uploads/")
        with CaptureQueriesContext(connection) as captured:
            client.get(f"/uploads/{upload.pk}/")
        counts.append(len(captured))
    assert counts[0] == counts[1] <= 24
    assert Run.objects.filter(state="planned").count() == 2
