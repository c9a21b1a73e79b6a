"""Private files, logs and file locks."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any


def write_private(path: Path, text: str) -> None:
    """Write `text` so that only the owner reads it (0600) and nobody ever sees half of it."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
    draft.replace(path)


def read_json(path: Path) -> dict[str, Any] | None:
    """The JSON object in `path`, or None where there is no such file."""
    try:
        content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    return content


def open_log(path: Path) -> int:
    """A descriptor for a new private log; what was there is kept once as `.previous`."""
    if path.exists():
        path.replace(path.with_name(f"{path.name}.previous"))
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)


def last_lines(path: Path, count: int = 12) -> str:
    """The end of a log, indented for a message; empty where there is none."""
    if not path.exists():
        return ""
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    return "".join(f"\n    {line}" for line in lines[-count:])


class Lock:
    """An advisory lock on a file. The kernel gives it back when its last holder ends, however that happens."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)

    def share(self) -> None:
        """Hold it together with others; waits while somebody has it alone."""
        fcntl.flock(self._descriptor, fcntl.LOCK_SH)

    def wait_alone(self) -> None:
        """Hold it alone; waits for all others."""
        fcntl.flock(self._descriptor, fcntl.LOCK_EX)

    def try_alone(self) -> bool:
        """Hold it alone if nobody else holds it; says whether that went well."""
        return self._try(fcntl.LOCK_EX)

    def try_share(self) -> bool:
        """Hold it together with others unless somebody has it alone; says whether that went well."""
        return self._try(fcntl.LOCK_SH)

    def release(self) -> None:
        """Give it back; a second call does nothing."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def _try(self, operation: int) -> bool:
        try:
            fcntl.flock(self._descriptor, operation | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


def is_locked(path: Path) -> bool:
    """Whether some process holds the lock alone."""
    lock = Lock(path)
    try:
        return not lock.try_share()
    finally:
        lock.release()


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold a lock alone for the length of a block."""
    lock = Lock(path)
    lock.wait_alone()
    try:
        yield
    finally:
        lock.release()
