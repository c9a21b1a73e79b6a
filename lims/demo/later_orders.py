"""What a customer of the demonstration ordered later on samples that were at the laboratory already: rare earths computed from counts,
whose run waits for its review, and a leach whose portions wait for it."""

from __future__ import annotations

import random
from dataclasses import replace
from decimal import Decimal

from assays.instruments.ingest import store_upload
from assays.models import Aliquot, Equipment, Run, Submission
from assays.services.diluting import PipettedStep, record_dilution
from assays.services.planning import plan_run
from assays.services.preparing import record_preparations
from assays.services.submitting import create_submission
from assays.services.weighing import weigh_aliquots
from lims.demo import in_house
from lims.demo.counts import COUNTS_METHOD, with_picture, write_counts
from lims.demo.journeys import JOURNEYS, Journey, Story
from lims.demo.story import current_version, prepare_as_one, weigh_out
from lims.jobs.services import run_job
from samples.models import Sample

_NUMBER = next(number for number, journey in enumerate(JOURNEYS, 1) if journey.stage == "prepared")
_LEACHED = 3


def tell(story: Story) -> None:
    """Order, weigh, and measure what is computed from counts; order and weigh what is to be leached."""
    own, journey = replace(story, rng=random.Random(_NUMBER)), JOURNEYS[_NUMBER - 1]
    samples = list(Sample.objects.filter(pk__in=story.samples[_NUMBER]).order_by("code"))
    _measure_counts(own, journey, _order(own, journey, samples, COUNTS_METHOD, 15))
    _wait_for_leach(own, journey, _order(own, journey, samples[:_LEACHED], in_house.METHOD, 18))


def _order(story: Story, journey: Journey, samples: list[Sample], method: str, day: float) -> Submission:
    with story.on_day(journey, day):
        return create_submission(
            laboratory=story.cast.organisations[journey.laboratory],
            customer=story.cast.organisations[journey.firm],
            samples=samples,
            method_versions=[current_version(method)],
            customer_reference=f"Later order: {method}",
            by=story.cast.of("receptionist", journey.laboratory),
        )


def _weigh(story: Story, journey: Journey, submission: Submission, day: float) -> list[Aliquot]:
    """Portions of what is prepared, the second of them twice."""
    technician, tests = story.cast.of("technician", journey.laboratory), list(submission.tests.order_by("sample__blind_code"))
    with story.on_day(journey, day):
        made = weigh_aliquots(portions=[weigh_out(story, one, one.method_version) for one in tests], by=technician)
        again = weigh_out(story, made[1].test, made[1].test.method_version, duplicate_of=made[1])
        return [*made, *weigh_aliquots(portions=[again], by=technician)]


def _measure_counts(story: Story, journey: Journey, submission: Submission) -> Run:
    aliquots = _weigh(story, journey, submission, 16)
    analyst, technician = story.cast.of("analyst", journey.laboratory), story.cast.of("technician", journey.laboratory)
    with story.on_day(journey, 16.3):
        pipette = Equipment.objects.get(code=f"{journey.laboratory}-PIP-1")
        series = [
            PipettedStep(taken=Decimal("1.000"), final=final, u_taken=Decimal("0.004"), u_final=u_final, equipment=pipette)
            for final, u_final in ((Decimal("4.00"), Decimal("0.010")), (Decimal("5.00"), Decimal("0.012")))
        ]
        record_dilution(aliquot=aliquots[0], steps=series, by=technician)
    instrument = story.cast.instruments[f"{journey.laboratory}-ICP1"]
    with story.on_day(journey, 17):
        chosen = [one for one in aliquots if one.duplicate_of_id is None]
        run = plan_run(instrument=instrument, method_version=current_version(COUNTS_METHOD), aliquots=chosen, by=analyst)
    with story.on_day(journey, 17.4) as moment:
        data = with_picture(write_counts(run, story.rocks, story.rng, acquired_at=moment))
        upload = store_upload(instrument=instrument, file_name=f"{run.code}.xlsx", data=data, run=run, by=analyst).upload
        # Too large to wait for: a worker reads it, as of anybody's large file.
        run_job(upload.job_id)
    run.refresh_from_db()
    return run


def _wait_for_leach(story: Story, journey: Journey, submission: Submission) -> None:
    tests = list(submission.tests.select_related("sample", "method_version__method"))
    with story.on_day(journey, 20):
        records = [prepare_as_one(story, one, one.method_version) for one in tests]
        record_preparations(records=records, by=story.cast.of("technician", journey.laboratory))
    _weigh(story, journey, submission, 21)
