"""The agent of an instrument's computer: what it takes, what it sends, and that a cut at any point loses nothing and doubles nothing."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from assays.instruments.agent import lims_agent
from assays.instruments.agent.lims_agent import Agent, Answer, SettingsError, is_export, lock_spool, main, name_of, read_settings

CONFIG = """
server = "http://127.0.0.1:1"
token_file = 'token.txt'
spool = 'spool'
stable_seconds = 0
[[watch]]
folder = 'exports'
patterns = ["*.csv"]
"""


class PowerCut(BaseException):
    """The process ends here, without a word."""


class FakeServer:
    """Keeps what it is sent as the product does: by key, and by bytes."""

    def __init__(self, *statuses: int) -> None:
        self.statuses = list(statuses)
        self.uploads: list[bytes] = []
        self.names: list[str] = []
        self.beats: list[dict[str, Any]] = []
        self.asked: list[str] = []
        self.found = Answer(200, {"id": "u", "state": "reading"})

    def get(self, path: str) -> Answer:
        self.asked.append(path)
        return self.found

    def post(self, path: str, body: bytes, headers: dict[str, str]) -> Answer:
        if path == lims_agent.HEARTBEAT:
            self.beats.append(json.loads(body))
            return Answer(200, {"instrument": "ICP-1", "clock_skew_s": 0.1, "clock_wrong": False})
        status = self.statuses.pop(0) if self.statuses else 201
        if status not in {200, 201, 202}:
            return Answer(status, {"detail": "refused"} | ({"upload": "u"} if status == 422 else {}), 7.0 if status == 429 else 0.0)
        if body not in self.uploads:
            self.uploads.append(body)
            self.names.append(headers["Content-Disposition"])
        return Answer(status, {"id": "u", "state": "reading" if status == 202 else "recorded"})


@pytest.fixture
def config(tmp_path: Path) -> Path:
    (tmp_path / "exports").mkdir()
    (tmp_path / "token.txt").write_text("i_secret\n")
    (tmp_path / "token.txt").chmod(0o600)
    path = tmp_path / "agent.toml"
    path.write_text(CONFIG)
    return path


def start(config: Path, server: FakeServer) -> Agent:
    agent = Agent(read_settings(config))
    agent.server = server  # type: ignore[assignment]
    return agent


def put(config: Path, name: str, data: bytes) -> Path:
    path = config.parent / "exports" / name
    path.write_bytes(data)
    return path


def test_a_finished_file_is_sent_once_and_again_when_it_changes(config: Path) -> None:
    server = FakeServer()
    agent = start(config, server)
    path = put(config, "Batch µ 1.csv", b"one")
    put(config, "notes.txt", b"no export")
    put(config, "~$open.csv", b"temporary")
    assert [agent.step() for _ in range(3)][-1]
    assert (server.uploads, server.names) == ([b"one"], ["attachment; filename*=UTF-8''Batch%20%C2%B5%201.csv"])
    path.write_bytes(b"one and two")
    agent.step()
    assert start(config, server).step()
    assert server.uploads == [b"one", b"one and two"]
    assert server.beats[-1]["waiting"] == 0
    assert path.read_bytes() == b"one and two"


def test_a_large_file_leaves_the_spool_when_the_server_has_it_and_is_asked_after_until_it_is_read(config: Path) -> None:
    server = FakeServer(202)
    put(config, "large.csv", b"very long")
    assert start(config, server).step()
    agent = start(config, server)  # the computer was started again meanwhile
    assert agent.step()
    assert (server.uploads, server.asked) == ([b"very long"], 2 * ["/api/v1/instruments/me/uploads/u/"])
    assert "1 of them the server is still reading" in (config.parent / "spool" / "state.txt").read_text()
    for server.found in (Answer(0, {"detail": "no way"}), Answer(200, {"id": "u", "state": "unreadable"})):
        agent.next_ask = 0.0
        agent.step()
    assert (agent.state["reading"], agent.state["last_sent"]["state"]) == (0, "unreadable")
    assert start(config, server).step()
    assert (len(server.asked), server.uploads) == (4, [b"very long"])


def test_a_file_that_is_still_written_waits(config: Path) -> None:
    config.write_text(CONFIG.replace("stable_seconds = 0", "stable_seconds = 5"))
    server, clock = FakeServer(), [0.0]
    with patch.object(lims_agent.time, "monotonic", lambda: clock[0]):
        agent = start(config, server)
        path = put(config, "a.csv", b"half")
        for moment, more in ((1.0, b""), (4.0, b" and the rest"), (8.0, b"")):
            clock[0] = moment
            path.write_bytes(path.read_bytes() + more)
            os.utime(path, ns=(1, path.stat().st_size))
            assert not agent.step()
        assert server.uploads == []
        clock[0] = 13.5
        assert agent.step()
    assert server.uploads == [b"half and the rest"]


def _crashing(at: int, count: list[int]) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Wraps a step so that the `at`-th of all steps is the last, half of the time after it was done."""

    def wrap(step: Callable[..., Any]) -> Callable[..., Any]:
        def wrapped(*arguments: Any, **options: Any) -> Any:
            count[0] += 1
            if count[0] == at:
                raise PowerCut
            found = step(*arguments, **options)
            count[0] += 1
            if count[0] == at:
                raise PowerCut
            return found

        return wrapped

    return wrap


