"""Every address, every method, every role: who is let in stands in `table.csv`, and nothing is left out.

A cell says what the caller meets at the door: a number is the status (302 is an answer of the page itself), `login` asks to sign in first,
`in` is a step that was let in and then looked at its (empty) body. After adding an address run this test with `REFRESH_ACCESS=1`, read the
change of the table against `docs/reference/permissions.md`, and commit it.
"""

from __future__ import annotations

import csv
import os
from collections.abc import Iterator
from copy import copy
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from django.db import transaction
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from drf_spectacular.generators import SchemaGenerator

from lims.core import error_pages, navigation
from lims.core.pages import Page
from lims.core.roles import INSTRUMENT, MATRIX, Action, Role
from tests.access.world import ANONYMOUS, CALLERS, OUTSIDERS, World, make_world
from tests.architecture.code import views

TABLE = Path(__file__).with_name("table.csv")
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
REFRESH = os.environ.get("REFRESH_ACCESS") == "1"
# What is open without signing in, and why.
PUBLIC = {
    "sign-in/": "who is not signed in yet",
    "sign-out/": "also when the session has ended meanwhile",
    "verify/<str:token>/": "whoever holds a certificate; tells no results",
    "instruments/agent/": "whoever sets up an instrument's computer; holds no secret",
    "instruments/agent/lims_agent.py": "the same",
    "healthz": "a load balancer",
    "readyz": "a load balancer",
    "custody/verifier/": "auditors, who need no account here",
    "custody/verifier/verify_custody_dossier.py": "the same",
    "api/v1/schema/": "the description of the interface, the same for everybody, without data",
    "api/v1/docs/": "the same, for people",
    "api/v1/custody/checkpoint/": "an auditor or witness must not need an account of the operator's; commitments and hashes only",
    "api/v1/custody/consistency/": "the same",
    "api/v1/custody/keys/": "the same",
    "api/v1/custody/cosignatures/": "a witness is known by its signature",
}
# Where a step asks for more than the door does, and of whom.
NARROWER = {
    ("certificates/<slug:number>/retry/", "quality_manager"): "a first certificate is the signatory's alone; an amendment is both's",
    ("consignments/<str:code>/dispatch/", "custodian"): "who sends it dispatches it",
    ("consignments/<str:code>/dispatch/", "receptionist"): "the same",
    ("consignments/<str:code>/take-back/", "collector"): "whoever it goes back to takes it",
    ("consignments/<str:code>/take-back/", "custodian"): "the same",
    **dict.fromkeys(
        [("submissions/<str:code>/complete/", role) for role in ("technician", "analyst", "reviewer", "quality_manager")],
        "whoever records submissions closes them, or the signatory",
    ),
}
# Addresses whose object is everybody's who may open the page, so an outsider with the role finds it too.
SHARED = {
    "api/v1/routes/": "routes and border posts belong to all who travel",
    "routes/": "the same",
    "api/v1/methods/": "methods belong to all laboratories",
    "methods/": "the same",
    "api/v1/mines/": "firms explore the same mines",
    "mines/": "the same",
    "samples/imports/template": "an empty sheet",
    "samples/handling/": "a material is named, and each laboratory has its own rules for it",
}


def implemented() -> dict[tuple[str, str], Action | None]:
    """Every (address, method) the product answers, with the action it asks for; None where it asks for none."""
    found: dict[tuple[str, str], Action | None] = {}
    for address, view in views():
        actions = getattr(view, "actions", None)
        methods = actions or dict.fromkeys([name for name in METHODS if hasattr(view, name.lower())] or ["GET"])
        found |= {(address, method): methods[method] for method in METHODS if method in methods}
    return found


ACTIONS = implemented()
DOORS = sorted(ACTIONS)


@pytest.fixture(scope="module")
def world(django_db_setup: None, django_db_blocker: Any) -> Iterator[World]:
    """Made once; every knock is rolled back."""
    with django_db_blocker.unblock(), transaction.atomic():
        yield make_world()
        transaction.set_rollback(True)


@pytest.fixture(scope="module", autouse=True)
def told_once() -> Iterator[None]:
    """What does not hang on the door is made once for each kind of person, not at every knock: the numbers in the rail, the page that
    refuses, the description of the interface. A page is drawn once for each kind of house (a refused step's page once), after everything
    it shows was asked for. Who is let in is asked every time."""
    count, counted = navigation.count_together, set[tuple[type[Model], ...]]()
    refuse, refused = error_pages._answer, set[tuple[str, int]]()
    describe, described = SchemaGenerator.get_schema, []
    draw, drawn = Page.render, set[tuple[str, str, str]]()

    def count_once(wanted: list[QuerySet[Any]]) -> list[int]:
        rail = tuple(rows.model for rows in wanted)
        if rail in counted:
            return [0] * len(wanted)
        counted.add(rail)
        return count(wanted)

    def answer_refusal(request: HttpRequest, status: int, code: str, sentence: str) -> HttpResponse:
        seen = (str(request.user), status)
        if request.path.startswith("/api/") or seen not in refused:
            refused.add(seen)
            return refuse(request, status, code, sentence)
        return HttpResponse(status=status)

    def describe_once(generator: SchemaGenerator, **options: Any) -> dict[str, Any]:
        described.append(generator)
        return describe(generator, **options) if len(described) == 1 else {}

    def draw_once(page: Page, context: dict[str, Any], *, status: int = 200, template: str | None = None) -> HttpResponse:
        request, house = page.request, ""
        if request.method == "GET" and request.user.is_authenticated:
            house = request.user.organisation.kind
        seen = (request.resolver_match.route, str(request.method), house)
        if seen in drawn:
            return HttpResponse(status=status)
        drawn.add(seen)
        return draw(page, context, status=status, template=template)

    with (
        patch.object(Page, "render", draw_once),
        patch.object(navigation, "count_together", count_once),
        patch.object(error_pages, "_answer", answer_refusal),
        patch.object(SchemaGenerator, "get_schema", describe_once),
    ):
        yield


