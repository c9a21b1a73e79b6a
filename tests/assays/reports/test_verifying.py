"""The address in the QR, for anybody: authentic, superseded, withdrawn or unknown, and never a result."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import pytest
from django.test import Client

from assays.reports.content import verify_url
from assays.reports.models import Certificate
from assays.reports.services import request_certificate, withdraw_certificate
from tests.factories.people import PASSWORD, Cast
from tests.factories.release import make_amended, make_authorised, make_issued, without


def ask(client: Client, certificate: Certificate, accept: str = "application/json") -> Any:
    return client.get(urlsplit(verify_url(certificate)).path, headers={"accept": accept})


def test_certificate_in_force_is_authentic(client: Client, cast: Cast, certificate: Certificate) -> None:
    answer = ask(client, certificate)
    assert answer.status_code == 200
    assert answer.json() == {
        "status": "authentic",
        "authentic": True,
        "in_force": True,
        "number": certificate.number,
        "laboratory": "Bhopal Laboratory",
        "issued_at": certificate.statuses.get().at.isoformat(),
        "snapshot_sha256": certificate.snapshot.sha256,
        "pdf_sha256": certificate.artefacts.get().sha256,
        "pdf_size": certificate.artefacts.get().size,
        "superseded_by": None,
        "synthetic": False,
    }


def test_superseded_certificate_names_the_one_at_the_end_of_the_chain(client: Client, cast: Cast, certificate: Certificate) -> None:
    second = make_amended(cast, certificate)
    third = make_amended(cast, second, without(Dy="39.9"))
    answer = ask(client, certificate).json()
    assert (answer["status"], answer["in_force"], answer["superseded_by"]) == ("superseded", False, third.number)


def test_withdrawn_certificate_says_so_and_not_why(client: Client, cast: Cast, certificate: Certificate) -> None:
    withdraw_certificate(certificate=certificate, reason="Samples were swapped", password=PASSWORD, by=cast.signatory)
    answer = ask(client, certificate)
    assert (answer.json()["status"], answer.json()["in_force"]) == ("withdrawn", False)
    page = ask(client, certificate, "text/html").content.decode()
    assert "Withdrawn" in page
    assert "swapped" not in page + answer.content.decode()


@pytest.mark.parametrize("token", ["nothing-of-the-kind", "x" * 40, "%00", "a/../b"])
def test_anything_else_is_unknown(client: Client, db: None, token: str) -> None:
    for accept in ["application/json", "text/html"]:
        answer = client.get(f"/verify/{token}/", headers={"accept": accept})
        assert answer.status_code == 404
    assert client.get("/verify/made-up/", headers={"accept": "application/json"}).json()["status"] == "unknown"
    assert b"unknown" in client.get("/verify/made-up/").content.lower()


def test_certificate_that_is_still_being_made_is_unknown(client: Client, cast: Cast) -> None:
    certificate = request_certificate(submission=make_authorised(cast), by=cast.signatory)
    assert ask(client, certificate).status_code == 404


def test_an_amendment_being_made_does_not_show_yet(client: Client, cast: Cast) -> None:
    from assays.reports.services import amend_certificate

    certificate = make_issued(cast)
    amend_certificate(certificate=certificate, reason="Corrected", by=cast.signatory)
    assert ask(client, certificate).json()["status"] == "authentic"


def test_page_needs_no_login_tells_no_result_and_stays_out_of_indexes(client: Client, cast: Cast, certificate: Certificate) -> None:
    answer = ask(client, certificate, "text/html,application/xhtml+xml,*/*;q=0.8")
    page = answer.content.decode()
    assert answer.status_code == 200
    assert certificate.number in page
    assert certificate.artefacts.get().sha256 in page
    assert "sha256sum" in page
    sample = certificate.samples.get().sample
    for secret in ["36.6", "Dy", sample.blind_code, sample.code, certificate.submission.customer.name, certificate.submission.code]:
        assert secret not in page
    assert answer["X-Robots-Tag"] == "noindex, nofollow"
    assert answer["Referrer-Policy"] == "no-referrer"
    assert 'name="robots"' in page


def test_page_answers_whoever_names_no_preference(client: Client, cast: Cast) -> None:
    assert ask(client, make_issued(cast), "*/*")["Content-Type"].startswith("text/html")


def test_tokens_are_long_random_and_not_the_number(cast: Cast, certificate: Certificate) -> None:
    two = make_issued(cast)
    assert certificate.token != two.token
    assert min(len(certificate.token), len(two.token)) >= 32
    assert certificate.number not in certificate.token
