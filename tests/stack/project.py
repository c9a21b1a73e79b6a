"""A small project around a copy of `lims.stack`: quick stand-ins for the product's commands, pages and tasks."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from lims.stack.identity import SHARED_PLACE

SOURCE = Path(__file__).resolve().parents[2]

MANAGE = """
import json, os, pathlib, sys, time
command = sys.argv[1]
with open("calls", "a") as calls:
    calls.write(f"{' '.join(sys.argv[1:])}\\n")
if pathlib.Path("fail").exists() and pathlib.Path("fail").read_text() == command:
    sys.exit(f"{command} cannot go on: the reason")
if command == "prepare_assets":
    for name in ("assets", "fonts"):
        pathlib.Path("var", name).mkdir(exist_ok=True)
if command == "build_demo":
    import psycopg2
    connection = psycopg2.connect(os.environ["DATABASE_OWNER_URL"])
    connection.autocommit = True
    connection.cursor().execute("CREATE TABLE built AS SELECT 1")
    if pathlib.Path("stuck").exists():
        print("half built", flush=True)
        time.sleep(600)
    path = pathlib.Path("var/demo/credentials.json")
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps({"base_url": "", "users": {"analyst": {"username": "ana", "password": "secret of ana"}}}))
"""

WSGI = """
import os
def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"owner" if "DATABASE_OWNER_URL" in os.environ else b"application"]
"""

CELERY = """
import os, signal, time
from celery import Celery
from celery.signals import worker_process_init
from lims.stack.processes import end_with_parent
app = Celery("lims", broker=os.environ["REDIS_URL"])
app.conf.beat_schedule_filename = "var/celerybeat-schedule"
app.conf.broker_connection_retry_on_startup = True
@worker_process_init.connect
def end_with_worker(**_):
    end_with_parent(signal.SIGKILL)
@app.task(name="sleep")
def sleep(seconds):
    open("sleeping", "w").write(str(os.getpid()))
    time.sleep(seconds)
"""


@dataclass
class Project:
    """A checkout of its own. Processes started through it can be waited for and are ended with it."""

    root: Path
    environment: dict[str, str] = field(default_factory=dict)
    started: list[subprocess.Popen[str]] = field(default_factory=list)

    @classmethod
    def make(cls, root: Path) -> Project:
        """Write the project into `root`."""
        shutil.copytree(SOURCE / "lims" / "stack", root / "lims" / "stack", ignore=shutil.ignore_patterns("__pycache__"))
        for name, content in {"manage.py": MANAGE, "lims/__init__.py": "", "lims/wsgi.py": WSGI, "lims/celery.py": CELERY}.items():
            (root / name).write_text(content)
        ours = ("DATABASE_URL", "DATABASE_OWNER_URL", "REDIS_URL", "LIMS_DATA", "DJANGO_SETTINGS_MODULE", "PORT", "RESET", "PYTHONPATH")
        return cls(root, {name: value for name, value in os.environ.items() if name not in ours})

    @property
    def home(self) -> Path:
        """Where this checkout's servers keep their data."""
        return Path(self.evaluate("print(find_identity(Checkout.current()).home)"))

    def start(self, *command: str, **environment: str) -> subprocess.Popen[str]:
        """Start Python with `command` in the project; its output can be read line by line."""
        process = subprocess.Popen(
            [sys.executable, "-u", *command],
            cwd=self.root,
            env={**self.environment, **environment},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.started.append(process)
        return process

    def evaluate(self, code: str, **environment: str) -> str:
        """What a Python process in the project prints; it has the stack's names at hand and is seen to succeed."""
        process = self.start("-c", PRELUDE + code, **environment)
        output, _ = process.communicate(timeout=60)
        assert process.returncode == 0, output
        return output.strip()

    def hold(self) -> tuple[subprocess.Popen[str], dict[str, str]]:
        """A process that holds both servers until its input is closed, and the addresses it was given."""
        process = self.start("-c", PRELUDE + "print(json.dumps(session.ensure({'database', 'broker'})), flush=True); sys.stdin.read()")
        return process, json.loads(read_line(process))

    def demo(self, port: int, **environment: str) -> subprocess.Popen[str]:
        """Start the demonstration."""
        return self.start("-m", "lims.stack", "demo", PORT=str(port), **environment)

    def calls(self) -> list[str]:
        """The management commands called so far."""
        path = self.root / "calls"
        return path.read_text().splitlines() if path.exists() else []

    def processes(self) -> set[int]:
        """Everything that runs for this checkout, found by its command line, its folder and its open files."""
        names = {str(self.root), *map(str, self._homes_elsewhere())}
        return {int(path.name) for path in Path("/proc").glob("[0-9]*") if int(path.name) != os.getpid() and _names(path, names)}

    def remove(self) -> None:
        """End what still runs and remove what lies outside the project's folder."""
        for process in self.started:
            if process.poll() is None:
                process.kill()
            process.communicate()
        wait_until(lambda: not self.processes())
        for home in self._homes_elsewhere():
            shutil.rmtree(home)

    def _homes_elsewhere(self) -> list[Path]:
        """Where root's servers keep the data of this checkout, and kept those of its predecessors."""
        if os.geteuid() != 0:
            return []
        return [note.parent for note in SHARED_PLACE.glob("lims-*/checkout") if note.read_text().startswith(f"{self.root}/")]


PRELUDE = """
import json, sys
from lims.stack import session
from lims.stack.checkout import Checkout
from lims.stack.identity import find_identity
"""


def _names(process: Path, names: set[str]) -> bool:
    try:
        if process.joinpath("stat").read_text().rsplit(")", 1)[1].split()[0] == "Z":
            return False
        seen = [process.joinpath("cmdline").read_bytes().decode(errors="replace")]
        seen += [os.readlink(process / "cwd"), *(os.readlink(link) for link in process.joinpath("fd").iterdir())]
    except OSError:
        return False
    return any(name in text for name in names for text in seen)


def read_line(process: subprocess.Popen[str]) -> str:
    """The next line of a process; fails with what came instead if it ends."""
    assert process.stdout
    line = process.stdout.readline()
    assert line, f"the process ended with {process.wait()} and said nothing"
    return line


def read_until(process: subprocess.Popen[str], wanted: str) -> str:
    """Everything a process prints up to the line that contains `wanted`."""
    assert process.stdout
    seen = ""
    for line in process.stdout:
        seen += line
        if wanted in line:
            return seen
    raise AssertionError(f"{wanted!r} was never said; the process ended with {process.wait()} after:\n{seen}")


def wait_until(condition: Callable[[], object], seconds: float = 20) -> None:
    """Wait for something that happens by itself."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"still not so after {seconds} s"
        time.sleep(0.05)


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def interrupt(process: subprocess.Popen[str]) -> str:
    """Ctrl-C; what the process says until it ends, which it must do well."""
    process.send_signal(signal.SIGINT)
    output, _ = process.communicate(timeout=30)
    assert process.returncode == 0, output
    return output
