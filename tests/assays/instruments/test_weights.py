"""Balances send weights by the instruments' door: recorded as the forms would, by whoever stands there, or refused whole."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from assays.instruments.keeping import issue_instrument_token
from assays.instruments.models import Instrument, Weight
from assays.models import Aliquot, Preparation
from lims.core import clock
from tests.factories.bench import make_instrument, make_planned_run, make_prepared, make_received_samples, make_submission, nothing_changes
from tests.factories.callers import Caller, InstrumentCaller
from tests.factories.people import Cast

pytestmark = pytest.mark.django_db

PORTION = "+   0.1001 g"


@pytest.fixture
def balance(cast: Cast) -> Instrument:
    return make_instrument(cast, "BAL-1", technique="balance", name="Analytical balance")


@pytest.fixture
def device(cast: Cast, balance: Instrument) -> InstrumentCaller:
    return InstrumentCaller(issue_instrument_token(instrument=balance, name="balance", by=cast.administrator)[1])


def stand(cast: Cast, balance: Instrument, person: Any = None, **body: Any) -> Any:
    return Caller(person or cast.technician).post(f"/instruments/{balance.code}/operator/", body)


def send(device: InstrumentCaller, *weights: dict[str, Any], **headers: str) -> Any:
    return device.post("/instruments/me/weights/", {"weights": list(weights)}, **headers)


def test_a_portion_becomes_an_aliquot_of_the_person_at_the_balance(cast: Cast, balance: Instrument, device: InstrumentCaller) -> None:
    [sample] = make_received_samples(cast, 1)
    make_submission(cast, [sample])
    make_prepared(cast, [sample])
    sample.refresh_from_db()
    before = sample.mass_g
    assert stand(cast, balance).json()["operator"] == cast.technician.full_name
    measured_at = clock.now().isoformat()
    weight = {"code": sample.blind_code.lower(), "step": "portion", "raw": PORTION, "measured_at": measured_at}
    answer = send(device, weight)
    assert answer.status_code == 201, answer.content
    [told] = answer.json()["weights"]
    aliquot = Aliquot.objects.get()
    assert (aliquot.mass_g, aliquot.weighed_by, told["aliquot"]) == (Decimal("0.1001"), cast.technician, aliquot.code)
    assert (told["sample"], told["raw"], told["mass_g"]) == (sample.blind_code, PORTION, "0.1001")
    assert cast.collector.organisation.name not in answer.content.decode()
    assert sample.code not in answer.content.decode()
    # Sent again without a key it is the same weighing; a repeat of the portion names the aliquot.
    assert send(device, weight).json()["weights"][0]["id"] == told["id"]
    again = send(device, {"code": aliquot.code, "step": "portion", "raw": "+   0.1002 g"})
    assert again.status_code == 201, again.content
    assert list(Aliquot.objects.order_by("code").values_list("duplicate_of", flat=True)) == [None, aliquot.pk]
    sample.refresh_from_db()
    assert sample.mass_g == before - Decimal("0.100") * 2
    assert send(device, weight | {"raw": "+   0.1003 g"}).json()["code"] == "other_weight"


def test_a_wet_and_a_dry_weight_become_a_preparation(cast: Cast, balance: Instrument, device: InstrumentCaller, client: Client) -> None:
    [sample] = make_received_samples(cast, 1)
    make_submission(cast, [sample])
    stand(cast, balance)
    wet = send(device, {"code": sample.blind_code, "step": "moisture_wet", "raw": "N     +  50.1200 g", "route": "pulp"})
    assert wet.json()["weights"][0]["outcome"] == "waits_for_dry", wet.content
    assert not Preparation.objects.exists()
    dry = {"code": sample.blind_code, "step": "moisture_dry", "raw": "N     +  41.3000 g"}
    assert send(device, dry).json()["weights"][0]["outcome"] == "recorded"
    made = Preparation.objects.get()
    assert (made.wet_mass_g, made.dry_mass_g, made.drying_c, made.prepared_by) == (
        Decimal("50.12"),
        Decimal("41.3"),
        105,
        cast.technician,
    )
    assert send(device, dry).json()["code"] == "no_wet_weight"
    client.force_login(cast.technician)
    page = client.get(f"/instruments/{balance.code}/").content.decode()
    assert sample.blind_code in page
    assert "I leave the balance" in page
    client.post(f"/instruments/{balance.code}/operator/", {"leave": "1"})
    assert "nobody; what it sends is refused" in client.get(f"/instruments/{balance.code}/").content.decode()


def test_what_is_refused_changes_nothing_and_names_its_place(cast: Cast, balance: Instrument, device: InstrumentCaller) -> None:
    [sample] = make_received_samples(cast, 1)
    make_submission(cast, [sample])
    make_prepared(cast, [sample])
    good = {"code": sample.blind_code, "step": "portion", "raw": PORTION}
    with nothing_changes():
        assert send(device, good).json()["code"] == "nobody_at_balance"
        assert stand(cast, balance, cast.receptionist).status_code == 403
        assert stand(cast, balance, cast.outsiders["technician"]).status_code == 404
        stand(cast, balance)
        for bad, code, member in (
            ({"raw": "0,1001 g"}, "no_weight", "raw"),
            ({"raw": "+   9.1001 g"}, "test_portion", "raw"),
            ({"code": "B-1"}, "unknown_sample", "code"),
            ({"code": sample.code}, "unknown_sample", "code"),
            ({"method": "LCH-MS"}, "unknown_test", "method"),
            ({"step": "moisture_wet"}, "route", "route"),
        ):
            answer = send(device, good | bad)
            assert answer.status_code == 422, (bad, answer.content)
            assert answer.json()["errors"][0] | {"detail": ""} == {"pointer": f"/weights/0/{member}", "code": code, "detail": ""}, bad
        both = send(device, good, good | {"raw": "High"})
        assert (both.status_code, both.json()["errors"][0]["pointer"]) == (422, "/weights/1/raw")
        Instrument.objects.filter(pk=balance.pk).update(calibration_due=clock.today() - timedelta(days=1))
        assert (send(device, good).status_code, send(device, good).json()["code"]) == (409, "calibration_due")
        icp = InstrumentCaller(issue_instrument_token(instrument=make_instrument(cast), name="icp", by=cast.administrator)[1])
        assert send(icp, good).json()["code"] == "not_a_balance"
    assert not Weight.objects.exists()


def test_a_scan_says_what_it_is_and_what_waits(cast: Cast) -> None:
    run = make_planned_run(cast, 1, duplicates=0)
    reader = make_instrument(cast, "SCAN-1", technique="barcode reader")
    device = InstrumentCaller(issue_instrument_token(instrument=reader, name="reader", by=cast.administrator)[1])
    [waiting] = make_received_samples(cast, 1)
    make_submission(cast, [waiting])

    def scan(code: str) -> Any:
        return device.post("/instruments/me/scans/", {"code": code}).json()

    prepare = {"step": "prepare", "method": "FUS-MS", "run": None, "held": False}
    assert scan(waiting.blind_code) == {"kind": "sample", "code": waiting.blind_code, "state": "received", "waits": [prepare]}
    aliquot = Aliquot.objects.get()
    assert scan(aliquot.code)["waits"] == [{"step": "measure", "method": "FUS-MS", "run": run.code, "held": False}]
    assert scan(run.code)["kind"] == "run"
    for unknown in (waiting.code, "B-000000000-0", "nonsense"):
        assert scan(unknown)["code"] == "unknown_code"
    elsewhere = make_instrument(cast, "SCAN-2", technique="barcode reader", laboratory=cast.organisations["other_lab"])
    other = InstrumentCaller(issue_instrument_token(instrument=elsewhere, name="reader", by=cast.administrator)[1])
    assert other.post("/instruments/me/scans/", {"code": waiting.blind_code}).status_code == 404
