"""A custody dossier made by a real worker, checked as an auditor checks it; and what it says once somebody rewrote the tables."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.db import connections
from django.test import Client

from samples.custody.models import CustodyEvent
from tests.factories.consignments import make_received, samples_of
from tests.factories.people import Cast
from tests.processes import Program, wait_until

Start = Callable[[str], Program]


def ask(client: Client, code: str) -> dict[str, Any]:
    """Ask for a sample's dossier over HTTP and wait until a worker has made it."""
    answer = client.post("/api/v1/dossiers/", {"sample": code}, content_type="application/json")
    assert answer.status_code == 202, answer.content
    found: dict[str, Any] = {}

    def look() -> bool:
        found.update(client.get(answer.headers["Location"]).json())
        assert found["state"] != "failed", found["job"]
        return bool(found["state"] == "made")

    wait_until(look, "the dossier is made")
    return found


def audit(client: Client, dossier: dict[str, Any], folder: Path) -> tuple[int, dict[str, Any]]:
    """Unpack the folder for an auditor elsewhere and run the verifier that came with it, with the key from the log's own address."""
    packed = client.get(f"/api/v1/dossiers/{dossier['number']}/zip/").content
    zipfile.ZipFile(io.BytesIO(packed)).extractall(folder)
    place = folder / dossier["number"]
    keys = client.get("/api/v1/custody/keys/").json()["keys"]
    (place / "KEYS").write_text("".join(f"{one['key']}\n" for one in keys[:1]))
    command = [sys.executable, "verify_custody_dossier.py", f"{dossier['number']}.json", "--keys", "KEYS", "--json"]
    done = subprocess.run(command, cwd=place, capture_output=True, check=False)
    answer: dict[str, Any] = json.loads(done.stdout)
    return done.returncode, answer


def rewrite(event: CustodyEvent) -> None:
    """Somebody who owns the database changes an event and everything that follows from it in its row."""
    data = bytes(event.canonical).replace(b'"kind":"sealed"', b'"kind":"opened"')
    with connections["owner"].cursor() as cursor:
        cursor.execute("ALTER TABLE custody_custodyevent DISABLE TRIGGER USER")
        cursor.execute(
            "UPDATE custody_custodyevent SET canonical = %s, hash = sha256(%s), kind = 'opened' WHERE id = %s", [data, data, event.pk]
        )
        cursor.execute("ALTER TABLE custody_custodyevent ENABLE TRIGGER USER")


def test_an_auditor_finds_it_authentic_until_the_tables_are_rewritten(people: Cast, start: Start, tmp_path: Path) -> None:
    start("one")
    sample = samples_of(make_received(people, 1))[0]
    client = Client()
    client.force_login(people.collector)

    before = ask(client, sample.code)
    code, answer = audit(client, before, tmp_path / "before")
    assert (code, before["verdict"], answer["counts"]["authentic"]) == (0, "authentic", before["events"])

    rewrite(CustodyEvent.objects.get(sample=sample, kind="sealed"))
    after = ask(client, sample.code)
    code, answer = audit(client, after, tmp_path / "after")
    assert (code, after["verdict"]) == (1, "altered")
    assert [event["seq"] for event in answer["events"] if event["verdict"] == "altered"] == [2, 3]  # itself, and the one that names it
