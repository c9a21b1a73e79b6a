"""Runs the long-running parts of the product beside the servers and notices when one of them ends."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass

from lims.stack import session
from lims.stack.checkout import Checkout
from lims.stack.errors import StackError
from lims.stack.files import last_lines, open_log
from lims.stack.processes import StopRequests, describe_end, start_child, stop_children

WEB_THREADS = 8
WORKER_PROCESSES = 2


@dataclass(frozen=True)
class Part:
    """A program that is meant to run until it is told to stop. `on_parent_death` must end it at once, `stop` lets it finish its work."""

    name: str
    title: str
    command: tuple[str, ...]
    on_parent_death: signal.Signals
    stop: StopRequests


def web_part(port: int) -> Part:
    """The web server: one process, so that its threads share one start-up."""
    command = ("gunicorn", "lims.wsgi", "--bind", f"127.0.0.1:{port}", "--worker-class", "gthread")
    return Part(
        "web",
        "The web server",
        (sys.executable, "-m", *command, "--workers", "1", "--threads", str(WEB_THREADS), "--graceful-timeout", "5", "--no-control-socket"),
        signal.SIGQUIT,
        ((signal.SIGTERM, 8.0), (signal.SIGQUIT, 2.0)),
    )


def worker_part() -> Part:
    """The Celery worker. Its pool of processes needs shared memory; where that is closed to this user it runs threads."""
    pool = ("--pool", "prefork") if has_shared_semaphores() else ("--pool", "threads")
    quiet = ("--without-gossip", "--without-mingle", "--without-heartbeat")  # nobody listens to its events
    options = ("--concurrency", str(WORKER_PROCESSES), *quiet, "--loglevel", "INFO")
    return Part(
        "worker",
        "The Celery worker",
        (sys.executable, "-m", "celery", "-A", "lims", "worker", *pool, *options),
        signal.SIGKILL,  # asked to stop with the broker gone it would wait for the broker; its pool follows by itself (lims.celery)
        ((signal.SIGTERM, 8.0), (signal.SIGQUIT, 3.0)),
    )


def beat_part() -> Part:
    """The only Celery beat; the lock of the demonstration keeps a second one from starting in the same checkout."""
    return Part(
        "beat",
        "The Celery beat",
        (sys.executable, "-m", "celery", "-A", "lims", "beat", "--pidfile=", "--loglevel", "INFO"),
        signal.SIGKILL,
        ((signal.SIGTERM, 5.0),),
    )


def has_shared_semaphores() -> bool:
    """Whether this user may make the semaphores that a pool of processes needs (a writable /dev/shm)."""
    try:
        multiprocessing.Lock()
    except OSError:
        return False
    return True


class Supervisor:
    """The running parts of one demonstration."""

    def __init__(self, checkout: Checkout) -> None:
        self._checkout = checkout
        self._servers: frozenset[str] = frozenset()
        self._running: list[tuple[Part, subprocess.Popen[bytes]]] = []

    def watch(self, servers: frozenset[str]) -> None:
        """Expect these embedded servers to run, too."""
        self._servers = servers

    def start(self, part: Part, environment: Mapping[str, str]) -> None:
        """Start one part, its output in a log of its own."""
        # What serves people never holds the owner's password.
        served = {name: value for name, value in environment.items() if name != "DATABASE_OWNER_URL"}
        log = open_log(self._checkout.logs / f"{part.name}.log")
        try:
            process = start_child(
                part.command,
                output=log,
                on_parent_death=part.on_parent_death,
                cwd=self._checkout.project,
                environment=served,
            )
        finally:
            os.close(log)
        self._running.append((part, process))

    def check(self) -> None:
        """Raise StackError, naming the part and its last lines, if anything that should run has ended."""
        for part, process in self._running:
            if process.poll() is not None:
                log = self._checkout.logs / f"{part.name}.log"
                raise StackError(f"{part.title} {describe_end(process.returncode)} unasked. Its log {log} ends with:{last_lines(log)}")
        for name in self._servers:
            if not session.is_running(name):
                log = self._checkout.logs / f"{name}.log"
                raise StackError(f"The {name} server ended unasked. Its log {log} ends with:{last_lines(log)}")

    def stop(self) -> None:
        """End all parts."""
        stop_children([(process, part.stop) for part, process in self._running])
        self._running.clear()
