"""`make demo` as a person meets it: what it says, what it refuses, what it leaves behind."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from urllib.request import urlopen

import psycopg2
import pytest

from tests.stack.project import SOURCE, Project, free_port, interrupt, read_until, wait_until

PREPARATION = ["prepare_assets", "migrate --database owner --no-input", "load_reference_data", "build_demo"]


def ready(demo: subprocess.Popen[str]) -> str:
    return read_until(demo, "Ctrl-C stops everything")


def children_of(process: int) -> dict[str, int]:
    """The running parts of a demonstration, by the program each runs."""
    found = {}
    for child in Path(f"/proc/{process}/task/{process}/children").read_text().split():
        command = Path(f"/proc/{child}/cmdline").read_bytes().decode()
        found |= {part: int(child) for part in ("gunicorn", "worker", "beat") if f"\0{part}\0" in command}
    return found


def answer_of(port: int) -> str:
    with urlopen(f"http://127.0.0.1:{port}/", timeout=5) as answer:
        return str(answer.read().decode())


def test_demonstration_says_what_it_does_serves_and_stops_cleanly(project: Project) -> None:
    port = free_port()
    demo = project.demo(port)
    said = ready(demo)
    for line in ("PostgreSQL", "Valkey", "Migrating the database", "Building the demonstration laboratory", f"http://127.0.0.1:{port}/"):
        assert line in said
    assert "secret of ana" in said
    assert project.calls() == PREPARATION
    assert json.loads((project.root / "var/demo/credentials.json").read_text())["base_url"] == f"http://127.0.0.1:{port}"
    assert set(children_of(demo.pid)) == {"gunicorn", "worker", "beat"}
    assert answer_of(port) == "application", "what serves people must not hold the owner's password"

    assert "Stopping; the data stay." in interrupt(demo)
    assert not project.processes()


def test_a_second_start_skips_what_is_done_and_new_code_is_prepared(project: Project) -> None:
    interrupt_when_ready(project)
    interrupt_when_ready(project)
    assert project.calls() == PREPARATION
    (project.root / "manage.py").write_text((project.root / "manage.py").read_text().replace("CREATE TABLE built", "CREATE TABLE rebuilt"))
    (project.root / "lims" / "new.py").write_text("")
    interrupt_when_ready(project)
    assert project.calls() == PREPARATION * 2


def interrupt_when_ready(project: Project, **environment: str) -> str:
    demo = project.demo(free_port(), **environment)
    return ready(demo) + interrupt(demo)


def test_reset_starts_over(project: Project) -> None:
    interrupt_when_ready(project)
    (project.root / "var/files").mkdir()
    (project.root / "var/files/certificate.pdf").touch()
    assert "Removing the data" in interrupt_when_ready(project, RESET="1")
    assert project.calls() == PREPARATION * 2, "building would have failed on data that were still there"
    assert not (project.root / "var/files").exists()


def test_reset_waits_for_nobody_and_takes_nothing_from_under_a_holder(project: Project) -> None:
    _, environment = project.hold()
    output, _ = project.demo(free_port(), RESET="1").communicate(timeout=20)
    assert "uses the data: end it" in output
    with closing(psycopg2.connect(environment["DATABASE_URL"])):
        pass


def test_reset_never_touches_a_database_named_by_the_environment(project: Project) -> None:
    demo = project.demo(
        free_port(), RESET="1", DATABASE_URL="postgresql://db.example/lims", DATABASE_OWNER_URL="postgresql://db.example/lims"
    )
    output, _ = demo.communicate(timeout=20)
    assert demo.returncode == 1
    assert "names another one" in output


def test_a_database_of_ones_own_needs_its_owner_named(project: Project) -> None:
    output, _ = project.demo(free_port(), DATABASE_URL="postgresql://db.example/lims").communicate(timeout=20)
    assert "set DATABASE_OWNER_URL too" in output


@pytest.mark.parametrize("subcommand", ["preflight", "demo"])
def test_a_busy_port_is_refused_before_anything_is_done(project: Project, subcommand: str) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        process = project.start("-m", "lims.stack", subcommand, PORT=str(port))
        output, _ = process.communicate(timeout=20)
    assert process.returncode == 1
    assert output == f"Port {port} is taken by another program. Choose another one: make demo PORT={port + 1}\n"
    assert project.calls() == []
    assert not project.processes()


@pytest.mark.parametrize("port", ["eight", "0", "70000", "-1"])
def test_a_port_that_is_none_is_refused(project: Project, port: str) -> None:
    output, _ = project.start("-m", "lims.stack", "preflight", PORT=port).communicate(timeout=20)
    assert f"PORT={port} is not a port" in output


def test_one_demonstration_per_checkout_and_several_checkouts_side_by_side(project: Project, tmp_path: Path) -> None:
    other = Project.make(tmp_path / "other")
    try:
        ours, theirs = free_port(), free_port()
        running = project.demo(ours)
        ready(running)
        for subcommand in ("preflight", "demo"):
            second = project.start("-m", "lims.stack", subcommand, PORT=str(theirs))
            output, _ = second.communicate(timeout=20)
            assert second.returncode == 1
            assert f"already runs at http://127.0.0.1:{ours}" in output

        ready(other.demo(theirs))
        assert answer_of(ours)
        interrupt(running)
        assert answer_of(theirs)
    finally:
        other.remove()


def test_a_killed_demonstration_leaves_nothing_behind_and_starts_again(project: Project) -> None:
    demo = project.demo(free_port())
    ready(demo)
    send = "import os; from celery import Celery; Celery(broker=os.environ['REDIS_URL']).send_task('sleep', [600], ignore_result=True)"
    project.start("-m", "lims.stack", "run", sys.executable, "-c", send).communicate(timeout=30)
    wait_until((project.root / "sleeping").exists)

    demo.kill()
    wait_until(lambda: not project.processes(), seconds=10)
    interrupt_when_ready(project)


def test_a_demonstration_killed_while_it_was_built_is_built_anew(project: Project) -> None:
    (project.root / "stuck").touch()
    demo = project.demo(free_port())
    read_until(demo, "half built")
    demo.kill()
    wait_until(lambda: not project.processes())
    (project.root / "stuck").unlink()

    assert "starting over" in ready(project.demo(free_port()))
    assert project.calls() == PREPARATION * 2


def test_a_demonstration_ends_with_the_make_that_started_it(project: Project) -> None:
    script = "import subprocess, sys; subprocess.run([sys.executable, '-m', 'lims.stack', '--with-parent', 'demo'])"
    make = project.start("-c", script, PORT=str(free_port()))
    ready(make)
    make.kill()
    wait_until(lambda: not project.processes())


@pytest.mark.parametrize(("part", "title"), [("gunicorn", "The web server"), ("worker", "The Celery worker"), ("beat", "The Celery beat")])
def test_a_dying_part_is_announced_and_stops_the_whole(project: Project, part: str, title: str) -> None:
    demo = project.demo(free_port())
    ready(demo)
    os.kill(children_of(demo.pid)[part], signal.SIGKILL)
    output, _ = demo.communicate(timeout=30)
    assert demo.returncode == 1
    assert f"{title} was ended by SIGKILL unasked." in output
    assert not project.processes()


@pytest.mark.parametrize("name", ["database", "broker"])
def test_a_dying_server_is_announced_and_stops_the_whole(project: Project, name: str) -> None:
    demo = project.demo(free_port())
    ready(demo)
    os.kill(json.loads((project.home / f"{name}.json").read_text())["process"], signal.SIGKILL)
    output, _ = demo.communicate(timeout=30)
    assert demo.returncode == 1
    assert f"The {name} server ended unasked." in output
    assert not project.processes()


@pytest.mark.parametrize("command", ["migrate", "build_demo"])
def test_a_failing_step_is_named_with_its_reason_and_repeated_next_time(project: Project, command: str) -> None:
    (project.root / "fail").write_text(command)
    demo = project.demo(free_port())
    output, _ = demo.communicate(timeout=30)
    assert demo.returncode == 1
    assert f"manage.py {command} ended with exit code 1" in output
    assert f"{command} cannot go on: the reason" in output
    assert not project.processes()
    (project.root / "fail").unlink()
    ready(project.demo(free_port()))


def test_ctrl_c_during_the_preparation_stops_it(project: Project) -> None:
    (project.root / "manage.py").write_text("import time; print('at work', flush=True); time.sleep(60)")
    demo = project.demo(free_port())
    read_until(demo, "Starting database")
    log = project.root / "var/stack/log/prepare_assets.log"
    wait_until(lambda: log.exists() and "at work" in log.read_text())
    interrupt(demo)
    assert not project.processes()


def test_make_refuses_a_busy_port_before_it_installs_anything(project: Project) -> None:
    shutil.copy(SOURCE / "Makefile", project.root)
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        command = ["make", "--directory", str(project.root), "demo", f"PORT={port}"]
        done = subprocess.run(command, env=project.environment, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode != 0
    assert f"Choose another one: make demo PORT={port + 1}" in done.stderr
    assert not (project.root / ".venv").exists()
