"""People at the pages."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext


@pytest.fixture
def at(cast):
    """`at("analyst")`: that person of the cast, signed in; `at(user)` anybody else."""

    def sign_in(who) -> Client:
        client = Client()
        client.force_login(cast.people[who] if isinstance(who, str) else who)
        return client

    return sign_in


@pytest.fixture
def queries(db):
    """How many queries an action takes."""

    def count(action) -> int:
        with CaptureQueriesContext(connection) as captured:
            action()
        return len(captured)

    return count
