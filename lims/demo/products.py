"""Products of a leaching plant in the demonstration: a calcined oxide whose rare earths are weighed and titrated and come to a certificate,
and a carbonate that waits at the bench, after X-rays measured it undissolved. What is read follows from what the products are said to be;
both are invented."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

from assays.chemistry.high_grade import compute_mean_oxide_mass
from assays.chemistry.oxides import to_element
from assays.instruments.models import Instrument
from assays.models import Aliquot, Equipment, Lot, PreparationTask, Run, Submission
from assays.models.high_grade import WET_CHEMISTRY, Technique
from assays.reports.services import request_certificate
from assays.selectors.preparation_progress import read_progress
from assays.services.authorising import authorise_results
from assays.services.determining import record_determinations
from assays.services.planning import plan_run
from assays.services.reviewing import APPROVE, review_run
from assays.services.steps import record_step
from assays.services.submitting import create_submission
from assays.services.weighing import Portion, weigh_aliquots
from lims.core import clock
from lims.demo import beads
from lims.demo.geology import PROFILES
from lims.demo.journeys import Journey, Story
from lims.demo.story import current_version, receive, travel
from lims.jobs.services import run_job
from samples.models import Sample
from samples.services.issuing import issue_seals
from samples.services.registering import SamplingRecord, register_samples

LABORATORY, BENCH = "BPL", "BPL-WET1"
GRAVIMETRY, TITRATION = "GRA-REO", "EDT-REO"
_NUMBER = 90  # of the journey, for its seals and waybill
_JOURNEY = Journey(58, "IREL", LABORATORY, ("PWN",), 2, "received", pace=0.8)


@dataclass(frozen=True)
class Product:
    """What a product truly is, in percent: rare-earth oxides, loss on ignition and other oxides of the dry powder, and its moisture."""

    material: str
    treo: float
    loi: float
    other: str
    moisture: float


PRODUCTS = (Product("oxide", 92.31, 5.58, "1.74", 0.42), Product("carbonate", 52.46, 45.62, "1.55", 0.87))


def tell(story: Story) -> None:
    """Bring two products to the laboratory; one goes through two classical methods to a certificate, the other stands on a tray."""
    own = replace(story, rng=random.Random(_NUMBER))  # so that the rest of the story stays as it is
    _set_up_bench(own)
    oxide, carbonate = _collect(own)
    ordered = _order(own, oxide, (GRAVIMETRY, TITRATION), 11)
    _prepare(own, ordered, PRODUCTS[0], 13)
    for method in (GRAVIMETRY, TITRATION):
        _release(own, _plan(own, ordered, method, 14), PRODUCTS[0])
    with own.on_day(_JOURNEY, 20):
        certificate = request_certificate(submission=ordered, by=own.cast.of("signatory", LABORATORY))
        run_job(certificate.job_id)
    waiting = _order(own, carbonate, (GRAVIMETRY, beads.METHOD), 51)
    _prepare(own, waiting, PRODUCTS[1], 53)
    _plan(own, waiting, GRAVIMETRY, 54)
    beads.measure_beads(own, _JOURNEY, _aliquots(waiting, beads.METHOD), PRODUCTS[1].treo, 54.5)


def _set_up_bench(story: Story) -> None:
    Instrument.objects.create(
        code=BENCH,
        name="Bench of wet chemistry (demonstration)",
        laboratory=story.cast.organisations[LABORATORY],
        technique=WET_CHEMISTRY,
        serial=f"DEMO-{BENCH}",
        calibration_due=clock.today() + timedelta(days=200),
    )


def _collect(story: Story) -> list[Sample]:
    """Two bags of a stockpile, sealed, sent and received."""
    firm = story.cast.organisations[_JOURNEY.firm]
    collector = story.cast.of("collector", _JOURNEY.firm)
    with story.on_day(_JOURNEY, -20):
        official = story.cast.of("official", "MOM")
        issue_seals(first=f"DM{_NUMBER}0001", last=f"DM{_NUMBER}0020", organisation=firm, team="Products", by=official)
    with story.on_day(_JOURNEY, 0) as moment:
        records = [
            SamplingRecord(
                mine=_JOURNEY.mines[0],
                material=one.material,
                method="stockpile",
                collected_at=moment + timedelta(minutes=20 * index),
                collected_by=collector.full_name,
                mass_g=Decimal("640.0"),
                container="sealed bottle in a bag",
                field_id=f"D{_NUMBER}-{index:03d}",
                seal_number=f"DM{_NUMBER}{index:04d}",
                remark="synthetic demonstration sample",
            )
            for index, one in enumerate(PRODUCTS, 1)
        ]
    with story.on_day(_JOURNEY, 1.5):
        samples = register_samples(records=records, by=collector)
    story.samples[_NUMBER] = [sample.pk for sample in samples]
    received = receive(story, _JOURNEY, travel(story, _JOURNEY, samples, _NUMBER))
    return sorted(received, key=lambda one: [product.material for product in PRODUCTS].index(one.material))


def _order(story: Story, sample: Sample, methods: tuple[str, ...], day: float) -> Submission:
    with story.on_day(_JOURNEY, day):
        return create_submission(
            laboratory=story.cast.organisations[LABORATORY],
            customer=story.cast.organisations[_JOURNEY.firm],
            samples=[sample],
            method_versions=[current_version(method) for method in methods],
            customer_reference=f"{sample.get_material_display()}, lot 7 (invented)".capitalize(),
            by=story.cast.of("receptionist", LABORATORY),
        )


def _prepare(story: Story, submission: Submission, product: Product, day: float) -> None:
    """The steps of the product's route, then a portion and its duplicate for each method."""
    technician = story.cast.of("technician", LABORATORY)
    tools = {one.kind: one for one in Equipment.objects.filter(laboratory=technician.organisation, code__endswith="-1")}
    wet = Decimal(story.rng.randrange(400_000, 420_000)) / 10_000
    dry = (wet * Decimal(1 - product.moisture / 100)).quantize(Decimal("0.0001"))
    numbers = {
        "homogenise": {"minutes": Decimal(10)},
        "weigh_wet": {"wet_mass_g": wet},
        "dry": {"temperature_c": Decimal(105), "hours": Decimal(14)},
        "weigh_dry": {"dry_mass_g": dry},
    }
    with story.on_day(_JOURNEY, day):
        for task in PreparationTask.objects.filter(tests__submission=submission).distinct():
            while (step := read_progress(task).next_step) is not None:
                tool = tools.get(step.equipment_kind)
                record_step(task=task, kind=step.kind, values=numbers[step.kind], equipment=tool, by=technician)
                task.refresh_from_db()
    with story.on_day(_JOURNEY, day + 0.3):
        portions = []
        for test in submission.tests.select_related("method_version").order_by("method_version__method__code"):
            usual = test.method_version.test_portion_g
            mass, again = ((usual * story.rng.randrange(960, 1040) / 1000).quantize(Decimal("0.00001")) for _each in range(2))
            portions.append(Portion(test=test, mass_g=mass, duplicate_mass_g=again))
        weigh_aliquots(portions=portions, by=technician)


