"""Child processes that end with their parent, however it ends."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

StopRequests = tuple[tuple[signal.Signals, float], ...]
"""What to send a process to end it, in turn, and how many seconds to wait after each."""

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_libc = ctypes.CDLL(None, use_errno=True)


def end_with_parent(sent: signal.Signals) -> None:
    """Ask the kernel to send this process `sent` when the thread that started it ends."""
    _set_process_control(_PR_SET_PDEATHSIG, int(sent))


def adopt_orphans() -> None:
    """Become the parent of every descendant whose own parent ends, so that `bury_orphans` can see it off."""
    _set_process_control(_PR_SET_CHILD_SUBREAPER, 1)


def bury_orphans(seconds: float) -> None:
    """Wait until adopted processes that are ending have ended, at most `seconds`; none of them stays behind as a zombie."""
    deadline = time.monotonic() + seconds
    with contextlib.suppress(ChildProcessError):  # none is left
        while time.monotonic() < deadline:
            if os.waitpid(-1, os.WNOHANG) == (0, 0):
                time.sleep(0.01)


def _set_process_control(option: int, value: int) -> None:
    if _libc.prctl(option, value, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), f"prctl({option}) was refused")


def start_child(
    command: Sequence[str | Path],
    *,
    output: int | None,
    on_parent_death: signal.Signals,
    cwd: Path,
    environment: Mapping[str, str],
    identity: Mapping[str, Any] | None = None,
) -> subprocess.Popen[bytes]:
    """Start `command` in a session of its own, so that a Ctrl-C in the terminal reaches its parent alone.

    `output` is a descriptor for stdout and stderr (None: the parent's); `on_parent_death` is what the kernel sends it when its parent is
    gone; `identity` are Popen's `user`, `group` and `extra_groups`. Call it from the main thread: the kernel watches the starting thread.
    """
    return subprocess.Popen(
        [str(part) for part in command],
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=None if output is None else subprocess.STDOUT,
        cwd=cwd,
        env=dict(environment),
        start_new_session=True,
        # Runs after the change of user, which would clear the request.
        preexec_fn=_follower(on_parent_death, os.getpid()),
        **(identity or {}),
    )


def _follower(sent: signal.Signals, parent: int) -> Callable[[], None]:
    def follow() -> None:
        end_with_parent(sent)
        if os.getppid() != parent:  # the parent died before the request was made
            os._exit(1)

    return follow


def stop_children(children: Sequence[tuple[subprocess.Popen[bytes], StopRequests]]) -> None:
    """End all of them and their groups, together: to each its requests in turn, then SIGKILL."""
    waiting = [(process, list(requests)) for process, requests in children]
    due = dict.fromkeys((process.pid for process, _ in waiting), 0.0)
    while waiting:
        for process, requests in waiting:
            if process.poll() is None and time.monotonic() >= due[process.pid]:
                sent, seconds = requests.pop(0) if requests else (signal.SIGKILL, 5.0)
                process.send_signal(sent)
                due[process.pid] = time.monotonic() + seconds
        waiting = [(process, requests) for process, requests in waiting if process.poll() is None]
        time.sleep(0.02)
    for process, _ in children:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)  # what the child left behind


def stop_child(process: subprocess.Popen[bytes], requests: StopRequests) -> None:
    """End one process and its group."""
    stop_children([(process, requests)])


def describe_end(code: int) -> str:
    """An exit code as Popen gives it, in words."""
    return f"was ended by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"


def free_port() -> int:
    """A TCP port of the loopback address that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port
