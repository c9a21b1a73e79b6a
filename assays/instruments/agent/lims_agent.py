#!/usr/bin/env python3
"""Watches folders on an instrument's computer and sends every finished export to the laboratory's LIMS. Plain Python 3.11 or newer.

    python lims_agent.py --config agent.toml              watch and send until stopped
    python lims_agent.py --config agent.toml --once       send what is there, then end
    python lims_agent.py --config agent.toml --status     what it does and what waits; exit code 1 when something needs a person
    python lims_agent.py --config agent.toml --self-test  try settings, folders, disk, server and token; exit code 1 when one fails

agent.toml (Windows paths in 'single quotes'):

    server = "https://lims.example.org"
    token_file = 'C:\\LIMS\\token.txt'        # the instrument's token, readable by this account alone
    spool = 'C:\\LIMS\\spool'                 # on a local disk; what is not yet sent survives a power cut here
    [[watch]]
    folder = 'D:\\Agilent\\Exports'
    patterns = ["*.csv", "*.xlsx"]

Nothing in the watched folders is changed. A file is taken once its size and time have stood still and it can be opened; its bytes are
written to the spool and flushed to the disk before it counts as taken, and they leave the spool only after the server has answered. A cut
between answer and note sends the same bytes with the same key again, which the server answers as before: nothing is lost, nothing is twice.
A large file the server keeps at once and reads later (202); the agent asks what became of it and says so until it is known.
"""

from __future__ import annotations

import argparse
import fnmatch
import hashlib
import http.client
import ipaddress
import json
import os
import random
import ssl
import stat
import sys
import time
import tomllib
import urllib.parse
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path, PureWindowsPath
from typing import Any

VERSION = "1.1"
AGENT = f"lims_agent {VERSION}"
UPLOADS, HEARTBEAT = "/api/v1/instruments/me/uploads/", "/api/v1/instruments/me/heartbeat/"
TEMPORARY = ("~$*", ".*", "*.tmp", "*.part", "*.partial", "*.crdownload", "*.lock")
LARGEST = 64 * 2**20
LONGEST_PAUSE = 300.0
KEEP_DAYS = 90
ASK_SECONDS = 10.0


class SettingsError(Exception):
    """The settings cannot be used; the sentence says what to change."""


@dataclass(frozen=True)
class Watch:
    """One folder and which of its files are exports."""

    folder: Path
    patterns: tuple[str, ...]
    recursive: bool


@dataclass(frozen=True)
class Settings:
    """What agent.toml says."""

    server: str
    token_file: Path
    spool: Path
    watches: tuple[Watch, ...]
    poll_seconds: float = 10.0
    stable_seconds: float = 5.0
    heartbeat_seconds: float = 60.0
    timeout_seconds: float = 60.0
    ca_file: str = ""


def read_settings(path: Path) -> Settings:
    """The settings of a file; relative paths start at the file's own folder."""
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise SettingsError(f"{path} cannot be read: {error.strerror}.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path}: {error}. Write Windows paths in 'single quotes', where a backslash is a backslash.") from error
    missing = [name for name in ("server", "token_file", "spool", "watch") if not values.get(name)]
    if missing:
        raise SettingsError(f"{path} lacks {', '.join(missing)}.")
    known = {"server", "token_file", "spool", "watch", "poll_seconds", "stable_seconds", "heartbeat_seconds", "timeout_seconds", "ca_file"}
    if unknown := sorted(values.keys() - known):
        raise SettingsError(f"{path}: {', '.join(unknown)} is no setting. Known are {', '.join(sorted(known))}.")
    home = path.resolve().parent
    try:
        more = {name: type(getattr(Settings, name))(values[name]) for name in known & Settings.__dict__.keys() if name in values}
        watches = tuple(
            Watch(home / one["folder"], tuple(one.get("patterns") or ["*"]), bool(one.get("recursive", False))) for one in values["watch"]
        )
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        hint = "Each [[watch]] needs a folder, and may have patterns and recursive; seconds are numbers."
        raise SettingsError(f"{path} cannot be used ({error}). {hint}") from error
    return Settings(check_server(str(values["server"])), home / values["token_file"], home / values["spool"], watches, **more)


