"""Files too large to be read while their sender waits: kept at once, read once by a worker, in the error queue when that fails."""

from __future__ import annotations

from io import BytesIO
from typing import Any
from unittest.mock import patch
from zipfile import ZIP_DEFLATED, ZipFile

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from assays.instruments.deferring import is_too_long_to_wait
from assays.instruments.importing import import_upload
from assays.instruments.models import Reading, Upload
from assays.instruments.recording import ignore_rows, reopen_upload, withdraw_upload
from assays.instruments.rematching import choose_run, place_again, take_back
from assays.instruments.replaying import replay_upload
from assays.models import ResultVersion, Run
from assays.selectors.uploads import error_queue
from lims.core.errors import DomainError
from lims.core.files import read_bytes
from lims.jobs.models import Job
from lims.jobs.services import run_job
from tests.factories.bench import make_planned_run
from tests.factories.browsing import said, sign_in, text_of
from tests.factories.callers import Caller
from tests.factories.measurement import make_export, make_instrument_token, upload_run
from tests.factories.people import Cast

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _small_limit(settings: Any) -> None:
    settings.READ_AT_ONCE_BYTES = 1000


def bring(cast: Cast, run: Run, data: bytes | None = None) -> Upload:
    return upload_run(cast, run, data).upload


def work(upload: Upload) -> Upload:
    """A worker does the upload's job."""
    assert upload.job is not None
    run_job(upload.job.pk)
    return Upload.objects.select_related("job", "run").get(pk=upload.pk)


def test_a_large_file_is_kept_at_once_and_stored_once_by_a_worker(cast: Cast, planned: Run) -> None:
    data = make_export(planned)
    upload = bring(cast, planned, data)
    assert (upload.state, upload.job.state, upload.job.requested_by) == ("reading", "queued", cast.analyst)
    assert read_bytes("uploads", upload.sha256) == data
    assert not upload.rows.exists()
    assert bring(cast, planned, data).pk == upload.pk

    upload = work(upload)
    planned.refresh_from_db()
    assert (upload.state, planned.state, upload.job.state) == ("recorded", "qc_passed", "done")
    assert upload.job.result["state"] == "recorded"
    stored = (Reading.objects.count(), ResultVersion.objects.count(), Job.objects.count())
    import_upload(upload.pk, lambda _progress, _message: None, by=cast.analyst)
    assert (Reading.objects.count(), ResultVersion.objects.count(), Job.objects.count()) == stored


def test_what_fails_in_the_worker_waits_in_the_error_queue_and_is_read_again(cast: Cast, planned: Run) -> None:
    assert bring(cast, planned, b"nothing that can be read " * 100).state == "unreadable"  # seen at the first look, without a worker
    head = b"Sample,,,163  Dy  [ He ] ,\nSample Name,Type,Total Dil.,Conc. [ ppb ],CPS\n"
    cut = work(bring(cast, planned, head + b"X,Sample,1,2.5,1000\n" * 50 + b"X,Sample"))
    assert (cut.state, cut.job.state, cut.rows.count()) == ("unreadable", "done", 0)
    assert "row 53" in cut.error_place

    upload = bring(cast, planned)
    with patch("assays.instruments.importing.read_export", side_effect=MemoryError):
        upload = work(upload)
    assert (upload.state, upload.job.state, upload.job.error_code) == ("unreadable", "failed", "internal")
    assert {cut, upload} < set(error_queue(cast.analyst))

    Run.objects.filter(pk=planned.pk).update(state="authorised")
    attempt = replay_upload(upload=upload, by=cast.analyst)
    assert (attempt.outcome, attempt.made, attempt.settled) == ("reading", upload, False)
    Run.objects.filter(pk=planned.pk).update(state="planned")
    assert work(attempt.made).state == "waiting"  # read again, a person records it

    closed = make_planned_run(cast)
    late = upload_run(cast, closed, run=closed).upload
    Run.objects.filter(pk=closed.pk).update(state="authorised")
    late = work(late)
    assert (late.state, late.job.error_code, late.rows.count()) == ("unreadable", "run_closed", 0)
    assert late.error.startswith(f"Run {closed.code} is")


