"""The list is read through its indexes: what PostgreSQL plans where sorting everything would be the alternative."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.db.models import F

from samples.models import Sample
from samples.selectors.samples import select_rows
from tests.factories.people import Cast
from tests.factories.samples import make_samples


@pytest.fixture
def _no_sorting(cast: Cast) -> None:
    """In a small table sorting is cheaper; here the question is whether an index serves the order at all."""
    make_samples(cast, 20)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("SET LOCAL enable_sort = off")
        cursor.execute("SET LOCAL enable_incremental_sort = off")


@pytest.mark.usefixtures("_no_sorting")
@pytest.mark.parametrize(
    ("filters", "order", "index"),
    [
        ({}, ["-id"], "samples_sample_pkey"),
        ({"state": "collected"}, ["-id"], "sample_by_state"),
        ({}, [F("received_at").desc(nulls_last=True), "-id"], "sample_by_reception"),
    ],
)
def test_list_is_read_in_the_order_of_an_index(cast: Cast, filters: dict[str, Any], order: list[Any], index: str) -> None:
    plan = select_rows(cast.official).filter(**filters).order_by(*order)[:51].explain()
    assert "Sort" not in plan, plan
    assert index in plan or (index == "sample_by_state" and "samples_sample_pkey" in plan), plan


@pytest.mark.usefixtures("_no_sorting")
def test_own_samples_and_those_of_a_mine_have_their_index(cast: Cast) -> None:
    sample = Sample.objects.all()[0]
    for lookup, index in (({"owner": sample.owner}, "sample_by_owner"), ({"mine": sample.mine}, "sample_by_mine")):
        plan = Sample.objects.filter(**lookup).order_by("-id")[:51].explain()
        assert "Sort" not in plan, plan
        assert index in plan or "samples_sample_pkey" in plan, plan
