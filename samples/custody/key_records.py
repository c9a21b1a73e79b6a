"""What stands in the log about the keys that sign it. Pure.

A key is announced by a leaf whose bytes are a canonical record: origin, the new key, the one before it, when and why, and two signatures
over all that: the previous key's (it hands over) and the new key's own (it exists). The first key of a log has no one before it. So whoever
knows one key of a log can follow it to the next without trusting who runs the server.
"""

from __future__ import annotations

import json
from datetime import datetime

from samples.custody.hashing import canonical_bytes, time_text
from samples.custody.notes import MalformedNote, Signer, VerifierKey, decode, encode

TYPE = "log_key"
_DOMAIN = b"custody-log-key/v1\n"


class WrongKeyRecord(ValueError):
    """A record that does not hand the log over to a key; its sentence says why."""


def announce_key(*, signer: Signer, previous: Signer | None, at: datetime, reason: str) -> bytes:
    """The bytes of the leaf that makes `signer` the log's key."""
    content = {
        "v": 1,
        "type": TYPE,
        "origin": signer.name,
        "key": str(signer.verifier_key),
        "previous": str(previous.verifier_key) if previous else None,
        "at": time_text(at),
        "reason": reason,
    }
    message = _DOMAIN + canonical_bytes(content)
    signatures = {"key": encode(signer.private_key.sign(message))}
    if previous:
        signatures["previous"] = encode(previous.private_key.sign(message))
    return canonical_bytes(content | {"signatures": signatures})


def read_key_record(record: bytes, previous: VerifierKey | None) -> VerifierKey:
    """The key a record announces, once its signatures are checked against the key before it (None for the first).

    Raises `WrongKeyRecord`.
    """
    try:
        content = json.loads(record)
        signatures = content.pop("signatures")
        key = VerifierKey.parse(content["key"])
        own = decode(signatures["key"])
        old = decode(signatures["previous"]) if previous else b""
    except (ValueError, KeyError, TypeError, AttributeError, MalformedNote) as error:
        raise WrongKeyRecord("The announcement of a key cannot be read.") from error
    message = _DOMAIN + canonical_bytes(content)
    if content.get("type") != TYPE or content.get("origin") != key.name:
        raise WrongKeyRecord(f"The announcement is not one of a key of {key.name}.")
    if content.get("previous") != (str(previous) if previous else None):
        raise WrongKeyRecord(f"The key {key.id.hex()} does not name the key before it.")
    if not key.signed(own, message):
        raise WrongKeyRecord(f"The key {key.id.hex()} did not sign its own announcement.")
    if previous and not previous.signed(old, message):
        raise WrongKeyRecord(f"The key {key.id.hex()} was not announced by the key {previous.id.hex()} before it.")
    return key
