"""The embedded broker: Valkey (or Redis) with a password, an append-only file and the loopback address only."""

from __future__ import annotations

import secrets
import signal
import socket
import subprocess
from pathlib import Path
from typing import ClassVar

from lims.stack.binaries import find_broker
from lims.stack.files import open_log, write_private
from lims.stack.identity import Identity
from lims.stack.processes import StopRequests, start_child


class BrokerServer:
    """The broker of one home. `start` gives a process whose parent is the caller."""

    name: ClassVar[str] = "broker"
    variable = "REDIS_URL"
    stop_requests: ClassVar[StopRequests] = ((signal.SIGTERM, 10.0),)

    def __init__(self, identity: Identity, log: Path) -> None:
        self.identity = identity
        self.log = log
        self.folder = identity.home / self.name
        self.data = self.folder / "data"
        self.program = find_broker(identity)

    @property
    def title(self) -> str:
        """Name and version for people."""
        return self.program.title

    def prepare(self) -> None:
        """Make the data folder and the password the first time."""
        self.identity.make_passage(self.folder)
        self.identity.make_folder(self.data)
        if not self._password_file.exists():
            write_private(self._password_file, secrets.token_urlsafe(32))

    def start(self, port: int) -> subprocess.Popen[bytes]:
        """Start listening on `port` of the loopback address."""
        configuration = self.data / "server.conf"  # a file, because a command line is everyone's to read
        settings = {
            "bind": "127.0.0.1",
            "port": port,
            "requirepass": self._password,
            "protected-mode": "yes",
            "dir": f'"{self.data}"',
            "appendonly": "yes",
            "appendfsync": "everysec",
            "aof-use-rdb-preamble": "no",  # text only: Valkey and Redis of any version read each other's file
            "save": '""',
            "maxmemory-policy": "noeviction",
            "daemonize": "no",
        }
        write_private(configuration, "".join(f"{name} {value}\n" for name, value in settings.items()))
        self.identity.hand_over(configuration)
        return start_child(
            [self.program.executable, configuration],
            output=open_log(self.log),
            on_parent_death=signal.SIGTERM,
            cwd=Path("/"),
            environment=self.identity.environment,
            identity=self.identity.process_options,
        )

    def is_ready(self, process: subprocess.Popen[bytes], port: int) -> bool:
        """Whether it answers a ping; while it still reads its file it answers LOADING."""
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=2) as connection:
                connection.sendall(f"AUTH {self._password}\r\nPING\r\n".encode())
                with connection.makefile("rb") as answers:
                    return answers.readline() == b"+OK\r\n" and answers.readline() == b"+PONG\r\n"
        except OSError:
            return False

    def environment(self, port: int) -> dict[str, str]:
        """The broker's address."""
        return {"REDIS_URL": f"redis://:{self._password}@127.0.0.1:{port}/0"}

    @property
    def _password_file(self) -> Path:
        return self.folder / "password"

    @property
    def _password(self) -> str:
        return self._password_file.read_text()
