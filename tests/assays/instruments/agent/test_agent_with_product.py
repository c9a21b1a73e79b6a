"""The agent as a process of its own, killed again and again, against the running product."""

from __future__ import annotations

import hashlib
import json
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from django.conf import settings
from django.test import Client

from assays.instruments.agent.agent_file import AGENT_NAME
from assays.instruments.models import Upload
from tests.factories.bench import make_planned_run
from tests.factories.measurement import make_export, make_instrument_token
from tests.factories.people import make_cast
from tests.running import start_web, stop

FILES = 8


def test_an_agent_that_is_killed_at_any_moment_brings_every_file_once(fresh_database: str, tmp_path: Path) -> None:
    downloaded = Client().get("/instruments/agent/lims_agent.py").content
    assert hashlib.sha256(downloaded).hexdigest() in Client().get("/instruments/agent/").content.decode()
    (tmp_path / AGENT_NAME).write_bytes(downloaded)
    cast = make_cast()
    run = make_planned_run(cast)
    broker: Any = SimpleNamespace(url=settings.REDIS_URL)
    web, address = start_web(fresh_database, broker, tmp_path)
    try:
        (tmp_path / "token").write_text(make_instrument_token(cast, run.instrument))
        (tmp_path / "token").chmod(0o600)
        values = {"server": address, "token_file": "token", "spool": "spool", "poll_seconds": 0.05, "stable_seconds": 0.1}
        lines = [f"{name} = {json.dumps(value)}" for name, value in values.items()]
        (tmp_path / "agent.toml").write_text("\n".join([*lines, "[[watch]]", "folder = 'exports'"]))
        (tmp_path / "exports").mkdir()
        (tmp_path / "exports" / f"{run.code}.xlsx").write_bytes(make_export(run))
        for number in range(FILES):
            (tmp_path / "exports" / f"note {number}.csv").write_text(f"nothing that can be read {number}")
        assert agent(tmp_path, "--self-test").wait(30) == 0
        chance = random.Random(5)
        for _ in range(4):
            process = agent(tmp_path)
            time.sleep(chance.uniform(0.15, 0.9))
            process.send_signal(signal.SIGKILL)
            process.wait()
        assert agent(tmp_path, "--once").wait(60) == 0
        assert agent(tmp_path, "--status").wait(30) == 0
    finally:
        stop(web)
    names = sorted(Upload.objects.values_list("file_name", flat=True))
    assert names == sorted([f"{run.code}.xlsx", *(f"note {number}.csv" for number in range(FILES))])
    assert Upload.objects.get(run=run).state == "recorded"
    run.instrument.refresh_from_db()
    assert run.instrument.agent.startswith("lims_agent")
    assert abs(run.instrument.clock_skew_s or 99) < 5


def agent(folder: Path, *options: str) -> subprocess.Popen[bytes]:
    """The downloaded file, run without the product's packages."""
    return subprocess.Popen([sys.executable, "-I", "-S", AGENT_NAME, "--config", "agent.toml", *options], cwd=folder)
