"""The private key that signs checkpoints. It lives in a file of its own that only its owner may read, never in the database."""

from __future__ import annotations

import os
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key
from django.conf import settings

from lims.core.errors import DomainError
from samples.custody.notes import Signer, VerifierKey


def key_file() -> Path:
    """Where the key is kept; refused (`log_key`) where none is named."""
    if settings.LOG_KEY_FILE is None:
        raise DomainError(
            "log_key", "LIMS_LOG_KEY names no file, so nothing can be signed. Name the file of the custody log's private key."
        )
    path: Path = settings.LOG_KEY_FILE
    return path


def make_key(path: Path) -> Ed25519PrivateKey:
    """A new key in a new file (mode 0600); a file that is there is never overwritten."""
    key = Ed25519PrivateKey.generate()
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        file.flush()
        os.fsync(file.fileno())
    return key


def read_key(path: Path) -> Ed25519PrivateKey:
    """The key in a file; refused when the file is missing, readable by others, or something else."""
    try:
        if path.stat().st_mode & 0o077:
            raise DomainError("log_key", f"{path} can be read by others than its owner. Set its mode to 0600.")
        key = load_pem_private_key(path.read_bytes(), password=None)
    except OSError as error:
        raise DomainError("log_key", f"The private key of the custody log cannot be read: {error}.") from error
    except ValueError as error:
        raise DomainError("log_key", f"{path} does not hold a private key in PEM form.") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise DomainError("log_key", f"{path} holds a key of another kind than Ed25519.")
    return key


def first_signer(origin: str) -> Signer:
    """The key a new log begins with. Outside production it is made where it is missing."""
    path = key_file()
    if not settings.PRODUCTION and not path.exists():
        try:
            return Signer(origin, make_key(path))
        except FileExistsError:  # another process was faster
            pass
    return Signer(origin, read_key(path))


def current_signer(expected: VerifierKey) -> Signer:
    """The signer whose public half the log announced last; refused (`log_key`) when the file holds another key.

    A rotation announces the new key before it puts it in place: one that was cut short in between is finished here.
    """
    path, waiting = key_file(), successor_file()
    for candidate in (path, waiting):
        if candidate.exists():
            signer = Signer(expected.name, read_key(candidate))
            if signer.verifier_key == expected:
                if candidate == waiting:
                    put_in_place(waiting)
                return signer
    if not path.exists():
        raise DomainError("log_key", f"The private key of the custody log is missing: {path} is not there. Put it back from its safe copy.")
    raise DomainError(
        "log_key",
        f"{path} does not hold the key {expected.id.hex()} that the custody log announced last, so nothing is signed. Put the right key"
        " there; a new one comes into force with manage.py rotate_log_key.",
    )


def successor_file() -> Path:
    """Where a new key waits until the log has announced it."""
    path = key_file()
    return path.with_name(f"{path.name}.new")


def put_in_place(successor: Path) -> None:
    """The new key takes the old one's place; the old one is kept beside it, under its id."""
    path = key_file()
    if path.exists():
        old = Signer("old", read_key(path)).verifier_key.public_key.hex()[:16]
        path.rename(path.with_name(f"{path.name}.retired-{old}"))
    successor.rename(path)
