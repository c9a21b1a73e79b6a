"""Brings the data to where the product can be used: assets, migrations, reference data, the demonstration laboratory."""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from lims.stack.checkout import Checkout
from lims.stack.errors import StackError
from lims.stack.files import is_locked, last_lines, locked, open_log, write_private
from lims.stack.identity import Identity
from lims.stack.keeper import SERVERS, keeper_lock
from lims.stack.processes import describe_end, start_child, stop_child
from lims.stack.terminal import say, timed

CODE = ("lims", "samples", "assays", "package-lock.json", "requirements.txt")
MADE = ("assets", "fonts", "demo/credentials.json")
WRITTEN_WITH_DATABASE = ("demo", "files", "celerybeat-schedule*")


@dataclass(frozen=True)
class Step:
    """One management command of the preparation; `talks` when what it prints is worth watching."""

    title: str
    command: tuple[str, ...]
    talks: bool = False


STEPS = (
    Step("Preparing page assets and fonts", ("prepare_assets",)),
    Step("Migrating the database", ("migrate", "--database", "owner", "--no-input")),
    Step("Loading reference data", ("load_reference_data",)),
    Step("Building the demonstration laboratory", ("build_demo",), talks=True),
)


def prepare(checkout: Checkout, identity: Identity, environment: dict[str, str]) -> None:
    """Run the steps, unless the same code already prepared this very embedded database."""
    digest = _code_digest(checkout.project)
    note = _database(identity) / "prepared" if "DATABASE_URL" in environment else None
    if note and note.exists() and note.read_text() == digest and all((checkout.data / path).exists() for path in MADE):
        say("• Everything is prepared: the code has not changed since the last start")
        return
    for step in STEPS:
        with timed(step.title, talks=step.talks):
            _run_step(step, checkout, {**os.environ, **environment})
    if note:
        write_private(note, digest)


def _code_digest(project: Path) -> str:
    """Changes with every file that migrations, reference data, demonstration and assets are made from."""
    digest = hashlib.sha256()
    for root in (project / name for name in CODE):
        for path in sorted(root.rglob("*")) if root.is_dir() else [root]:
            if path.is_file() and path.suffix != ".pyc":
                digest.update(f"{path.relative_to(project)}\n".encode() + hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def _run_step(step: Step, checkout: Checkout, environment: dict[str, str]) -> None:
    log = checkout.logs / f"{step.command[0]}.log"
    output = None if step.talks else open_log(log)
    command: list[str | Path] = [sys.executable, checkout.project / "manage.py", *step.command]
    process = start_child(command, output=output, on_parent_death=signal.SIGTERM, cwd=checkout.project, environment=environment)
    if output is not None:
        os.close(output)
    try:
        process.wait()
    except KeyboardInterrupt:
        stop_child(process, ((signal.SIGTERM, 10.0),))
        raise
    if process.returncode != 0:
        shown = "" if step.talks else f" Its log {log} ends with:{last_lines(log)}"
        raise StackError(f"{step.title} failed: manage.py {step.command[0]} {describe_end(process.returncode)}.{shown}")


def start_over_if_wanted(checkout: Checkout, identity: Identity) -> None:
    """Remove the data if `RESET` says so, or if the start that made them was interrupted before they were complete."""
    if os.environ.get("RESET", "") not in ("", "0"):
        _remove_data(checkout, identity)
    elif _mark_of_unfinished(identity).exists() and _database(identity).exists() and not os.environ.get("DATABASE_URL"):
        say("• The first start was interrupted before the demonstration was complete: starting over")
        _remove_data(checkout, identity)


@contextmanager
def marked_until_complete(identity: Identity) -> Iterator[None]:
    """If there is no embedded database yet, mark the one to be made as unfinished until the block has ended well."""
    mark = _mark_of_unfinished(identity)
    if not _database(identity).exists() and not os.environ.get("DATABASE_URL"):
        write_private(mark, "The database was made for a demonstration that is not complete; the next start makes it anew.")
    yield
    mark.unlink(missing_ok=True)


def _database(identity: Identity) -> Path:
    return identity.home / "database"


def _mark_of_unfinished(identity: Identity) -> Path:
    return identity.home / "unfinished"


def _remove_data(checkout: Checkout, identity: Identity) -> None:
    """Remove the embedded servers' data and the files that belong to them; StackError while somebody uses them."""
    if os.environ.get("DATABASE_URL") or os.environ.get("REDIS_URL"):
        raise StackError(
            "Starting over empties the embedded servers only. DATABASE_URL or REDIS_URL names another one: empty that yourself."
        )
    with timed("Removing the data of this checkout"), locked(identity.home / "starting"):
        if any(is_locked(keeper_lock(identity, name)) for name in SERVERS):
            raise StackError("Another command of this checkout (a shell, a test run) uses the data: end it, then try RESET=1 again.")
        for name in SERVERS:
            shutil.rmtree(identity.home / name, ignore_errors=True)
        for path in [path for pattern in WRITTEN_WITH_DATABASE for path in checkout.data.glob(pattern)]:
            shutil.rmtree(path) if path.is_dir() else path.unlink()
