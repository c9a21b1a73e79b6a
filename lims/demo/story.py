"""The months before today: visits, samples, journeys, laboratory work and certificates, told through the services with the clock set."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from assays.instruments.ingest import store_upload
from assays.models import Method, MethodVersion, Run, Submission, SubmissionTest
from assays.reports.services import amend_certificate, request_certificate
from assays.services.authorising import authorise_results
from assays.services.planning import plan_run
from assays.services.preparing import PreparationRecord, record_preparations
from assays.services.reviewing import APPROVE, SEND_BACK, review_run
from assays.services.submitting import create_submission
from assays.services.weighing import Portion, weigh_aliquots
from lims.core import clock
from lims.core.codes import VISIT
from lims.core.days import local_day
from lims.core.sequences import take_codes
from lims.demo import bench, in_house, radiation, validated, ways
from lims.demo.geology import make_rock
from lims.demo.instrument import write_export
from lims.demo.journeys import JOURNEYS, METHOD, PLANS, STAGES, Journey, Story
from lims.demo.places import MinePlan
from lims.jobs.services import run_job
from samples.models import Consignment, Discrepancy, Sample, Visit, VisitMember
from samples.services.consigning import create_consignment, dispatch_consignment
from samples.services.handing_over import answer_handover, offer_handover
from samples.services.holding import hold_sample
from samples.services.receiving import ItemFound, receive_consignment
from samples.services.registering import SamplingRecord, register_samples
from samples.services.settling import settle_discrepancy


def tell(story: Story) -> None:
    """Tell every journey, then what happened to certificates afterwards."""
    with clock.set_to(story.today - timedelta(days=190)):
        in_house.build_leach_material(story.cast, story.rng)
        validated.validate_calculations(story.cast)
        bench.make_supplies(story.cast, clock.today(), local_day(story.today))
    radiation.issue_all_seals(story, JOURNEYS)
    radiation.set_policies(story)
    for number, journey in enumerate(JOURNEYS, 1):
        story.say(f"journey {number} of {len(JOURNEYS)}: {journey.count} samples to {journey.laboratory}, {journey.stage}")
        _tell_journey(story, journey, number)
    _amend_one(story)


def _reaches(journey: Journey, stage: str) -> bool:
    return STAGES.index(journey.stage) >= STAGES.index(stage)


def _tell_journey(story: Story, journey: Journey, number: int) -> None:
    samples = _collect(story, journey, number)
    story.samples[number] = [sample.pk for sample in samples]
    if not _reaches(journey, "packed"):
        return
    consignment = travel(story, journey, samples, number)
    if not _reaches(journey, "received"):
        return
    samples = receive(story, journey, consignment)
    if any(sample.needs_screen for sample in samples):
        radiation.screen_received(story, journey, samples)
        samples = list(Sample.objects.filter(pk__in=[sample.pk for sample in samples]).order_by("code"))
    _work(story, journey, samples)


# --- In the field ---------------------------------------------------------------------------------------------------------------------


def _collect(story: Story, journey: Journey, number: int) -> list[Sample]:
    collector = story.cast.of("collector", journey.firm)
    with story.on_day(journey, 0) as moment:
        visit = _visit(story, journey, moment)
        plans = [PLANS[code] for code in journey.mines]
        records = [_record(story, journey, plans[index % len(plans)], visit, number, index, moment) for index in range(journey.count)]
    with story.on_day(journey, 1.5):
        samples = register_samples(records=records, by=collector)
    for sample, index in zip(samples, range(journey.count), strict=True):
        plan = plans[index % len(plans)]
        story.rocks[sample.pk] = make_rock(story.rng, plan.profile, plan.material, plan.richness)
    return samples


def _visit(story: Story, journey: Journey, moment: datetime) -> Visit:
    collector = story.cast.of("collector", journey.firm)
    (code,) = take_codes(VISIT)
    visit = Visit.objects.create(
        code=code,
        organisation=collector.organisation,
        purpose="Sampling for heavy rare earths (demonstration)",
        starts_on=moment.date(),
        ends_on=(moment + timedelta(days=2)).date(),
        permits="Area permit (invented), no. DEMO-1, valid for the visit",
        observations="Weathered profile over granite; sampled from fresh faces. Invented for the demonstration.",
        recorded_by=collector,
    )
    visit.mines.set([story.mines[code] for code in journey.mines])
    for firm in ("IREL", "MWAM"):
        person = story.cast.of("collector", firm)
        VisitMember.objects.create(visit=visit, organisation=person.organisation, name=person.full_name, duty="sampling")
    return visit


def _record(story: Story, journey: Journey, plan: MinePlan, visit: Visit, number: int, index: int, moment: datetime) -> SamplingRecord:
    rng, mine = story.rng, story.mines[plan.code]
    top = Decimal(rng.randrange(2, 60)) / 10
    is_product = journey.trouble and index in radiation.PRODUCTS
    wild_seal = radiation.UNISSUED.get(index) if journey.trouble else None
    return SamplingRecord(
        mine=plan.code,
        pit=f"P{rng.randrange(1, 4)}",
        visit=visit.code,
        material="carbonate" if is_product else plan.material,
        method="stockpile" if is_product else "channel" if plan.material == "clay" else "grab",
        collected_at=moment + timedelta(minutes=25 * index),
        collected_by=story.cast.of("collector", journey.firm).full_name,
        mass_g=Decimal(rng.randrange(14000, 32000)) / 10,
        container="double poly bag",
        field_id=f"D{number:02d}-{index + 1:03d}",
        seal_number=wild_seal or f"DM{number:02d}{index + 1:04d}",
        latitude=mine.latitude + Decimal(rng.randrange(-400, 400)) / 100000,
        longitude=mine.longitude + Decimal(rng.randrange(-400, 400)) / 100000,
        depth_from_m=top,
        depth_to_m=top + Decimal("0.5"),
        remark="synthetic demonstration sample",
    )


def travel(story: Story, journey: Journey, samples: Sequence[Sample], number: int) -> Consignment:
    """Pack, send and hand over the samples, as far as the journey has come."""
    cast, collector = story.cast, story.cast.of("collector", journey.firm)
    # Handovers are signed where a dossier will show it; a signature takes its time, by design of the password's hash.
    password = cast.password if journey.trouble else None
    with story.on_day(journey, 2.2):
        consignment = create_consignment(
            addressee=cast.organisations[journey.laboratory],
            carrier=cast.organisations[journey.carrier],
            samples=samples,
            waybill=f"DEMO-{number:04d}",
            outer_seal=f"{radiation.BOX_SEALS[journey.firm]}{number:05d}",
            border_post=journey.border,
            by=collector,
        )
    if not _reaches(journey, "dispatched"):
        return consignment
    with story.on_day(journey, 2.4):
        route = ways.route_for(story, journey)
        if route is not None:
            ways.declare(consignment, by=collector)
    with story.on_day(journey, 2.5) as moment:
        consignment = dispatch_consignment(
            consignment=consignment,
            route=route,
            season_reason=ways.SEASON if route else "",
            expected_by=moment + timedelta(days=9),
            place=ways.DEPOT,
            by=collector,
        )
        offer = offer_handover(
            consignment=consignment,
            receiver=cast.organisations[journey.carrier],
            place=ways.DEPOT,
            password=password,
            by=collector,
        )
    with story.on_day(journey, 2.6):
        custodian = cast.of("custodian", journey.carrier)
        place = ways.DEPOT if route else journey.border
        answer_handover(handover=offer, accept=True, seals_intact=True, place=place, password=password, by=custodian)
    if not _reaches(journey, "arrived"):
        return consignment
    if route is not None:
        ways.travel(story, journey, consignment, by=custodian)
    with story.on_day(journey, 8.5):
        receptionist = cast.of("receptionist", journey.laboratory)
        door = "the laboratory's door"
        offer = offer_handover(consignment=consignment, receiver=receptionist.organisation, place=door, password=password, by=custodian)
    if _reaches(journey, "received"):
        with story.on_day(journey, 8.6):
            answer_handover(handover=offer, accept=True, seals_intact=True, place="reception", password=password, by=receptionist)
    return consignment


def receive(story: Story, journey: Journey, consignment: Consignment) -> list[Sample]:
    """What reception found, entered item by item."""
    samples = list(Sample.objects.filter(consignment_items__consignment=consignment).order_by("code"))
    found = [_found(story, sample, index if journey.trouble else -1) for index, sample in enumerate(samples)]
    with story.on_day(journey, 8.8):
        receive_consignment(consignment=consignment, items=found, by=story.cast.of("receptionist", journey.laboratory))
    if journey.trouble:
        _settle_some(story, journey, consignment)
    return list(Sample.objects.filter(pk__in=[sample.pk for sample in samples]).order_by("code"))


def _found(story: Story, sample: Sample, trouble: int) -> ItemFound:
    """What reception found: as sent, or one of five troubles."""
    mass = sample.mass_g - Decimal(story.rng.randrange(0, 12)) / 10
    fine: dict[str, Any] = {
        "sample": sample.code,
        "seal_number": sample.seal_number or "",
        "container_intact": True,
        "container_count": 1,
        "mass_g": mass,
    }
    troubles: dict[int, dict[str, Any]] = {
        0: {"seal_condition": "broken"},
        1: {"seal_condition": "intact", "seal_number": "DM999999"},
        2: {"seal_condition": "intact", "mass_g": mass * Decimal("0.8")},
        3: {"seal_condition": "intact", "container_intact": False, "remark": "outer bag torn, inner bag whole"},
    }
    if trouble == 4:
        return ItemFound(sample=sample.code, present=False, remark="not in the box")
    return ItemFound(**(fine | {"seal_condition": "intact"} | troubles.get(trouble, {})))


def _settle_some(story: Story, journey: Journey, consignment: Consignment) -> None:
    """The torn bag is accepted, the broken seal refused, the missing sample declared lost; the others still wait for a decision."""
    decisions = {
        "container": ("accept", "The inner bag is whole and sealed; mass agrees."),
        "seal_broken": ("refuse", "The seal was cut; the origin of what is inside cannot be vouched for."),
        "missing": ("lost", "The carrier confirms that the box was one bag short."),
    }
    manager = story.cast.of("quality_manager", journey.laboratory)
    with story.on_day(journey, 8.95):
        for kind, (decision, reason) in decisions.items():
            one = Discrepancy.objects.filter(sample__consignment_items__consignment=consignment, kind=kind, decided_at=None).first()
            if one is not None:
                settle_discrepancy(discrepancy=one, decision=decision, reason=reason, password=story.cast.password, by=manager)


# --- In the laboratory ----------------------------------------------------------------------------------------------------------------


def current_version(code: str) -> MethodVersion:
    """The newest version of a method that is in force on the story's day."""
    return Method.objects.get(code=code).versions.filter(in_force_from__lte=clock.today()).select_related("method").latest("number")


