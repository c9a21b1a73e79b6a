"""From readings to result versions: the number, its bounds, and what it was made of."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from assays.instruments.ingest import store_readings
from assays.instruments.recording import confirm_upload
from assays.instruments.writers import BatchRow, BatchValues, write_batch_table
from assays.models import Result, ResultVersion, Run, SubmissionTest
from assays.services.judging import judge_run
from assays.services.planning import plan_run
from assays.services.result_versions import reduce_run
from assays.services.reviewing import SEND_BACK, review_run
from tests.factories.bench import method_version
from tests.factories.measurement import make_export, make_headings, make_measured_run, make_readings, make_rows, upload_run
from tests.factories.people import PASSWORD, Cast

pytestmark = pytest.mark.django_db


def read(run: Run, position: int, symbol: str, **members: Any) -> None:
    """Send the run's readings with one changed."""
    body = make_readings(run)
    [reading] = [one for one in body["readings"] if (one["position"], one["analyte"]) == (position, symbol)]
    reading |= members
    upload = store_readings(instrument=run.instrument, body=json.dumps(body).encode(), by=run.instrument).upload
    if upload.state == "waiting":
        confirm_upload(upload=upload, by=run.planned_by)


def current(run: Run, position: int, symbol: str) -> ResultVersion:
    return ResultVersion.objects.get(position__run=run, position__number=position, result__analyte__symbol=symbol, current_of__isnull=False)


def test_a_result_computed_by_hand(cast: Cast, planned: Run) -> None:
    # Position 3: 35.1 µg/L read with its dilution, blank 0.018 µg/L, 100 mL, 0.1 g, 20 % moisture:
    # (35.1 - 0.018) µg/L · 0.1 L / 0.1 g = 35.082 mg/kg as weighed; / 0.8 = 43.8525 mg/kg dry; U = 10 % = 4.4.
    read(planned, 3, "Dy", value="35.1")
    found = current(planned, 3, "Dy")
    assert (found.text, found.uncertainty_text, found.unit, found.basis, found.qualifier) == ("43.9", "4.4", "mg/kg", "dry", "=")
    assert found.value == Decimal("43.8525")
    assert found.inputs["blank_ug_l"] == "0.018"
    assert found.inputs["portion_moisture_percent"] == "20.0"
    assert str(found.method_version) == "FUS-MS v1"


def test_a_dilution_the_instrument_did_not_apply_is_applied_here_once(cast: Cast, planned: Run) -> None:
    body = make_readings(planned)
    for reading in body["readings"]:
        if reading["position"] == 3:
            reading |= {"value": str(Decimal(reading["value"]) / 20), "dilution": None}
    store_readings(instrument=planned.instrument, body=json.dumps(body).encode(), by=planned.instrument)
    found = current(planned, 3, "Dy")
    # 1.755 µg/L of the measured solution, diluted twenty times: the same 35.1 µg/L.
    assert found.inputs["solution_ug_l"] == "1.755"
    assert found.value == Decimal("43.8525")
    assert found.inputs["dilution"] == "20.0"


@pytest.mark.parametrize(
    ("members", "qualifier", "text"),
    [
        ({"value": "<0.001"}, "<", "<0.38"),  # the LOQ of 0.3 mg/kg on a portion with 20 % moisture
        ({"value": None, "qualifier": "ND"}, "<", "<0.38"),
        ({"value": "-0.2"}, "<", "<0.38"),
        ({"value": "0.1"}, "<", "<0.38"),
        ({"value": "999999"}, ">", ">6200"),
        ({"value": None, "qualifier": "OVER"}, ">", ">6200"),
    ],
)
def test_what_is_outside_the_working_range_is_a_bound_never_a_number(
    cast: Cast, planned: Run, members: dict[str, Any], qualifier: str, text: str
) -> None:
    read(planned, 4, "Dy", **members)
    found = current(planned, 4, "Dy")
    assert (found.qualifier, found.text, found.uncertainty, found.uncertainty_text) == (qualifier, text, None, "")


def test_what_is_not_available_gives_no_result(cast: Cast, planned: Run) -> None:
    read(planned, 4, "Dy", value=None, qualifier="N/A")
    assert not Result.objects.filter(test__aliquots__positions__run=planned, analyte__symbol="Dy", current__position__number=4).exists()
    assert current(planned, 3, "Dy")


def test_only_samples_become_results_not_their_duplicates_nor_controls(cast: Cast) -> None:
    make_measured_run(cast)
    assert set(ResultVersion.objects.values_list("position__kind", flat=True)) == {"sample"}
    assert Result.objects.count() == 3 * 17


def test_reducing_again_adds_versions_and_overwrites_none(cast: Cast, measured: Run) -> None:
    before = list(ResultVersion.objects.order_by("pk").values())
    reduction = reduce_run(run=measured, by=cast.analyst)
    assert (reduction.number, reduction.reduced_by, reduction.uploads) == (2, cast.analyst, [measured.uploads.get().sha256])
    assert list(ResultVersion.objects.filter(version=1).order_by("pk").values()) == before
    assert set(Result.objects.values_list("current__version", flat=True)) == {2}


def test_another_isotope_than_the_methods_is_kept_and_not_used(cast: Cast, planned: Run) -> None:
    headings = make_headings(planned)
    other = type(headings[0])("Dy", 161)
    rows = [
        BatchRow(row.sample, row.type, {**row.values, other.heading: BatchValues(Decimal(999))}, total_dilution=row.total_dilution)
        for row in make_rows(planned)
    ]
    upload_run(cast, planned, write_batch_table(rows, [*headings, other]))
    planned.refresh_from_db()
    assert planned.state == "qc_passed"
    assert current(planned, 3, "Dy").text == "43.9"


def test_a_test_loaded_again_follows_its_newest_run(cast: Cast) -> None:
    first = make_measured_run(cast, factors={"Dy": 1.3})
    review_run(run=first, decision=SEND_BACK, reason="Dy is high: recalibrate.", password=PASSWORD, by=cast.reviewer)
    second = plan_run(instrument=first.instrument, method_version=method_version(), by=cast.analyst)
    upload_run(cast, second, make_export(second))
    assert set(Result.objects.values_list("current__reduction__run", flat=True)) == {second.pk}
    # The first run can still be corrected, but its tests are no longer its own.
    late = upload_run(cast, first, make_export(first, {"Dy": 1.2}), run=first).upload
    first.uploads.filter(state="recorded").update(state="withdrawn")
    confirm_upload(upload=late, by=cast.analyst)
    assert set(Result.objects.values_list("current__reduction__run", flat=True)) == {second.pk}
    assert set(SubmissionTest.objects.values_list("state", flat=True)) == {"measured"}


def test_judging_asks_the_database_as_often_for_a_tray_as_for_a_tube(cast: Cast) -> None:
    make_measured_run(cast, 1)  # later runs look back to it
    asked = []
    for samples in (1, 6):
        run = Run.objects.select_related("method_version__method", "instrument").get(pk=make_measured_run(cast, samples).pk)
        with CaptureQueriesContext(connection) as captured:
            judge_run(run=run, by=cast.analyst)
        asked.append(len(captured))
    assert asked[0] == asked[1] <= 29