def test_withdrawn_before_it_is_read_stores_nothing_and_can_be_taken_up_again(cast: Cast, planned: Run) -> None:
    upload = withdraw_upload(upload=bring(cast, planned), reason="wrong batch", by=cast.technician)
    upload = work(upload)
    assert (upload.state, upload.decision_reason, upload.rows.count(), upload.job.state) == ("withdrawn", "wrong batch", 0, "done")
    assert work(reopen_upload(upload=upload, reason="right after all", by=cast.technician)).state == "waiting"
    assert Run.objects.get(pk=planned.pk).state == "planned"


def test_what_is_asked_of_a_large_upload_that_waits_is_a_worker_s_too(cast: Cast, planned: Run) -> None:
    second = make_planned_run(cast, 2)
    upload = work(upload_run(cast, second, make_export(second), run=planned).upload)
    assert (upload.state, upload.run) == ("waiting", planned)

    def facts() -> Any:
        kept = list(upload.rows.order_by("index").values_list("outcome", "position", "decided_by"))
        return kept, list(Upload.objects.values_list("state", "run")), Reading.objects.count()

    ignore_rows(upload=upload, reason="a rinse", indexes=[2], by=cast.analyst)
    before = facts()
    # What is refused when the worker comes to it changes nothing, and is told at the upload.
    chosen = choose_run(upload=upload, run=second, by=cast.analyst)
    assert (chosen.state, chosen.job.state, upload.rows.exists()) == ("reading", "queued", True)
    with pytest.raises(DomainError, match="is being read"):
        take_back(upload=upload, indexes=[2], by=cast.analyst)
    Run.objects.filter(pk=second.pk).update(state="authorised")
    upload = work(chosen)
    assert (upload.job.state, facts()) == ("failed", before)
    assert upload.notes[-1]["message"].startswith(f"Run {second.code} is")
    Run.objects.filter(pk=second.pk).update(state="planned")

    upload = work(choose_run(upload=upload, run=second, by=cast.analyst))
    assert (upload.state, upload.run) == ("waiting", second)
    assert "not_placed_again" not in {note["code"] for note in upload.notes}
    assert upload.rows.get(index=2).outcome == "ignored"
    # A job that was overtaken finds nothing to do.
    place_again(upload.pk, lambda _progress, _message: None, by=cast.analyst, again="take_back", given={}, job_id=upload.job.pk)
    upload = work(take_back(upload=upload, indexes=[2], by=cast.analyst))
    assert (upload.state, upload.rows.filter(decided_by=None).count()) == ("waiting", upload.rows.count())

    attempt = replay_upload(upload=upload, by=cast.analyst)
    assert attempt.outcome == "reading"
    upload = work(attempt.made)
    assert [one.outcome for one in upload.attempts.order_by("pk")] == ["reading", "waiting"]
    # The API gives run and confirmation in one call: the worker does both or neither.
    upload = work(choose_run(upload=upload, run=planned, by=cast.analyst))
    call = f"/instruments/me/uploads/{upload.pk}/confirm/"
    answer = Caller(cast.analyst).post(call, {"run": second.code})
    assert (answer.status_code, answer.json()["state"]) == (202, "reading")
    assert work(Upload.objects.select_related("job").get(pk=upload.pk)).state == "recorded"
    second.refresh_from_db()
    assert second.state == "qc_passed"