def check_server(address: str) -> str:
    """The server's address without a closing slash; https, or http to this computer itself."""
    parts = urllib.parse.urlsplit(address)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.path.strip("/") or parts.query:
        raise SettingsError(f"server = {address!r} is no address. Write it like https://lims.example.org.")
    if parts.scheme == "http" and not _is_loopback(parts.hostname):
        raise SettingsError(f"server = {address!r} would send the token readable by anybody on the way. Use https://.")
    return address.rstrip("/")


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def read_token(path: Path) -> tuple[str, str]:
    """The token, and a warning where others can read it too."""
    try:
        token = path.read_text(encoding="utf-8-sig").strip()
        mode = path.stat().st_mode
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"The token file {path} cannot be read: {error}.") from error
    if not token or not token.isascii() or any(character.isspace() for character in token):
        raise SettingsError(f"The token file {path} must hold the instrument's token and nothing else.")
    open_to_others = os.name != "nt" and stat.S_IMODE(mode) & 0o077
    return token, f"{path} can be read by other accounts; set its mode to 0600." if open_to_others else ""


def name_of(path: str) -> str:
    """The file's own name, of a path of Windows (drive, share) or any other."""
    return PureWindowsPath(path).name or path


def is_export(name: str, patterns: tuple[str, ...]) -> bool:
    """Whether a name fits the patterns (without regard to capitals) and is no program's temporary file."""
    low = name.lower()
    fits = any(fnmatch.fnmatchcase(low, pattern.lower()) for pattern in patterns)
    return fits and not any(fnmatch.fnmatchcase(low, pattern) for pattern in TEMPORARY)


