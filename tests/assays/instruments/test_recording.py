"""What people decide about uploads: run, tubes, setting aside, confirming, withdrawing. The cells never change."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from assays.instruments.models import Reading, Upload, UploadRow
from assays.instruments.recording import (
    assign_row,
    assign_rows,
    confirm_blockers,
    confirm_upload,
    ignore_row,
    ignore_rows,
    reopen_upload,
    withdraw_upload,
)
from assays.instruments.rematching import choose_run
from assays.instruments.writers import BatchRow, write_batch_table
from assays.models import Result, ResultVersion, Run, SubmissionTest
from assays.selectors.uploads import find_recorded_before
from lims.core.errors import Blocked, DomainError, Forbidden, Invalid, NotFound
from tests.factories.bench import make_instrument, make_planned_run
from tests.factories.measurement import (
    make_calibration,
    make_export,
    make_headings,
    make_measured_run,
    make_rows,
    make_waiting_upload,
    upload_run,
)
from tests.factories.people import Cast

pytestmark = pytest.mark.django_db


def cells() -> list[Any]:
    return list(Reading.objects.order_by("pk").values())


def make_unnamed_upload(cast: Cast, run: Run) -> Upload:
    """A file in which the first sample carries a name no tube has."""
    rows = make_rows(run)
    rows[2] = BatchRow("PROJECT_1", "Sample", rows[2].values, total_dilution=rows[2].total_dilution)
    return upload_run(cast, run, write_batch_table([*make_calibration(run), *rows], make_headings(run)), run=run).upload


def test_confirming_takes_the_matched_rows_and_judges_the_run(cast: Cast, planned: Run) -> None:
    upload = make_waiting_upload(cast, planned)
    before = cells()
    confirm_upload(upload=upload, by=cast.analyst)
    upload.refresh_from_db()
    planned.refresh_from_db()
    assert (upload.state, upload.decided_by, planned.state) == ("recorded", cast.analyst, "qc_passed")
    assert set(SubmissionTest.objects.values_list("state", flat=True)) == {"measured"}
    assert cells() == before


def test_an_upload_is_confirmed_once(cast: Cast) -> None:
    upload = make_waiting_upload(cast, make_planned_run(cast))
    confirm_upload(upload=upload, by=cast.analyst)
    versions = ResultVersion.objects.count()
    with pytest.raises(Blocked) as refusal:
        confirm_upload(upload=upload, by=cast.analyst)
    assert refusal.value.code == "wrong_state"
    assert ResultVersion.objects.count() == versions


def test_an_upload_without_a_run_or_without_a_matched_row_cannot_be_confirmed(cast: Cast, planned: Run) -> None:
    stray = upload_run(cast, planned, instrument=make_instrument(cast, "ICPMS-2")).upload
    with pytest.raises(Blocked) as no_run:
        confirm_upload(upload=stray, by=cast.analyst)
    assert no_run.value.code == "no_run"
    foreign = write_batch_table([BatchRow("A", "Sample", make_rows(planned)[2].values)], make_headings(planned))
    nothing = upload_run(cast, planned, foreign, run=planned).upload
    with pytest.raises(Blocked) as refusal:
        confirm_upload(upload=nothing, by=cast.analyst)
    assert refusal.value.code == "nothing_matched"
    planned.refresh_from_db()
    assert planned.state == "planned"


def test_readings_in_a_unit_that_cannot_be_the_methods_cannot_be_confirmed(cast: Cast, planned: Run) -> None:
    upload = upload_run(cast, planned, write_batch_table(make_rows(planned), make_headings(planned), unit="mg/kg")).upload
    assert upload.state == "waiting"
    with pytest.raises(Blocked) as refusal:
        confirm_upload(upload=upload, by=cast.analyst)
    assert refusal.value.code == "unit_differs"
    assert "ug/L" in refusal.value.message
    planned.refresh_from_db()
    assert planned.state == "planned"
    assert not ResultVersion.objects.exists()


def test_a_person_says_which_tube_a_row_belongs_to(cast: Cast, planned: Run) -> None:
    upload = make_unnamed_upload(cast, planned)
    row = upload.rows.get(label="PROJECT_1")
    assert (upload.state, row.outcome) == ("waiting", "parked")
    position = planned.positions.get(number=3)
    assign_row(row=row, position=position, by=cast.analyst)
    assert (row.outcome, row.position, row.decided_by) == ("matched", position, cast.analyst)
    confirm_upload(upload=upload, by=cast.analyst)
    planned.refresh_from_db()
    assert planned.state == "qc_passed"


def test_run_and_tubes_may_come_with_the_confirmation_all_or_nothing(cast: Cast, planned: Run) -> None:
    upload = make_unnamed_upload(cast, planned)
    index = upload.rows.get(label="PROJECT_1").index
    with pytest.raises(Invalid):
        confirm_upload(upload=upload, by=cast.analyst, assignments={index: 99})
    assert upload.rows.get(index=index).outcome == "parked"
    confirm_upload(upload=upload, by=cast.analyst, run=planned, assignments={index: 3})
    planned.refresh_from_db()
    assert planned.state == "qc_passed"


@pytest.mark.parametrize(
    ("label", "number", "code"),
    [
        ("PROJECT_1", 99, "unknown_position"),
        ("Cal Blank", 3, "not_a_sample"),
        ("10 ppb", 3, "not_a_sample"),
        ("PROJECT_1", 4, "position_taken"),
    ],
)
def test_a_row_goes_nowhere_it_cannot_stand(cast: Cast, planned: Run, label: str, number: int, code: str) -> None:
    upload = make_unnamed_upload(cast, planned)
    row = upload.rows.get(label=label)
    before = list(UploadRow.objects.order_by("pk").values())
    with pytest.raises(Invalid) as refusal:
        assign_rows(upload=upload, assignments={row.index: number}, by=cast.analyst)
    assert refusal.value.code == code
    assert refusal.value.problems[0].pointer == f"/assignments/{row.index}"
    assert list(UploadRow.objects.order_by("pk").values()) == before


def test_a_blank_that_was_set_aside_still_is_no_sample(cast: Cast, planned: Run) -> None:
    upload = make_unnamed_upload(cast, planned)
    row = upload.rows.get(label="Cal Blank")
    ignore_row(row=row, reason="from yesterday", by=cast.analyst)
    with pytest.raises(Invalid) as refusal:
        assign_rows(upload=upload, assignments={row.index: 3}, by=cast.analyst)
    assert refusal.value.code == "not_a_sample"


def test_what_is_said_about_the_readings_follows_the_rows_that_are_taken(cast: Cast, planned: Run) -> None:
    rows = make_rows(planned)
    headings = [heading for heading in make_headings(planned) if heading.symbol != "Tb"]
    foreign = [BatchRow(f"P{number}", "Sample", row.values, total_dilution=row.total_dilution) for number, row in enumerate(rows)]
    upload = upload_run(cast, planned, write_batch_table(foreign, headings, unit="mg/kg"), run=planned).upload
    assert "unit_differs" not in {note["code"] for note in upload.notes}
    assign_rows(upload=upload, assignments={3: 3}, by=cast.analyst)
    upload.refresh_from_db()
    assert {"unit_differs", "analyte_missing"} <= {note["code"] for note in upload.notes}
    ignore_row(row=upload.rows.get(index=3), reason="another project", by=cast.analyst)
    upload.refresh_from_db()
    assert "unit_differs" not in {note["code"] for note in upload.notes}


def test_rows_are_set_aside_with_a_reason_one_or_all_that_remain(cast: Cast, planned: Run) -> None:
    values = make_rows(planned)[2].values
    upload = make_waiting_upload(
        cast, planned, BatchRow("X1", "Sample", values), BatchRow("X2", "Sample", values), BatchRow("X3", "Sample", values)
    )
    with pytest.raises(Invalid):
        ignore_rows(upload=upload, reason="  ", by=cast.analyst)
    ignore_row(row=upload.rows.get(label="X1"), reason="another project", by=cast.analyst)
    assert upload.rows.filter(outcome="parked").count() == 2
    ignore_rows(upload=upload, reason="test of the cones", by=cast.analyst)
    assert set(upload.rows.filter(outcome="ignored").values_list("label", "reason", "decided_by")) == {
        ("X1", "another project", cast.analyst.pk),
        ("X2", "test of the cones", cast.analyst.pk),
        ("X3", "test of the cones", cast.analyst.pk),
    }


def test_setting_a_recorded_reference_material_aside_blocks_the_run(cast: Cast, measured: Run) -> None:
    row = UploadRow.objects.get(position__run=measured, position__kind="reference")
    before = cells()
    ignore_row(row=row, reason="spilled", by=cast.analyst)
    measured.refresh_from_db()
    assert measured.state == "blocked"
    assert "No reference material was measured" in measured.verdict_text
    assert cells() == before


def test_withdrawing_leaves_cells_and_bytes_and_lets_the_run_wait_again(cast: Cast, measured: Run) -> None:
    upload = measured.uploads.get()
    before = cells()
    withdraw_upload(upload=upload, reason="wrong batch", by=cast.analyst)
    measured.refresh_from_db()
    upload.refresh_from_db()
    assert (upload.state, upload.decision_reason, measured.state, measured.measured_at) == ("withdrawn", "wrong batch", "planned", None)
    assert not Result.objects.exclude(current=None).exists()
    assert ResultVersion.objects.exists()
    assert set(SubmissionTest.objects.values_list("state", flat=True)) == {"in_run"}
    assert cells() == before
    with pytest.raises(Invalid):
        withdraw_upload(upload=upload, reason=" ", by=cast.analyst)
    with pytest.raises(DomainError):
        withdraw_upload(upload=upload, reason="again", by=cast.analyst)


def test_a_withdrawn_upload_can_be_taken_up_again_since_its_bytes_never_come_twice(cast: Cast, measured: Run) -> None:
    upload = measured.uploads.get()
    with pytest.raises(DomainError):
        reopen_upload(upload=upload, reason="no need", by=cast.analyst)
    withdraw_upload(upload=upload, reason="wrong batch", by=cast.analyst)
    reopen_upload(upload=upload, reason="it was the right one", by=cast.analyst)
    confirm_upload(upload=upload, by=cast.analyst)
    measured.refresh_from_db()
    assert measured.state == "qc_passed"


def test_a_second_measurement_replaces_the_first_only_after_that_is_withdrawn(cast: Cast) -> None:
    run = make_measured_run(cast, factors={"Dy": 1.3})
    assert run.state == "qc_failed"
    again = upload_run(cast, run, make_export(run)).upload
    assert [blocker.code for blocker in confirm_blockers(again)] == ["readings_taken"]
    first = run.uploads.get(state="recorded")
    matched = set(again.rows.filter(outcome="matched").values_list("index", flat=True))
    assert find_recorded_before(again) == {index: [{"id": str(first.pk), "file_name": first.file_name}] for index in matched}
    with pytest.raises(Blocked):
        confirm_upload(upload=again, by=cast.analyst)
    withdraw_upload(upload=run.uploads.get(state="recorded"), reason="recalibrated", by=cast.analyst)
    confirm_upload(upload=again, by=cast.analyst)
    run.refresh_from_db()
    assert run.state == "qc_passed"
    assert set(Result.objects.values_list("current__version", flat=True)) == {2}


def test_the_run_of_a_waiting_upload_can_be_chosen_among_the_instruments_own(cast: Cast, planned: Run) -> None:
    second = make_planned_run(cast, 2)
    upload = upload_run(cast, second, make_export(second), run=planned).upload
    assert upload.state == "waiting"
    choose_run(upload=upload, run=second, by=cast.analyst)
    upload.refresh_from_db()
    assert upload.run == second
    assert upload.rows.filter(outcome="matched").count() == second.positions.count()
    with pytest.raises(Invalid) as refusal:
        choose_run(upload=upload, run=make_planned_run(cast, 1, instrument=make_instrument(cast, "ICPMS-2")), by=cast.analyst)
    assert refusal.value.code == "other_instrument"


@pytest.mark.parametrize("decide", ["confirm", "withdraw", "assign", "ignore", "choose"])
def test_only_who_measures_decides_about_uploads(cast: Cast, planned: Run, decide: str) -> None:
    upload = make_waiting_upload(cast, planned)
    steps: dict[str, Callable[[Any], Any]] = {
        "confirm": lambda by: confirm_upload(upload=upload, by=by),
        "withdraw": lambda by: withdraw_upload(upload=upload, reason="no", by=by),
        "assign": lambda by: assign_rows(upload=upload, assignments={1: 1}, by=by),
        "ignore": lambda by: ignore_rows(upload=upload, reason="no", by=by),
        "choose": lambda by: choose_run(upload=upload, run=planned, by=by),
    }
    for person in (cast.reviewer, cast.signatory, cast.quality_manager, cast.administrator, planned.instrument):
        with pytest.raises(Forbidden):
            steps[decide](person)
    upload.refresh_from_db()
    assert upload.state == "waiting"


def test_a_position_of_another_run_is_not_there(cast: Cast, planned: Run) -> None:
    other = make_planned_run(cast, 1)
    upload = make_waiting_upload(cast, planned)
    with pytest.raises(NotFound):
        assign_row(row=upload.rows.get(outcome="parked"), position=other.positions.first(), by=cast.analyst)  # type: ignore[arg-type]
