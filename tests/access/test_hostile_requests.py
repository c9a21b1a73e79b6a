"""What no caller may bring about: an answer kept by a cache, a crash by a strange text, a formula in a file."""

from __future__ import annotations

import csv
from typing import Any

import pytest
from django.test import Client

from lims.core.api.views import safe_cell, stream_csv
from tests.factories.callers import Caller
from tests.factories.people import Cast
from tests.factories.samples import make_samples


def test_answers_are_kept_by_no_cache_unless_they_say_so_themselves(cast: Cast, client: Client) -> None:
    client.force_login(cast.collector)
    for path in ("/", "/samples/", "/samples/S-00-00000-0/", "/api/v1/samples/"):
        assert "no-store" in client.get(path)["Cache-Control"], path
    assert "no-store" in Caller(cast.collector).get("/samples/")["Cache-Control"]


@pytest.mark.parametrize(
    "path", ["/samples/%00/", "/api/v1/samples/%00/", "/api/v1/consignments/%00/", "/api/v1/submissions/%00/", "/mines/%00/"]
)
def test_there_is_nothing_at_an_address_with_a_nul(cast: Cast, client: Client, path: str) -> None:
    client.force_login(cast.collector)

    assert client.get(path).status_code == 404


@pytest.mark.parametrize("path", ["/scan/?q=%00", "/samples/labels/?code=%00", "/api/v1/samples/?q=a%00", "/samples/?cursor=%00"])
def test_a_query_with_a_nul_is_malformed(cast: Cast, client: Client, path: str) -> None:
    client.force_login(cast.collector)

    assert client.get(path).status_code == 400


@pytest.mark.parametrize("body", ["[" * 100_000 + "]" * 100_000, '{"a":' * 100_000 + "1" + "}" * 100_000])
def test_a_body_nested_too_deep_is_malformed(cast: Cast, body: str) -> None:
    answer = Caller(cast.collector).post("/samples/", body)

    assert (answer.status_code, answer.json()["code"]) == (400, "malformed")


@pytest.mark.parametrize("text", ["\\u0000", "\\ud800"])
@pytest.mark.parametrize("path", ["/samples/{code}/hold/", "/consignments/"])
def test_a_text_that_cannot_be_kept_is_refused(cast: Cast, text: str, path: str) -> None:
    [sample] = make_samples(cast)
    bodies = {
        "/samples/{code}/hold/": f'{{"kind": "safety", "reason": "a{text}b"}}',
        "/consignments/": f'{{"addressee": "LAB{text}", "waybill": "{text}"}}',
    }

    answer = Caller(cast.collector).post(path.format(code=sample.code), bodies[path])

    assert answer.status_code == 422, answer.content


def test_half_a_character_is_refused_by_its_place(cast: Cast) -> None:
    answer = Caller(cast.collector).post("/samples/", '[{"mine": "\\ud800", "material": "clay"}]')

    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/0/mine")


@pytest.mark.parametrize("query", ["dry_run=yes", "dry_run=2", "dry_run=", "dry_run"])
def test_a_switch_that_is_neither_on_nor_off_registers_nothing(cast: Cast, query: str) -> None:
    answer = Caller(cast.collector).post(f"/samples/?{query}", {})

    assert (answer.status_code, answer.json()["code"]) == (422, "dry_run")


@pytest.mark.parametrize("text", ["=1+1", "+1+cmd|' /C calc'!A0", "-2+3+cmd|' /C calc'!A0", "@SUM(1)", "\t=1", " =1", "\r=1", "＝1"])
def test_no_cell_of_a_file_is_a_formula(text: str) -> None:
    assert safe_cell(text) == f"'{text}"


@pytest.mark.parametrize("value", ["-12.5", "-1e-3", "+3", "plain", "", None, 5, "S-26-00001-Y"])
def test_numbers_and_words_go_into_a_file_as_they_are(value: Any) -> None:
    [header, line] = csv.reader(b"".join(stream_csv(iter([{"a": value}]))).decode().splitlines())

    assert (header, line) == (["a"], ["" if value is None else str(value)])
