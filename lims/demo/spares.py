"""Work left lying in every state, so that each call of the interface finds something it may be tried on (`examples`)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from django.conf import settings

from assays.instruments.ingest import store_upload
from assays.instruments.models import Upload
from assays.instruments.recording import withdraw_upload
from assays.instruments.weights import stand_at_balance
from assays.models import Aliquot, Run, Submission
from assays.services.planning import plan_run
from assays.services.submitting import create_submission, hold_submission
from lims.core import clock
from lims.demo import movement
from lims.demo.instrument import write_export
from lims.demo.journeys import JOURNEYS, METHOD, Story
from lims.demo.story import current_version
from lims.demo.taught import teach_laboratory
from lims.webhooks.outbox import announce
from lims.webhooks.services import create_webhook, renew_secret, set_webhook_active
from samples.models import Consignment, Sample
from samples.services.consigning import create_consignment, dispatch_consignment
from samples.services.handing_over import answer_handover, offer_handover

LABORATORY, INSTRUMENT, BALANCE, READER = "BPL", "BPL-ICP2", "BPL-BAL1", "BPL-SCAN1"
WEIGHED = next(number for number, journey in enumerate(JOURNEYS, 1) if journey.stage == "weighed")
COLLECTED = len(JOURNEYS)


@dataclass(frozen=True)
class Spares:
    """What lies ready: consignments by the step that may be tried on them, runs, uploads, submissions."""

    samples: list[Sample]
    consignments: dict[str, Consignment]
    runs: dict[str, Run]
    exports: dict[str, Path]
    uploads: dict[str, Upload]
    submissions: dict[str, Submission]


def lay_out(story: Story) -> Spares:
    """Make the spares, as of the last hours."""
    with clock.set_to(story.today - timedelta(hours=6)):
        samples = list(Sample.objects.filter(pk__in=story.samples[COLLECTED]).order_by("code"))
        consignments = _lay_out_consignments(story, samples[6:14]) | movement.lay_out(story, samples[14:])
        runs = _lay_out_runs(story)
    with clock.set_to(story.today - timedelta(hours=1)):
        exports = {name: _write_export(story, run) for name, run in runs.items()}
        uploads = _lay_out_uploads(story, runs)
        submissions = _lay_out_submissions(story)
        teach_laboratory(story, LABORATORY, INSTRUMENT)
    _lay_out_webhooks(story)
    stand_at_balance(balance=story.cast.instruments[BALANCE], by=story.cast.of("technician", LABORATORY))
    return Spares(samples[:6], consignments, runs, exports, uploads, submissions)


def _lay_out_webhooks(story: Story) -> None:
    """A receiver that is told of certificates (at a name that leads nowhere), and one that is paused."""
    administrator = story.cast.of("administrator", "MOM")
    laboratory = story.cast.organisations[LABORATORY]
    told, _secret = create_webhook(
        organisation=laboratory,
        url="https://receiver.example/lims",
        events=["run.judged", "certificate.issued"],
        description="The ministry's register (invented)",
        by=administrator,
    )
    paused, _secret = create_webhook(
        organisation=laboratory, url="https://other.example/hook", events=["upload.unreadable"], by=administrator
    )
    set_webhook_active(webhook=paused, active=False, reason="The receiver is being built (invented).", by=administrator)
    renew_secret(webhook=paused, hours=168, reason="A colleague left (invented).", by=administrator)
    newest = Run.objects.filter(laboratory=laboratory, state="qc_passed").order_by("-id")[0]
    announce("run.judged", [told.organisation_id], url=f"/api/v1/runs/{newest.code}/", run=newest.code)


def _lay_out_consignments(story: Story, samples: Sequence[Sample]) -> dict[str, Consignment]:
    """Consignments of one sample each: four still being packed, the others dispatched and farther on."""
    cast = story.cast
    collector, custodian, receptionist = cast.of("collector", "IREL"), cast.of("custodian", "NEF"), cast.of("receptionist", LABORATORY)
    made = {}
    for index, name in enumerate(["dispatch", "cancel", "pack", "unpack", "handover", "acknowledge", "withdraw", "receive"]):
        made[name] = create_consignment(
            addressee=cast.organisations[LABORATORY],
            carrier=cast.organisations["NEF"],
            samples=[samples[index]],
            waybill=f"DEMO-SPARE-{index + 1}",
            border_post="Nampong (Pangsau Pass)",
            by=collector,
        )
    for name in ["handover", "acknowledge", "withdraw", "receive"]:
        made[name] = dispatch_consignment(
            consignment=made[name], expected_by=clock.now() + timedelta(days=8), place="Myitkyina depot (invented)", by=collector
        )
    offer_handover(consignment=made["acknowledge"], receiver=custodian.organisation, place="Myitkyina depot (invented)", by=collector)
    offer_handover(consignment=made["withdraw"], receiver=custodian.organisation, place="Myitkyina depot (invented)", by=collector)
    offer = offer_handover(consignment=made["receive"], receiver=receptionist.organisation, place="the laboratory's door", by=collector)
    answer_handover(handover=offer, accept=True, seals_intact=True, by=receptionist)
    return made


def _waiting_aliquots() -> list[Aliquot]:
    """The aliquots of the weighed journey, the one with a duplicate first in each group of three."""
    aliquots = list(
        Aliquot.objects.filter(test__state="prepared", test__submission__laboratory__code=LABORATORY, duplicate_of=None)
        .filter(test__method_version__method__code=METHOD)
        .select_related("test__sample")
        .prefetch_related("duplicates")
        .order_by("code")
    )
    repeated = [one for one in aliquots if one.duplicates.all()]
    single = [one for one in aliquots if not one.duplicates.all()]
    return [one for group in zip(repeated, single[::2], single[1::2], strict=False) for one in group]


def _lay_out_runs(story: Story) -> dict[str, Run]:
    """Trays of three samples on the instrument that is free."""
    waiting = _waiting_aliquots()
    instrument, analyst = story.cast.instruments[INSTRUMENT], story.cast.of("analyst", LABORATORY)
    names = ["upload", "readings", "cancel", "confirm", "rows", "set_aside", "withdraw", "reopen"]
    return {
        name: plan_run(
            instrument=instrument, method_version=current_version(METHOD), aliquots=waiting[3 * index : 3 * index + 3], by=analyst
        )
        for index, name in enumerate(names)
    }


def export_folder() -> Path:
    """Where the exports lie that a person may bring in by hand."""
    return Path(settings.DATA_DIR) / "demo" / "exports"


def _write_export(story: Story, run: Run) -> Path:
    folder = export_folder()
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{run.code}.xlsx"
    path.write_bytes(write_export(run, story.rocks, story.rng, acquired_at=clock.now()))
    return path


def _lay_out_uploads(story: Story, runs: dict[str, Run]) -> dict[str, Upload]:
    """Exports in which one tube is called by a wrong name, so that they wait for a person."""
    analyst, instrument = story.cast.of("analyst", LABORATORY), story.cast.instruments[INSTRUMENT]
    uploads = {}
    for name in ["confirm", "rows", "set_aside", "withdraw", "reopen"]:
        run = runs[name]
        labels = {run.positions.filter(kind="sample").first().label: "A-mistyped"}  # type: ignore[union-attr]
        data = write_export(run, story.rocks, story.rng, acquired_at=clock.now(), labels=labels)
        uploads[name] = store_upload(instrument=instrument, file_name=f"{run.code}.xlsx", data=data, run=run, by=analyst).upload
    withdraw_upload(upload=uploads["reopen"], reason="Sent before the batch was complete.", by=analyst)
    return uploads


def _lay_out_submissions(story: Story) -> dict[str, Submission]:
    """Requests that can be held, resumed, cancelled."""
    receptionist = story.cast.of("receptionist", LABORATORY)
    usable = list(
        Sample.objects.filter(laboratory__code=LABORATORY, state="reported", on_hold=False, has_open_discrepancy=False).order_by("code")[:3]
    )
    made = {
        name: create_submission(
            laboratory=receptionist.organisation,
            customer=sample.owner,
            samples=[sample],
            method_versions=[current_version("FAD-MS")],
            customer_reference=f"Repeat by four acids ({name})",
            by=receptionist,
        )
        for name, sample in zip(["hold", "resume", "cancel"], usable, strict=True)
    }
    hold_submission(submission=made["resume"], reason="The customer is asked which digestion is meant.", by=receptionist)
    return made
