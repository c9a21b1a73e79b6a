"""Competences are recorded and ended by the quality manager for people of the own laboratory."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client

from assays.services.competence import competence_blockers
from lims.accounts.models import Competence
from lims.accounts.services.competences import end_competence, record_competence
from lims.core import clock
from lims.core.errors import Blocked, DomainError, Forbidden, Invalid, NotFound
from tests.factories.people import Cast

pytestmark = pytest.mark.django_db


def today() -> date:
    return clock.today()


def record(cast: Cast, **changes: Any) -> Competence:
    fields: dict[str, Any] = {
        "person": cast.analyst,
        "method_code": "FUS-MS",
        "activity": "measure",
        "valid_from": today(),
        "valid_until": today() + timedelta(days=365),
        "by": cast.quality_manager,
    }
    return record_competence(**(fields | changes))


def test_a_recorded_competence_allows_and_an_ended_one_blocks_again(cast: Cast) -> None:
    assert competence_blockers(cast.analyst, "FUS-MS", "measure", today())
    competence = record(cast)
    assert not competence_blockers(cast.analyst, "FUS-MS", "measure", today())
    end_competence(competence=competence, reason="left the bench", by=cast.quality_manager)
    assert competence_blockers(cast.analyst, "FUS-MS", "measure", today())
    with pytest.raises(Blocked, match="already"):
        end_competence(competence=competence, reason="again", by=cast.quality_manager)


def test_one_that_begins_later_never_begins_once_it_is_ended(cast: Cast) -> None:
    competence = record(cast, valid_from=today() + timedelta(days=10), valid_until=today() + timedelta(days=20))
    end_competence(competence=competence, reason="a mistake", by=cast.quality_manager)
    for days in (0, 10, 15, 20):
        assert competence_blockers(cast.analyst, "FUS-MS", "measure", today() + timedelta(days=days))


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"activity": "authorise"}, Invalid),
        ({"activity": "dance"}, Invalid),
        ({"valid_until": date(2020, 1, 1), "valid_from": date(2019, 1, 1)}, Invalid),
        ({"valid_until": date(2099, 1, 1)}, Invalid),
    ],
)
def test_what_would_allow_nothing_or_too_much_is_refused(cast: Cast, changes: dict[str, Any], refusal: type[DomainError]) -> None:
    with pytest.raises(refusal):
        record(cast, **changes)
    assert not Competence.objects.exists()


def test_only_for_people_of_the_own_laboratory_and_never_for_oneself(cast: Cast) -> None:
    with pytest.raises(NotFound):
        record(cast, person=cast.outsiders["analyst"])
    with pytest.raises(Forbidden, match="own competence"):
        record(cast, person=cast.quality_manager)
    with pytest.raises(Forbidden):
        record(cast, by=cast.administrator)
    theirs = record(cast)
    with pytest.raises(NotFound):
        end_competence(competence=theirs, reason="so", by=cast.outsiders["quality_manager"])


def test_the_pages_record_list_and_end(cast: Cast, client: Client) -> None:
    client.force_login(cast.quality_manager)
    fields = {"person": cast.analyst.pk, "activity": "review", "method": "FUS-MS", "valid_from": today(), "valid_until": today()}
    refused = client.post("/competences/record/", fields)
    assert refused.status_code == 422
    assert "a role that does not review" in refused.content.decode()
    assert client.post("/competences/record/", fields | {"activity": "measure"}).headers["Location"] == "/competences/"
    competence = Competence.objects.get()
    assert cast.analyst.full_name in client.get("/competences/?holds=true&q=FUS").content.decode()
    assert client.post(f"/competences/{competence.pk}/end/", {"reason": " "}, follow=True).status_code == 200
    competence.refresh_from_db()
    assert competence.valid_until == today()
    client.post(f"/competences/{competence.pk}/end/", {"reason": "moved"})
    competence.refresh_from_db()
    assert competence.valid_until < today()
    assert b"".join(client.get("/competences/?format=csv")).decode().count("\n") == 2
    client.force_login(cast.outsiders["quality_manager"])
    assert client.post(f"/competences/{competence.pk}/end/", {"reason": "so"}).status_code == 404
    assert cast.analyst.full_name not in client.get("/competences/").content.decode()
