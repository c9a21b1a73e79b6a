"""Servers start for the first process that needs them and end with the last, however it ends."""

from __future__ import annotations

import json
import os
import shutil
import signal
import stat
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

import psycopg2
import pytest
import redis

from tests.stack.project import Project, wait_until


def write_and_close(environment: dict[str, str], note: str) -> None:
    with closing(psycopg2.connect(environment["DATABASE_OWNER_URL"])) as connection, connection, connection.cursor() as cursor:
        cursor.execute("CREATE TABLE notes AS SELECT %s AS note", [note])
    with closing(redis.Redis.from_url(environment["REDIS_URL"])) as client:
        client.set("note", note)


def read_notes(environment: dict[str, str]) -> tuple[str, str]:
    with closing(psycopg2.connect(environment["DATABASE_OWNER_URL"])) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT note FROM notes")
        row = cursor.fetchone()
    with closing(redis.Redis.from_url(environment["REDIS_URL"], decode_responses=True)) as client:
        value = client.get("note")
    assert row
    return row[0], str(value)


def let_go(process: subprocess.Popen[str]) -> None:
    process.communicate(timeout=20)  # closes its input, at whose end it ends
    assert process.returncode == 0


def test_the_last_holder_ends_the_servers_and_the_data_stay(project: Project) -> None:
    first, environment = project.hold()
    second, same = project.hold()
    assert same == environment
    write_and_close(environment, "kept")

    let_go(first)
    assert read_notes(environment) == ("kept", "kept")
    let_go(second)
    wait_until(lambda: not project.processes())

    third, later = project.hold()
    assert read_notes(later) == ("kept", "kept")
    let_go(third)


def test_a_killed_holder_counts_no_more(project: Project) -> None:
    holder, _ = project.hold()
    holder.kill()
    wait_until(lambda: not project.processes())


def test_killed_keepers_take_their_servers_along_and_the_next_start_works(project: Project) -> None:
    holder, environment = project.hold()
    write_and_close(environment, "survived")
    for name in ("database", "broker"):
        state = json.loads(project.home.joinpath(f"{name}.json").read_text())
        os.kill(state["keeper"], signal.SIGKILL)
    holder.kill()
    wait_until(lambda: not project.processes())

    _, later = project.hold()
    assert read_notes(later) == ("survived", "survived")


def test_a_killed_database_recovers_for_the_next_holder(project: Project) -> None:
    _, environment = project.hold()
    write_and_close(environment, "recovered")
    state = json.loads(project.home.joinpath("database.json").read_text())
    os.kill(state["process"], signal.SIGKILL)
    wait_until(lambda: not project.home.joinpath("database.json").exists())

    _, later = project.hold()
    assert later["DATABASE_URL"] != environment["DATABASE_URL"]
    assert read_notes(later) == ("recovered", "recovered")


def test_many_at_once_share_one_server(project: Project) -> None:
    code = "import json; from lims.stack import session; print(json.dumps(session.ensure({'broker'}))); input()"
    starting = [project.start("-c", code) for _ in range(5)]
    answers = {process.stdout.readline() for process in starting if process.stdout}
    assert len(answers) == 1


def test_only_what_is_needed_starts(project: Project) -> None:
    assert project.evaluate("print(sorted(session.ensure({'broker'})), session.is_running('database'))") == "['REDIS_URL'] False"
    assert project.evaluate("print(session.ensure(set()))") == "{}"


def test_servers_named_by_the_environment_are_used_as_they_are(project: Project) -> None:
    named = {"DATABASE_URL": "postgresql://db.example/lims", "REDIS_URL": "redis://broker.example"}
    assert project.evaluate("print(session.ensure({'database', 'broker'}))", **named) == "{}"
    assert not project.root.joinpath("var").exists()


