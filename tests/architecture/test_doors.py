"""Every page and endpoint says which action each of its methods takes."""

from __future__ import annotations

import inspect
from typing import Any

import pytest
from django.core.management import get_commands, load_command_class

from lims.core.api.views import ActionView
from lims.core.pages import Page
from lims.core.roles import MATRIX, Action
from lims.stack.commands import NEEDS
from tests.architecture.code import PACKAGES, is_ours, views

_METHODS = ("get", "post", "put", "patch", "delete")
# Addresses that ask for no action, each for a reason.
_OPEN = {
    "sign-in/": "who is not signed in yet",
    "sign-out/": "everybody",
    "password/": "one's own",
    "password/changed/": "one's own",
    "verify/<str:token>/": "whoever holds a certificate; tells no results",
    "healthz": "a load balancer",
    "readyz": "a load balancer",
    "api/v1/schema/": "the description of the interface, the same for everybody",
    "api/v1/docs/": "the same, for people",
}
_DOORS = {address: view for address, view in views() if inspect.isclass(view) and issubclass(view, (Page, ActionView))}


def test_whatever_is_open_to_everybody_is_known_and_explained() -> None:
    assert {address for address, view in views() if address not in _DOORS} == set(_OPEN)


@pytest.mark.parametrize("address", sorted(_DOORS))
def test_every_method_of_a_page_or_endpoint_names_its_action(address: str) -> None:
    view: Any = _DOORS[address]
    handled = {method.upper() for method in _METHODS if is_ours(getattr(view, method, None))}
    assert handled, view
    assert set(view.actions) == handled, view
    assert set(view.actions.values()) <= set(Action)


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
