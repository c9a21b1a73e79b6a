"""`python -m lims.stack`: the embedded one-machine stack from the command line."""

from __future__ import annotations

import argparse
import contextlib
import os
import signal
import subprocess
import sys

from lims.stack import session
from lims.stack.checkout import Checkout
from lims.stack.demo import preflight, run_demo
from lims.stack.errors import StackError
from lims.stack.keeper import SERVERS, run_keeper
from lims.stack.processes import end_with_parent


def main() -> int:
    """Read the command line and run one subcommand; the result is the exit code."""
    parser = argparse.ArgumentParser(prog="python -m lims.stack", description=__doc__)
    parser.add_argument("--with-parent", action="store_true", help="end when the program that started this one ends")
    subcommands = parser.add_subparsers(dest="subcommand", required=True)
    subcommands.add_parser("demo", help="run the demonstration: servers, web, worker and beat")
    subcommands.add_parser("preflight", help="say what would keep the demonstration from starting")
    run = subcommands.add_parser("run", help="run a command with the servers beside it; without one, run them until Ctrl-C")
    run.add_argument("command", nargs=argparse.REMAINDER)
    keep = subcommands.add_parser("keep", help="(used by the others) keep one server running while somebody holds it")
    keep.add_argument("server", choices=sorted(SERVERS))
    keep.add_argument("data", help="the folder the checkout writes to")
    chosen = parser.parse_args()
    if chosen.with_parent:
        end_with_parent(signal.SIGTERM)
    try:
        return _run(chosen)
    except StackError as error:
        sys.stderr.write(f"{error}\n")
        return 1


def _run(chosen: argparse.Namespace) -> int:
    if chosen.subcommand == "keep":
        return run_keeper(chosen.server, Checkout.current(chosen.data))
    if chosen.subcommand == "demo":
        return run_demo()
    if chosen.subcommand == "preflight":
        preflight()
        return 0
    return _run_beside_servers(chosen.command)


def _run_beside_servers(command: list[str]) -> int:
    environment = session.ensure({"database", "broker"})
    if not command:
        sys.stdout.write("Database and broker run until Ctrl-C; every manage.py command of this checkout finds them.\n")
        sys.stdout.flush()
        with contextlib.suppress(KeyboardInterrupt):
            signal.pause()
        return 0
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the command; this waits for it
    process = subprocess.Popen(command, env={**os.environ, **environment}, preexec_fn=_follow)
    signal.signal(signal.SIGTERM, lambda number, frame: process.terminate())
    return process.wait()


def _follow() -> None:
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    end_with_parent(signal.SIGTERM)


if __name__ == "__main__":
    sys.exit(main())
