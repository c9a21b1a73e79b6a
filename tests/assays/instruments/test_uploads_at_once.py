"""Two doors at the same moment, over connections of their own: one upload, one set of readings, one signature."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.db import connections

from assays.instruments.ingest import store_readings, store_upload
from assays.instruments.models import Reading, Upload, UploadState
from assays.instruments.recording import confirm_upload
from assays.instruments.writers import BatchRow
from assays.models import Authorisation, Reduction, Result, Run
from assays.services.authorising import authorise_results
from lims.core.errors import DomainError
from tests.factories import people
from tests.factories.bench import grant_competence, make_planned_run
from tests.factories.measurement import make_export, make_readings, make_reviewed_run, make_rows, make_waiting_upload
from tests.factories.people import PASSWORD

TIMES = 4
WINDOWS = 10


def at_once(*steps: Callable[[], Any]) -> list[Any]:
    """Run the steps in threads of their own, all starting together; a refusal is an answer like any other."""
    start = Barrier(len(steps))

    def run(step: Callable[[], Any]) -> Any:
        try:
            start.wait()
            return step()
        except DomainError as refusal:
            return refusal
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(steps)) as pool:
        return list(pool.map(run, steps))


@pytest.mark.usefixtures("fresh_database")
def test_the_same_bytes_at_once_are_one_upload_recorded_once() -> None:
    cast = people.make_cast()
    run = make_planned_run(cast)
    data = make_export(run)
    doors = [cast.analyst, run.instrument] * (TIMES // 2)
    answers = at_once(*[lambda by=by: store_upload(instrument=run.instrument, file_name="b.xlsx", data=data, by=by) for by in doors])  # type: ignore[misc]
    assert sorted(answer.created for answer in answers) == [False] * (TIMES - 1) + [True]
    assert len({answer.upload.pk for answer in answers}) == Upload.objects.count() == 1
    assert Reduction.objects.count() == 1
    assert Reading.objects.count() == (run.positions.count() + 2) * 17 * 4 - 2 * 17 * 2
    assert set(Result.objects.values_list("current__version", flat=True)) == {1}


def make_windows(run: Run) -> list[bytes]:
    """Ten messages of the run's readings, each of three tubes that follow one another, so that each overlaps its neighbours."""
    whole = make_readings(run)
    numbers = sorted({one["position"] for one in whole["readings"]})
    windows = [{numbers[(first + step) % len(numbers)] for step in range(3)} for first in range(WINDOWS)]
    return [
        json.dumps(
            whole | {"readings": [one | {"comment": f"part {index}"} for one in whole["readings"] if one["position"] in window]}
        ).encode()
        for index, window in enumerate(windows)
    ]


def recorded_cells(run: Run) -> Counter[tuple[int, str]]:
    """How many recorded uploads gave each tube's element."""
    cells = Reading.objects.filter(row__upload__run=run, row__upload__state=UploadState.RECORDED)
    return Counter(cells.values_list("row__position__number", "analyte"))


@pytest.mark.usefixtures("fresh_database")
def test_ten_overlapping_uploads_at_once_never_measure_a_tube_twice() -> None:
    cast = people.make_cast()
    run = make_planned_run(cast, 4)
    bodies = make_windows(run)
    answers = at_once(*[lambda body=body: store_readings(instrument=run.instrument, body=body, by=run.instrument) for body in bodies])  # type: ignore[misc]
    assert [answer.created for answer in answers] == [True] * WINDOWS, answers
    recorded = Upload.objects.filter(state=UploadState.RECORDED)
    waiting = Upload.objects.filter(state=UploadState.WAITING)
    assert recorded.count() + waiting.count() == WINDOWS
    assert Reading.objects.count() == sum(len(json.loads(body)["readings"]) for body in bodies)
    assert set(recorded_cells(run).values()) == {1}
    numbers = list(Reduction.objects.order_by("number").values_list("number", flat=True))
    assert numbers == list(range(1, recorded.count() + 1))
    last = Reduction.objects.latest("number")
    assert sorted(last.uploads) == sorted(recorded.values_list("sha256", flat=True))
    # Each that waits says why, and is still refused alone: whoever came first stays.
    refused = at_once(*[lambda upload=upload: confirm_upload(upload=upload, by=cast.analyst) for upload in waiting])  # type: ignore[misc]
    assert {answer.code for answer in refused} == {"readings_taken"}
    assert set(recorded_cells(run).values()) == {1}


@pytest.mark.usefixtures("fresh_database")
def test_two_overlapping_uploads_confirmed_at_once_are_one_measurement() -> None:
    cast = people.make_cast()
    run = make_planned_run(cast)
    uploads = [make_waiting_upload(cast, run), make_waiting_upload(cast, run, BatchRow("FELDSPAR 8", "Sample", make_rows(run)[-1].values))]
    answers = at_once(*[lambda upload=upload: confirm_upload(upload=upload, by=cast.analyst) for upload in uploads])  # type: ignore[misc]
    assert [answer.code for answer in answers if isinstance(answer, DomainError)] == ["readings_taken"]
    assert Upload.objects.filter(state=UploadState.RECORDED).count() == Reduction.objects.count() == 1


@pytest.mark.usefixtures("fresh_database")
def test_two_confirmations_at_once_record_once() -> None:
    cast = people.make_cast()
    upload = make_waiting_upload(cast, make_planned_run(cast))
    answers = at_once(*[lambda by=by: confirm_upload(upload=upload, by=by) for by in (cast.analyst, cast.technician)])  # type: ignore[misc]
    refused = [answer for answer in answers if isinstance(answer, DomainError)]
    assert [refusal.code for refusal in refused] == ["wrong_state"]
    assert Reduction.objects.count() == 1


@pytest.mark.usefixtures("fresh_database")
def test_two_signatures_at_once_release_once() -> None:
    cast = people.make_cast()
    run = make_reviewed_run(cast)
    second = people.make_user("second_signatory", "signatory", cast.organisations["lab"])
    for person in (cast.signatory, second):
        grant_competence(cast, person, "authorise")
    answers = at_once(*[lambda by=by: authorise_results(run=run, password=PASSWORD, by=by) for by in (cast.signatory, second)])  # type: ignore[misc]
    assert sum(isinstance(answer, Authorisation) for answer in answers) == Authorisation.objects.count() == 1
    assert [answer.code for answer in answers if isinstance(answer, DomainError)] == ["authorised_already"]
