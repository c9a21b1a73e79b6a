"""Administrators see every version of a sample or consignment on its page; nobody else does."""

from __future__ import annotations

import pytest
from django.test import Client

from lims.core.history import has_history, read_history
from samples.models import Photo, Sample
from samples.services.holding import hold_sample, release_hold
from tests.factories.consignments import make_dispatched
from tests.factories.people import Cast
from tests.factories.samples import make_samples

pytestmark = pytest.mark.django_db


def test_a_samples_page_shows_who_changed_what_and_why_to_administrators_alone(cast: Cast, client: Client) -> None:
    sample = make_samples(cast, 1)[0]
    hold_sample(sample=sample, kind="provenance", reason="The pit is unclear.", by=cast.collector)
    client.force_login(cast.administrator)
    page = client.get(f"/samples/{sample.code}/").content.decode()
    assert "Show the versions" in page
    assert "The pit is unclear." in page
    assert "25.923450" not in page
    client.force_login(cast.collector)
    assert "Show the versions" not in client.get(f"/samples/{sample.code}/").content.decode()


def test_a_consignments_page_shows_its_versions(cast: Cast, client: Client) -> None:
    consignment = make_dispatched(cast, 1)
    client.force_login(cast.administrator)
    page = client.get(f"/consignments/{consignment.code}/").content.decode()
    assert "Show the versions" in page
    assert "dispatched" in page


def test_versions_are_read_newest_first_in_a_fixed_number_of_queries(
    cast: Cast, django_assert_max_num_queries: pytest.FixtureRequest
) -> None:
    sample = make_samples(cast, 1)[0]
    for _ in range(3):
        hold = hold_sample(sample=sample, kind="quality", reason="Look.", by=cast.quality_manager)
        release_hold(hold=hold, reason="Seen.", by=cast.quality_manager)
    sample = Sample.objects.get(pk=sample.pk)
    # The versions, and one query for each kind of thing they point to.
    with django_assert_max_num_queries(9):
        changes = read_history(sample)
    assert [change.kind for change in changes] == ["update"] * 6 + ["insert"]
    assert [change.reason for change in changes[:2]] == ["Seen.", "Look."]
    assert changes[0].differences == [("On hold", "yes", "no")]
    assert len(read_history(sample, limit=2)) == 2
    assert not has_history(Photo)
