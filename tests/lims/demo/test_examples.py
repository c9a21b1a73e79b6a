"""A stranger with the examples can try every call: each body is accepted as it stands."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from drf_spectacular.generators import SchemaGenerator
from rest_framework.test import APIClient

FOLDER = Path(settings.DATA_DIR) / "demo"

# What no example can be given for, and why.
WITHOUT_EXAMPLE = {
    "POST /api/v1/certificates/{number}/retry/": "needs a certificate whose making failed, and none does",
    "POST /api/v1/submissions/{code}/complete/": "a submission completes with its last certificate, by itself",
}


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
