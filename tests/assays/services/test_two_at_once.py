"""Two people at the same rack: one of them gets it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.db import connections

from assays.models import Aliquot, Run
from assays.services.planning import plan_run
from assays.services.weighing import weigh_aliquot
from lims.core.errors import DomainError
from samples.models import Sample
from tests.factories.bench import (
    grant_competence,
    make_instrument,
    make_prepared,
    make_received_samples,
    make_submission,
    make_weighed,
    method_version,
)
from tests.factories.people import Cast, make_cast


@pytest.fixture
def crowd(fresh_database: str) -> Cast:
    """The cast of a database in which everything is committed."""
    return make_cast()


def at_once(*acts: Callable[[], Any]) -> list[Any]:
    """What each act returned or was refused with, all started together."""
    start = threading.Barrier(len(acts))
    found: list[Any] = [None] * len(acts)

    def run(index: int) -> None:
        try:
            start.wait(10)
            found[index] = acts[index]()
        except DomainError as error:
            found[index] = error
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=[index]) for index in range(len(acts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return found


def test_an_aliquot_goes_into_one_of_two_runs_planned_at_once(crowd: Cast) -> None:
    samples = make_received_samples(crowd, 2)
    submission = make_submission(crowd, samples)
    make_prepared(crowd, samples)
    aliquots = make_weighed(crowd, submission)
    people = [crowd.analyst, crowd.technician]
    instruments = [make_instrument(crowd, "ICPMS-1"), make_instrument(crowd, "ICPMS-2")]
    for person in people:
        grant_competence(crowd, person)

    def plan(index: int) -> Run:
        return plan_run(instrument=instruments[index], method_version=method_version(), aliquots=aliquots, by=people[index])

    outcomes = at_once(lambda: plan(0), lambda: plan(1))
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["Blocked", "Run"]
    assert Run.objects.count() == 1
    assert sum(position.aliquot_id is not None for position in Run.objects.get().positions.all()) == 2


def test_two_portions_weighed_at_once_both_leave_the_sample(crowd: Cast) -> None:
    [sample] = make_received_samples(crowd)
    fusion, acids = make_submission(crowd, [sample], ["FUS-MS", "FAD-MS"]).tests.order_by("-method_version__method__code")
    make_prepared(crowd, [sample])
    before = Sample.objects.get(pk=sample.pk).mass_g
    outcomes = at_once(
        lambda: weigh_aliquot(test=fusion, mass_g=Decimal("0.1"), by=crowd.technician),
        lambda: weigh_aliquot(test=acids, mass_g=Decimal("0.25"), by=crowd.analyst),
    )
    assert all(isinstance(outcome, Aliquot) for outcome in outcomes)
    assert before - Sample.objects.get(pk=sample.pk).mass_g == Decimal("0.350")
    assert len({outcome.code for outcome in outcomes}) == 2