def _plan(story: Story, submission: Submission, method: str, day: float) -> Run:
    aliquots = _aliquots(submission, method)
    with story.on_day(_JOURNEY, day):
        return plan_run(
            instrument=Instrument.objects.get(code=BENCH),
            method_version=aliquots[0].test.method_version,
            aliquots=aliquots,
            by=story.cast.of("analyst", LABORATORY),
        )


def _aliquots(submission: Submission, method: str) -> list[Aliquot]:
    return list(Aliquot.objects.filter(test__submission=submission, test__method_version__method__code=method).order_by("code"))


def _release(story: Story, run: Run, product: Product) -> None:
    """What was weighed or titrated, then review, then authorisation, by three people."""
    cast = story.cast
    with story.on_day(_JOURNEY, 16):
        analyst = cast.of("analyst", LABORATORY)
        technique = Technique(run.method_version.high_grade.technique)
        entries = [(one, read_bench(one.aliquot, product, technique, story.rng)) for one in _portions(run)]
        record_determinations(run=run, entries=entries, things=_used(technique), by=analyst)
    run.refresh_from_db()
    with story.on_day(_JOURNEY, 17):
        review_run(run=run, decision=APPROVE, password=cast.password, by=cast.of("reviewer", LABORATORY))
    with story.on_day(_JOURNEY, 18):
        authorise_results(run=run, password=cast.password, by=cast.of("signatory", LABORATORY))