def test_an_owner_without_a_database_is_refused(project: Project) -> None:
    process = project.start("-m", "lims.stack", "run", "true", DATABASE_OWNER_URL="postgresql://db.example/lims")
    output, _ = process.communicate(timeout=20)
    assert process.returncode == 1
    assert "DATABASE_OWNER_URL is set but DATABASE_URL is not" in output


def test_checkouts_side_by_side_do_not_meet(project: Project, tmp_path: Path) -> None:
    other = Project.make(tmp_path / "other")
    try:
        _, ours = project.hold()
        _, theirs = other.hold()
        assert not set(ours.values()) & set(theirs.values())
        write_and_close(ours, "ours")
        write_and_close(theirs, "theirs")
        assert (read_notes(ours), read_notes(theirs)) == (("ours", "ours"), ("theirs", "theirs"))
    finally:
        other.remove()


def test_a_checkout_made_anew_in_the_same_place_does_not_find_the_data_of_the_old_one(project: Project) -> None:
    holder, environment = project.hold()
    write_and_close(environment, "of the deleted checkout")
    old_home = project.home
    let_go(holder)
    wait_until(lambda: not project.processes())
    shutil.rmtree(project.root / "var")

    _, later = project.hold()
    with pytest.raises(psycopg2.errors.UndefinedTable):
        read_notes(later)
    if old_home != project.home:
        assert not old_home.exists()


def test_addresses_and_passwords_are_their_owners_alone(project: Project) -> None:
    _, environment = project.hold()
    home = project.home
    files = [path for path in home.rglob("*") if path.is_file()]
    assert {"passwords.json", "password", "server.conf", "database.json", "broker.json"} <= {path.name for path in files}
    assert [path for path in files if not _is_closed(path) and not any(_is_closed(folder) for folder in _folders(path, home))] == []
    passwords = {str(urlsplit(address).password) for address in environment.values()}
    for process in project.processes():
        command = Path(f"/proc/{process}/cmdline").read_text()
        assert not any(password in command for password in passwords)


def _is_closed(path: Path) -> bool:
    return not stat.S_IMODE(path.stat().st_mode) & (0o044 if path.is_file() else 0o011)


def _folders(path: Path, home: Path) -> list[Path]:
    return [folder for folder in path.parents if folder.is_relative_to(home)]


def test_servers_do_not_run_as_root(project: Project) -> None:
    project.hold()
    for name in ("database", "broker"):
        server = json.loads(project.home.joinpath(f"{name}.json").read_text())["process"]
        assert Path(f"/proc/{server}").stat().st_uid != 0


def test_a_command_run_beside_the_servers_gets_their_addresses_and_its_exit_code_counts(project: Project) -> None:
    script = "import os, sys; print(os.environ['DATABASE_URL'].split(':')[0], os.environ['REDIS_URL'].split(':')[0]); sys.exit(7)"
    process = project.start("-m", "lims.stack", "run", sys.executable, "-c", script)
    output, _ = process.communicate(timeout=30)
    assert (output, process.returncode) == ("postgresql redis\n", 7)


@pytest.mark.skipif(not list(Path("/usr/lib/postgresql").glob("*/bin/postgres")), reason="needs the system's own PostgreSQL server")
def test_the_systems_servers_serve_where_no_package_fits(project: Project) -> None:
    finder = project.root / "lims/stack/binaries.py"
    broker = project.evaluate(
        "from lims.stack.binaries import find_broker; print(find_broker(find_identity(Checkout.current())).executable)"
    )
    (project.home / "redis-server").symlink_to(broker)  # in a folder that the servers' user may pass through
    finder.write_text(finder.read_text().replace("importlib.util.find_spec(package)", "None"))
    project.environment["PATH"] = f"{project.home}:{project.environment['PATH']}"

    _, environment = project.hold()
    write_and_close(environment, "in the system's servers")
    assert read_notes(environment) == ("in the system's servers",) * 2
    assert "/usr/lib/postgresql/" in {Path(f"/proc/{process}/exe").readlink().as_posix()[:20] for process in project.processes()}
