"""The whole product as processes of its own, and a stranger who speaks HTTP to it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest.mock import patch

from django.conf import settings

from assays.instruments.models import Instrument, InstrumentToken
from lims.accounts.tokens import issue_token, issue_user_token
from lims.core.assets import prepare_assets
from lims.stack.processes import free_port
from tests.databases import url_of
from tests.factories.bench import grant_competence, make_instrument
from tests.factories.people import Cast, make_cast
from tests.factories.samples import make_mine
from tests.processes import Broker, Program, start_worker, wait_until


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: dict[str, str]
    data: bytes

    @property
    def body(self) -> Any:
        return json.loads(self.data)


@dataclass
class Product:
    """A web server and a worker on one database; `tokens` by role, `instrument_token` of its one instrument."""

    address: str
    cast: Cast
    instrument: Instrument
    tokens: dict[str, str] = field(default_factory=dict)

    def call(self, method: str, path: str, caller: str = "", body: Any = None, *, accept: str = "application/json") -> Answer:
        """One request; refusals come back as answers. A tuple body is a file `(name, bytes)`, sent as multipart."""
        headers = {"Accept": accept}
        if caller:
            headers["Authorization"] = f"Token {self.tokens[caller]}"
        data = None
        if isinstance(body, tuple):
            boundary = uuid.uuid4().hex
            headers["Content-Type"] = f"multipart/form-data; boundary={boundary}"
            head = f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="{body[0]}"\r\n\r\n'
            data = head.encode() + body[1] + f"\r\n--{boundary}--\r\n".encode()
        elif body is not None or method == "POST":
            headers["Content-Type"] = "application/json"
            data = json.dumps(body if body is not None else {}).encode()
        request = urllib.request.Request(self.address + path, data=data, headers=headers, method=method)  # noqa: S310
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310
                return Answer(answer.status, dict(answer.headers), answer.read())
        except urllib.error.HTTPError as error:
            with error:
                return Answer(error.code, dict(error.headers), error.read())

    def post(self, path: str, caller: str, body: Any = None) -> Any:
        """A POST below `/api/v1` that must be accepted; its body."""
        answer = self.call("POST", f"/api/v1{path}", caller, body)
        assert answer.status in {200, 201, 202}, (path, answer.status, answer.data.decode())
        return answer.body

    def get(self, path: str, caller: str) -> Any:
        """A GET below `/api/v1` that must be answered; its body."""
        answer = self.call("GET", f"/api/v1{path}", caller)
        assert answer.status == 200, (path, answer.status, answer.data.decode())
        return answer.body


@contextmanager
def running_product(database: str, folder: Path) -> Iterator[Product]:
    """Web server, broker and worker as processes of their own on a database; their logs stand in the folder."""
    prepare_assets(checkout=Path(settings.BASE_DIR), build_dir=Path(settings.BUILD_DIR))
    with ExitStack() as stack:
        broker = Broker(folder)
        broker.start()
        stack.callback(broker.stop)
        cast, instrument, tokens = people_the_product()
        web, address = start_web(database, broker, folder)
        stack.callback(stop, web)
        with patch.dict(os.environ, PUBLIC_URL=address):
            worker = start_work(database, broker, folder)
        stack.callback(worker.kill)
        yield Product(address, cast, instrument, tokens)


def people_the_product() -> tuple[Cast, Instrument, dict[str, str]]:
    """Everybody with a token, a mine, competences and an instrument."""
    cast = make_cast()
    make_mine()
    for person, activity in ((cast.analyst, "measure"), (cast.reviewer, "review"), (cast.signatory, "authorise")):
        grant_competence(cast, person, activity)
    instrument = make_instrument(cast)
    tokens = {role: issue_user_token(user=user, by=user, name="flow")[1] for role, user in cast.people.items()}
    tokens["instrument"] = issue_token(InstrumentToken, by="flow", name="flow", instrument=instrument)[1]
    return cast, instrument, tokens


def start_web(database: str, broker: Broker, folder: Path) -> tuple[subprocess.Popen[bytes], str]:
    """A real web server on a free port."""
    port = free_port()
    environment = os.environ | {
        "DATABASE_URL": url_of(database),
        "REDIS_URL": broker.url,
        "PORT": str(port),
        "PUBLIC_URL": f"http://127.0.0.1:{port}",
        "LIMS_DATA": str(settings.DATA_DIR),
    }
    environment.pop("DATABASE_OWNER_URL", None)
    command = [sys.executable, "-m", "gunicorn", "lims.wsgi", "--bind", f"127.0.0.1:{port}", "--worker-class", "gthread", "--threads", "4"]
    with (folder / "web.log").open("wb") as log:
        process = subprocess.Popen(
            [*command, "--no-control-socket"], cwd=settings.BASE_DIR, env=environment, stdout=log, stderr=log, start_new_session=True
        )
    address = f"http://127.0.0.1:{port}"
    wait_until(lambda: is_served(address, process, folder), "the web server answers")
    return process, address


def is_served(address: str, process: subprocess.Popen[bytes], folder: Path) -> bool:
    """Whether the web server answers; fails at once when it has ended."""
    assert process.poll() is None, (folder / "web.log").read_text()
    try:
        with urllib.request.urlopen(f"{address}/healthz", timeout=5) as answer:  # noqa: S310
            return bool(answer.status == 200)
    except OSError:
        return False


def stop(process: subprocess.Popen[bytes]) -> None:
    """End a process group."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def start_work(database: str, broker: Broker, folder: Path) -> Program:
    """A real worker whose certificates carry the web server's address."""
    return start_worker("flow", database=database, broker=broker, folder=folder)
