"""The custody log in tests: advanced, attacked, witnessed."""

from __future__ import annotations

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from samples.custody import notes
from samples.custody.models import LogCheckpoint, Witness
from samples.custody.sequencing import advance_log
from samples.services.witnessing import register_witness
from tests.factories.people import Cast


def make_checkpoint() -> LogCheckpoint:
    """The log advanced over everything that waits; its newest checkpoint."""
    advance_log()
    return LogCheckpoint.objects.latest("size")


def make_signer(name: str = "witness.example/w1", seed: int = 1) -> notes.Signer:
    """A witness's key, the same for the same seed."""
    return notes.Signer(name, Ed25519PrivateKey.from_private_bytes(bytes([seed]) * 32), notes.COSIGNATURE)


def make_witness(cast: Cast, name: str = "witness.example/w1", seed: int = 1) -> tuple[Witness, notes.Signer]:
    """A registered witness of the ministry's, and what it signs with."""
    signer = make_signer(name, seed)
    witness = register_witness(verifier=str(signer.verifier_key), operator=cast.organisations["ministry"], by=cast.administrator)
    return witness, signer


def cosigned(checkpoint: LogCheckpoint, signer: notes.Signer, at: int | None = None) -> str:
    """The checkpoint's note with one more line, by the witness."""
    note = notes.parse_note(checkpoint.note)
    moment = int(checkpoint.signed_at.timestamp()) if at is None else at
    return str(note.with_signatures([notes.cosign(note.text, signer, moment)]))