def _work(story: Story, journey: Journey, samples: Sequence[Sample]) -> None:
    if not _reaches(journey, "submitted"):
        return
    usable = [sample for sample in samples if sample.state == "received" and not sample.has_open_discrepancy]
    versions = [current_version(METHOD), *([current_version(in_house.METHOD)] if journey.leach else [])]
    with story.on_day(journey, 11):
        submission = create_submission(
            laboratory=story.cast.organisations[journey.laboratory],
            customer=story.cast.organisations[journey.firm],
            samples=usable,
            method_versions=versions,
            customer_reference=f"Order of journey {JOURNEYS.index(journey) + 1}",
            by=story.cast.of("receptionist", journey.laboratory),
        )
    if journey.trouble:
        with story.on_day(journey, 12):
            hold_sample(
                sample=usable[-2],
                kind="provenance",
                reason="Stated pit and the photograph do not agree.",
                by=story.cast.of("quality_manager", journey.laboratory),
            )
    if journey.stage == "submitted":
        with story.on_day(journey, 13):
            bench.begin_preparations(submission, story.cast.of("technician", journey.laboratory))
    # Step by step for all methods together: what happens to a sample is told in the order in which it happened.
    for step in (_prepare, _weigh, _measure):
        for version in versions:
            step(story, journey, submission, version)
    if _reaches(journey, "certified"):
        _certify(story, journey, submission)


