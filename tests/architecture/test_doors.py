"""Every page and endpoint says which action each of its methods takes."""

from __future__ import annotations

import inspect
import re
from typing import Any, ClassVar

import pytest
from django.core.management import get_commands, load_command_class
from django.http import HttpRequest, HttpResponse
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.test import APIRequestFactory, force_authenticate

from lims.core.api.views import ActionView
from lims.core.pages import Page
from lims.core.roles import MATRIX, Action
from lims.stack.commands import NEEDS
from tests.architecture.code import PACKAGES, ROOT, files, is_ours, views
from tests.factories.people import Cast

_METHODS = ("get", "post", "put", "patch", "delete")
# Addresses that ask for no action, each for a reason.
_OPEN = {
    "sign-in/": "who is not signed in yet",
    "sign-out/": "everybody",
    "password/": "one's own",
    "password/changed/": "one's own",
    "verify/<str:token>/": "whoever holds a certificate; tells no results",
    "custody/verifier/": "auditors, who need no account here",
    "custody/verifier/verify_custody_dossier.py": "the same",
    "instruments/agent/": "whoever sets up an instrument's computer; holds no secret",
    "instruments/agent/lims_agent.py": "the same",
    "healthz": "a load balancer",
    "readyz": "a load balancer",
    "api/v1/schema/": "the description of the interface, the same for everybody",
    "api/v1/docs/": "the same, for people",
    "api/v1/custody/checkpoint/": "auditors and witnesses, who must not need an account of the operator's",
    "api/v1/custody/consistency/": "the same",
    "api/v1/custody/keys/": "the same",
    "api/v1/custody/cosignatures/": "a witness, known by its signature",
}
_NOT_YET: set[Action] = set()
_DOORS = {address: view for address, view in views() if inspect.isclass(view) and issubclass(view, (Page, ActionView))}


def test_whatever_is_open_to_everybody_is_known_and_explained() -> None:
    assert {address for address, view in views() if address not in _DOORS} == set(_OPEN)


@pytest.mark.parametrize("address", sorted(_DOORS))
def test_every_method_of_a_page_or_endpoint_names_its_action(address: str) -> None:
    view: Any = _DOORS[address]
    handled = {method.upper() for method in _METHODS if is_ours(getattr(view, method, None))}
    written = {method.upper() for method in _METHODS if method in vars(view)}
    assert view.actions, view
    assert set(view.actions) <= handled, view
    assert written <= set(view.actions), view
    assert set(view.actions.values()) <= set(Action)


class _Inherited(Page):
    actions: ClassVar[dict[str, Action]] = {"POST": Action.WORK_VIEW}

    def get(self, request: HttpRequest) -> HttpResponse:
        raise AssertionError("nobody may come here")

    def post(self, request: HttpRequest) -> HttpResponse:
        return HttpResponse("done")


class _InheritedEndpoint(ActionView):
    actions: ClassVar[dict[str, Action]] = {"POST": Action.WORK_VIEW}

    def get(self, request: Request) -> Response:
        raise AssertionError("nobody may come here")

    def post(self, request: Request) -> Response:
        return Response("done")


@pytest.mark.parametrize("view", [_Inherited, _InheritedEndpoint])
@pytest.mark.parametrize(("method", "status"), [("get", 405), ("head", 405), ("put", 405), ("post", 200)])
def test_a_method_without_an_action_is_refused_even_where_a_handler_was_inherited(
    cast: Cast, view: type[Page | ActionView], method: str, status: int
) -> None:
    request = getattr(APIRequestFactory(), method)("/")
    force_authenticate(request, cast.analyst)
    request.user = cast.analyst
    assert view.as_view()(request).status_code == status


def test_every_action_is_asked_for_somewhere() -> None:
    """A permission that nothing asks for promises what is not there."""
    sources = "".join(path.read_text() for path in files(".py") if path.relative_to(ROOT).parts[0] in PACKAGES and path.name != "roles.py")
    asked = set(re.findall(r"\b(?:Action|_A)\.([A-Z_]+)\b", sources))
    assert {action for action in Action if action.name not in asked} == _NOT_YET


def test_every_action_is_given_to_somebody_and_taken_somewhere() -> None:
    assert set(MATRIX) == set(Action)
    assert all(MATRIX.values())


def test_every_command_says_what_it_does() -> None:
    ours = {name: app for name, app in get_commands().items() if str(app).split(".")[0] in PACKAGES}
    assert len(ours) >= 5
    silent = [name for name, app in ours.items() if len(load_command_class(str(app), name).help) < 20]
    assert not silent


def test_the_list_of_what_commands_need_names_only_commands() -> None:
    assert set(NEEDS) - set(get_commands()) <= {"help", "version", "runserver"}
