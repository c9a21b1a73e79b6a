"""From the mine to the certificate through the REST interface alone, as a stranger would: every step by the role that takes it."""

from __future__ import annotations

import hashlib
import json
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from django.core.management import call_command

from assays.models import Run
from lims.core import clock
from tests.factories.measurement import make_export
from tests.factories.people import PASSWORD
from tests.processes import wait_until
from tests.running import Product


def register(product: Product, count: int) -> list[str]:
    """Samples of a pit, registered in one call; their human codes."""
    collected = (clock.now() - timedelta(hours=20)).isoformat()
    records = [
        {
            "mine": "PW1",
            "pit": "P1",
            "material": "clay",
            "method": "channel",
            "collected_at": collected,
            "mass_g": "2100.5",
            "container": "poly bag",
            "field_id": f"FLOW-{number}",
            "seal_number": f"FL{number:05d}",
        }
        for number in range(count)
    ]
    answer = product.post("/samples/", "collector", records)
    rows = answer["results"] if isinstance(answer, dict) else answer
    return [row["code"] for row in rows]


def carry(product: Product, codes: list[str]) -> None:
    """Pack, dispatch, two handovers with both acknowledgements, receipt item by item."""
    lab, carrier = (product.cast.organisations[key].code for key in ("lab", "carrier"))
    body = {"addressee": lab, "carrier": carrier, "waybill": "WB-FLOW", "items": [{"sample": code} for code in codes]}
    call = f"/consignments/{product.post('/consignments/', 'collector', body)['code']}"
    product.post(f"{call}/dispatch/", "collector", {"place": "Myitkyina"})
    product.post(f"{call}/handover/", "collector", {"receiver": carrier})
    product.post(f"{call}/acknowledge/", "custodian", {"accept": True, "seals_intact": True})
    product.post(f"{call}/handover/", "custodian", {"receiver": lab})
    product.post(f"{call}/acknowledge/", "receptionist", {"accept": True, "seals_intact": True})
    found = [
        {
            "sample": code,
            "present": True,
            "seal_number": f"FL{number:05d}",
            "seal_condition": "intact",
            "container_intact": True,
            "container_count": 1,
            "mass_g": "2100.5",
        }
        for number, code in enumerate(codes)
    ]
    product.post(f"{call}/receive/", "receptionist", {"items": found})


def prepare(product: Product) -> tuple[str, str]:
    """Submission, preparation, weighing with a duplicate, a planned run; submission code and run code."""
    blind = [row["code"] for row in product.get("/samples/?state=received", "technician")["results"]]
    submission = product.post(
        "/submissions/", "receptionist", {"samples": blind, "methods": ["FUS-MS"], "customer": product.cast.organisations["irel"].code}
    )
    product.post(
        "/preparations/",
        "technician",
        [{"sample": code, "route": "as received", "wet_mass_g": "50", "dry_mass_g": "40", "drying_c": 105} for code in blind],
    )
    weighed = product.post("/aliquots/", "technician", [{"sample": code, "method": "FUS-MS", "mass_g": "0.1000"} for code in blind])
    first = _rows(weighed)[0]
    product.post("/aliquots/", "technician", [{"sample": blind[0], "method": "FUS-MS", "mass_g": "0.1001", "duplicate_of": first["code"]}])
    run = product.post("/runs/", "analyst", {"instrument": product.instrument.code, "method": "FUS-MS"})
    return submission["code"], run["code"]


def _rows(answer: Any) -> list[Any]:
    return answer["results"] if isinstance(answer, dict) else answer


def test_a_sample_travels_from_the_pit_to_a_verified_certificate(product: Product) -> None:
    codes = register(product, 3)
    carry(product, codes)
    submission, run = prepare(product)

    export = make_export(Run.objects.get(code=run))
    sent = product.call("POST", "/api/v1/instruments/me/uploads/", "instrument", ("batch.xlsx", export))
    assert sent.status == 201, sent.data
    assert product.call("POST", "/api/v1/instruments/me/uploads/", "instrument", ("batch.xlsx", export)).status == 200
    assert product.get(f"/runs/{run}/", "analyst")["state"] == "qc_passed"

    own_work = product.call("POST", f"/api/v1/runs/{run}/review/", "analyst", {"decision": "approve", "password": PASSWORD})
    assert own_work.status == 403
    product.post(f"/runs/{run}/review/", "reviewer", {"decision": "approve", "password": PASSWORD})
    assert product.get("/results/", "official")["results"] == []
    product.post("/results/authorise/", "signatory", {"run": run, "password": PASSWORD, "meaning": "authorisation"})

    asked = product.call("POST", "/api/v1/certificates/", "signatory", {"submission": submission})
    assert asked.status == 202, asked.data
    number, job = asked.body["number"], asked.body["job"]
    job_id = job["id"] if isinstance(job, dict) else job
    wait_until(lambda: product.get(f"/jobs/{job_id}/", "signatory")["state"] in {"done", "failed"}, "the certificate is made")
    assert product.get(f"/jobs/{job_id}/", "signatory")["state"] == "done", product.get(f"/jobs/{job_id}/", "signatory")

    certificate = product.get(f"/certificates/{number}/", "official")
    paper = product.call("GET", f"/api/v1/certificates/{number}/pdf/", "official", accept="application/pdf")
    assert paper.data.startswith(b"%PDF-")
    snapshot = product.call("GET", f"/api/v1/certificates/{number}/data/", "official")
    verified = product.call("GET", urlsplit(certificate["verify_url"]).path)
    assert verified.status == 200
    text = json.dumps(verified.body)
    assert hashlib.sha256(snapshot.data).hexdigest() in text
    assert hashlib.sha256(paper.data).hexdigest() in text
    assert number in text
    assert "Dy" not in text

    grades = product.get("/grades/", "official")["results"]
    assert sorted(grade["sample"] for grade in grades) == sorted(codes)
    assert all(grade["dy"]["unit"] == "mg/kg" and grade["dy"]["basis"] == "dry" and grade["treo"]["complete"] for grade in grades)

    events = product.get(f"/samples/{codes[0]}/custody/", "official")["events"]
    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
    assert {"collected", "sealed", "dispatched", "relinquished", "acknowledged", "received", "consumed"} <= {
        event["kind"] for event in events
    }
    call_command("verify_custody", verbosity=0)


def test_nobody_learns_more_than_is_theirs_on_the_way(product: Product) -> None:
    codes = register(product, 1)
    for outsider in ("analyst", "custodian", "receptionist"):
        assert product.call("GET", f"/api/v1/samples/{codes[0]}/", outsider).status == 404
    carry(product, codes)
    assert product.call("GET", f"/api/v1/samples/{codes[0]}/", "analyst").status == 404
    blind = product.get("/samples/", "analyst")["results"][0]
    seen = json.dumps(product.get(f"/samples/{blind['code']}/", "analyst"))
    seen += json.dumps(product.get(f"/samples/{blind['code']}/custody/", "analyst"))
    for secret in (codes[0], "Pangwa North", "PW1", "98.61", "FLOW-0", "IREL"):
        assert secret not in seen
    for path in ("/samples/", "/certificates/", "/jobs/00000000-0000-7000-8000-000000000000/"):
        assert product.call("GET", f"/api/v1{path}", "instrument").status == 403
