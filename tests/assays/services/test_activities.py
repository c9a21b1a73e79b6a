"""Thorium and uranium of a run: what is too active is held as soon as it was read."""

from __future__ import annotations

from decimal import Decimal

from assays.models import ResultVersion
from assays.services.judging import judge_run
from samples.lifecycle import laboratory_blockers
from samples.models import ActivityAssessment, Discrepancy, Hold, Sample
from samples.services.screening import set_policy
from tests.factories.measurement import make_measured_run
from tests.factories.people import Cast


def test_ordinary_clay_leaves_no_trace(cast: Cast) -> None:
    make_measured_run(cast, 1)
    assert not ActivityAssessment.objects.exists()
    assert not Hold.objects.exists()


def test_a_sample_at_the_limit_is_held_and_its_neighbour_is_not(cast: Cast) -> None:
    """The limit lies between the two samples' Th, each with its 12 %: 4.057 Bq/g for 1 g/kg, as weighed and dried."""
    run = make_measured_run(cast, 2)
    low, high = sorted(ResultVersion.objects.filter(reduction__run=run, result__analyte__symbol="Th"), key=lambda one: one.value)
    limit = (low.value + low.uncertainty + high.value + high.uncertainty) / 2 * Decimal("0.004057")
    set_policy(values={"activity_limit": round(limit, 3)}, reason="For this test.", by=cast.quality_manager)
    judge_run(run=run, by=cast.analyst)
    judge_run(run=run, by=cast.analyst)
    richest = high.result.sample
    assert [hold.sample for hold in Hold.objects.all()] == [richest]
    assert [found.sample for found in Discrepancy.objects.filter(kind="activity")] == [richest]
    assert ActivityAssessment.objects.filter(sample=richest, cleared=False).count() == 2
    assert [blocker.code for blocker in laboratory_blockers(Sample.objects.get(pk=richest.pk), "report")] == ["open_discrepancy"]
