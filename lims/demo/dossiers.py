"""Custody dossiers of the demonstration: one sample with what it was split into, one consignment with its troubles; photographs."""

from __future__ import annotations

from lims.demo.journeys import JOURNEYS, Story
from lims.demo.pictures import draw_bag, draw_face
from lims.jobs.services import run_job
from samples.dossiers.services import request_consignment_dossier, request_sample_dossier
from samples.models import Consignment, Sample
from samples.services.photographing import photograph_sample
from samples.services.splitting import Part, split_sample

_TROUBLED = next(number for number, journey in enumerate(JOURNEYS, 1) if journey.trouble)
_SPLIT, _TORN = 7, 3  # of the troubled journey's samples: one that arrived well, the one in the torn bag


def show_samples(story: Story) -> None:
    """Photographs from the pit and from reception, and a sample split at the laboratory. Before the log is signed for the last time."""
    journey = JOURNEYS[_TROUBLED - 1]
    samples = list(Sample.objects.filter(pk__in=story.samples[_TROUBLED]).order_by("code"))
    collector, technician = story.cast.of("collector", journey.firm), story.cast.of("technician", journey.laboratory)
    with story.on_day(journey, 1.6) as moment:
        for sample in (samples[_SPLIT], samples[_TORN], samples[0]):
            picture = draw_face(story.rng)
            photograph_sample(sample=sample, data=picture, caption="Face of the pit with the channel", taken_at=moment, by=collector)
        photograph_sample(sample=samples[_SPLIT], data=draw_bag(story.rng), caption="Sealed in the field", taken_at=moment, by=collector)
    with story.on_day(journey, 8.9) as moment:
        torn = draw_bag(story.rng, torn=True)
        receptionist = story.cast.of("receptionist", journey.laboratory)
        photograph_sample(sample=samples[_TORN], data=torn, caption="Outer bag torn on arrival", taken_at=moment, by=receptionist)
    with story.on_day(journey, 13.5):
        whole = samples[_SPLIT]
        half = round(whole.mass_g * 48 / 100, 1)
        parts = [Part(mass_g=half, kind="subsample", seal_number="DM990001"), Part(mass_g=half, kind="reject")]
        remaining = round(whole.mass_g - 2 * half - whole.mass_g / 500, 1)
        split_sample(sample=whole, parts=parts, remaining_g=remaining, by=technician)


def make_dossiers(story: Story) -> None:
    """The two dossiers, for the official."""
    official = story.cast.of("official", "MOM")
    sample = Sample.objects.filter(pk__in=story.samples[_TROUBLED]).order_by("code")[_SPLIT]
    consignment = Consignment.objects.get(items__sample=sample, items__removed_at=None)
    for dossier in (
        request_sample_dossier(sample=sample, purpose="Demonstration: custody of one sample with its places", by=official),
        request_consignment_dossier(consignment=consignment, by=official),
    ):
        run_job(dossier.job_id)
