"""The embedded PostgreSQL: its data, its two roles, its process.

The superuser has no password and is refused by `pg_hba.conf`: nobody can sign in as it. Roles and the database are made once, before the
server first listens, by PostgreSQL's single-user mode.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import signal
import stat
import subprocess
import time
from pathlib import Path
from typing import ClassVar

from lims.stack.binaries import find_postgres
from lims.stack.errors import StackError
from lims.stack.files import open_log, read_json, write_private
from lims.stack.identity import Identity
from lims.stack.processes import StopRequests, start_child

DATABASE = "lims"
APPLICATION_ROLE = "lims_app"
OWNER_ROLE = "lims_owner"
SUPERUSER = "postgres"
PASSWORDS = "passwords.json"
SHARED_MEMORY = Path("/dev/shm")  # noqa: S108 - looked at only
SHARED_MEMORY_BYTES = 256 * 2**20

HOST_RULES = f"""\
# TYPE  DATABASE  USER         ADDRESS       METHOD
host    all       {SUPERUSER}     127.0.0.1/32  reject
host    all       all          127.0.0.1/32  scram-sha-256
"""


class PostgresServer:
    """The database server of one home. `start` gives a process whose parent is the caller."""

    name: ClassVar[str] = "database"
    variable = "DATABASE_URL"
    stop_requests: ClassVar[StopRequests] = ((signal.SIGINT, 30.0), (signal.SIGQUIT, 5.0))  # fast shutdown, then immediate

    def __init__(self, identity: Identity, log: Path) -> None:
        self.identity = identity
        self.log = log
        self.folder = identity.home / self.name
        self.data = self.folder / "data"
        version_file = self.data / "PG_VERSION"
        self.program = find_postgres(identity, major=int(version_file.read_text()) if version_file.exists() else None)

    @property
    def title(self) -> str:
        """Name and version for people."""
        return self.program.title

    def prepare(self) -> None:
        """Make the data and the roles the first time."""
        if not self.folder.exists():
            self._create()
        self._wait_for_predecessor()

    def start(self, port: int) -> subprocess.Popen[bytes]:
        """Start listening on `port` of the loopback address."""
        settings = {
            "listen_addresses": "127.0.0.1",
            # Of solid-state disks. At the usual 4 a foreign key to a small table is checked by reading it whole, by a plan that is kept
            # while the table grows: a hundred thousand readings took five times as long to commit.
            "random_page_cost": 1.1,
            "port": port,
            "unix_socket_directories": "",
            "dynamic_shared_memory_type": "posix" if _has_shared_memory(self.identity) else "mmap",
            "cluster_name": DATABASE,
            "timezone": "UTC",
            "log_timezone": "UTC",
            "logging_collector": "off",
        }
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        return start_child(
            [self.program.executable, "-D", self.data, *options],
            output=open_log(self.log),
            on_parent_death=signal.SIGINT,
            cwd=Path("/"),
            environment=self.identity.environment,
            identity=self.identity.process_options,
        )

    def is_ready(self, process: subprocess.Popen[bytes], port: int) -> bool:
        """Whether it accepts connections: PostgreSQL says so on the eighth line of its pid file."""
        lines = self._pid_file()
        return len(lines) > 7 and lines[0].strip() == str(process.pid) and lines[7].strip() == "ready"

    def environment(self, port: int) -> dict[str, str]:
        """The addresses for the application (owns nothing) and for migrations (owns the database)."""
        passwords = read_json(self.folder / PASSWORDS) or {}
        address = f"127.0.0.1:{port}/{DATABASE}"
        return {
            "DATABASE_URL": f"postgresql://{APPLICATION_ROLE}:{passwords[APPLICATION_ROLE]}@{address}",
            "DATABASE_OWNER_URL": f"postgresql://{OWNER_ROLE}:{passwords[OWNER_ROLE]}@{address}",
        }

    def _create(self) -> None:
        """Make everything in a draft folder and rename it at the end, so that what exists is complete."""
        draft = self.folder.with_suffix(".draft")
        data = draft / self.data.name
        shutil.rmtree(draft, ignore_errors=True)
        self.identity.make_passage(draft)
        self.identity.make_folder(data)
        self._initialise(data)
        passwords = {role: secrets.token_urlsafe(32) for role in (APPLICATION_ROLE, OWNER_ROLE)}
        self._run_alone(data, "template1", "REVOKE CREATE ON SCHEMA public FROM PUBLIC")
        self._run_alone(
            data,
            "postgres",
            f"CREATE ROLE {OWNER_ROLE} LOGIN NOSUPERUSER CREATEDB NOCREATEROLE PASSWORD '{passwords[OWNER_ROLE]}'",
            f"CREATE ROLE {APPLICATION_ROLE} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE PASSWORD '{passwords[APPLICATION_ROLE]}'",
            f"CREATE DATABASE {DATABASE} OWNER {OWNER_ROLE}",
        )
        write_private(draft / PASSWORDS, json.dumps(passwords))
        draft.rename(self.folder)

    def _initialise(self, data: Path) -> None:
        if self.program.version[0] >= 17:  # the same order of text on every machine, whatever its C library
            locale = ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        else:
            locale = ["--locale=C.UTF-8"]
        program = self.program.executable.with_name("initdb")
        made = self.identity.run([program, "-D", data, "-U", SUPERUSER, "--encoding=UTF8", *locale, "--auth=trust", "--no-instructions"])
        if made.returncode != 0:
            raise StackError(f"PostgreSQL could not make its data in {data}: {made.stderr.strip()}")
        (data / "pg_hba.conf").write_text(HOST_RULES)  # `trust` never serves a connection: the server has not listened yet

    def _run_alone(self, data: Path, database: str, *statements: str) -> None:
        """Run statements in single-user mode, where nobody can connect meanwhile."""
        program: list[str | Path] = [self.program.executable, "--single", "-D", data, database]
        done = self.identity.run(program, text="".join(f"{statement}\n" for statement in statements))
        # It exits with 0 after a refused statement, too.
        refusals = [line for line in done.stderr.splitlines() if "ERROR:" in line or "FATAL:" in line]
        if done.returncode != 0 or refusals:
            raise StackError(f"PostgreSQL could not make the database {DATABASE}: {' '.join(refusals) or done.stderr.strip()}")

    def _pid_file(self) -> list[str]:
        try:
            return (self.data / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return []

    def _wait_for_predecessor(self) -> None:
        """Let a server whose keeper was killed finish its shutdown; remove the pid file of one that died with its machine.

        Only the holder of the keeper's lock comes here, so no other server of this data is wanted.
        """
        deadline = time.monotonic() + 30
        while (lines := self._pid_file()) and self._serves_data(int(lines[0])):
            if time.monotonic() > deadline:
                raise StackError(f"A PostgreSQL server (process {lines[0]}) still uses {self.data} and does not end: stop it.")
            time.sleep(0.05)
        (self.data / "postmaster.pid").unlink(missing_ok=True)

    def _serves_data(self, process: int) -> bool:
        try:
            return str(self.data).encode() in Path(f"/proc/{process}/cmdline").read_bytes().split(b"\0")
        except OSError:
            return False


def _has_shared_memory(identity: Identity) -> bool:
    """Whether /dev/shm is open to the server and has room for parallel queries; a container often gives it 64 MB, or closes it."""
    try:
        free = os.statvfs(SHARED_MEMORY)
    except OSError:
        return False
    usable = os.access(SHARED_MEMORY, os.W_OK) if identity.user is None else bool(SHARED_MEMORY.stat().st_mode & stat.S_IWOTH)
    return usable and free.f_bavail * free.f_frsize >= SHARED_MEMORY_BYTES