def test_a_power_cut_at_any_point_loses_nothing_and_doubles_nothing(config: Path, tmp_path: Path) -> None:
    put(config, "a.csv", b"first")
    put(config, "b.csv", b"second")
    at, ended = 0, False
    while not ended:
        at += 1
        config.write_text(CONFIG.replace("'spool'", f"'spool{at}'"))
        server, count = FakeServer(), [0]
        wrap = _crashing(at, count)
        with (
            patch.object(lims_agent.os, "fsync", wrap(os.fsync)),
            patch.object(lims_agent.os, "replace", wrap(os.replace)),
            patch.object(Path, "unlink", wrap(Path.unlink)),
            patch.object(server, "post", wrap(server.post)),
        ):
            try:
                ended = start(config, server).step()
            except PowerCut:
                ended = False
        assert start(config, server).step(), at
        assert sorted(server.uploads) == [b"first", b"second"], at
        spool = tmp_path / f"spool{at}"
        assert {path.parent.name for path in spool.glob("*/*.json")} == {"done"}, at
        assert not [*spool.glob("*/*.data"), *spool.glob("*/*.new")], at
    assert at > 30  # every flush, rename, removal and request was an end once


@pytest.mark.parametrize(
    ("status", "place"), [(0, "queue"), (500, "queue"), (429, "queue"), (401, "queue"), (422, "done"), (413, "refused")]
)
def test_what_fails_waits_or_is_kept_and_told(config: Path, status: int, place: str, capsys: pytest.CaptureFixture[str]) -> None:
    server = FakeServer(status)
    agent = start(config, server)
    put(config, "a.csv", b"one")
    agent.step()
    [entry] = agent.spool.entries(getattr(agent.spool, place))
    assert entry["name"] == "a.csv"
    if place == "queue":
        wait = agent.next_send - lims_agent.time.monotonic()
        assert 6 < wait <= 7 if status == 429 else 0 < wait <= 2
        agent.next_send = 0
        assert agent.step()
        assert server.uploads == [b"one"]
    if place == "refused":
        assert (agent.spool.refused / f"{entry['key']}.data").read_bytes() == b"one"
        assert main(["--config", str(config), "--status"]) == 1
        assert "1 files were refused" in capsys.readouterr().out


def test_status_is_told_in_words(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--config", str(config), "--status"]) == 1
    agent = start(config, FakeServer())
    put(config, "a.csv", b"one")
    agent.step()
    assert main(["--config", str(config), "--status"]) == 0
    said = capsys.readouterr().out
    assert "last sent a.csv" in said
    assert "for ICP-1" in said
    assert (config.parent / "spool" / "state.txt").read_text() in said
    (config.parent / "token.txt").chmod(0o644)
    assert "mode to 0600" in start(config, FakeServer()).warning


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ('server = "http://lims.example.org"', "Use https"),
        ('server = "lims.example.org"', "no address"),
        ('server = "https://lims.example.org/api"', "no address"),
        ("token_file = \"C:\\Users\\x\"\nserver = 'https://a.b'", "single quotes"),
        ('server = "https://a.b"\npol_seconds = 3', "no setting"),
        ('server = "https://a.b"\npoll_seconds = "often"', "seconds are numbers"),
    ],
)
def test_settings_that_cannot_be_used_say_what_to_change(config: Path, line: str, told: str, capsys: pytest.CaptureFixture[str]) -> None:
    rest = CONFIG.replace('server = "http://127.0.0.1:1"\n', "")
    config.write_text(f"{line}\n" + (rest.replace("token_file = 'token.txt'\n", "") if "token_file" in line else rest))
    assert main(["--config", str(config), "--self-test"]) == 2
    assert told in capsys.readouterr().err


def test_windows_paths_are_understood(config: Path) -> None:
    config.write_text(CONFIG.replace("'exports'", r"'D:\Agilent\Exports'").replace("patterns", "recursive = true\npatterns"))
    assert name_of(str(read_settings(config).watches[0].folder)).endswith("Exports")
    assert name_of(r"D:\Agilent\ICPMH\1\DATA\Batch 7.CSV") == "Batch 7.CSV"
    assert name_of(r"\\console\share\x.csv") == "x.csv"
    assert name_of("/home/x/y.csv") == "y.csv"
    assert is_export("Batch 7.CSV", ("*.csv",))
    assert not is_export("batch.csv.part", ("*",))


@pytest.fixture
def held(config: Path) -> Iterator[Any]:
    file = lock_spool(config.parent / "spool")
    yield file
    file.close()


def test_two_agents_never_work_with_one_spool(config: Path, held: Any) -> None:
    with pytest.raises(SettingsError, match="Another agent"):
        lock_spool(config.parent / "spool")
    held.close()
    lock_spool(config.parent / "spool").close()
