"""A witness of a log: it remembers the last checkpoint it saw and cosigns only what consistently extends it. Pure; needs only
`cryptography` and a way to ask the log.

The witness trusts one key of the log, given from outside; it follows the log to another key only by announcements that stand in the log and
are signed by the key before. It trusts nothing else that the log says.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from samples.custody import merkle, notes
from samples.custody.key_records import WrongKeyRecord, read_key_record
from samples.custody.notes import Checkpoint, Note, Signer, VerifierKey


class Refused(Exception):
    """The log is not what it was; the sentence says how. Nothing is cosigned."""


class Unclear(Exception):
    """It cannot be told: the log does not answer, or not in its form."""


class Log(Protocol):
    """What a witness asks of a log. Each may raise `Unclear`."""

    def checkpoint(self) -> str:
        """The signed text of the newest checkpoint."""

    def consistency(self, old: int, new: int) -> list[bytes]:
        """The proof that the tree of `new` leaves begins with that of `old`."""

    def keys(self, size: int) -> list[dict[str, Any]]:
        """The announcements of the log's keys with their proofs in the tree of that size."""


@dataclass(frozen=True)
class Memory:
    """What a witness remembers of a log: the key it trusts now, and the last checkpoint it found good."""

    key: VerifierKey
    size: int = 0
    root: bytes = merkle.EMPTY_ROOT
    note: str = ""

    def to_json(self) -> str:
        """For its file."""
        content = {"key": str(self.key), "size": self.size, "root": self.root.hex(), "note": self.note}
        return json.dumps(content, ensure_ascii=False, indent=1) + "\n"

    @classmethod
    def from_json(cls, text: str) -> Memory:
        """Read its file; raises `Unclear`."""
        try:
            content = json.loads(text)
            memory = cls(VerifierKey.parse(content["key"]), int(content["size"]), bytes.fromhex(content["root"]), content["note"])
        except (ValueError, KeyError, TypeError) as error:
            raise Unclear(
                "The witness's memory cannot be read. Put back its last good copy; without it a rewritten log goes unseen."
            ) from error
        return memory


@dataclass(frozen=True)
class Observed:
    """A checkpoint that was found good: `grew` tells whether it is newer than what was remembered."""

    memory: Memory
    checkpoint: Checkpoint
    note: Note
    grew: bool


def observe(log: Log, memory: Memory) -> Observed:
    """Look at the log's newest checkpoint and check it against memory.

    Raises `Refused` for a log that was rewritten, truncated or forked, that signs with a key nobody announced, or that is another log;
    `Unclear` when the log does not answer or not in its form.
    """
    text = log.checkpoint()
    try:
        note = notes.parse_note(text)
        checkpoint = notes.parse_checkpoint(note.text)
    except notes.MalformedNote as error:
        raise Unclear(f"What the log gave is not a checkpoint: {error}") from error
    if checkpoint.origin != memory.key.name:
        raise Refused(f"This is another log: it calls itself {checkpoint.origin}; the one witnessed is {memory.key.name}.")
    key = _signed_by(log, note, checkpoint, memory.key)
    _refuse_rewritten(log, checkpoint, memory)
    grew = checkpoint.size > memory.size
    return Observed(Memory(key, checkpoint.size, checkpoint.root, text), checkpoint, note, grew)


def _signed_by(log: Log, note: Note, checkpoint: Checkpoint, trusted: VerifierKey) -> VerifierKey:
    """The key, trusted or announced by the trusted one, that signed the checkpoint."""
    try:
        return notes.verify_note(note, [trusted])[0]
    except notes.WrongSignature as error:
        raise Refused(f"The checkpoint of {checkpoint.size} leaves has a false signature. {error}") from error
    except notes.UnknownKey:
        key = _follow_keys(log, checkpoint, trusted)
    try:
        return notes.verify_note(note, [key])[0]
    except (notes.UnknownKey, notes.WrongSignature) as error:
        raise Refused(
            f"The checkpoint of {checkpoint.size} leaves is signed neither by the key {trusted.id.hex()} nor by one that it announced:"
            " the log's key was replaced."
        ) from error


def _follow_keys(log: Log, checkpoint: Checkpoint, trusted: VerifierKey) -> VerifierKey:
    """The last key that a chain of announcements in the log leads to from the trusted one."""
    entries = log.keys(checkpoint.size)
    key, place = trusted, next((number for number, entry in enumerate(entries) if entry.get("key") == str(trusted)), None)
    if place is None:
        raise Refused(f"The log no longer knows its key {trusted.id.hex()}: the key was replaced without a word in the log.")
    for entry in entries[place + 1 :]:
        record, index, path = _announcement(entry)
        try:
            key = read_key_record(record, key)
        except WrongKeyRecord as error:
            raise Refused(f"The log's key was replaced without the old one's signature. {error}") from error
        if not merkle.verify_inclusion(merkle.leaf_hash(record), index, checkpoint.size, path, checkpoint.root):
            raise Refused(f"The announcement of the key {key.id.hex()} does not stand in the log.")
    return key


def _announcement(entry: dict[str, Any]) -> tuple[bytes, int, list[bytes]]:
    try:
        proof = [bytes.fromhex(digest) for digest in entry["proof"]["hashes"]]
        return base64.b64decode(entry["record"], validate=True), int(entry["leaf_index"]), proof
    except (ValueError, KeyError, TypeError) as error:
        raise Unclear("The log gave an announcement of a key that cannot be read.") from error


def _refuse_rewritten(log: Log, checkpoint: Checkpoint, memory: Memory) -> None:
    if checkpoint.size < memory.size:
        raise Refused(f"The log was truncated: it shows {checkpoint.size} leaves now and had {memory.size} before.")
    if checkpoint.size == memory.size:
        if checkpoint.root != memory.root:
            raise Refused(f"The log was rewritten: with the same {memory.size} leaves it has another root than before.")
        return
    path: Sequence[bytes] = log.consistency(memory.size, checkpoint.size) if memory.size else []
    if not merkle.verify_consistency(memory.size, checkpoint.size, path, memory.root, checkpoint.root):
        raise Refused(f"The log was rewritten: its {checkpoint.size} leaves do not begin with the {memory.size} that were seen before.")


def cosign(observed: Observed, signer: Signer, at: int) -> Note:
    """The checkpoint with the witness's cosignature, to be sent to the log; `observed.memory` must be kept safe before."""
    return observed.note.with_signatures([notes.cosign(observed.note.text, signer, at)])