def _portions(run: Run) -> list[Any]:
    return list(run.positions.filter(aliquot__isnull=False).select_related("aliquot__preparation").order_by("number"))


def _used(technique: Technique) -> list[Equipment | Lot]:
    """Balance, furnace, and what a titration takes."""
    kinds = ["balance", "furnace", *(["burette"] if technique == Technique.TITRATION else [])]
    tools = list(Equipment.objects.filter(laboratory__code=LABORATORY, kind__in=kinds))
    return [*tools, *(Lot.objects.filter(laboratory__code=LABORATORY, name__startswith="EDTA") if technique == Technique.TITRATION else [])]


def read_bench(aliquot: Aliquot, product: Product, technique: Technique, rng: random.Random) -> dict[str, Decimal]:
    """What balance and burette would show for a portion: 50 mL (weighed) or 10 mL (titrated) of 250 mL, a gram for the loss on ignition."""
    taken = Decimal(50 if technique == Technique.GRAVIMETRY else 10)
    treo = product.treo * rng.gauss(1, 0.0006) * (1 - aliquot.preparation.portion_moisture_percent / 100)
    oxide_g = float(aliquot.mass_g) * treo / 100 * float(taken) / 250
    found = {"solution_ml": Decimal(250), "aliquot_ml": taken}
    if technique == Technique.GRAVIMETRY:
        crucible = _grams(rng.uniform(18, 24))
        found |= {"crucible_g": crucible, "blank_g": Decimal("0.0002"), "ignited_g": crucible + _grams(oxide_g + 0.0002)}
    else:
        mean = compute_mean_oxide_mass({symbol: to_element(symbol, share) for symbol, share in PROFILES["heavy_clay"].items()})
        titre = Decimal(f"{oxide_g / mean / 0.01002 * 1000 + 0.04:.2f}")
        found |= {"titre_ml": titre, "blank_ml": Decimal("0.04"), "titrant_mol_l": Decimal("0.01002")}
        found |= {"mean_oxide_g_mol": Decimal(f"{mean:.2f}")}
    empty = _grams(rng.uniform(19, 22))
    before = empty + _grams(rng.uniform(0.98, 1.05))
    after = before - _grams(float(before - empty) * product.loi / 100 * rng.gauss(1, 0.001))
    return found | {"loi_crucible_g": empty, "loi_before_g": before, "loi_after_g": after, "other_percent": Decimal(product.other)}


def waiting_run() -> Run:
    """The tray of the carbonate, whose determinations are not recorded yet."""
    return Run.objects.get(instrument__code=BENCH, state="planned")


def read_tray(run: Run) -> list[tuple[int, dict[str, Decimal]]]:
    """What balance and burette would show at each position of the carbonate's tray."""
    rng, technique = random.Random(_NUMBER), Technique(run.method_version.high_grade.technique)
    return [(one.number, read_bench(one.aliquot, PRODUCTS[1], technique, rng)) for one in _portions(run)]


def _grams(value: float) -> Decimal:
    """As a balance of 0.1 mg shows it."""
    return Decimal(f"{value:.4f}")
