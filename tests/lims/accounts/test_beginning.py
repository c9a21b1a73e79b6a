"""The first account of an installation."""

from __future__ import annotations

import io

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from lims.accounts.models import Organisation, User
from lims.core.roles import Role
from tests.factories.people import Cast

_MINISTRY = ("--ministry", "mom", "Ministry of Mines")


def _add(username: str = "first") -> str:
    output = io.StringIO()
    call_command("add_administrator", username, "--name", "Asha Rao", *_MINISTRY, stdout=output)
    return output.getvalue()


@pytest.mark.django_db
def test_the_first_administrator_signs_in_with_the_printed_password_and_must_change_it() -> None:
    words = _add().split()
    password = words[words.index("password") + 1]
    person = User.objects.get()
    assert (person.role, person.organisation.code, person.full_name) == (Role.ADMINISTRATOR, "MOM", "Asha Rao")
    assert person.must_change_password
    assert password not in person.password
    answer = Client().post("/sign-in/", {"username": "first", "password": password}, follow=True)
    assert answer.context["user"].username == "first"


@pytest.mark.django_db
def test_where_there_are_accounts_the_command_refuses_and_changes_nothing(cast: Cast) -> None:
    before = User.objects.count(), Organisation.objects.count()
    with pytest.raises(CommandError, match="There are accounts already"):
        _add()
    assert (User.objects.count(), Organisation.objects.count()) == before


@pytest.mark.django_db
def test_a_name_that_cannot_be_is_refused_with_its_field() -> None:
    with pytest.raises(CommandError, match="username"):
        _add("not a user name")
    assert not Organisation.objects.exists()
