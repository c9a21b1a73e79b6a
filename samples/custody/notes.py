"""Signed notes, checkpoints of a transparency log and cosignatures of witnesses. Pure; needs only `cryptography`.

The forms are those of C2SP: signed-note (https://c2sp.org/signed-note), tlog-checkpoint (https://c2sp.org/tlog-checkpoint) and
tlog-cosignature (https://c2sp.org/tlog-cosignature), with Ed25519 throughout.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

ED25519 = 0x01  # a signature over the text itself: the log's
COSIGNATURE = 0x04  # a timestamped cosignature/v1: a witness's
MOST_SIGNATURES = 64
MOST_CHARACTERS = 100_000

_ID_BYTES, _KEY_BYTES, _SIGNATURE_BYTES, _TIME_BYTES = 4, 32, 64, 8
_LATEST_TIME = 2**63 - 1
_SIGNATURE_LINE = re.compile(r"— (\S+) (\S+)")
_SIZE = re.compile(r"0|[1-9][0-9]*", re.ASCII)
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f]")


class MalformedNote(ValueError):
    """A text that is not what it should be; its sentence says where."""


class UnknownKey(ValueError):
    """None of the signatures is by a known key."""


class WrongSignature(ValueError):
    """A signature in a known key's name that this key did not make."""


def encode(data: bytes) -> str:
    """Standard base64."""
    return base64.b64encode(data).decode()


def decode(text: str) -> bytes:
    """The bytes of standard base64, written in the one canonical way; raises `MalformedNote`."""
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise MalformedNote(f"“{text[:80]}” is not base64.") from error
    if encode(data) != text:
        raise MalformedNote(f"“{text[:80]}” is not base64 in its canonical form.")
    return data


def check_name(name: str) -> str:
    """A key name as the form allows it: not empty, without spaces and plus signs; raises `MalformedNote`."""
    if not name or "+" in name or any(character.isspace() or ord(character) < 0x20 for character in name):
        raise MalformedNote(f"“{name[:80]}” is not a key name: it must not be empty nor contain spaces or plus signs.")
    return name


def key_id(name: str, public_key: bytes, kind: int = ED25519) -> bytes:
    """SHA-256(name ‖ 0x0A ‖ kind ‖ public key), its first four bytes."""
    return hashlib.sha256(name.encode() + b"\n" + bytes([kind]) + public_key).digest()[:_ID_BYTES]


@dataclass(frozen=True)
class VerifierKey:
    """Whose signature is expected: `kind` is `ED25519` for a log, `COSIGNATURE` for a witness."""

    name: str
    public_key: bytes
    kind: int = ED25519

    @property
    def id(self) -> bytes:
        """The four bytes that stand before its signatures."""
        return key_id(self.name, self.public_key, self.kind)

    def __str__(self) -> str:
        return f"{self.name}+{self.id.hex()}+{encode(bytes([self.kind]) + self.public_key)}"

    @classmethod
    def parse(cls, text: str) -> VerifierKey:
        """Read `name+hexid+base64(kind ‖ public key)`; raises `MalformedNote`, also when the id is not this key's."""
        parts = text.strip().split("+", 2)
        if len(parts) != 3:
            raise MalformedNote(f"“{text[:80]}” is not a verifier key; it has the form name+id+key.")
        name, given_id, data = check_name(parts[0]), parts[1], decode(parts[2])
        if len(data) != 1 + _KEY_BYTES or data[0] not in {ED25519, COSIGNATURE}:
            raise MalformedNote(f"The verifier key of {name} is not an Ed25519 key of a log (type 1) or a witness (type 4).")
        key = cls(name, data[1:], data[0])
        if key.id.hex() != given_id:
            raise MalformedNote(f"The verifier key of {name} says id {given_id}, but its id is {key.id.hex()}. It was not copied in full.")
        return key

    def signed(self, signature: bytes, message: bytes) -> bool:
        """Whether this key made the 64-byte signature over the message."""
        try:
            Ed25519PublicKey.from_public_bytes(self.public_key).verify(signature, message)
        except (InvalidSignature, ValueError):
            return False
        return True


@dataclass(frozen=True)
class Signature:
    """One signature line: `value` is what follows the key's id."""

    name: str
    id: bytes
    value: bytes

    @property
    def line(self) -> str:
        """The line with its newline."""
        return f"— {self.name} {encode(self.id + self.value)}\n"

    def is_by(self, key: VerifierKey) -> bool:
        """Whether it claims to be this key's."""
        return (self.name, self.id) == (key.name, key.id)


@dataclass(frozen=True)
class Note:
    """A text (ending in a newline) and its signatures."""

    text: str
    signatures: tuple[Signature, ...]

    def __str__(self) -> str:
        return f"{self.text}\n{''.join(signature.line for signature in self.signatures)}"

    def with_signatures(self, more: Iterable[Signature]) -> Note:
        """The same text with further signatures; a line that is there already is not repeated."""
        return Note(self.text, tuple(dict.fromkeys([*self.signatures, *more])))