def write_safely(path: Path, data: bytes) -> None:
    """The file is there with all its bytes or not at all, also after a power cut."""
    beside = path.with_name(path.name + ".new")
    with open(beside, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    os.replace(beside, path)
    if os.name != "nt":
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


@dataclass(frozen=True)
class Seen:
    """A file as it stood when it was taken."""

    path: str
    size: int
    mtime_ns: int


class Spool:
    """What was taken and not yet sent (`queue`), what the server has (`done`), and what it refused for good (`refused`). An entry is
    `<key>.json` with its bytes in `<key>.data`; the JSON is written last and so decides whether the entry exists."""

    def __init__(self, folder: Path) -> None:
        self.queue, self.done, self.refused = (folder / name for name in ("queue", "done", "refused"))
        for one in (self.queue, self.done, self.refused):
            one.mkdir(parents=True, exist_ok=True)
        self._clean()
        found = [entry for place in (self.queue, self.done, self.refused) for entry in self.entries(place)]
        self.seen = {seen for entry in found for seen in _seen_of(entry)}
        self.reading = {entry["key"] for entry in found if _is_being_read(entry)}

    def _clean(self) -> None:
        """What a cut left half-written, and notes of files that are long gone."""
        for place in (self.queue, self.done, self.refused):
            for path in place.glob("*.new"):
                path.unlink()
        for path in self.queue.glob("*.data"):
            if not path.with_suffix(".json").exists():
                path.unlink()
        oldest = time.time() - KEEP_DAYS * 86400
        for path in self.done.glob("*.json"):
            if path.stat().st_mtime < oldest and not any(os.path.exists(seen.path) for seen in _seen_of(_read(path))):
                path.unlink()

    @staticmethod
    def entries(place: Path) -> list[dict[str, Any]]:
        """The entries of a place, the oldest first."""
        found = [_read(path) for path in place.glob("*.json")]
        return sorted(found, key=lambda entry: (entry["taken_at"], entry["key"]))

    def take(self, seen: Seen, data: bytes) -> None:
        """Keep a file's bytes; the same name with the same bytes again is the entry that is there."""
        name = name_of(seen.path)
        sha256 = hashlib.sha256(data).hexdigest()
        key = hashlib.sha256(f"{name}\0{sha256}".encode("utf-8", "surrogatepass")).hexdigest()
        for place in (self.queue, self.done, self.refused):
            if (known := place / f"{key}.json").exists():
                entry = _read(known)
                entry["seen"].append(vars(seen))
                write_safely(known, _bytes(entry))
                self.seen.add(seen)
                return
        entry = {"key": key, "name": name, "sha256": sha256, "size": len(data), "taken_at": _now(), "seen": [vars(seen)]}
        write_safely(self.queue / f"{key}.data", data)
        write_safely(self.queue / f"{key}.json", _bytes(entry))
        self.seen.add(seen)

    def finish(self, entry: dict[str, Any], outcome: dict[str, Any], *, refused: bool) -> None:
        """Note what became of an entry; bytes the server has are dropped, refused ones are kept."""
        key = entry["key"]
        place = self.refused if refused else self.done
        if refused:
            write_safely(place / f"{key}.data", (self.queue / f"{key}.data").read_bytes())
        finished = entry | {"outcome": outcome, "finished_at": _now()}
        write_safely(place / f"{key}.json", _bytes(finished))
        if _is_being_read(finished):
            self.reading.add(key)
        (self.queue / f"{key}.json").unlink()
        (self.queue / f"{key}.data").unlink(missing_ok=True)

    def note_state(self, key: str, state: str) -> dict[str, Any]:
        """Note what became of a file that the server was still reading; gives its entry."""
        entry = _read(self.done / f"{key}.json")
        entry["outcome"]["state"] = state
        write_safely(self.done / f"{key}.json", _bytes(entry))
        self.reading.discard(key)
        return entry


def _is_being_read(entry: dict[str, Any]) -> bool:
    return bool(entry.get("outcome", {}).get("state") == "reading")


def _count(place: Path) -> int:
    return sum(1 for _path in place.glob("*.json"))


def _read(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_bytes())
    return found


def _seen_of(entry: dict[str, Any]) -> list[Seen]:
    return [Seen(**one) for one in entry["seen"]]


def _bytes(entry: dict[str, Any]) -> bytes:
    return json.dumps(entry, indent=1).encode()


def _now() -> str:
    return datetime.now(UTC).isoformat()


@dataclass
class Answer:
    """What the server said: status 0 when it could not be reached."""

    status: int
    body: dict[str, Any] = field(default_factory=dict)
    retry_after: float = 0.0


class Server:
    """The LIMS. Redirects are not followed: the token goes to the address in the settings alone."""

    def __init__(self, settings: Settings, token: str) -> None:
        self.settings, self.token = settings, token
        self.parts = urllib.parse.urlsplit(settings.server)

    def post(self, path: str, body: bytes, headers: dict[str, str]) -> Answer:
        """Send something."""
        return self._ask("POST", path, body, headers)

    def get(self, path: str) -> Answer:
        """Look something up."""
        return self._ask("GET", path, None, {})

    def _ask(self, method: str, path: str, body: bytes | None, headers: dict[str, str]) -> Answer:
        """One request on a connection of its own."""
        connection = self._connect()
        try:
            connection.request(method, path, body, {"Authorization": f"Token {self.token}", "User-Agent": AGENT, **headers})
            response = connection.getresponse()
            text = response.read(2**24)
            wait = response.headers.get("Retry-After", "")
            return Answer(response.status, _as_object(text), float(wait) if wait.isdigit() else 0.0)
        except (OSError, http.client.HTTPException) as error:
            return Answer(0, {"detail": f"{self.settings.server} cannot be reached: {error}"})
        finally:
            connection.close()

    def _connect(self) -> http.client.HTTPConnection:
        host, timeout = self.parts.hostname or "", self.settings.timeout_seconds
        if self.parts.scheme == "http":
            return http.client.HTTPConnection(host, self.parts.port, timeout=timeout)
        trusted = ssl.create_default_context(cafile=self.settings.ca_file or None)
        return http.client.HTTPSConnection(host, self.parts.port, timeout=timeout, context=trusted)


def _as_object(text: bytes) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


class Agent:
    """Looks, takes, sends and says how it goes."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.token, self.warning = read_token(settings.token_file)
        self.spool = Spool(settings.spool)
        self.server = Server(settings, self.token)
        self.standing: dict[str, tuple[Seen, float]] = {}
        self.state: dict[str, Any] = {"agent": AGENT, "pid": os.getpid(), "server": settings.server, "started_at": _now(), "problems": {}}
        self.failures = 0
        self.next_send = self.next_beat = self.next_ask = 0.0

    def step(self) -> bool:
        """Once round: look, take, send, beat, tell. True when nothing is left to do now. A disk that is full or gone is a problem to tell;
        the next round tries again."""
        try:
            unfinished = self.look()
            if time.monotonic() >= self.next_send:
                self.send()
            if self.spool.reading and time.monotonic() >= self.next_ask:
                self.follow()
            if time.monotonic() >= self.next_beat:
                self.beat()
            self._problem("disk", "")
            self.tell()
        except OSError as error:
            self._problem("disk", f"The spool cannot be used: {error}")
            return False
        return not unfinished and not _count(self.spool.queue)

    def look(self) -> int:
        """Take what is finished; how many files are still being written."""
        unfinished = 0
        there: set[str] = set()
        for watch in self.settings.watches:
            where = f"folder {watch.folder}"
            try:
                if not watch.folder.is_dir():
                    raise FileNotFoundError(2, "is not there")
                paths = list(watch.folder.rglob("*") if watch.recursive else watch.folder.iterdir())
            except OSError as error:
                self._problem(where, f"{watch.folder}: {error.strerror or error}")
                continue
            self._problem(where, "")
            for path in sorted(paths):
                if is_export(path.name, watch.patterns):
                    there.add(str(path))
                    unfinished += not self._take_if_finished(path)
        self.standing = {path: found for path, found in self.standing.items() if path in there}
        return unfinished

    def _take_if_finished(self, path: Path) -> bool:
        """Take a file whose size and time stood still and that nobody holds open; True when nothing is to be waited for."""
        place = f"file {path}"
        try:
            found = path.stat()
            if not stat.S_ISREG(found.st_mode):
                return True
            seen = Seen(str(path), found.st_size, found.st_mtime_ns)
            if seen in self.spool.seen:
                return True
            if not self._stood_still(seen):
                return False
            if not 0 < seen.size <= LARGEST:
                self._problem(place, f"{path} has {seen.size} bytes; sent are files from 1 to {LARGEST}.")
                return True
            if os.name == "nt":
                os.rename(path, path)  # fails while the instrument's software has it open
            data = path.read_bytes()
            after = path.stat()
            if len(data) != seen.size or (after.st_size, after.st_mtime_ns) != (seen.size, seen.mtime_ns):
                return False
        except FileNotFoundError:
            return True
        except OSError:
            return False
        self._problem(place, "")
        self.spool.take(seen, data)
        self.standing.pop(seen.path, None)
        return True

    def _stood_still(self, seen: Seen) -> bool:
        known, since = self.standing.get(seen.path, (None, 0.0))
        now = time.monotonic()
        if known != seen:
            self.standing[seen.path] = (seen, now)
            return self.settings.stable_seconds == 0
        return now - since >= self.settings.stable_seconds

    def send(self) -> None:
        """Send what waits, the oldest first; at a failure that may pass, pause longer each time."""
        for entry in self.spool.entries(self.spool.queue):
            data = (self.spool.queue / f"{entry['key']}.data").read_bytes()
            quoted = urllib.parse.quote(entry["name"], errors="replace")
            headers = {
                "Content-Type": "application/octet-stream",
                "Content-Disposition": f"attachment; filename*=UTF-8''{quoted}",
                "Idempotency-Key": entry["key"],
            }
            answer = self.server.post(UPLOADS, data, headers)
            if not self._settle(entry, answer):
                return
        self.failures = 0

    def _settle(self, entry: dict[str, Any], answer: Answer) -> bool:
        """Note the answer; False when the sending must pause."""
        said = str(answer.body.get("detail") or answer.status)
        # What the server kept it has, even where it could not read it: a person finds it in its queue.
        kept = answer.body.get("id") if answer.status in {200, 201, 202} else answer.body.get("upload")
        if kept:
            outcome = {"status": answer.status, "upload": kept, "state": answer.body.get("state", "unreadable"), "detail": said}
            self.spool.finish(entry, outcome, refused=False)
            self.state["last_sent"] = {"name": entry["name"], "at": _now(), "state": outcome["state"]}
        elif answer.status in {400, 409, 413, 415, 422}:
            self.spool.finish(entry, {"status": answer.status, "detail": said}, refused=True)
        else:
            self.failures += 1
            pause = answer.retry_after or min(LONGEST_PAUSE, 2.0**self.failures) * random.uniform(0.5, 1.0)  # noqa: S311
            self.next_send = time.monotonic() + pause
            hint = " Give it a new token." if answer.status in {401, 403} else ""
            self._problem("sending", f"{said}{hint} Next try in {pause:.0f} s.")
            return False
        self.failures = 0
        self._problem("sending", "")
        return True

    def follow(self) -> None:
        """Ask what became of the files that the server has and was still reading."""
        self.next_ask = time.monotonic() + ASK_SECONDS
        for key in sorted(self.spool.reading):
            upload = _read(self.spool.done / f"{key}.json")["outcome"]["upload"]
            answer = self.server.get(f"{UPLOADS}{upload}/")
            state = "not found" if answer.status == 404 else str(answer.body.get("state") or "reading")
            if state != "reading":
                entry = self.spool.note_state(key, state)
                self.state["last_sent"] = {"name": entry["name"], "at": entry["finished_at"], "state": state}

    def beat(self) -> Answer:
        """Say that the instrument's computer lives, what its clock says and how much waits."""
        self.next_beat = time.monotonic() + self.settings.heartbeat_seconds
        waiting = _count(self.spool.queue)
        said = {"time": datetime.now(UTC).isoformat(), "agent": AGENT, "waiting": waiting}
        answer = self.server.post(HEARTBEAT, json.dumps(said).encode(), {"Content-Type": "application/json"})
        self._problem("server", "" if answer.status == 200 else str(answer.body.get("detail") or f"answers {answer.status}"))
        if answer.status == 200:
            self.state |= {name: answer.body.get(name) for name in ("instrument", "waiting_runs", "clock_skew_s", "calibration_due")}
            skew = answer.body.get("clock_skew_s") or 0
            sentence = f"This computer's clock is {abs(skew):.0f} s {'fast' if skew > 0 else 'slow'}. Set it."
            self._problem("clock", sentence if answer.body.get("clock_wrong") else "")
        return answer

    def _problem(self, place: str, sentence: str) -> None:
        if sentence:
            self.state["problems"][place] = sentence
        else:
            self.state["problems"].pop(place, None)

    def tell(self) -> None:
        """Write the state for `--status` and, in words, for whoever opens the spool's folder."""
        self._problem("token", self.warning)
        refused = self.spool.entries(self.spool.refused)
        self._problem("refused", f"{len(refused)} files were refused; their bytes are in {self.spool.refused}." if refused else "")
        self.state |= {
            "at": _now(),
            "waiting": _count(self.spool.queue),
            "sent": _count(self.spool.done),
            "reading": len(self.spool.reading),
        }
        for name, text in (("state.json", json.dumps(self.state, indent=1)), ("state.txt", describe(self.state))):
            beside = self.settings.spool / f"{name}.new"
            beside.write_text(text, encoding="utf-8")
            os.replace(beside, self.settings.spool / name)


def describe(state: dict[str, Any]) -> str:
    """The state in words."""
    last = state.get("last_sent")
    lines = [
        f"{state['agent']} for {state.get('instrument') or 'an instrument not yet known'} at {state['server']}",
        f"last round {state.get('at', 'never')}",
        f"{state.get('waiting', 0)} files wait to be sent, {state.get('sent', 0)} were sent",
        *([f"{state['reading']} of them the server is still reading"] if state.get("reading") else []),
        *([f"last sent {last['name']} at {last['at']}: {last['state']}"] if last else []),
        *[f"ATTENTION {sentence}" for sentence in state["problems"].values()],
    ]
    return "\n".join(lines) + "\n"


def lock_spool(folder: Path) -> Any:
    """Hold the spool for this process alone, as long as the returned file is open; a killed process holds nothing."""
    folder.mkdir(parents=True, exist_ok=True)
    file = open(folder / "lock", "a+b")  # noqa: SIM115  # held until the process ends
    try:
        if os.name == "nt":
            import msvcrt

            file.seek(0)
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined,unused-ignore]
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        file.close()
        raise SettingsError(f"Another agent works with {folder}. End it first.") from error
    return file