def _tests_of(submission: Submission, version: MethodVersion) -> list[SubmissionTest]:
    return list(submission.tests.filter(method_version=version).select_related("sample").order_by("sample__blind_code"))


def _prepare(story: Story, journey: Journey, submission: Submission, version: MethodVersion) -> None:
    if not _reaches(journey, "prepared"):
        return
    records = [prepare_as_one(story, test, version) for test in _tests_of(submission, version)]
    with story.on_day(journey, 13):
        record_preparations(records=records, by=story.cast.of("technician", journey.laboratory))


def _weigh(story: Story, journey: Journey, submission: Submission, version: MethodVersion) -> None:
    if not _reaches(journey, "weighed"):
        return
    technician, tests = story.cast.of("technician", journey.laboratory), _tests_of(submission, version)
    with story.on_day(journey, 14):
        weighed = weigh_aliquots(portions=[weigh_out(story, test, version) for test in tests], by=technician)
        # One in twenty, rounded up, as the method asks; where many small trays will be planned, one in three.
        repeats = weighed[::3] if journey.stage == "weighed" else weighed[3::7][: -(-len(weighed) // 20)]
        repeated = weigh_aliquots(portions=[weigh_out(story, one.test, version, duplicate_of=one) for one in repeats], by=technician)
        if version.method.extraction == "leachable":
            bench.leach([*weighed, *repeated], story.rng, by=technician)


def _measure(story: Story, journey: Journey, submission: Submission, version: MethodVersion) -> None:
    """From the tray to the authorisation of one method, as far as the journey has come."""
    if not _reaches(journey, "measured"):
        return
    analyst = story.cast.of("analyst", journey.laboratory)
    instrument = story.cast.instruments[f"{journey.laboratory}-ICP1"]
    fails = journey.fails_first or journey.stays_failed
    run = _run(story, journey, instrument, version, analyst, 15, bias={"Dy": 1.22} if fails else None)
    if journey.fails_first:
        reviewer = story.cast.of("reviewer", journey.laboratory)
        with story.on_day(journey, 16):
            review_run(
                run=run,
                decision=SEND_BACK,
                reason="Dy of the reference material is high: recalibrate and repeat.",
                password=story.cast.password,
                by=reviewer,
            )
        run = _run(story, journey, instrument, version, analyst, 17, bias=None)
    radiation.settle_activities(story, journey, 17.5)
    if not _reaches(journey, "reviewed"):
        return
    with story.on_day(journey, 18):
        review_run(run=run, decision=APPROVE, password=story.cast.password, by=story.cast.of("reviewer", journey.laboratory))
    if not _reaches(journey, "authorised"):
        return
    with story.on_day(journey, 19):
        authorise_results(run=run, password=story.cast.password, by=story.cast.of("signatory", journey.laboratory))


def prepare_as_one(story: Story, test: SubmissionTest, version: MethodVersion) -> PreparationRecord:
    """A whole preparation in one row, as the method wants the sample."""
    moisture = story.rocks[test.sample_id].moisture
    wet = Decimal(story.rng.randrange(4800, 5400)) / 100
    dry = (wet * Decimal(1 - moisture / 100)).quantize(Decimal("0.001"))
    leach = version.method.extraction == "leachable"
    return PreparationRecord(
        sample=test.sample,
        route="air-dry below 40 °C, leach split at < 2 mm" if leach else "dry 105 °C, crush < 2 mm, split, pulverise 85 % < 75 µm",
        drying_c=105,
        wet_mass_g=wet,
        dry_mass_g=dry,
        portion_dried_c=None if leach else 105,
        sieve_passing_percent=None if leach else Decimal(story.rng.randrange(860, 960)) / 10,
    )


def weigh_out(story: Story, test: SubmissionTest, version: MethodVersion, duplicate_of: object = None) -> Portion:
    """A test portion near the method's mass."""
    mass = (version.test_portion_g * Decimal(story.rng.randrange(960, 1040)) / 1000).quantize(Decimal("0.00001"))
    return Portion(test=test, mass_g=mass, duplicate_of=duplicate_of)  # type: ignore[arg-type]


def _run(
    story: Story,
    journey: Journey,
    instrument: object,
    version: MethodVersion,
    analyst: object,
    day: float,
    *,
    bias: dict[str, float] | None,
) -> Run:
    """Plan a tray, let the instrument measure it, and bring its file in."""
    with story.on_day(journey, day):
        run = plan_run(instrument=instrument, method_version=version, by=analyst)  # type: ignore[arg-type]
    with story.on_day(journey, day + 0.4) as moment:
        data = write_export(run, story.rocks, story.rng, acquired_at=moment, bias=bias)
        stored = store_upload(instrument=instrument, file_name=f"{run.code}.xlsx", data=data, run=run, by=analyst)  # type: ignore[arg-type]
        if stored.upload.state == "waiting":
            from assays.instruments.recording import confirm_upload

            confirm_upload(upload=stored.upload, by=analyst)
    run.refresh_from_db()
    return run


def _certify(story: Story, journey: Journey, submission: Submission) -> None:
    with story.on_day(journey, 20):
        certificate = request_certificate(submission=submission, by=story.cast.of("signatory", journey.laboratory))
        run_job(certificate.job_id)
    story.certificates.append(certificate)


def _amend_one(story: Story) -> None:
    """One certificate was amended later."""
    first = story.certificates[0]
    laboratory = first.laboratory.code
    with clock.set_to(story.today - timedelta(days=100)):
        amended = amend_certificate(
            certificate=first,
            reason="The customer's contact was corrected at the customer's request.",
            by=story.cast.of("signatory", laboratory),
        )
        run_job(amended.job_id)
