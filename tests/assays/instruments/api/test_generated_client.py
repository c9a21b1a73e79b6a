"""The typed client that is generated from the description speaks to the product."""

from __future__ import annotations

import importlib
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from django.core.management import call_command
from django.test import Client

from tests.factories.bench import make_planned_run
from tests.factories.measurement import make_instrument_token
from tests.factories.people import Cast
from tools.make_client import PACKAGE, make_client


@pytest.mark.django_db
def test_the_generated_client_fetches_work_and_says_it_lives(cast: Cast, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    schema = tmp_path / "schema.yaml"
    call_command("spectacular", "--file", str(schema))
    make_client(tmp_path, schema)
    monkeypatch.syspath_prepend(str(tmp_path))
    run = make_planned_run(cast, 1)
    try:
        transport = httpx.MockTransport(hand_over)
        headers = {"Authorization": f"Token {make_instrument_token(cast, run.instrument)}"}
        with httpx.Client(transport=transport, base_url="http://testserver", headers=headers) as http:
            client: Any = module("client").AuthenticatedClient(base_url="http://testserver", token="unused").set_httpx_client(http)
            worklist = module("api.instruments.instruments_me_worklist").sync(client=client)
            assert [one.code for one in worklist.runs] == [run.code]
            assert [tube.label for tube in worklist.runs[0].positions] == list(run.positions.values_list("label", flat=True))
            sign = module("models").SignOfLifeSchemaRequest(time=datetime.now(UTC), agent="generated client")
            answer = module("api.instruments.instruments_me_heartbeat").sync(client=client, body=sign)
            assert (answer.instrument, answer.waiting_runs, answer.clock_wrong) == (run.instrument.code, 1, False)
    finally:
        for name in [name for name in sys.modules if name.split(".")[0] == PACKAGE]:
            del sys.modules[name]


def hand_over(request: httpx.Request) -> httpx.Response:
    """The product's answer, inside the test's transaction."""
    headers = {"Authorization": request.headers["Authorization"]}
    kind = request.headers.get("Content-Type", "application/json")
    answer = Client().generic(request.method, request.url.raw_path.decode(), request.read(), content_type=kind, headers=headers)
    return httpx.Response(answer.status_code, content=answer.content, headers=dict(answer.items()))


def module(name: str) -> Any:
    """A module of the generated package."""
    return importlib.import_module(f"{PACKAGE}.{name}")
