"""The page of the custody log, and what a sample's timeline says of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from samples.custody.cosigning import accept_cosignature
from samples.custody.models import Witness
from tests.factories.log import cosigned, make_checkpoint, make_signer, make_witness
from tests.factories.people import Cast
from tests.factories.samples import make_samples


@pytest.fixture(autouse=True)
def own_key(tmp_path: Path, settings: Any) -> None:
    settings.LOG_KEY_FILE = tmp_path / "log_key.pem"


def read(client: Client, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200
    return str(answer.content.decode())


def test_the_page_shows_where_the_log_stands_and_who_vouches_for_it(cast: Cast, client: Client) -> None:
    client.force_login(cast.official)
    assert "No checkpoint yet" in read(client, "/custody/log/")
    make_samples(cast, 3)
    checkpoint = make_checkpoint()
    assert "No witness yet" in read(client, "/custody/log/")
    witness, signer = make_witness(cast)
    accept_cosignature(cosigned(checkpoint, signer))
    make_witness(cast, "witness.example/w2", 2)
    make_samples(cast)
    page = read(client, "/custody/log/")
    for text in (witness.name, "cosigned the newest", "not heard yet", "2 events", "in force", "7", checkpoint.note.splitlines()[2]):
        assert text in page, text
    assert "Register a witness" not in page
    make_checkpoint()
    assert "behind" in read(client, "/custody/log/")


def test_an_administrator_registers_and_ends_a_witness(cast: Cast, client: Client) -> None:
    client.force_login(cast.administrator)
    key = str(make_signer().verifier_key)
    body = {"verifier": key, "operator": cast.organisations["lab"].pk}
    assert client.post("/custody/witnesses/new/", body | {"verifier": key[:-4]}).status_code == 422
    assert client.post("/custody/witnesses/new/", body).status_code == 302
    again = client.post("/custody/witnesses/new/", body)
    assert "is registered already" in again.content.decode()
    assert key in again.content.decode(), "what was typed is kept"
    witness = Witness.objects.get()
    make_samples(cast)
    make_checkpoint()
    assert "End this witness" in read(client, "/custody/log/")
    client.post(f"/custody/witnesses/{witness.pk}/end/", {"reason": ""})
    assert Witness.objects.get().active
    client.post(f"/custody/witnesses/{witness.pk}/end/", {"reason": "its machine was given away"})
    assert not Witness.objects.get().active
    assert witness.events.order_by("pgh_id").last().pgh_context["reason"] == "its machine was given away"  # type: ignore[attr-defined]


def test_a_samples_timeline_says_which_checkpoint_covers_each_event(cast: Cast, client: Client) -> None:
    (sample,) = make_samples(cast)
    client.force_login(cast.collector)
    assert read(client, f"/samples/{sample.code}/").count("Waiting for its place in the custody log") == 2
    make_checkpoint()
    make_samples(cast)
    make_checkpoint()
    page = read(client, f"/samples/{sample.code}/")
    assert "Entry 1 of the custody log, covered by checkpoint 3" in page
    assert "Entry 2 of the custody log, covered by checkpoint 3" in page
