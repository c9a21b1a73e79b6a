"""The counts of the rail."""

from __future__ import annotations

from django.db import connection
from django.test.utils import CaptureQueriesContext

from lims.accounts.models import User
from lims.core.navigation import count_together
from tests.factories.people import Cast


def test_all_counts_are_one_question_and_nothing_counts_as_nothing(cast: Cast) -> None:
    reviewers = User.objects.filter(role="reviewer").order_by("full_name")
    both = reviewers.values("pk").union(User.objects.filter(role="analyst").values("pk"), all=True)
    wanted = [User.objects.none(), reviewers, both]
    expected = [rows.count() for rows in wanted]
    with CaptureQueriesContext(connection) as captured:
        assert count_together(wanted) == expected
    assert len(captured) == 1
    assert expected[0] == 0 < expected[1] < expected[2]
    assert count_together([]) == []