def meet(world: World, caller: str, method: str, address: str, *, missing: bool = False) -> str:
    """What the caller meets, at the cast's objects or at some that do not exist; nothing stays."""
    with transaction.atomic():
        cookies = copy(world.web[caller].cookies)
        answer = world.knock(caller, method, address, missing=missing)
        world.web[caller].cookies = cookies
        status, location = answer.status_code, answer.headers.get("Location", "")
        transaction.set_rollback(True)
    assert status < 500, f"{method} {address} as {caller} answers {status}"
    if status == 302 and location.startswith("/sign-in/"):
        return "login"
    if status in {401, 403, 404, 405}:
        return str(status)
    return str(status) if method == "GET" else "in"


def read_table() -> dict[tuple[str, str], dict[str, str]]:
    if not TABLE.is_file():
        return {}
    with TABLE.open() as file:
        return {(row["address"], row["method"]): row for row in csv.DictReader(file)}


@pytest.fixture(scope="module")
def refreshed() -> Iterator[dict[tuple[str, str], dict[str, str]]]:
    """Collects what is met, and writes it down where asked."""
    rows: dict[tuple[str, str], dict[str, str]] = {}
    yield rows
    if REFRESH and len(rows) == len(DOORS):
        with TABLE.open("w", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(["address", "method", *CALLERS])
            writer.writerows([*door, *(rows[door][caller] for caller in CALLERS)] for door in sorted(rows))


@pytest.mark.parametrize(("address", "method"), DOORS)
def test_everybody_meets_what_the_table_says(
    world: World, refreshed: dict[tuple[str, str], dict[str, str]], address: str, method: str
) -> None:
    met = {caller: meet(world, caller, method, address) for caller in CALLERS}
    refreshed[address, method] = met
    if not REFRESH:
        expected = read_table().get((address, method))
        assert expected is not None, f"{method} {address} is not in {TABLE.name}; see the head of this file"
        assert met == {caller: expected[caller] for caller in CALLERS}


def test_the_table_names_only_what_exists() -> None:
    assert REFRESH or set(read_table()) == set(DOORS)


def test_the_table_is_the_matrix_at_the_door() -> None:
    other = [
        (door, role.value)
        for door, row in read_table().items()
        for role in Role
        if (action := ACTIONS[door]) and (row[role.value] == "403") != (role not in MATRIX[action])
    ]
    assert [door for door in other if (door[0][0].removeprefix("api/v1/"), door[1]) not in NARROWER] == []


def test_strangers_meet_the_sign_in_everywhere_else() -> None:
    for (address, method), row in read_table().items():
        if address not in PUBLIC:
            assert row[ANONYMOUS] == ("401" if address.startswith("api/") else "login"), (method, address)


def test_an_instrument_reaches_only_what_instruments_do() -> None:
    for door, row in read_table().items():
        refused = row[INSTRUMENT] == ("403" if door[0].startswith("api/") else "login")
        assert refused or door[0] in PUBLIC or door[0].startswith("api/v1/instruments/me/"), door
        assert not refused or INSTRUMENT not in MATRIX.get(ACTIONS[door], ()), door


@pytest.mark.parametrize(("address", "method"), [door for door in DOORS if "<" in door[0] and door[0] not in PUBLIC])
def test_what_belongs_to_others_reads_as_what_does_not_exist(world: World, address: str, method: str) -> None:
    if address.startswith(tuple(SHARED)):
        return
    for role in OUTSIDERS & MATRIX[ACTIONS[address, method]]:
        theirs = meet(world, f"other {role}", method, address)
        # A step whose empty body is refused before anything is looked up answers so for every code.
        assert theirs == "404" or method != "GET", f"{address} as a {role} of another house"
        assert theirs == meet(world, f"other {role}", method, address, missing=True), f"{method} {address} as a {role} of another house"


@pytest.mark.parametrize("address", sorted({address for address, _method in DOORS}))
def test_methods_that_do_not_exist_are_refused(world: World, address: str) -> None:
    for method in sorted(set(METHODS) - {one for here, one in DOORS if here == address}):
        # Who is signed in already is sent on from the sign-in page whatever the method. Strangers meet the sign-in before any method.
        for caller in (ANONYMOUS,) if address == "sign-in/" else ("analyst",) if method != "DELETE" else (ANONYMOUS, "analyst"):
            assert meet(world, caller, method, address) in {"401", "403", "404", "405", "login"}, (method, address, caller)
