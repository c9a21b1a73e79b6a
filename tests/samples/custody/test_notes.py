"""Signed notes, checkpoints and cosignatures against published examples, and what is refused."""

from __future__ import annotations

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from samples.custody import notes

# The example of Go's sumdb/note, the reference implementation, and that of the specification.
_SEED = base64.b64decode("AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz")[1:]
_KEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
_TEXT = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
_LINE = "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
_SPEC_KEY = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
_SPEC_NOTE = (
    "This is an example message.\n\n"
    "— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n"
)
_CHECKPOINT = notes.Checkpoint("lims-0123456789abcdef", 20852163, bytes(range(32)))


def _signer(name: str, kind: int = notes.ED25519, seed: int = 1) -> notes.Signer:
    return notes.Signer(name, Ed25519PrivateKey.from_private_bytes(bytes([seed]) * 32), kind)


def test_the_reference_example_is_signed_to_the_byte() -> None:
    signer = notes.Signer("PeterNeumann", Ed25519PrivateKey.from_private_bytes(_SEED))
    assert str(signer.verifier_key) == _KEY
    assert str(notes.sign_note(_TEXT, [signer])) == f"{_TEXT}\n{_LINE}"


@pytest.mark.parametrize(("key", "text"), [(_KEY, f"{_TEXT}\n{_LINE}"), (_SPEC_KEY, _SPEC_NOTE)])
def test_published_examples_are_verified(key: str, text: str) -> None:
    known = notes.VerifierKey.parse(key)
    note = notes.parse_note(text)
    assert str(known) == key
    assert str(note) == text
    assert notes.verify_note(note, [known]) == [known]


def test_a_checkpoint_is_signed_and_cosigned() -> None:
    log, witness = _signer(_CHECKPOINT.origin), _signer("witness.example/w1", notes.COSIGNATURE, 2)
    note = notes.sign_checkpoint(_CHECKPOINT, [log])
    note = note.with_signatures([notes.cosign(note.text, witness, 1679315147)])
    lines = str(note).splitlines()
    assert lines[:4] == ["lims-0123456789abcdef", "20852163", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=", ""]
    assert len(lines) == 6
    checkpoint, read = notes.open_checkpoint(str(note), [log.verifier_key])
    assert (checkpoint, read) == (_CHECKPOINT, note)
    assert notes.verify_cosignature(read, witness.verifier_key) == 1679315147
    assert notes.verify_cosignature(read, _signer("witness.example/w2", notes.COSIGNATURE, 3).verifier_key) is None
    # What is signed, word for word as the specification has it.
    value = read.signatures[1].value
    witness.private_key.public_key().verify(value[8:], b"cosignature/v1\ntime 1679315147\n" + note.text.encode())
    assert int.from_bytes(value[:8], "big") == 1679315147


def test_a_cosignature_is_not_taken_over_to_another_time_or_checkpoint() -> None:
    witness = _signer("w", notes.COSIGNATURE)
    signature = notes.cosign(_CHECKPOINT.text, witness, 1000)
    later = notes.Signature("w", signature.id, (1001).to_bytes(8, "big") + signature.value[8:])
    other = notes.Checkpoint(_CHECKPOINT.origin, 7, _CHECKPOINT.root)
    for note in [notes.Note(_CHECKPOINT.text, (later,)), notes.Note(other.text, (signature,))]:
        with pytest.raises(notes.WrongSignature):
            notes.verify_cosignature(note, witness.verifier_key)


def test_only_signatures_of_known_keys_count() -> None:
    known, stranger = _signer("log", seed=1), _signer("log", seed=2)
    note = notes.sign_checkpoint(_CHECKPOINT, [stranger])
    with pytest.raises(notes.UnknownKey, match="not signed by log"):
        notes.verify_note(note, [known.verifier_key])
    assert notes.verify_note(notes.sign_checkpoint(_CHECKPOINT, [stranger, known]), [known.verifier_key]) == [known.verifier_key]
    forged = notes.Note(note.text, (notes.Signature("log", known.verifier_key.id, note.signatures[0].value),))
    with pytest.raises(notes.WrongSignature):
        notes.verify_note(forged, [known.verifier_key])


@pytest.mark.parametrize(
    "text",
    [
        "",
        "text\n",
        f"{_TEXT}\n{_LINE}".rstrip("\n"),
        f"{_TEXT}{_LINE}",
        f"{_TEXT}\n{_LINE}\n",
        f"{_TEXT}\r\n\n{_LINE}",
        f"{_TEXT}\n{_LINE.replace('—', '-')}",
        f"{_TEXT}\n{_LINE.replace(' PeterNeumann', ' Peter Neumann')}",
        f"{_TEXT}\n{_LINE.replace('PeterNeumann', 'Peter+Neumann')}",
        f"{_TEXT}\n{_LINE.replace('AM=', 'AM')}",
        f"{_TEXT}\n{_LINE.replace('JnAM=', 'JnAN=')}",
        f"{_TEXT}\n— PeterNeumann AAAA\n",
        f"{_TEXT}\n{_LINE * 65}",
        "a" * 100_001,
    ],
)
def test_malformed_notes_are_refused(text: str) -> None:
    with pytest.raises(notes.MalformedNote):
        notes.parse_note(text)


@pytest.mark.parametrize(
    "text",
    ["", "o\n1\n", "o\n01\nAAAA\n", "o\n-1\nAAAA\n", "o\n1\nAAAA\n", "\n1\n{}\n", "o\n1\n{}", "o\n1\n{}\n\n", "o\n１\n{}\n", "o\n1 \n{}\n"],
)
def test_malformed_checkpoints_are_refused(text: str) -> None:
    root = notes.encode(bytes(32))
    assert notes.parse_checkpoint(f"o\n1\n{root}\nmore\n").extensions == ("more",)
    with pytest.raises(notes.MalformedNote):
        notes.parse_checkpoint(text.format(root))


@pytest.mark.parametrize(
    "text", ["", "a+b", "PeterNeumann+c74f20a4" + _KEY[21:], _KEY[:-4], _KEY.replace("+ARpc", "+AhpC"), " +00000000+AA=="]
)
def test_malformed_verifier_keys_are_refused(text: str) -> None:
    with pytest.raises(notes.MalformedNote):
        notes.VerifierKey.parse(text)
