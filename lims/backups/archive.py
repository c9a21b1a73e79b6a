"""A backup is one tar file: the database's dump, every stored file, and at its end a manifest with the SHA-256 of each.

On request it is encrypted for the holders of age keys, so the machine that makes backups cannot read them.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import tarfile
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import pyrage

from lims.core.errors import DomainError

FORMAT = 1
MANIFEST = "manifest.json"
DATABASE = "database.dump"
FILES = "files/"
_CHUNK = 1 << 20
_ENCRYPTED = b"age-encryption.org/v1"
_LARGEST_MANIFEST = 256 * 2**20


class BadArchive(DomainError):
    """The file is no backup, or not the backup that was made."""

    def __init__(self, message: str) -> None:
        super().__init__("bad_archive", message)


@dataclass(frozen=True)
class Member:
    """One file inside: SHA-256 in hexadecimal, size in bytes."""

    sha256: str
    size: int


@dataclass
class Manifest:
    """What a backup says of itself. `facts` are those of the database at its snapshot; `members` everything inside by its name."""

    facts: dict[str, Any]
    members: dict[str, Member] = field(default_factory=dict)

    def as_bytes(self) -> bytes:
        """As it stands in the archive."""
        members = {name: {"sha256": member.sha256, "size": member.size} for name, member in sorted(self.members.items())}
        return json.dumps({"format": FORMAT, **self.facts, "members": members}, indent=1, sort_keys=True).encode()

    @classmethod
    def read(cls, data: bytes) -> Manifest:
        """The manifest in an archive; `BadArchive` where it cannot be understood."""
        try:
            content = json.loads(data)
            form, members = content.pop("format"), content.pop("members")
            known = {str(name): Member(str(one["sha256"]), int(one["size"])) for name, one in members.items()}
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise BadArchive("The manifest of this file cannot be read: it is no backup of this product, or a damaged one.") from error
        if form != FORMAT:
            raise BadArchive(f"This backup has format {form}, this version reads {FORMAT}. Restore it with the version that made it.")
        return cls(content, known)


class Writer:
    """Adds members to an archive and remembers their hashes; `close` adds the manifest."""

    def __init__(self, target: IO[bytes], facts: dict[str, Any]) -> None:
        self._tar = tarfile.open(fileobj=target, mode="w", format=tarfile.PAX_FORMAT)  # noqa: SIM115 - `close` ends it
        self.manifest = Manifest(facts)

    def add(self, name: str, source: IO[bytes], size: int) -> Member:
        """Add `size` bytes of `source` under `name`."""
        hashed = _Hashing(source)
        entry = tarfile.TarInfo(name)
        entry.size = size
        self._tar.addfile(entry, hashed)
        member = Member(hashed.digest.hexdigest(), size)
        self.manifest.members[name] = member
        return member

    def close(self) -> None:
        """Add the manifest and end the archive."""
        data = self.manifest.as_bytes()
        entry = tarfile.TarInfo(MANIFEST)
        entry.size = len(data)
        self._tar.addfile(entry, io.BytesIO(data))
        self._tar.close()


class _Hashing:
    def __init__(self, source: IO[bytes]) -> None:
        self._source = source
        self.digest = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        data = self._source.read(size)
        self.digest.update(data)
        return data


@contextmanager
def private_folder(beside: Path) -> Iterator[Path]:
    """A temporary folder on the same disk as `beside` that only this user can enter; removed at the end."""
    with tempfile.TemporaryDirectory(prefix=".backup-", dir=beside) as name:
        yield Path(name)


@contextmanager
def create_archive(path: Path, facts: dict[str, Any], recipients: Iterable[str]) -> Iterator[Writer]:
    """Write an archive that stands at `path` only once it is complete, readable by this user alone.

    `recipients` are age public keys (`age1…`); without any the archive is not encrypted.
    """
    keys = [_recipient(text) for text in recipients]
    if path.exists():
        raise DomainError("exists", f"{path} exists already and is not overwritten. Give another name.")
    if not path.parent.is_dir():
        raise DomainError("no_folder", f"There is no folder {path.parent}. Make it first, or give another place.")
    with private_folder(path.parent) as folder:
        plain = folder / "backup.tar"
        with plain.open("xb") as target:
            writer = Writer(target, facts)
            yield writer
            writer.close()
        ready = plain
        if keys:
            ready = folder / "backup.age"
            pyrage.encrypt_file(str(plain), str(ready), keys)
        ready.chmod(0o600)
        with ready.open("rb") as written:
            os.fsync(written.fileno())
        os.link(ready, path)  # refuses, unlike a rename, when somebody else made it meanwhile


def _recipient(text: str) -> Any:
    try:
        return pyrage.x25519.Recipient.from_str(text.strip())
    except pyrage.RecipientError as error:
        raise DomainError("bad_key", f"“{text}” is no age public key (age1…). `manage.py make_backup_key` makes one.") from error


@contextmanager
def open_archive(path: Path, identity: Path | None) -> Iterator[tuple[Manifest, Path]]:
    """Unpack an archive into a private folder, every byte compared with the manifest before anything is used.

    `identity` is the file with the age secret key, needed when the archive is encrypted. Raises `BadArchive`.
    """
    if not path.is_file():
        raise BadArchive(f"There is no file {path}.")
    with private_folder(path.parent) as folder:
        plain = _decrypted(path, identity, folder)
        try:
            with tarfile.open(plain, mode="r:") as tar:
                manifest = _unpack(tar, folder / "members")
        except (tarfile.TarError, EOFError, OSError) as error:
            raise BadArchive(f"{path} cannot be read as a backup: {error}. Fetch another copy of it.") from error
        yield manifest, folder / "members"


def _decrypted(path: Path, identity: Path | None, folder: Path) -> Path:
    with path.open("rb") as file:
        encrypted = file.read(len(_ENCRYPTED)) == _ENCRYPTED
    if not encrypted:
        return path
    if identity is None:
        raise BadArchive(f"{path} is encrypted. Name the file with the secret key: --identity FILE.")
    plain = folder / "backup.tar"
    try:
        keys = [pyrage.x25519.Identity.from_str(line) for line in _lines(identity)]
        pyrage.decrypt_file(str(path), str(plain), keys)
    except (pyrage.IdentityError, pyrage.DecryptError, OSError) as error:
        raise BadArchive(f"{path} cannot be decrypted with {identity}: {error}. It is another key, or the file is damaged.") from error
    return plain


def _lines(identity: Path) -> list[str]:
    lines = [line.strip() for line in identity.read_text().splitlines()]
    return [line for line in lines if line and not line.startswith("#")]


def _unpack(tar: tarfile.TarFile, folder: Path) -> Manifest:
    found: dict[str, Member] = {}
    manifest: Manifest | None = None
    for entry in tar:
        source = tar.extractfile(entry) if entry.isfile() else None
        if source is None or not _is_safe(entry.name):
            raise BadArchive(f"The archive holds “{entry.name}”, which no backup holds. It was not made by this product; nothing was used.")
        if entry.name == MANIFEST:
            if entry.size > _LARGEST_MANIFEST:
                raise BadArchive("The manifest is implausibly large. This was not made by this product; nothing was used.")
            manifest = Manifest.read(source.read())
        else:
            found[entry.name] = _write_member(source, folder / entry.name)
    if manifest is None:
        raise BadArchive("The archive has no manifest at its end: it was cut off while it was written or copied. Fetch another copy.")
    _compare(manifest.members, found)
    return manifest


def _is_safe(name: str) -> bool:
    return name in {MANIFEST, DATABASE} or (name.startswith(FILES) and ".." not in name.split("/") and "\\" not in name)


def _write_member(source: IO[bytes], target: Path) -> Member:
    target.parent.mkdir(parents=True, exist_ok=True)
    digest, size = hashlib.sha256(), 0
    with target.open("xb") as file:
        while chunk := source.read(_CHUNK):
            digest.update(chunk)
            size += len(chunk)
            file.write(chunk)
    return Member(digest.hexdigest(), size)


def _compare(expected: dict[str, Member], found: dict[str, Member]) -> None:
    missing, surplus = sorted(expected.keys() - found.keys()), sorted(found.keys() - expected.keys())
    altered = sorted(name for name in expected.keys() & found.keys() if expected[name] != found[name])
    problems = [(missing, "missing"), (surplus, "not in the manifest"), (altered, "altered")]
    told = [_count_names(names, what) for names, what in problems if names]
    if told:
        raise BadArchive(f"The archive is not what was backed up: {'; '.join(told)}. Fetch another copy; nothing was restored.")


def _count_names(names: list[str], what: str) -> str:
    return f"{names[0]} and {len(names) - 1} more are {what}" if names[1:] else f"{names[0]} is {what}"
