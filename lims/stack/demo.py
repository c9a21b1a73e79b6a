"""`make demo`: the whole product on one machine, from an empty folder to a page one can sign in to."""

from __future__ import annotations

import contextlib
import errno
import http.client
import json
import os
import signal
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

from lims.stack import session
from lims.stack.checkout import Checkout
from lims.stack.errors import StackError
from lims.stack.files import Lock, is_locked, read_json, write_private
from lims.stack.identity import Identity, find_identity
from lims.stack.preparation import marked_until_complete, prepare, start_over_if_wanted
from lims.stack.processes import adopt_orphans, bury_orphans
from lims.stack.supervisor import Supervisor, beat_part, web_part, worker_part
from lims.stack.terminal import say, timed

DEFAULT_PORT = 8000
READY_SECONDS = 90
STOP_SECONDS = 20
POLL_SECONDS = 0.2


def run_demo() -> int:
    """Prepare and run everything until Ctrl-C or SIGTERM (0), or until a part fails (StackError)."""
    checkout = Checkout.current()
    identity = find_identity(checkout)
    port = wanted_port()
    adopt_orphans()
    with _only_demo(identity):
        check_port(port)
        supervisor = Supervisor(checkout)
        try:
            _listen_to_signals()
            _record_address(identity, port)
            _run(checkout, identity, port, supervisor)
        except KeyboardInterrupt:
            say("\nStopping; the data stay.")
        finally:
            _ignore_signals()
            _demo_state(identity).unlink(missing_ok=True)
            supervisor.stop()
            going_on = session.release()
            bury_orphans(0.0 if going_on else 2.0)
            for name in going_on:
                say(f"The {name} server goes on for another command of this checkout.")
    return 0


def _run(checkout: Checkout, identity: Identity, port: int, supervisor: Supervisor) -> NoReturn:
    started = time.monotonic()
    start_over_if_wanted(checkout, identity)
    with marked_until_complete(identity):
        environment = _start_servers(port)
        prepare(checkout, identity, environment)
    with timed("Starting web server, worker and beat"):
        supervisor.watch(_embedded(environment))
        for part in (web_part(port), worker_part(), beat_part()):
            supervisor.start(part, {**os.environ, **environment})
        _wait_until_served(supervisor, port)
    _welcome(checkout, port, time.monotonic() - started)
    while True:
        supervisor.check()
        time.sleep(POLL_SECONDS)


def preflight() -> None:
    """Raise StackError for what would keep the demonstration from starting: one that runs already, a busy or impossible port."""
    identity = find_identity(Checkout.current())
    _wait_for_other_demo(identity)
    check_port(wanted_port())


def wanted_port() -> int:
    """The port in `PORT`, or 8000."""
    text = os.environ.get("PORT") or str(DEFAULT_PORT)
    if not text.isdecimal() or not 0 < int(text) < 65536:
        raise StackError(f"PORT={text} is not a port: choose a number from 1024 to 65535, for example PORT=8001.")
    return int(text)


def check_port(port: int) -> None:
    """Raise StackError unless the web server can listen on `port` of the loopback address."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as the web server does: a connection that lingers is no obstacle
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise StackError(f"Port {port} is taken by another program. Choose another one: make demo PORT={port + 1}") from error
            raise StackError(f"Port {port} cannot be used ({error.strerror}). Choose one from 1024 up: make demo PORT=8001") from error


@contextmanager
def _only_demo(identity: Identity) -> Iterator[None]:
    lock = Lock(_demo_lock(identity))
    _wait_for_other_demo(identity)
    if not lock.try_alone():
        lock.release()
        raise _already_runs(identity)
    _demo_state(identity).unlink(missing_ok=True)  # of one that was killed
    try:
        yield
    finally:
        lock.release()


def _wait_for_other_demo(identity: Identity) -> None:
    """Return when no demonstration of this checkout runs; wait for one that is stopping, which tells its address no more."""
    deadline = time.monotonic() + STOP_SECONDS
    while is_locked(_demo_lock(identity)):
        if _demo_state(identity).exists() or time.monotonic() > deadline:
            raise _already_runs(identity)
        time.sleep(POLL_SECONDS)


def _demo_lock(identity: Identity) -> Path:
    return identity.home / "demo.lock"


def _demo_state(identity: Identity) -> Path:
    return identity.home / "demo.json"


def _record_address(identity: Identity, port: int) -> None:
    write_private(_demo_state(identity), json.dumps({"address": _address(port), "process": os.getpid()}))


def _already_runs(identity: Identity) -> StackError:
    state = read_json(_demo_state(identity)) or {}
    return StackError(
        f"The demonstration of this checkout already runs at {state.get('address', 'an address it does not tell')} "
        f"(process {state.get('process', 'unknown')}). Stop it there with Ctrl-C first."
    )


def _address(port: int) -> str:
    return f"http://127.0.0.1:{port}"


def _listen_to_signals() -> None:
    """Let SIGTERM and a closed terminal stop the demonstration as Ctrl-C does."""

    def interrupt(number: int, frame: object) -> None:
        _ignore_signals()
        raise KeyboardInterrupt

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:  # nohup
            signal.signal(number, interrupt)


def _ignore_signals() -> None:
    """A second Ctrl-C must not interrupt the stopping."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)


def _start_servers(port: int) -> dict[str, str]:
    if os.environ.get("DATABASE_URL") and not os.environ.get("DATABASE_OWNER_URL"):
        raise StackError(
            "DATABASE_URL names a server of your own: set DATABASE_OWNER_URL too, the role that owns the database and migrates it."
        )
    with timed("Starting database and broker"):
        environment = session.ensure({"database", "broker"})
        titles = [session.describe(name) for name in sorted(_embedded(environment), reverse=True)]
        say(f"{', '.join(titles) or 'those named by the environment'}, ", end="")
    return {**environment, "PORT": str(port), "PYTHONUNBUFFERED": "1"}


def _embedded(environment: dict[str, str]) -> frozenset[str]:
    return frozenset(name for name, variable in session.VARIABLES.items() if variable in environment)


def _wait_until_served(supervisor: Supervisor, port: int) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while not _is_served(port):
        supervisor.check()
        if time.monotonic() > deadline:
            raise StackError(f"The web server did not answer {_address(port)}/healthz within {READY_SECONDS} s; see var/stack/log/web.log.")
        time.sleep(POLL_SECONDS)


def _is_served(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    with contextlib.closing(connection):
        try:
            connection.request("GET", "/healthz")
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False


def _welcome(checkout: Checkout, port: int, seconds: float) -> None:
    credentials = read_json(checkout.credentials) or {}
    if credentials and credentials.get("base_url") != _address(port):
        credentials["base_url"] = _address(port)
        write_private(checkout.credentials, json.dumps(credentials, indent=2, ensure_ascii=False))
    say(f"\nReady after {seconds:.1f} s:  {_address(port)}/\n")
    for role, user in credentials.get("users", {}).items():
        say(f"  {role:<16} {user['username']:<24} {user['password']}")
    if credentials:
        say(f"\nMore people, and tokens for the REST interface, are in {checkout.credentials}.")
    say(f"Logs are in {checkout.logs}. Ctrl-C stops everything and keeps the data.")
