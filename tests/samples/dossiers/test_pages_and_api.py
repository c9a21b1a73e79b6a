"""Dossiers at the doors: asked for on a page or over the API, seen while they are made, handed out; and the verifier for anybody."""

from __future__ import annotations

import hashlib

import pytest
from django.test import Client

from lims.jobs.models import Job
from lims.jobs.services import run_job
from samples.dossiers.models import Dossier
from samples.dossiers.verifier_file import read_verifier
from samples.models import Sample
from tests.factories.browsing import sign_in, text_of
from tests.factories.callers import Caller
from tests.factories.consignments import make_received, samples_of
from tests.factories.people import Cast

pytestmark = pytest.mark.django_db


@pytest.fixture
def sample(cast: Cast) -> Sample:
    return samples_of(make_received(cast, 1))[0]


def test_a_dossier_is_asked_for_on_the_samples_page_and_followed_to_its_end(cast: Cast, sample: Sample) -> None:
    browser = sign_in(cast.analyst)
    assert f'action="/dossiers/samples/{sample.blind_code}/"' in text_of(browser.get(f"/samples/{sample.blind_code}/"))

    answer = browser.post(f"/dossiers/samples/{sample.blind_code}/")
    dossier = Dossier.objects.get()
    assert answer.headers["Location"] == f"/dossiers/{dossier.number}/"
    assert "hx-get" in text_of(browser.get(answer.headers["Location"]))  # a bar that moves

    run_job(dossier.job_id)
    dossier.refresh_from_db()
    for address in (f"/dossiers/{dossier.number}/", "/dossiers/", f"/samples/{sample.blind_code}/"):
        page = text_of(browser.get(address))
        assert dossier.edition.bundle_sha256[:16] in page
        assert sample.code not in page
    data = browser.get(f"/dossiers/{dossier.number}/json/")
    assert hashlib.sha256(data.content).hexdigest() == dossier.edition.bundle_sha256
    assert data.headers["Cache-Control"] == "private, no-store"


def test_what_failed_says_why_and_is_tried_again(cast: Cast, sample: Sample) -> None:
    browser = sign_in(cast.collector)
    browser.post(f"/dossiers/samples/{sample.code}/")
    dossier = Dossier.objects.get()
    Job.objects.filter(pk=dossier.job_id).update(state="failed", message="The fonts are missing. Run prepare_assets.")

    page = text_of(browser.get(f"/dossiers/{dossier.number}/"))
    assert "The fonts are missing. Run prepare_assets." in page
    assert f'action="/dossiers/{dossier.number}/retry/"' in page
    assert browser.get(f"/dossiers/{dossier.number}/pdf/").status_code == 302
    browser.post(f"/dossiers/{dossier.number}/retry/")
    assert Job.objects.get(pk=dossier.job_id).state == "queued"
    caller = Caller(cast.collector)
    assert caller.post(f"/dossiers/{dossier.number}/retry/", {}).status_code == 409, "it waits already"
    Job.objects.filter(pk=dossier.job_id).update(state="failed")
    again = caller.post(f"/dossiers/{dossier.number}/retry/", {})
    assert (again.status_code, Job.objects.get(pk=dossier.job_id).state) == (202, "queued")
    assert Caller(cast.outsiders["collector"]).post(f"/dossiers/{dossier.number}/retry/", {}).status_code == 404


def test_the_api_asks_for_lists_and_hands_out(cast: Cast, sample: Sample) -> None:
    caller = Caller(cast.custodian)
    consignment = sample.consignment_items.get().consignment
    asked = caller.post("/dossiers/", {"consignment": consignment.code})
    assert (asked.status_code, asked.json()["state"]) == (202, "queued")
    number = asked.json()["number"]
    assert caller.get(f"/dossiers/{number}/data/").status_code == 409

    run_job(Dossier.objects.get().job_id)
    made = caller.get(f"/dossiers/{number}/").json()
    assert (made["state"], made["verdict"], made["job"]) == ("made", "authentic", None)
    assert [row["number"] for row in caller.get(f"/dossiers/?q={consignment.code}").json()["results"]] == [number]
    for kind, magic in (("pdf", b"%PDF"), ("zip", b"PK"), ("data", b'{"as_of"')):
        assert caller.get(f"/dossiers/{number}/{kind}/").content.startswith(magic)
    assert Caller(cast.outsiders["collector"]).get(f"/dossiers/{number}/").status_code == 404
    assert Caller(cast.official).get(f"/dossiers/{number}/").status_code == 200


@pytest.mark.parametrize(
    ("body", "status"),
    [({}, 422), ({"sample": "S-1", "consignment": "CN-1"}, 422), ({"sample": "S-26-99999-X"}, 404), ({"consignment": 7}, 422)],
)
def test_what_cannot_be_asked_for_is_refused_and_leaves_nothing(cast: Cast, body: dict[str, object], status: int) -> None:
    assert Caller(cast.collector).post("/dossiers/", body).status_code == status
    assert not Dossier.objects.exists()
    assert not Job.objects.exists()


def test_anybody_may_take_the_verifier_and_compare_its_hash() -> None:
    data, sha256 = read_verifier()
    file = Client().get("/custody/verifier/verify_custody_dossier.py")
    assert hashlib.sha256(file.content).hexdigest() == hashlib.sha256(data).hexdigest() == sha256
    assert sha256 in text_of(Client().get("/custody/verifier/"))
