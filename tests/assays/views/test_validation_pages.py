"""Validation of the calculations at its pages: run, kept, signed off by the quality manager, printed."""

from __future__ import annotations

import hashlib
import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import DatabaseError, transaction
from django.urls import reverse

from assays.models import ValidationRun, ValidationSignOff
from assays.selectors.validations import outcomes_of
from assays.services.validating import MOST_BYTES, run_product_examples, sign_off_validation
from assays.validation.library import read_library
from lims.core.errors import Blocked, DomainError, Forbidden, Invalid
from lims.core.release import VERSION
from tests.factories.people import PASSWORD

DRY = {
    "id": "dry",
    "topic": "moisture",
    "inputs": {"m_wet_g": 10.0, "m_dry_g": 8.0},
    "expected": {"moisture_pct_wet_basis": 20.0},
    "tolerance": "rel 1e-9",
}
FILE = reverse("assays:validation-file")


def upload(client, data, name="own.json"):
    return client.post(FILE, {"file": SimpleUploadedFile(name, data if isinstance(data, bytes) else json.dumps(data).encode())})


def test_the_products_examples_are_run_kept_and_signed_off(at):
    client = at("quality_manager")
    assert "Nothing was validated yet" in client.get(reverse("assays:validations")).content.decode()
    made = client.post(reverse("assays:validation-product"))
    run = ValidationRun.objects.get()
    assert made.url == reverse("assays:validation", args=[run.number])
    assert (run.failed, run.version, run.file_sha256) == (0, VERSION, hashlib.sha256(read_library()).hexdigest())
    page = client.get(made.url + "?q=norris").content.decode()
    assert "strd_norris" in page
    assert "slope" in page
    assert "westgard_10_x" not in page
    digest = client.get(made.url).context["digest"]
    body = {"password": PASSWORD, "conclusion": "fit", "content_hash": digest}
    address = reverse("assays:validation-sign", args=[run.number])
    assert client.post(address, body | {"password": "wrong"}).status_code == 422
    assert not ValidationSignOff.objects.exists()
    assert client.post(address, body).status_code == 302
    assert run.sign_off.signature.printed_name in client.get(made.url).content.decode()
    assert client.post(address, body).status_code == 422
    assert run.number in client.get(reverse("assays:validations") + "?signed=true&verdict=passed").content.decode()
    assert client.get(reverse("assays:validations") + "?format=csv").getvalue().decode().count("\n") == 2


def test_a_file_with_strange_examples_is_kept_and_each_of_them_fails_with_its_reason(at):
    client = at("quality_manager")
    hostile = [
        DRY,
        7,
        {
            "id": "\u0000<script>alert(1)</script>\u202e",
            "topic": "alchemy",
            "inputs": {},
            "expected": {"gold": "\ud83d"},
            "tolerance": "exact",
        },
    ]
    made = upload(client, hostile, "../../<b>\u202eown.json")
    run = ValidationRun.objects.get()
    assert (run.examples, run.passed, run.failed) == (3, 1, 2)
    assert "/" not in run.file_name
    page = client.get(made.url).content.decode()
    assert "<script>alert(1)" not in page
    assert "topic not known: alchemy" in page
    source = client.get(reverse("assays:validation-source", args=[run.number]))
    assert hashlib.sha256(source.content).hexdigest() == run.file_sha256
    assert source.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert client.get(reverse("assays:validation-pdf", args=[run.number])).content.startswith(b"%PDF")


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"{", "is not JSON"),
        (b"\xff\xfe", "is not JSON"),
        (b"[]", "holds no examples"),
        (b"[" * 99_999, "is not JSON"),
        (b" " * (MOST_BYTES + 1), "at most"),
        (json.dumps([{"z": [0] * 60_000}]).encode(), "numbers"),
        (b"[" + b"0," * 1000 + b"0]", "1001 examples"),
    ],
)
def test_what_cannot_be_run_is_refused_at_the_field_and_nothing_is_kept(at, data, words):
    answer = upload(at("quality_manager"), data)
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert not ValidationRun.objects.exists()


def test_a_run_with_failures_is_never_fit_and_unfit_needs_its_reason(cast, at):
    upload(at("quality_manager"), [DRY | {"expected": {"moisture_pct_wet_basis": 21.0}}])
    run, manager = ValidationRun.objects.get(), cast.quality_manager
    with pytest.raises(Blocked, match="cannot be called fit"):
        sign_off_validation(run=run, conclusion="fit", password=PASSWORD, by=manager)
    with pytest.raises(Invalid, match="what is wrong"):
        sign_off_validation(run=run, conclusion="unfit", password=PASSWORD, by=manager)
    with pytest.raises(DomainError, match="not what stands here"):
        sign_off_validation(run=run, conclusion="unfit", statement="21 is a slip.", password=PASSWORD, shown_hash="0", by=manager)
    assert not ValidationSignOff.objects.exists()
    sign_off_validation(run=run, conclusion="unfit", statement="21 is a slip.", password=PASSWORD, by=manager)
    assert outcomes_of(run)[0]["values"][0] == {"name": "moisture_pct_wet_basis", "expected": "21.0", "computed": "20.0", "agrees": False}
    assert b"%PDF" in at("quality_manager").get(reverse("assays:validation-pdf", args=[run.number])).content[:9]


def test_only_its_laboratory_and_the_administrator_see_a_run_and_it_never_changes(cast, at):
    run = run_product_examples(by=cast.quality_manager)
    address = reverse("assays:validation", args=[run.number])
    assert at(cast.administrator).get(address).status_code == 200
    told = at(cast.quality_manager).get(reverse("api-validation", args=[run.number])).json()
    assert (told["passed"], told["failed"], len(told["outcomes"])) == (run.passed, 0, run.examples)
    assert at(cast.quality_manager).get(reverse("api-validations")).json()["results"][0]["formulae_sha256"] == run.formulae_sha256
    assert "Sign off" not in at(cast.administrator).get(address).content.decode()
    with pytest.raises(Forbidden):
        run_product_examples(by=cast.analyst)
    for change in (lambda: ValidationRun.objects.update(passed=0), lambda: ValidationRun.objects.all().delete()):
        with pytest.raises(DatabaseError), transaction.atomic():
            change()
