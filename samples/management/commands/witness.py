"""`manage.py witness`: watch a custody log from outside and cosign it while it only grows. Needs no database: only the log's API over HTTP.

Exit codes: 0 cosigned or nothing new, 1 the log is not what it was (nothing is cosigned), 2 it cannot be told.
"""

from __future__ import annotations

import fcntl
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from lims.core.errors import DomainError
from samples.custody import notes
from samples.custody.log_client import LogClient
from samples.custody.notes import Signer, VerifierKey
from samples.custody.signing_key import make_key, read_key
from samples.custody.witness import Memory, Refused, Unclear, cosign, observe


class Command(BaseCommand):
    """A witness with its own key and its own memory. Run it outside the operator's machines: that is its whole point."""

    help = "Watch a custody log over its API and cosign its checkpoints as long as it only grows. Exit code 1: the log was tampered with."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--url", required=True, help="address of the installation, for example https://lims.example")
        parser.add_argument(
            "--name", required=True, help="the witness's name: an address without https://, for example audit.example/custody"
        )
        parser.add_argument("--key", required=True, type=Path, metavar="FILE", help="its private key; made where there is none")
        parser.add_argument("--memory", required=True, type=Path, metavar="FILE", help="what it saw last; losing it is losing the past")
        parser.add_argument(
            "--log-key", metavar="KEY", help="the log's verifier key, got by another way than the log; needed the first time"
        )
        parser.add_argument("--once", action="store_true", help="look once and end")
        parser.add_argument("--every", type=float, default=60, metavar="SECONDS", help="how often to look (default 60)")
        parser.add_argument("--show-key", action="store_true", help="print the verifier key an administrator registers, and end")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            signer = self._signer(options["name"], options["key"])
            if options["show_key"]:
                self.stdout.write(str(signer.verifier_key))
                return
            log = LogClient(options["url"])
            with _memory_of_one(options["memory"]):
                while True:
                    self._look(log, signer, options)
                    if options["once"]:
                        return
                    time.sleep(options["every"])
        except Refused as error:
            self.stderr.write(self.style.ERROR(f"REFUSED: {error} Nothing was cosigned. Keep this memory file as evidence."))
            sys.exit(1)
        except (Unclear, DomainError, notes.MalformedNote) as error:
            raise CommandError(str(error), returncode=2) from error

    def _signer(self, name: str, path: Path) -> Signer:
        notes.check_name(name)
        key = read_key(path) if path.exists() else make_key(path)
        return Signer(name, key, notes.COSIGNATURE)

    def _look(self, log: LogClient, signer: Signer, options: dict[str, Any]) -> None:
        memory = _read_memory(options["memory"], options["log_key"])
        try:
            observed = observe(log, memory)
        except Unclear as error:
            if options["once"]:
                raise
            self.stderr.write(f"{error} Trying again in {options['every']:.0f} s.")
            return
        known = f"{signer.name}: {observed.checkpoint.size:,} leaves"
        if not observed.grew and notes.verify_cosignature(observed.note, signer.verifier_key):
            self.stdout.write(f"{known}, nothing new.")
            return
        _write_memory(options["memory"], observed.memory)
        try:
            log.send(str(cosign(observed, signer, int(time.time()))))
        except Unclear as error:
            if options["once"]:
                raise
            self.stderr.write(f"{error} Trying again in {options['every']:.0f} s.")
            return
        self.stdout.write(f"{known}, consistent with the {memory.size:,} seen before; cosigned.")


def _read_memory(path: Path, log_key: str | None) -> Memory:
    if path.exists() and path.stat().st_size:
        memory = Memory.from_json(path.read_text())
        if log_key and str(memory.key) != log_key and not memory.size:
            raise Unclear("The memory trusts another log key than --log-key names.")
        return memory
    if not log_key:
        raise Unclear("This witness remembers nothing yet. Give it the log's verifier key with --log-key, got by another way than the log.")
    return Memory(VerifierKey.parse(log_key))


def _write_memory(path: Path, memory: Memory) -> None:
    """The new memory is on the disk before anything is cosigned: a witness that forgets could cosign two histories."""
    waiting = path.with_name(f"{path.name}.new")
    descriptor = os.open(waiting, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(memory.to_json())
        file.flush()
        os.fsync(file.fileno())
    waiting.rename(path)


@contextmanager
def _memory_of_one(path: Path) -> Iterator[None]:
    """Two witnesses with one memory would each forget what the other saw."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.with_name(f"{path.name}.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise Unclear(f"Another witness works with {path}.") from error
        yield
