"""COPY of rows that are made while the database takes those before them."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

import pytest
from django.db import connection, transaction

from lims.core.copying import copy_binary
from lims.core.errors import Invalid
from samples.custody.event_rows import QUEUE_COLUMNS, queue_row
from samples.custody.models import Unsequenced

pytestmark = pytest.mark.django_db


def test_what_making_a_row_raises_is_raised_as_it_was_and_nothing_is_kept() -> None:
    def rows() -> Iterator[bytes]:
        yield queue_row(UUID(int=1).bytes)
        raise Invalid("impossible", "The second row cannot be made.")

    before = Unsequenced.objects.count()
    with pytest.raises(Invalid, match="second row"), transaction.atomic():
        copy_binary("custody_unsequenced", QUEUE_COLUMNS, rows())
    assert Unsequenced.objects.count() == before


def test_rows_longer_than_a_piece_arrive_whole() -> None:
    keys = [UUID(int=number) for number in range(1, 20_001)]
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMP TABLE heap (event_id uuid)")
        copy_binary("heap", QUEUE_COLUMNS, (queue_row(key.bytes) for key in keys))
        cursor.execute("SELECT count(*), count(DISTINCT event_id), max(event_id::text) FROM heap")
        assert cursor.fetchone() == (20_000, 20_000, str(UUID(int=20_000)))
