"""Loaded before Django reads its settings: the embedded servers, and folders of the test run's own."""

from __future__ import annotations

import atexit
import hashlib
import os
import shutil
import tempfile
from pathlib import Path

from lims.stack.identity import MEMORY
from lims.stack.session import ensure

_ENOUGH_BYTES = 4 * 2**30


def _make_quick_place() -> Path | None:
    """A folder in memory for this checkout's tests. Every test that commits has a database of its own, which is two thousand files made
    and removed; a disk's file system that was asked that often takes ten times as long to make the next. None where memory is short, or
    programs may not lie there."""
    if not MEMORY.is_dir():
        return None
    state = os.statvfs(MEMORY)
    if state.f_bavail * state.f_frsize < _ENOUGH_BYTES or state.f_flag & os.ST_NOEXEC:
        return None
    checkout = str(Path(__file__).resolve().parent.parent)
    place = MEMORY / f"lims-tests-{os.geteuid()}-{hashlib.sha256(os.fsencode(checkout)).hexdigest()[:12]}"
    if not place.exists():
        _remove_places_of_the_past()
        place.mkdir(mode=0o711, exist_ok=True)
    if place.is_symlink() or place.stat().st_uid != os.geteuid():
        return None
    (place / "checkout").write_text(checkout)
    return place


def _remove_places_of_the_past() -> None:
    """Give back the memory that tests of checkouts took that are no more: their folders, and under root their servers' data."""
    for note in MEMORY.glob("lims-*/checkout"):
        if note.lstat().st_uid == os.geteuid() and not Path(note.read_text()).exists():
            shutil.rmtree(note.parent, ignore_errors=True)


if place := _make_quick_place():
    os.environ["LIMS_DATA"] = str(place / "var")
    os.environ["TMPDIR"] = tempfile.tempdir = str(place)
os.environ.update(ensure(frozenset({"database", "broker"})))
# A broker database of our own, so a product running beside the tests never takes our messages.
os.environ["REDIS_URL"] = os.environ["REDIS_URL"].rsplit("/", 1)[0] + "/9"
os.environ["LIMS_DATA"] = tempfile.mkdtemp(prefix="lims-test-")
os.environ.setdefault("LIMS_JOB_LEASE_SECONDS", "3")
atexit.register(shutil.rmtree, os.environ["LIMS_DATA"], ignore_errors=True)
