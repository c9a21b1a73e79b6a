"""The custody log as outsiders see it: anyone can check a proof, and nobody but a witness can cosign."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from django.test import Client

from samples.custody import merkle, notes
from samples.custody.models import Cosignature, LogCheckpoint
from samples.custody.rotating import rotate_key
from samples.services.witnessing import end_witness
from tests.factories.callers import Caller
from tests.factories.log import cosigned, make_checkpoint, make_signer, make_witness
from tests.factories.people import Cast
from tests.factories.samples import make_samples

LOG = "/api/v1/custody"


@pytest.fixture
def anyone() -> Client:
    """Somebody without an account."""
    return Client(headers={"host": "127.0.0.1"})


def post(client: Client, text: str) -> Any:
    return client.post(f"{LOG}/cosignatures/", {"checkpoint": text}, content_type="application/json")


def test_an_outsider_follows_an_event_to_a_signed_checkpoint_with_nothing_but_the_log_key(cast: Cast, anyone: Client) -> None:
    (sample, *_) = make_samples(cast, 5)
    make_checkpoint()
    make_samples(cast, 2)
    answer = Caller(cast.collector).get(f"/samples/{sample.code}/custody/?proof=1").json()
    keys = anyone.get(f"{LOG}/keys/").json()["keys"]
    checkpoint, _ = notes.open_checkpoint(answer["checkpoint"], [notes.VerifierKey.parse(keys[0]["key"])])
    assert answer["checkpoint"] == anyone.get(f"{LOG}/checkpoint/").text
    for event in answer["events"]:
        leaf = merkle.leaf_hash(base64.b64decode(event["canonical"]))
        assert leaf.hex() == event["leaf_hash"]
        path = [bytes.fromhex(digest) for digest in event["proof"]["hashes"]]
        assert event["proof"]["tree_size"] == checkpoint.size == 11
        assert merkle.verify_inclusion(leaf, event["leaf_index"], checkpoint.size, path, checkpoint.root)


def test_an_event_without_a_place_has_neither_index_nor_proof(cast: Cast) -> None:
    (sample,) = make_samples(cast)
    client = Caller(cast.collector)
    answer = client.get(f"/samples/{sample.code}/custody/?proof=1").json()
    assert {(event["leaf_index"], event["proof"]) for event in answer["events"]} == {(None, None)}
    assert answer["checkpoint"] is None
    assert "proof" not in client.get(f"/samples/{sample.code}/custody/").json()["events"][0]


def test_checkpoints_are_shown_to_be_consistent(cast: Cast, anyone: Client) -> None:
    assert anyone.get(f"{LOG}/checkpoint/").status_code == 404
    make_samples(cast, 3)
    old = make_checkpoint()
    make_samples(cast, 9)
    new = make_checkpoint()
    answer = anyone.get(f"{LOG}/consistency/?from={old.size}&to={new.size}").json()
    path = [bytes.fromhex(digest) for digest in answer["hashes"]]
    assert (answer["from"], answer["to"]) == (7, 25)
    assert merkle.verify_consistency(7, 25, path, bytes(old.root), bytes(new.root))
    assert anyone.get(f"{LOG}/checkpoint/?size=7").text == old.note
    assert anyone.get(f"{LOG}/consistency/?from=0&to=25").json()["hashes"] == []


@pytest.mark.parametrize("query", ["", "from=1", "from=8&to=7", "from=1&to=99", "from=-1&to=3", "from=a&to=3", "from=1&to=" + "9" * 40])
def test_impossible_sizes_are_refused(cast: Cast, anyone: Client, query: str) -> None:
    make_samples(cast, 3)
    make_checkpoint()
    answer = anyone.get(f"{LOG}/consistency/?{query}")
    assert (answer.status_code, answer.json()["code"]) == (422, "size")


def test_keys_are_given_with_the_proof_of_their_announcement(cast: Cast, anyone: Client) -> None:
    make_samples(cast)
    rotate_key(reason="yearly")
    newest = LogCheckpoint.objects.latest("size")
    answer = anyone.get(f"{LOG}/keys/?size={newest.size}").json()
    assert [(key["leaf_index"], key["until"]) for key in answer["keys"]] == [(0, 3), (3, None)]
    for key in answer["keys"]:
        path = [bytes.fromhex(digest) for digest in key["proof"]["hashes"]]
        leaf = merkle.leaf_hash(base64.b64decode(key["record"]))
        assert merkle.verify_inclusion(leaf, key["leaf_index"], newest.size, path, bytes(newest.root))
    assert anyone.get(f"{LOG}/keys/?size=2").status_code == 404


def test_a_witness_cosigns_and_everybody_sees_it(cast: Cast, anyone: Client) -> None:
    make_samples(cast)
    checkpoint = make_checkpoint()
    witness, signer = make_witness(cast)
    answer = post(anyone, cosigned(checkpoint, signer))
    assert (answer.status_code, answer.json()["size"], answer.json()["witness"]) == (201, 3, witness.name)
    note = notes.parse_note(anyone.get(f"{LOG}/checkpoint/").text)
    assert notes.verify_cosignature(note, signer.verifier_key) == int(checkpoint.signed_at.timestamp())
    assert post(anyone, cosigned(checkpoint, signer)).status_code == 201
    assert Cosignature.objects.count() == 1
    assert anyone.get(f"{LOG}/keys/").json()["witnesses"] == [{"key": str(signer.verifier_key), "active": True}]


def test_cosignatures_that_say_nothing_are_refused(cast: Cast, anyone: Client) -> None:
    make_samples(cast)
    old = make_checkpoint()
    make_samples(cast)
    new = make_checkpoint()
    witness, signer = make_witness(cast)
    stranger = make_signer("witness.example/stranger", 7)
    thief = make_signer(witness.name, 7)
    forged = notes.Checkpoint(notes.parse_checkpoint(notes.parse_note(new.note).text).origin, new.size, bytes(32))
    wrong_root = str(notes.Note(forged.text, (notes.cosign(forged.text, signer, 1_700_000_000),)))
    late = int(new.signed_at.timestamp()) + 3600
    genuine = notes.cosign(notes.parse_note(new.note).text, signer, 1_700_000_000)
    altered = str(notes.parse_note(new.note).with_signatures([notes.Signature(genuine.name, genuine.id, bytes(8) + genuine.value[8:])]))
    for text, status, code in [
        ("no note", 422, "cosignature"),
        (cosigned(new, stranger), 403, "unknown_witness"),
        (cosigned(new, thief), 403, "unknown_witness"),
        (new.note, 403, "unknown_witness"),
        (altered, 422, "cosignature"),
        (wrong_root, 409, "wrong_checkpoint"),
        (cosigned(new, signer, late), 422, "cosignature"),
    ]:
        answer = post(anyone, text)
        assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert not Cosignature.objects.exists()
    assert post(anyone, cosigned(new, signer)).status_code == 201
    assert post(anyone, cosigned(old, signer)).json()["code"] == "older"
    end_witness(witness=witness.pk, reason="its machine was given away", by=cast.administrator)
    assert post(anyone, cosigned(new, signer)).json()["code"] == "unknown_witness"
    assert Cosignature.objects.count() == 1
