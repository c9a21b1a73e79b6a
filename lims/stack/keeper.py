"""Keeps one embedded server running for as long as some process holds it.

A keeper is a small process of its own, the parent of one server. Holders share a lock, and the keeper looks for the moment when nobody
holds it any more: the kernel gives the lock back whenever a holder ends, even by SIGKILL, so nothing has to be counted or tidied up. If
the keeper itself is killed the kernel ends the server.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import ClassVar, NoReturn, Protocol

from lims.stack.broker import BrokerServer
from lims.stack.checkout import Checkout
from lims.stack.errors import StackError
from lims.stack.files import Lock, last_lines, open_log, write_private
from lims.stack.identity import Identity, find_identity
from lims.stack.postgres import PostgresServer
from lims.stack.processes import StopRequests, describe_end, free_port, stop_child

POLL_SECONDS = 0.1
START_SECONDS = 90  # a large database recovering from a crash takes a while
START_ATTEMPTS = 3  # another program may take the free port first


class Server(Protocol):
    """What a keeper keeps."""

    name: ClassVar[str]
    stop_requests: ClassVar[StopRequests]
    log: Path

    @property
    def title(self) -> str: ...
    def prepare(self) -> None: ...
    def start(self, port: int) -> subprocess.Popen[bytes]: ...
    def is_ready(self, process: subprocess.Popen[bytes], port: int) -> bool: ...
    def environment(self, port: int) -> dict[str, str]: ...


SERVERS: dict[str, Callable[[Identity, Path], Server]] = {"database": PostgresServer, "broker": BrokerServer}


def keeper_lock(identity: Identity, name: str) -> Path:
    """The lock that the keeper of a server has alone while it lives."""
    return identity.home / f"{name}.keeper"


def holders_lock(identity: Identity, name: str) -> Path:
    """The lock that those who use a server share."""
    return identity.home / f"{name}.holders"


def state_file(identity: Identity, name: str) -> Path:
    """Where the addresses of a running server stand (0600)."""
    return identity.home / f"{name}.json"


def run_keeper(name: str, checkout: Checkout) -> int:
    """Start the server `name` in a background process; return 0 once it is ready, 1 with the reason on stderr."""
    identity = find_identity(checkout)
    reading, writing = os.pipe()
    if os.fork() == 0:
        os.close(reading)
        _become_daemon(checkout.logs / f"{name}.keeper.log")
        _run_to_end(_Keeper(name, checkout, identity, writing))
    os.close(writing)
    with os.fdopen(reading) as answer:
        reason = answer.read()
    if reason == "ready":
        return 0
    sys.stderr.write(reason or f"The keeper of the {name} failed; see {checkout.logs / name}.keeper.log.")
    return 1


def _become_daemon(log: Path) -> None:
    os.setsid()
    os.umask(0o077)
    os.chdir("/")
    for standard, descriptor in enumerate((os.open(os.devnull, os.O_RDONLY), open_log(log))):
        os.dup2(descriptor, standard)
    os.dup2(1, 2)


def _run_to_end(keeper: _Keeper) -> NoReturn:
    """Never return into the code that forked."""
    try:
        keeper.run()
    except BaseException:
        traceback.print_exc()
        os._exit(1)
    os._exit(0)


class _Keeper:
    def __init__(self, name: str, checkout: Checkout, identity: Identity, answer: int) -> None:
        self.name = name
        self.log = checkout.logs / f"{name}.log"
        self.identity = identity
        self.state = state_file(identity, name)
        self.alone = Lock(keeper_lock(identity, name))
        self.holders = Lock(holders_lock(identity, name))
        self._answer = answer
        self._asked_to_stop = False

    def run(self) -> None:
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, self._note_request)
        if not self._lock_alone():
            return self._answer_caller(f"The {self.name} of this checkout is already kept by another process.")
        try:
            server = SERVERS[self.name](self.identity, self.log)
            process, port = _start_server(server)
        except (StackError, OSError, subprocess.SubprocessError) as error:
            return self._answer_caller(str(error))
        try:
            content = {"title": server.title, "keeper": os.getpid(), "process": process.pid, "port": port}
            write_private(self.state, json.dumps({**content, "environment": server.environment(port)}, indent=1))
            self._answer_caller("ready")
            while not self._asked_to_stop and process.poll() is None and not self.holders.try_alone():
                time.sleep(POLL_SECONDS)
        finally:
            self.state.unlink(missing_ok=True)
            stop_child(process, server.stop_requests)

    def _lock_alone(self) -> bool:
        """Others look at the lock for an instant now and then: try for a second."""
        for _ in range(100):
            if self.alone.try_alone():
                return True
            time.sleep(0.01)
        return False

    def _note_request(self, number: int, frame: object) -> None:
        self._asked_to_stop = True

    def _answer_caller(self, text: str) -> None:
        os.write(self._answer, text.encode())
        os.close(self._answer)


def _start_server(server: Server) -> tuple[subprocess.Popen[bytes], int]:
    server.prepare()
    for _ in range(START_ATTEMPTS):
        port = free_port()
        process = server.start(port)
        if _wait_until_ready(server, process, port):
            return process, port
        stop_child(process, server.stop_requests)
    raise StackError(
        f"The {server.name} server ({server.title}) {describe_end(process.returncode)} instead of starting. "
        f"Its log {server.log} ends with:{last_lines(server.log)}"
    )


def _wait_until_ready(server: Server, process: subprocess.Popen[bytes], port: int) -> bool:
    deadline = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        if server.is_ready(process, port):
            return True
        time.sleep(0.01)
    return False