def show_status(settings: Settings) -> int:
    """Print what the running agent last said; 1 when it is silent, or says that something needs a person."""
    try:
        state = json.loads((settings.spool / "state.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        print(f"No agent has worked with {settings.spool} yet.")
        return 1
    silent = time.time() - datetime.fromisoformat(state["at"]).timestamp()
    print(describe(state), end="")
    if silent > 60 + 3 * settings.poll_seconds + settings.timeout_seconds:
        print(f"ATTENTION it has said nothing for {silent / 60:.0f} minutes; is it running?")
        return 1
    return 1 if state["problems"] else 0


def self_test(settings: Settings) -> int:
    """Try everything the agent needs, and say each."""

    def try_disk() -> str:
        settings.spool.mkdir(parents=True, exist_ok=True)
        write_safely(settings.spool / "self-test", b"1")
        (settings.spool / "self-test").unlink()
        return str(settings.spool)

    def try_server() -> str:
        agent = Agent(settings)
        answer = agent.beat()
        if answer.status != 200:
            raise SettingsError(agent.state["problems"]["server"])
        return f"{settings.server} knows this as {answer.body['instrument']}; clock {answer.body['clock_skew_s']:+.1f} s"

    def try_token() -> str:
        _token, warning = read_token(settings.token_file)
        if warning:
            raise SettingsError(warning)
        return str(settings.token_file)

    checks = {"token": try_token, "spool": try_disk, "server": try_server}
    for watch in settings.watches:
        checks[f"folder {watch.folder}"] = lambda folder=watch.folder: f"{len(os.listdir(folder))} entries"  # type: ignore[misc]
    failed = 0
    for name, check in checks.items():
        try:
            print(f"ok    {name}: {check()}")
        except (OSError, SettingsError) as error:
            failed += 1
            print(f"FAIL  {name}: {error}")
    return 1 if failed else 0


def run(settings: Settings, *, once: bool) -> int:
    """Watch and send, for ever or until nothing is left."""
    held = lock_spool(settings.spool)
    try:
        agent = Agent(settings)
        while not (agent.step() and once):
            time.sleep(settings.poll_seconds if not once else min(settings.poll_seconds, 0.2))
    finally:
        held.close()
    return 0


def main(arguments: list[str] | None = None) -> int:
    """The command."""
    parser = argparse.ArgumentParser(description="Sends an instrument's exports to the LIMS.")
    parser.add_argument("--config", type=Path, required=True)
    modes = parser.add_mutually_exclusive_group()
    for mode in ("--once", "--status", "--self-test"):
        modes.add_argument(mode, action="store_true")
    asked = parser.parse_args(arguments)
    try:
        settings = read_settings(asked.config)
        if asked.status:
            return show_status(settings)
        return self_test(settings) if asked.self_test else run(settings, once=asked.once)
    except SettingsError as error:
        print(error, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 0


if __name__ == "__main__":
    sys.exit(main())
