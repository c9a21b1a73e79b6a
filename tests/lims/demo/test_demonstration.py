"""What the demonstration promises: every state, both ends of quality control, an amendment, a clean ledger, for every call a body that a
stranger can send as it stands, and that no other body breaks anything. In one file, because the demonstration is built once for it."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.db import transaction
from django.db.models import OuterRef, Subquery
from drf_spectacular.generators import SchemaGenerator
from rest_framework.test import APIClient

from assays.models import ResultVersion, Run, SubmissionTest, Verdict
from assays.reports.models import Certificate, CertificateStatus
from lims.accounts.models import Organisation
from lims.core.models import Installation
from samples.custody.models import CustodyEvent
from samples.models import Mine, Sample
from tests.lims.demo.fuzzing import Fuzzer, fuzz, fuzz_briefly

FOLDER = Path(settings.DATA_DIR) / "demo"

# What no example can be given for, and why.
WITHOUT_EXAMPLE = {
    "POST /api/v1/certificates/{number}/retry/": "needs a certificate whose making failed, and none does",
    "POST /api/v1/dossiers/{number}/retry/": "needs a dossier whose making failed, and none does",
    "POST /api/v1/submissions/{code}/complete/": "a submission completes with its last certificate, by itself",
}


def test_it_is_marked_synthetic_for_ever(demonstration: str) -> None:
    assert Installation.current().synthetic


def test_it_has_the_size_and_the_states_that_were_promised(demonstration: str) -> None:
    assert Mine.objects.count() == 8
    assert Sample.objects.count() >= 300
    assert Organisation.objects.filter(kind="laboratory").count() == 3
    states = set(Sample.objects.values_list("state", flat=True))
    assert states >= {"collected", "packed", "in_transit", "received", "in_preparation", "in_analysis", "reported", "refused", "lost"}
    assert Sample.objects.filter(on_hold=True).exists()
    assert Sample.objects.filter(has_open_discrepancy=True).exists()
    runs = set(Run.objects.values_list("state", flat=True))
    assert runs >= {"planned", "qc_passed", "qc_failed", "reviewed", "authorised", "sent_back"}
    assert set(SubmissionTest.objects.values_list("state", flat=True)) >= {
        "requested",
        "prepared",
        "in_run",
        "measured",
        "reviewed",
        "authorised",
        "certified",
    }


def test_one_run_waits_for_review_with_a_spike_and_a_budget_for_each_result(demonstration: str) -> None:
    run = Run.objects.get(method_version__method__code="FUC-MS")
    assert run.state == "qc_passed"
    spikes = Verdict.objects.filter(evaluation__run=run, rule="spike_recovery")
    # Enough was added: none is void.
    assert {(one.analyte.symbol, one.outcome) for one in spikes if one.analyte} == {("Dy", "pass"), ("Tb", "pass")}
    for value in ResultVersion.objects.filter(position__run=run, result__isnull=False, qualifier="="):
        components = {one["component"] for one in value.inputs["budget"]["about"]["components"]}
        assert {"mass", "volume", "calibration", "blank", "recovery", "moisture"} <= components


def test_one_certificate_was_amended(demonstration: str) -> None:
    amended = Certificate.objects.get(replaces__isnull=False)
    assert set(CertificateStatus.objects.filter(certificate=amended.replaces).values_list("status", flat=True)) == {"issued", "superseded"}


def test_its_ledger_is_clean(demonstration: str) -> None:
    call_command("verify_custody", verbosity=0)


def test_no_sample_of_it_lives_backwards(demonstration: str) -> None:
    before = CustodyEvent.objects.filter(sample=OuterRef("sample"), seq=OuterRef("seq") - 1).values("recorded_at")
    backwards = CustodyEvent.objects.filter(recorded_at__lt=Subquery(before))
    assert list(backwards.values_list("sample__code", "seq", "kind")) == []


def test_building_it_again_changes_nothing(demonstration: str) -> None:
    before = Sample.objects.count()
    call_command("build_demo", verbosity=0)
    assert Sample.objects.count() == before


def _read(name: str) -> Any:
    return json.loads((FOLDER / name).read_text())


def _call(example: dict[str, Any], credentials: dict[str, Any]) -> Any:
    token = (credentials["tokens"] | credentials["instruments"])[example["as"]]
    client = APIClient(headers={"Authorization": f"Token {token}"})
    if "file" in example:
        file = SimpleUploadedFile("export.xlsx", (FOLDER / example["file"]).read_bytes())
        return client.post(example["path"], {"file": file} | example.get("body", {}), format="multipart")
    return client.post(example["path"], data=json.dumps(example["body"]), content_type=example["content_type"])


def test_every_post_of_the_interface_has_an_example(demonstration: str) -> None:
    paths = SchemaGenerator().get_schema(request=None, public=True)["paths"]
    posts = {f"POST {path}" for path, methods in paths.items() if "post" in methods}
    examples = set(_read("examples.json"))
    assert posts - examples == set(WITHOUT_EXAMPLE) & posts
    assert examples - posts == set()


def test_every_example_is_accepted_as_it_stands(demonstration: str) -> None:
    credentials = _read("credentials.json")
    refused = {}
    for operation, example in _read("examples.json").items():
        with transaction.atomic():
            answer = _call(example, credentials)
            if answer.status_code not in {200, 201, 202, 204}:
                refused[operation] = (answer.status_code, answer.content[:300])
            transaction.set_rollback(True)
    assert refused == {}


@pytest.mark.parametrize("name", ["credentials.json", "examples.json"])
def test_secrets_are_readable_by_their_owner_alone(demonstration: str, name: str) -> None:
    assert (FOLDER / name).stat().st_mode & 0o777 == 0o600


def test_no_request_breaks_the_interface_or_its_description(demonstration: str, settings: Any, capsys: pytest.CaptureFixture[str]) -> None:
    """`make fuzz` sets `LIMS_FUZZ_EXAMPLES` and draws that many requests of each kind for every operation and caller."""
    settings.API_RATES = dict.fromkeys(settings.API_RATES, "100000000/minute")
    fuzzer, examples = Fuzzer(_read("credentials.json"), _read("examples.json")), os.environ.get("LIMS_FUZZ_EXAMPLES")
    findings = fuzz(fuzzer, examples=int(examples)) if examples else fuzz_briefly(fuzzer)
    assert not findings.seen, str(findings)
    # Many were let in: what refuses everything breaks nothing either.
    assert sum(times for status, times in findings.answers.items() if status < 300) > 30
    if examples:
        with capsys.disabled():
            print(f"answers by status: {dict(sorted(findings.answers.items()))}")  # noqa: T201
