"""Leaches and dilution series by HTTP: recorded once, refused at their place, read back, and nobody else's."""

from __future__ import annotations

import pytest

from assays.models import Aliquot, DilutionSeries, Leach, Submission
from assays.services.weighing import weigh_aliquot
from tests.assays.services.test_steps import make_tools
from tests.factories import bench
from tests.factories.callers import Caller
from tests.factories.people import Cast

pytestmark = pytest.mark.django_db

BATCH = {"concentration_mol_l": "0.5", "leachant_ml": "250", "ph_end": "4.61", "minutes": "60", "temperature_c": 22.5}


def weigh(submission: Submission, cast: Cast) -> list[Aliquot]:
    """A portion of each test, not leached yet."""
    tests = submission.tests.order_by("sample__code")
    return [weigh_aliquot(test=one, mass_g=one.method_version.test_portion_g, by=cast.technician) for one in tests]


def test_a_batch_of_leaches_is_recorded_once_and_read_back(cast: Cast) -> None:
    samples = bench.make_received_samples(cast, 2)
    submission = bench.make_submission(cast, samples, ["LCH-MS"])
    bench.make_prepared(cast, samples)
    first, second = weigh(submission, cast)
    technician = Caller(cast.technician)
    rows = [{"aliquot": one.code, "ph_start": "4.02", **BATCH} for one in (first, second)]
    with bench.nothing_changes():
        refused = technician.post("/leaches/", {"leaches": [rows[0], rows[1] | {"ph_start": "15"}]})
        assert refused.status_code == 422
        assert [one["pointer"] for one in refused.json()["errors"]] == ["/leaches/1/ph_start"]
        unknown = technician.post("/leaches/", {"leaches": [rows[0] | {"aliquot": "A-26-99999-X"}]})
        assert [one["pointer"] for one in unknown.json()["errors"]] == ["/leaches/0/aliquot"]
    body = {"leaches": [rows[0], rows[1] | {"ph_start": "6.00"}]}
    made = technician.post("/leaches/", body, **{"Idempotency-Key": "batch"})
    assert made.status_code == 201, made.content
    good, bad = made.json()
    assert (good["aliquot"], good["fault"], good["ph_start"]) == (first.code, "", "4.02")
    assert float(good["liquid_to_solid"]) == pytest.approx(250 / (float(first.mass_g) * 0.8), rel=1e-3)
    assert "pH at the start 6.00 is above" in bad["fault"]
    assert technician.post("/leaches/", body, **{"Idempotency-Key": "batch"})["Idempotent-Replay"] == "true"
    assert technician.post("/leaches/", body).json()["errors"][0]["code"] == "leached_already"
    right = technician.post("/leaches/", {"leaches": [rows[1]], "reason": "meter read before it was steady"})
    assert right.json()[0]["corrects"] == bad["id"]
    assert Leach.objects.count() == 3
    listed = Caller(cast.reviewer).get(f"/leaches/?aliquot={second.code}").json()["results"]
    assert [one["id"] for one in listed] == [right.json()[0]["id"], bad["id"]]
    assert Caller(cast.outsiders["technician"]).get("/leaches/").json()["results"] == []
    assert Caller(cast.collector).get("/leaches/").status_code == 403


def test_a_dilution_series_replaces_the_factor(cast: Cast) -> None:
    samples = bench.make_received_samples(cast)
    submission = bench.make_submission(cast, samples)
    bench.make_prepared(cast, samples)
    [aliquot] = weigh(submission, cast)
    make_tools(cast)
    technician = Caller(cast.technician)
    steps = [
        {"taken": "1.000", "final": "10.00", "u_taken": "0.005", "u_final": "0.02", "equipment": "BALANCE-30"},
        {"taken": 2, "final": 10},
    ]
    with bench.nothing_changes():
        refused = technician.post("/dilutions/", {"aliquot": aliquot.code, "steps": [steps[0], {"taken": "5", "final": "1"}]})
        assert [one["pointer"] for one in refused.json()["errors"]] == ["/steps/1/final"]
        lost = technician.post("/dilutions/", {"aliquot": aliquot.code, "steps": [steps[0] | {"equipment": "NONE"}]})
        assert [one["pointer"] for one in lost.json()["errors"]] == ["/steps/0/equipment"]
    made = technician.post("/dilutions/", {"aliquot": aliquot.code, "steps": steps})
    assert made.status_code == 201, made.content
    assert float(made.json()["factor"]) == 50
    assert float(made.json()["relative_u_percent"]) == pytest.approx(100 * (0.005**2 + 0.002**2) ** 0.5, rel=1e-3)
    aliquot.refresh_from_db()
    assert aliquot.dilution == 50
    assert technician.post("/dilutions/", {"aliquot": aliquot.code, "steps": steps}).status_code == 409
    assert Caller(cast.analyst).get(f"/dilutions/?sample={samples[0].blind_code}").json()["results"] == [made.json()]
    assert DilutionSeries.objects.count() == 1
