"""A witness over HTTP, as a process of somebody else's would be: its own key, its own memory, and nothing but the API."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

import pytest
from django.core.management import CommandError, call_command
from django.core.wsgi import get_wsgi_application
from django.db import connections

from lims.core.models import Installation
from samples.custody.models import Cosignature
from samples.custody.rotating import rotate_key
from samples.custody.sequencing import advance_log, first_signer
from samples.custody.signing_key import make_key
from samples.models import Sample
from samples.services.witnessing import register_witness
from tests.factories.people import Cast, make_cast
from tests.factories.samples import make_samples
from tests.samples.custody.test_attacks import delete_last, edit, owning, rebuild_log, rewrite


class _Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Say nothing."""


@pytest.fixture
def world(fresh_database: str, tmp_path: Path, settings: Any) -> Cast:
    """Three samples, in the log."""
    settings.LOG_KEY_FILE = tmp_path / "log_key.pem"
    cast = make_cast()
    make_samples(cast, 3)
    advance_log()
    return cast


@pytest.fixture
def url(world: Cast) -> Iterator[str]:
    """The installation, served."""
    application = get_wsgi_application()

    def serve(environ: Any, start: Any) -> Any:
        try:
            return list(application(environ, start))
        finally:
            connections.close_all()

    server = make_server("127.0.0.1", 0, serve, handler_class=_Quiet)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


class Witness:
    """One witness's files, and running it once."""

    def __init__(self, url: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.capsys, self.folder = capsys, folder
        self.options = {"url": url, "name": "audit.example/w1", "key": folder / "witness.pem", "memory": folder / "witness.json"}
        self.log_key = str(first_signer(Installation.current().origin).verifier_key)

    def run(self, **more: Any) -> tuple[int, str]:
        """Exit code and what it said."""
        try:
            call_command("witness", once=True, **(self.options | more))
            code = 0
        except SystemExit as error:
            code = int(error.code or 0)
        except CommandError as error:
            return error.returncode, str(error)
        said = self.capsys.readouterr()
        return code, said.out + said.err


@pytest.fixture
def witness(world: Cast, url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Witness:
    """A registered witness that has looked once."""
    found = Witness(url, tmp_path, capsys)
    _, key = found.run(show_key=True)
    register_witness(verifier=key.strip(), operator=world.organisations["ministry"], by=world.administrator)
    code, said = found.run(log_key=found.log_key)
    assert (code, "7 leaves, consistent with the 0 seen before; cosigned" in said) == (0, True), said
    return found


def test_a_witness_cosigns_what_grew_and_nothing_else(world: Cast, witness: Witness) -> None:
    assert witness.run() == (0, "audit.example/w1: 7 leaves, nothing new.\n")
    make_samples(world, 2)
    advance_log()
    code, said = witness.run()
    assert (code, "11 leaves, consistent with the 7 seen before; cosigned" in said) == (0, True)
    assert [one.checkpoint_id for one in Cosignature.objects.order_by("checkpoint")] == [7, 11]
    assert {witness.options["key"].stat().st_mode & 0o777, witness.options["memory"].stat().st_mode & 0o777} == {0o600}  # type: ignore[attr-defined]


def test_a_witness_that_cannot_tell_says_so(world: Cast, url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    stranger = Witness(url, tmp_path, capsys)
    assert stranger.run()[0] == 2, "without the log's key it knows nothing to trust"
    code, said = stranger.run(log_key=stranger.log_key)
    assert (code, "No registered witness signed this" in said) == (2, True)
    assert stranger.run(url="http://127.0.0.1:1")[0] == 2
    (tmp_path / "witness.json").write_text("{}")
    assert stranger.run(log_key=stranger.log_key) == (
        2,
        "The witness's memory cannot be read. Put back its last good copy; without it a rewritten log goes unseen.",
    )
    assert not Cosignature.objects.exists()


@pytest.mark.parametrize(("attack", "sentence"), [(edit, "The log was rewritten"), (delete_last, "The log was truncated")])
def test_a_witness_refuses_a_changed_log_and_remembers_the_true_one(world: Cast, witness: Witness, attack: Any, sentence: str) -> None:
    remembered = (witness.folder / "witness.json").read_text()
    rewrite(Sample.objects.order_by("id")[1], attack)
    rebuild_log()
    for _ in range(2):
        code, said = witness.run()
        assert (code, f"REFUSED: {sentence}" in said) == (1, True), said
    assert (witness.folder / "witness.json").read_text() == remembered
    assert not Cosignature.objects.exists()


def test_a_witness_follows_the_log_to_a_key_that_the_old_one_announced(world: Cast, witness: Witness) -> None:
    key, _ = rotate_key(reason="yearly")
    make_samples(world)
    advance_log()
    code, said = witness.run()
    assert (code, "cosigned" in said) == (0, True), said
    assert str(key) in (witness.folder / "witness.json").read_text()


def test_a_witness_refuses_a_key_that_nobody_announced(world: Cast, witness: Witness, settings: Any) -> None:
    settings.LOG_KEY_FILE.unlink()
    make_key(settings.LOG_KEY_FILE)
    thief = first_signer(Installation.current().origin).verifier_key
    with owning() as cursor:
        cursor.execute("UPDATE custody_logkey SET verifier = %s", [str(thief)])
    make_samples(world)
    advance_log()
    code, said = witness.run()
    assert (code, "the key was replaced without a word in the log" in said) == (1, True), said
