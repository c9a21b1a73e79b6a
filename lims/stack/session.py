"""Uses the embedded servers: finds those that run, starts those that do not, and lets them go with the last process that holds them."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Set
from typing import Any

from lims.stack.checkout import Checkout
from lims.stack.errors import StackError
from lims.stack.files import Lock, is_locked, locked, read_json
from lims.stack.identity import Identity, find_identity
from lims.stack.keeper import holders_lock, keeper_lock, state_file

VARIABLES = {"database": "DATABASE_URL", "broker": "REDIS_URL"}

_held: dict[str, tuple[Identity, Lock]] = {}


def ensure(needs: Set[str]) -> dict[str, str]:
    """Make sure that the servers in `needs` ("database", "broker") run until this process ends.

    Returns the environment variables to set: `DATABASE_URL` and `DATABASE_OWNER_URL`, `REDIS_URL`. A server that the environment names
    already is used as it is and is not in the answer. Raises StackError, whose message says what to do.
    """
    if "DATABASE_OWNER_URL" in os.environ and "DATABASE_URL" not in os.environ:
        raise StackError("DATABASE_OWNER_URL is set but DATABASE_URL is not: set both for a server of your own, or neither.")
    missing = sorted(need for need in needs if not os.environ.get(VARIABLES[need]))
    if not missing:
        return {}
    checkout = Checkout.current()
    identity = find_identity(checkout)
    environment: dict[str, str] = {}
    for name in missing:
        environment |= _hold(name, checkout, identity)
    return environment


def is_running(name: str) -> bool:
    """Whether the embedded server `name` runs."""
    return is_locked(keeper_lock(find_identity(Checkout.current()), name))


def describe(name: str) -> str:
    """Name and version of the running embedded server, for people."""
    state = read_json(state_file(find_identity(Checkout.current()), name)) or {}
    return str(state.get("title", name))


def release(*, wait_seconds: float = 1.0) -> list[str]:
    """Let go of every server held; wait for those that nobody else holds to end. Returns the names of those that go on for others."""
    held = dict(_held)
    _held.clear()
    for _, holders in held.values():
        holders.release()
    return [name for name, (identity, _) in held.items() if not _wait_for_end(identity, name, wait_seconds)]


def _hold(name: str, checkout: Checkout, identity: Identity) -> dict[str, str]:
    with locked(identity.home / "starting"):
        if name not in _held:
            holders = Lock(holders_lock(identity, name))
            holders.share()  # waits while a keeper that found nobody is stopping its server
            _held[name] = identity, holders
        state = _running_state(name, identity)
        if state is None:
            _start_keeper(name, checkout)
            state = read_json(state_file(identity, name))
    if state is None:
        raise StackError(f"The {name} server ended as soon as it had started; see {checkout.logs / name}.log.")
    environment: dict[str, str] = state["environment"]
    return environment


def _running_state(name: str, identity: Identity) -> dict[str, Any] | None:
    """The state of a server that runs; waits for one that is on its way down."""
    lock = keeper_lock(identity, name)
    while is_locked(lock):
        if state := read_json(state_file(identity, name)):
            return state
        time.sleep(0.02)
    return None


def _start_keeper(name: str, checkout: Checkout) -> None:
    command = [sys.executable, "-m", "lims.stack", "keep", name, str(checkout.data)]
    started = subprocess.run(command, cwd=checkout.project, capture_output=True, text=True, check=False)
    if started.returncode != 0:
        raise StackError(started.stderr.strip())


def _wait_for_end(identity: Identity, name: str, wait_seconds: float) -> bool:
    """Whether the server ended. A keeper that found nobody takes the holders' lock alone; while it has not, somebody else holds it."""
    deadline = time.monotonic() + wait_seconds
    while is_locked(keeper_lock(identity, name)):
        if is_locked(holders_lock(identity, name)):
            deadline = time.monotonic() + wait_seconds  # on its way down
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True
