"""Real processes beside a test: a broker of its own, workers and a scheduler that serve the test's database."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from django.conf import settings
from kombu import pools

from lims.jobs.broker import app
from lims.stack.broker import BrokerServer
from lims.stack.identity import Identity
from lims.stack.processes import free_port
from tests.databases import url_of

# Generous: a machine that runs other things beside the tests is slow to start a process.
PATIENCE = 60.0


def wait_until(condition: Callable[[], object], what: str, patience: float = PATIENCE) -> None:
    """Return as soon as `condition` holds; fail saying what was waited for."""
    end = time.monotonic() + patience
    while not condition():
        assert time.monotonic() < end, f"waited {patience:.0f} s in vain: {what}"
        time.sleep(0.05)


class Broker:
    """A broker that can be stopped and started again on the same port, with what it held."""

    def __init__(self, folder: Path) -> None:
        self.server = BrokerServer(Identity(folder), folder / "broker.log")
        self.server.prepare()
        self.port = free_port()
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return self.server.environment(self.port)["REDIS_URL"]

    def start(self) -> None:
        """Listen; returns when it answers."""
        self.process = process = self.server.start(self.port)
        wait_until(lambda: self.server.is_ready(process, self.port), "the broker answers")

    def stop(self) -> None:
        """Gone, as in a power cut."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def serve(self, url: str | None = None) -> None:
        """Let this process send here (or to `url`)."""
        app.conf.broker_url = url or self.url
        pools.reset()
        app._pool = app.amqp._producer_pool = None


class Program:
    """A `celery` program in a process group of its own, serving one database and one broker."""

    def __init__(self, *arguments: str, database: str, broker: Broker, log: Path) -> None:
        self.log = log
        environment = os.environ | {"DATABASE_URL": url_of(database), "REDIS_URL": broker.url, "PYTHONUNBUFFERED": "1"}
        environment.pop("DATABASE_OWNER_URL", None)
        with log.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "celery", "-A", "lims", *arguments, "--loglevel", "INFO"],
                cwd=settings.BASE_DIR,
                env=environment,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def send(self, number: signal.Signals) -> None:
        """Signal the program and everything it started."""
        os.killpg(self.process.pid, number)

    def kill(self) -> None:
        """Gone, without a word."""
        if self.process.poll() is None:
            self.send(signal.SIGKILL)
            self.process.wait()


def start_worker(name: str, *, database: str, broker: Broker, folder: Path) -> Program:
    """A worker with one process, once it is ready for work."""
    options = ("--concurrency", "1", "--without-gossip", "--without-mingle", "--without-heartbeat", "--hostname", f"{name}@test")
    worker = Program("worker", *options, database=database, broker=broker, log=folder / f"{name}.log")

    def is_ready() -> bool:
        assert worker.process.poll() is None, worker.log.read_text()
        return " ready." in worker.log.read_text()

    wait_until(is_ready, f"worker {name} is ready")
    return worker


def start_beat(*, database: str, broker: Broker, folder: Path) -> Program:
    """The scheduler."""
    return Program("beat", "--schedule", str(folder / "schedule"), database=database, broker=broker, log=folder / "beat.log")