@dataclass(frozen=True)
class Checkpoint:
    """The state of a log: how many leaves, and the root over them. `extensions` are further lines, without meaning to us."""

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The text that is signed."""
        return "".join(f"{line}\n" for line in (self.origin, self.size, encode(self.root), *self.extensions))


@dataclass(frozen=True)
class Signer:
    """A key that signs in a name."""

    name: str
    private_key: Ed25519PrivateKey
    kind: int = ED25519

    @property
    def verifier_key(self) -> VerifierKey:
        """What others need to check its signatures."""
        return VerifierKey(check_name(self.name), self.private_key.public_key().public_bytes_raw(), self.kind)


def parse_note(text: str) -> Note:
    """Read a signed note; raises `MalformedNote` where the form is not kept to. No signature is checked."""
    if len(text) > MOST_CHARACTERS:
        raise MalformedNote(f"A note of {len(text):,} characters is not read.")
    if _CONTROL.search(text):
        raise MalformedNote("A note holds no control characters but newlines.")
    body, blank, lines = text.rpartition("\n\n")
    if not blank or not body or not lines.endswith("\n"):
        raise MalformedNote("A note is a text, an empty line and lines of signatures, each with a newline at its end.")
    signature_lines = lines[:-1].split("\n")
    if len(signature_lines) > MOST_SIGNATURES:
        raise MalformedNote(f"A note with {len(signature_lines)} signatures is not read.")
    return Note(f"{body}\n", tuple(parse_signature(line) for line in signature_lines))


def parse_signature(line: str) -> Signature:
    """Read `— name base64(id ‖ signature)`, without its newline; raises `MalformedNote`."""
    match = _SIGNATURE_LINE.fullmatch(line)
    if match is None:
        raise MalformedNote(f"“{line[:80]}” is not a line of a signature.")
    data = decode(match[2])
    if len(data) <= _ID_BYTES:
        raise MalformedNote(f"The signature of {match[1]} is too short.")
    return Signature(check_name(match[1]), data[:_ID_BYTES], data[_ID_BYTES:])


def sign_note(text: str, signers: Sequence[Signer]) -> Note:
    """Sign a text that ends in a newline."""
    if not text.endswith("\n") or _CONTROL.search(text):
        raise MalformedNote("The text of a note ends in a newline and holds no other control characters.")
    return Note(text, tuple(_sign(text, signer) for signer in signers))


def _sign(text: str, signer: Signer) -> Signature:
    key = signer.verifier_key
    return Signature(key.name, key.id, signer.private_key.sign(text.encode()))


def verify_note(note: Note, keys: Iterable[VerifierKey]) -> list[VerifierKey]:
    """The known keys (of kind `ED25519`) that signed the note, in the order of its lines.

    Lines by unknown keys are passed over, as the form asks. Raises `WrongSignature` when a line in a known key's name is not its
    signature, `UnknownKey` when there is no line by a known key.
    """
    known = {(key.name, key.id): key for key in keys if key.kind == ED25519}
    verified = []
    for signature in note.signatures:
        key = known.get((signature.name, signature.id))
        if key is None:
            continue
        if not key.signed(signature.value, note.text.encode()):
            raise WrongSignature(f"The signature of {key.name} ({key.id.hex()}) is not over this text.")
        verified.append(key)
    if not verified:
        names = ", ".join(f"{key.name} ({key.id.hex()})" for key in known.values()) or "anyone known"
        raise UnknownKey(f"The note is not signed by {names}.")
    return verified


def parse_checkpoint(text: str) -> Checkpoint:
    """Read the text of a checkpoint (without its signatures); raises `MalformedNote`."""
    lines = text.split("\n")
    if len(lines) < 4 or lines[-1] or not all(lines[:-1]):
        raise MalformedNote("A checkpoint has at least three lines: origin, size and root.")
    origin, size, root, *extensions = lines[:-1]
    if not _SIZE.fullmatch(size) or len(size) > 19:
        raise MalformedNote(f"“{size[:40]}” is not the size of a tree.")
    digest = decode(root)
    if len(digest) != 32:
        raise MalformedNote("The root of a checkpoint is 32 bytes in base64.")
    return Checkpoint(origin, int(size), digest, tuple(extensions))


def sign_checkpoint(checkpoint: Checkpoint, signers: Sequence[Signer]) -> Note:
    """The checkpoint as a note, signed by the log."""
    return sign_note(checkpoint.text, signers)


def open_checkpoint(text: str, keys: Iterable[VerifierKey]) -> tuple[Checkpoint, Note]:
    """Read a signed checkpoint and check that a known log key signed it.

    Raises `MalformedNote`, `UnknownKey`, `WrongSignature`.
    """
    note = parse_note(text)
    checkpoint = parse_checkpoint(note.text)
    verify_note(note, keys)
    return checkpoint, note


def _cosigned_message(text: str, at: int) -> bytes:
    return f"cosignature/v1\ntime {at}\n{text}".encode()


def cosign(text: str, signer: Signer, at: int) -> Signature:
    """A witness's signature over the text of a checkpoint at a POSIX time; the signer's kind must be `COSIGNATURE`."""
    if signer.kind != COSIGNATURE or not 0 < at <= _LATEST_TIME:
        raise ValueError("a cosignature needs a witness's key and the time")
    key = signer.verifier_key
    return Signature(key.name, key.id, at.to_bytes(_TIME_BYTES, "big") + signer.private_key.sign(_cosigned_message(text, at)))


def verify_cosignature(note: Note, key: VerifierKey) -> int | None:
    """The POSIX time at which the witness cosigned the note's text, or None when there is no line of its.

    Of several lines of one witness the latest counts. Raises `WrongSignature` when a line in its name is not its signature.
    """
    times = [_cosignature_time(note.text, signature, key) for signature in note.signatures if signature.is_by(key)]
    return max(times, default=None)


def _cosignature_time(text: str, signature: Signature, key: VerifierKey) -> int:
    value = signature.value
    at = int.from_bytes(value[:_TIME_BYTES], "big")
    proper = key.kind == COSIGNATURE and len(value) == _TIME_BYTES + _SIGNATURE_BYTES and 0 < at <= _LATEST_TIME
    if not proper or not key.signed(value[_TIME_BYTES:], _cosigned_message(text, at)):
        raise WrongSignature(f"The cosignature of {key.name} ({key.id.hex()}) is not over this checkpoint.")
    return at