def test_a_decision_taken_back_of_a_large_recorded_upload_is_a_worker_s_and_its_run_keeps_its_results_until_then(
    cast: Cast, planned: Run
) -> None:
    upload = work(bring(cast, planned))
    row = upload.rows.filter(position__kind="sample").order_by("index")[0]
    place = row.position_id
    ignore_rows(upload=upload, reason="a rinse", indexes=[row.index], by=cast.analyst)
    asked = take_back(upload=upload, indexes=[row.index], by=cast.analyst)
    assert (asked.state, asked.job.state, upload.rows.get(pk=row.pk).outcome) == ("recorded", "queued", "ignored")
    with pytest.raises(DomainError, match="is being read for a decision taken back before"):
        take_back(upload=upload, indexes=[row.index], by=cast.analyst)
    # What is refused when the worker comes to it changes nothing, and is told at the upload.
    state = Run.objects.get(pk=planned.pk).state
    Run.objects.filter(pk=planned.pk).update(state="authorised")
    upload = work(asked)
    assert (upload.state, upload.job.state, upload.notes[-1]["code"]) == ("recorded", "failed", "not_placed_again")
    assert upload.rows.get(pk=row.pk).outcome == "ignored"
    Run.objects.filter(pk=planned.pk).update(state=state)

    asked = take_back(upload=upload, indexes=[row.index], by=cast.analyst)
    upload, job = work(asked), asked.job
    row.refresh_from_db()
    assert (upload.state, upload.job, row.outcome, row.position_id) == ("recorded", None, "matched", place)
    assert "not_placed_again" not in {note["code"] for note in upload.notes}
    assert ResultVersion.objects.filter(position=place, version__gt=1).exists()
    # The same job once more finds nothing to do.
    place_again(upload.pk, lambda _progress, _message: None, by=cast.analyst, again="take_back", given={}, job_id=job.pk)


def test_a_workbook_counts_as_what_it_unpacks_to_and_a_bomb_is_refused_at_once(settings: Any) -> None:
    settings.READ_AT_ONCE_BYTES = 100_000

    def pack(size: int) -> bytes:
        packed = BytesIO()
        with ZipFile(packed, "w", ZIP_DEFLATED) as archive:
            archive.writestr("xl/workbook.xml", "<workbook/>")
            archive.writestr("xl/worksheets/sheet1.xml", b"0" * size)
        return packed.getvalue()

    assert [is_too_long_to_wait(data) for data in (b"0" * 100_000, b"0" * 100_001, pack(1000), pack(200_000))] == [False, True, False, True]
    assert not is_too_long_to_wait(pack(2**23))
    assert not is_too_long_to_wait(b"PK\x03\x04" + b"0" * 200_000)


def test_an_instrument_is_answered_202_and_asks_until_it_is_read(cast: Cast, planned: Run) -> None:
    caller = Client(headers={"authorization": f"Token {make_instrument_token(cast, planned.instrument)}"})

    def send() -> Any:
        return caller.post("/api/v1/instruments/me/uploads/", {"file": SimpleUploadedFile("batch.xlsx", make_export(planned))})

    answer = send()
    address = answer.headers["Location"]
    assert (answer.status_code, answer.json()["state"], answer.json()["job"]["progress"]) == (202, "reading", 0)
    again = send()
    assert (again.status_code, again.headers["Location"]) == (202, address)
    upload = Upload.objects.select_related("job").get()
    assert upload.job.requested_by is None
    work(upload)
    found = caller.get(address).json()
    assert (found["state"], found["job"], found["counts"]["parked"]) == ("recorded", None, 0)
    assert send().status_code == 200


def test_the_page_shows_how_far_it_is_and_leads_to_the_file(cast: Cast, planned: Run) -> None:
    analyst = sign_in(cast.analyst)
    form = {"instrument": planned.instrument.code, "run": planned.code, "file": SimpleUploadedFile("big.xlsx", make_export(planned))}
    page = analyst.post("/uploads/new/", form, follow=True)
    assert "read in the background" in said(page)[0]
    upload = Upload.objects.select_related("job").get()
    address = f"/uploads/{upload.pk}/"
    assert f'hx-get="{address}progress/"' in page.content.decode()
    assert "Withdraw the upload" in text_of(page)
    assert "Record the readings" not in text_of(page)
    assert "being read" in text_of(analyst.get("/uploads/?state=reading"))
    work(upload)
    assert address in analyst.get(f"{address}progress/").content.decode()
    recorded = text_of(analyst.get(address))
    assert "These readings are part of run" in recorded
    assert "Decisions about rows" not in recorded  # nobody decided about one
    assert sign_in(cast.outsiders["analyst"]).get(f"{address}progress/").status_code == 404
