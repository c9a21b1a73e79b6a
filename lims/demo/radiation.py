"""Seals issued before the journeys, what a laboratory asks for at its door, and what was measured there."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal

from lims.core import clock
from lims.demo.journeys import Journey, Story
from samples.models import Discrepancy, Hold, Sample
from samples.radiation_rules import NUCLIDES_OF_PROCESSED, NuclideActivity
from samples.services.holding import release_hold
from samples.services.issuing import issue_seals, void_seals
from samples.services.screening import DoseRate, record_gamma, record_screen, set_policy
from samples.services.settling import settle_discrepancy

LABORATORY = "BPL"
# Since when the national laboratory measures what comes in, in days before today.
POLICY_AGE = 24
QUARANTINE = "Quarantine cage, building 2"
METER = "Dose-rate meter RDS-31 no. 0412 (invented)"
# A seal of the journey with trouble that nobody ever issued, and products among its samples, by their place in the list.
UNISSUED = {8: "ZZ000777"}
PRODUCTS = (5, 6)


def issue_all_seals(story: Story, journeys: Sequence[Journey]) -> None:
    """The ministry's seals for bags by journey, for boxes by firm; a few came back unused."""
    official = story.cast.of("official", "MOM")
    with clock.set_to(story.today - timedelta(days=185)):
        for number, journey in enumerate(journeys, 1):
            issue_seals(
                first=f"DM{number:02d}0001",
                last=f"DM{number:02d}0050",
                organisation=story.cast.organisations[journey.firm],
                team=f"Team of journey {number}",
                person=story.cast.of("collector", journey.firm).full_name,
                by=official,
            )
        for firm, prefix in BOX_SEALS.items():
            issue_seals(first=f"{prefix}00001", last=f"{prefix}00100", organisation=story.cast.organisations[firm], by=official)
        issue_seals(first="DM990001", last="DM990050", organisation=story.cast.organisations[LABORATORY], team="Preparation", by=official)
        spare = issue_seals(first="EX000001", last="EX000200", organisation=story.cast.organisations["IREL"], remark="Spare", by=official)
    with clock.set_to(story.today - timedelta(days=60)):
        collector = story.cast.of("collector", "IREL")
        void_seals(
            batch=spare, first="EX000151", last="EX000160", kind="returned", reason="Brought back from the field unused.", by=collector
        )


BOX_SEALS = {"IREL": "DX", "MWAM": "DW"}


def set_policies(story: Story) -> None:
    """The national laboratory measures every package before it is opened, since some weeks."""
    with clock.set_to(story.today - timedelta(days=POLICY_AGE)):
        set_policy(
            values={
                "requires_screen": True,
                "dose_rate_limit": Decimal("0.5"),
                "gamma_for_processed": True,
                "quarantine_place": QUARANTINE,
            },
            reason="Material with natural radioactivity is expected from this belt (invented).",
            by=story.cast.of("quality_manager", LABORATORY),
        )


def screen_received(story: Story, journey: Journey, samples: Sequence[Sample]) -> None:
    """Dose rates of what was received, all but two of the latest reception; with trouble, one is quarantined and one cleared again."""
    waiting = list(Sample.objects.filter(pk__in=[one.pk for one in samples], needs_screen=True).order_by("code"))
    technician = story.cast.of("technician", journey.laboratory)
    free = [sample for sample in waiting if not sample.has_open_discrepancy and not sample.on_hold]
    hot = {free[-1].pk: "0.94", free[-2].pk: "0.66"} if journey.trouble else {}
    left = {free[-3].pk, free[-4].pk} if journey.trouble else set()
    rng = random.Random(journey.age)  # its own, so that the rest of the story stays as it is
    with story.on_day(journey, 9):
        for sample in waiting:
            if sample.pk not in left:
                rate = hot.get(sample.pk) or f"0.{rng.randrange(11, 24)}"
                record_screen(sample=sample, reading=_reading(rate), by=technician)
    if journey.trouble:
        _clear(story, journey, free[-2])
        _measure_products(story, journey, [sample for sample in samples if sample.material == "carbonate"])


def _reading(rate: str) -> DoseRate:
    return DoseRate(
        dose_rate=Decimal(rate),
        background=Decimal("0.11"),
        uncertainty=Decimal("0.04"),
        distance_cm=Decimal(10),
        instrument=METER,
    )


def _clear(story: Story, journey: Journey, sample: Sample) -> None:
    """The neighbouring bag was measured with it: alone it is below the limit."""
    with story.on_day(journey, 9.3):
        record_screen(sample=sample, reading=_reading("0.21"), by=story.cast.of("technician", journey.laboratory))
    with story.on_day(journey, 9.5):
        _release(story, journey, sample, "quarantine", "Measured again, away from the bag beside it.")


def _release(story: Story, journey: Journey, sample: Sample, kind: str, reason: str) -> None:
    manager = story.cast.of("quality_manager", journey.laboratory)
    hold = Hold.objects.get(sample=sample, kind=kind, released_at=None)
    release_hold(hold=hold, reason=reason, password=story.cast.password, by=manager)


def _measure_products(story: Story, journey: Journey, products: Sequence[Sample]) -> None:
    """Two carbonates: radium-228 stayed in the first, the second is clean."""
    for sample, radium in zip(products, ("1.38", "0.06"), strict=False):
        values = {"Th-232": "0.04", "U-238": "0.03", "Ra-226": "0.05", "Ra-228": radium, "Pb-210": "0.07"}
        spread = {name: Decimal("0.12" if values[name] > "1" else "0.02") for name in values}
        nuclides = [NuclideActivity(name, Decimal(values[name]), spread[name]) for name in NUCLIDES_OF_PROCESSED]
        with story.on_day(journey, 9.6):
            record_gamma(
                sample=sample,
                nuclides=nuclides,
                measured_by_name="Low-level counting laboratory (invented)",
                reference=f"GS-{sample.blind_code}",
                by=story.cast.of("technician", journey.laboratory),
            )
    if len(products) > 1:
        with story.on_day(journey, 9.8):
            _release(story, journey, products[1], "safety", "Every nuclide is below the limit by gamma spectrometry.")


def settle_activities(story: Story, journey: Journey, day: float) -> None:
    """What a run found too active is reported with its activity; the powder stays held."""
    open_ones = Discrepancy.objects.undecided().filter(kind="activity", laboratory__code=journey.laboratory)
    manager = story.cast.of("quality_manager", journey.laboratory)
    with story.on_day(journey, day):
        for one in open_ones.order_by("pk"):
            settle_discrepancy(
                discrepancy=one,
                decision="accept",
                reason="Natural thorium of the ore: reported with its activity; the powder stays in the store for radioactive material.",
                password=story.cast.password,
                by=manager,
            )
