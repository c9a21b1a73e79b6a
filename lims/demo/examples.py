"""`var/demo/examples.json`: for every POST of the interface one body that is accepted as it stands, so that a stranger can drive
the whole path. Keyed by operation; `as` names the token (a role, or an instrument's code), `path` the address with its identifiers
filled in."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.utils import timezone

from assays.models import Aliquot, Lot, PreparationTask, Run, StepRecord, Submission, SubmissionTest
from assays.nonconformities.models import Notice
from lims.core import clock
from lims.demo import movement, nonconformities, products, provenance, storage
from lims.demo.credentials import write_private
from lims.demo.instrument import read_solutions
from lims.demo.journeys import METHOD, Story
from lims.demo.spares import BALANCE, INSTRUMENT, LABORATORY, READER, Spares, export_folder
from lims.webhooks.models import Webhook
from samples.allotments.models import Allotment
from samples.models import Discrepancy, Hold, Sample, SealBatch
from samples.services.settling import hash_shown

Example = dict[str, Any]


def write(story: Story, spares: Spares, cosigned: str) -> None:
    """Write the file."""
    write_private(settings.DATA_DIR / "demo" / "examples.json", build(story, spares, cosigned))


def build(story: Story, spares: Spares, cosigned: str) -> dict[str, Example]:
    """Every example by operation, `POST /api/v1/samples/` first. `cosigned` is the checkpoint a registered witness signed."""
    # Open to anyone; the token only keeps the form of the others.
    witnessing = _example("/api/v1/custody/cosignatures/", "official", {"checkpoint": cosigned})
    found = [
        *_field(),
        *_provenance(story),
        witnessing,
        *_movement(story, spares),
        *movement.examples(story, spares.consignments),
        *_storage(story),
        *_safety(),
        *_bench(spares),
        *_measurement(story, spares),
        *_release(story),
        *_nonconforming(story),
        *_webhooks(story),
    ]
    return {f"POST {operation}": example for operation, example in found}


def _example(operation: str, caller: str, body: Any = None, **parts: Any) -> tuple[str, Example]:
    """One example; `parts` fill the identifiers of the path."""
    address = operation.format(**parts)
    return operation, {"path": address, "as": caller, "content_type": "application/json", "body": body if body is not None else {}}


def _field() -> list[tuple[str, Example]]:
    record = {
        "mine": "PWN",
        "material": "clay",
        "method": "channel",
        "collected_at": (clock.now() - timedelta(hours=5)).isoformat(timespec="seconds"),
        "collected_zone": "Asia/Yangon",
        "mass_g": "1850.5",
        "container": "double poly bag",
        "field_id": "EX-001",
        "seal_number": "EX000001",
        "pit": "P1",
        "depth_from_m": "1.20",
        "depth_to_m": "1.70",
    }
    at_bench = _reported(0)
    return [
        _example("/api/v1/samples/", "collector", [record, record | {"field_id": "EX-002", "seal_number": "EX000002"}]),
        _example(
            "/api/v1/samples/{code}/split/",
            "technician",
            {
                "parts": [{"mass_g": "100", "kind": "pulp", "container": "paper envelope"}],
                "remaining_g": str(at_bench.mass_g - Decimal(100)),
                "reason": "pulp for another laboratory",
            },
            code=at_bench.blind_code,
        ),
        _example(
            "/api/v1/samples/{code}/hold/",
            "quality_manager",
            {"kind": "quality", "reason": "Pattern is not smooth."},
            code=_reported(1).blind_code,
        ),
        _example(
            "/api/v1/samples/{code}/release/",
            "quality_manager",
            {"kind": "provenance", "reason": "The photograph was of the neighbouring pit; papers agree."},
            code=_held_by_hand().blind_code,
        ),
        _example("/api/v1/allotments/", "collector", {"count": 20, "team": "Chipwi team", "purpose": "Next visit"}),
        _example("/api/v1/allotments/{code}/end/", "collector", {"reason": "The labels came back unused."}, code=_open_set()),
        _example("/api/v1/origins/", "official", {"purpose": "Plausibility of the stated mine", "mines": ["PWN"]}),
    ]


def _held_by_hand() -> Sample:
    """The sample whose provenance somebody asked about; what a suspended lot holds waits for its assessment."""
    holds = Hold.objects.filter(kind="provenance", released_at=None).exclude(reason__startswith="Due diligence")
    return holds.select_related("sample").get().sample


def _open_set() -> str:
    return Allotment.objects.filter(organisation__code="IREL", end=None).order_by("code")[0].code


def _provenance(story: Story) -> list[tuple[str, Example]]:
    found = []
    for operation, caller, parts, body in provenance.examples(story):
        if isinstance(body, bytes):
            path = export_folder() / "evidence.png"
            path.write_bytes(body)
            name = str(path.relative_to(settings.DATA_DIR / "demo"))
            upload = {"path": operation.format(**parts), "as": caller, "content_type": "multipart/form-data", "file": name}
            found.append((operation, upload))
        else:
            found.append(_example(operation, caller, body, **parts))
    return found


def _reported(index: int) -> Sample:
    """A certified sample of the laboratory that nothing else is tried on (the last ones by code)."""
    free = Sample.objects.filter(laboratory__code=LABORATORY, state="reported", on_hold=False, has_open_discrepancy=False)
    free = free.exclude(material="oxide")
    return free.order_by("-code")[index]


def _movement(story: Story, spares: Spares) -> list[tuple[str, Example]]:
    made, samples = spares.consignments, spares.samples
    expected = (timezone.now() + timedelta(days=9)).isoformat(timespec="seconds")
    received = made["receive"].items.select_related("sample").get().sample
    open_one = Discrepancy.objects.filter(laboratory__code=LABORATORY, decided_at=None).order_by("found_at")[0]
    call = "/api/v1/consignments/{code}/"
    return [
        _example(
            "/api/v1/consignments/",
            "collector",
            {
                "addressee": LABORATORY,
                "carrier": "NEF",
                "waybill": "EX-WB-1",
                "border_post": "Nampong",
                "items": [{"sample": samples[0].code}],
            },
        ),
        _example(f"{call}pack/", "collector", {"items": [{"sample": samples[1].code}]}, code=made["pack"].code),
        _example(f"{call}unpack/", "collector", {"sample": made["unpack"].items.get().sample.code}, code=made["unpack"].code),
        _example(f"{call}cancel/", "collector", {"reason": "The road is closed."}, code=made["cancel"].code),
        _example(f"{call}dispatch/", "collector", {"expected_by": expected, "place": "Myitkyina depot"}, code=made["dispatch"].code),
        _example(f"{call}handover/", "collector", {"receiver": "NEF", "place": "Myitkyina depot"}, code=made["handover"].code),
        _example(
            f"{call}acknowledge/", "custodian", {"accept": True, "seals_intact": True, "place": "depot"}, code=made["acknowledge"].code
        ),
        _example(f"{call}withdraw/", "collector", {"reason": "Offered to the wrong carrier."}, code=made["withdraw"].code),
        _example(
            f"{call}receive/",
            "receptionist",
            {
                "items": [
                    {
                        "sample": received.code,
                        "present": True,
                        "seal_number": received.seal_number,
                        "seal_condition": "intact",
                        "container_intact": True,
                        "container_count": received.container_count,
                        "mass_g": str(received.mass_g),
                    }
                ]
            },
            code=made["receive"].code,
        ),
        _example(
            "/api/v1/discrepancies/",
            "technician",
            {"sample": _reported(5).blind_code, "kind": "container", "detail": "The inner bag has a tear of 2 cm; nothing came out."},
        ),
        _example(
            "/api/v1/discrepancies/{id}/settle/",
            "quality_manager",
            {
                "decision": "accept",
                "reason": "Explained by the carrier; deviation reported.",
                "password": story.cast.password,
                "shown_hash": hash_shown(open_one),
            },
            id=open_one.pk,
        ),
    ]


def _storage(story: Story) -> list[tuple[str, Example]]:
    return [_example(operation, caller, body, code=code) for operation, caller, code, body in storage.examples(story)]


def _safety() -> list[tuple[str, Example]]:
    unscreened = Sample.objects.filter(laboratory__code=LABORATORY, needs_screen=True, on_hold=False).order_by("code")[0]
    apart = Hold.objects.filter(kind="quarantine", released_at=None, sample__laboratory__code=LABORATORY).select_related("sample")[0].sample
    nuclides = [{"nuclide": name, "activity": "0.12", "uncertainty": "0.03"} for name in ("Th-232", "U-238")]
    spare = SealBatch.objects.get(prefix="EX", organisation__code="IREL")
    rate = {"dose_rate": "0.19", "background": "0.11", "uncertainty": "0.04", "distance_cm": "10", "instrument": "RDS-31 no. 0412"}
    return [
        _example("/api/v1/samples/{code}/screen/", "technician", rate, code=unscreened.blind_code),
        _example("/api/v1/samples/{code}/gamma/", "technician", {"reference": "GS-77", "nuclides": nuclides}, code=apart.blind_code),
        _example("/api/v1/door-policy/", "quality_manager", {"clock_skew_minutes": 10, "reason": "Field clocks are set by hand."}),
        _example("/api/v1/seal-batches/", "official", {"first": "EY0001", "last": "EY0100", "organisation": "IREL", "team": "North"}),
        _example("/api/v1/seal-batches/{id}/void/", "collector", {"first": "EX000140", "kind": "lost", "reason": "Lost."}, id=spare.pk),
    ]


def _steps(taken: Any) -> list[tuple[str, Example]]:
    """A step of a preparation that nobody has begun, and the correction of one that was recorded."""
    tasks = PreparationTask.objects.filter(laboratory__code=LABORATORY, finished_at=None, next_kind="weigh_wet", records=None)
    free = tasks.filter(sample__on_hold=False, sample__has_open_discrepancy=False, sample__needs_screen=False, version__route__code="PULP")
    task = free.exclude(sample=taken).order_by("id")[0]
    done = StepRecord.objects.filter(task__laboratory__code=LABORATORY, task__finished_at=None, step__kind="weigh_wet").order_by("id")[0]
    wet = {"task": str(task.pk), "kind": "weigh_wet", "values": {"wet_mass_g": "51.2075"}, "equipment": f"{LABORATORY}-BAL-1"}
    right = {"values": {"wet_mass_g": "50.2131"}, "reason": "Last digit misread."}
    return [
        _example("/api/v1/preparation-steps/", "technician", [wet]),
        _example("/api/v1/preparation-steps/{id}/correct/", "technician", right, id=str(done.pk)),
    ]


def _solutions() -> list[tuple[str, Example]]:
    """The leach of a portion that waits for it, a dilution, and what was weighed for the tray of the carbonate."""
    aliquots = Aliquot.objects.filter(test__submission__laboratory__code=LABORATORY, test__state="prepared").order_by("id")
    to_leach = aliquots.filter(test__method_version__leach__isnull=False, leaches=None)[0]
    to_dilute = aliquots.filter(test__method_version__method__code=METHOD, dilutions=None)[0]
    conditions = {"concentration_mol_l": "0.5", "leachant_ml": "250", "ph_start": "4.02", "ph_end": "4.61", "minutes": "60"}
    steps = [{"taken": "1.000", "final": "20.00", "u_taken": "0.004", "u_final": "0.02", "equipment": f"{LABORATORY}-PIP-1"}]
    run = products.waiting_run()
    read = [
        {"position": number, "values": {name: str(value) for name, value in values.items()}} for number, values in products.read_tray(run)
    ]
    used = [f"{LABORATORY}-BAL-1", f"{LABORATORY}-FUR-1"]
    return [
        _example("/api/v1/leaches/", "technician", {"leaches": [{"aliquot": to_leach.code, "temperature_c": "22.5", **conditions}]}),
        _example("/api/v1/dilutions/", "technician", {"aliquot": to_dilute.code, "steps": steps}),
        _example("/api/v1/runs/{key}/determinations/", "analyst", {"determinations": read, "used": used}, key=run.code),
    ]


def _bench(spares: Spares) -> list[tuple[str, Example]]:
    call = "/api/v1/submissions/{code}/"
    waiting = SubmissionTest.objects.filter(
        submission__laboratory__code=LABORATORY,
        sample__on_hold=False,
        sample__has_open_discrepancy=False,
        sample__needs_screen=False,
        method_version__method__code=METHOD,
    )
    waiting = waiting.exclude(sample__material="carbonate").select_related("sample")
    unprepared = waiting.filter(state="requested", sample__preparations=None, task__records=None).order_by("id")[0]
    unweighed, unweighed_too = waiting.filter(state="requested", sample__preparations__isnull=False).distinct().order_by("id")[:2]
    weight = {"code": unweighed_too.sample.blind_code, "step": "portion", "raw": "N     +   0.1002 g", "method": METHOD}
    return [
        _example(
            "/api/v1/submissions/",
            "receptionist",
            {"samples": [_reported(3).blind_code], "methods": ["FAD-MS"], "customer": "IREL", "basis": "dry", "turnaround": "routine"},
        ),
        *_steps(unprepared.sample_id),
        *_solutions(),
        _example(
            "/api/v1/lots/",
            "technician",
            {"kind": "acid", "name": "HCl 30 %, ultrapure", "supplier": "Synthetic Reagents", "supplier_lot": "HC-0007"},
        ),
        _example(
            "/api/v1/lots/{code}/values/",
            "technician",
            {"values": [{"element": "Rh", "value": "1.003", "unit": "mg/L", "uncertainty": "0.006", "k": "2", "nominal": "1"}]},
            code=Lot.objects.filter(laboratory__code=LABORATORY, name__startswith="Internal standard")[0].code,
        ),
        _example(f"{call}hold/", "receptionist", {"reason": "The customer is asked."}, code=spares.submissions["hold"].code),
        _example(f"{call}resume/", "receptionist", code=spares.submissions["resume"].code),
        _example(f"{call}cancel/", "receptionist", {"reason": "Ordered twice."}, code=spares.submissions["cancel"].code),
        _example(
            "/api/v1/preparations/",
            "technician",
            [
                {
                    "sample": unprepared.sample.blind_code,
                    "route": "dry 105 °C, crush < 2 mm, split, pulverise 85 % < 75 µm",
                    "wet_mass_g": "50.120",
                    "dry_mass_g": "41.300",
                    "drying_c": 105,
                    "portion_dried_c": 105,
                    "sieve_passing_percent": "91.0",
                }
            ],
        ),
        _example("/api/v1/aliquots/", "technician", [{"test": str(unweighed.pk), "mass_g": "0.10012"}]),
        _example("/api/v1/instruments/{code}/operator/", "technician", code=BALANCE),
        _example("/api/v1/instruments/me/weights/", BALANCE, {"weights": [weight | {"measured_at": clock.now().isoformat()}]}),
        _example("/api/v1/instruments/me/scans/", READER, {"code": unweighed.sample.blind_code}),
        _example("/api/v1/runs/", "analyst", {"instrument": INSTRUMENT, "method": METHOD}),
        _example("/api/v1/runs/{key}/cancel/", "analyst", {"reason": "The torch broke."}, key=spares.runs["cancel"].code),
    ]


def _measurement(story: Story, spares: Spares) -> list[tuple[str, Example]]:
    call = "/api/v1/instruments/me/"
    upload = call + "uploads/{id}/"
    row = spares.uploads["rows"].rows.filter(outcome="parked").order_by("index")[0]
    missing = spares.runs["rows"].positions.filter(kind="sample").order_by("number")[0]
    run = spares.runs["readings"]
    readings = [
        {
            "position": number,
            "analyte": symbol,
            "isotope_or_line": isotope,
            "value": str(value),
            "unit": "ug/L",
            "quantity": "measured_concentration",
            "measured_at": clock.now().isoformat(timespec="seconds"),
        }
        for number, symbol, isotope, value in read_solutions(run, story.rocks, story.rng)
    ]
    file = {
        "path": f"{call}uploads/",
        "as": INSTRUMENT,
        "content_type": "multipart/form-data",
        "file": str(spares.exports["upload"].relative_to(settings.DATA_DIR / "demo")),
    }
    return [
        (f"{call}uploads/", file),
        _example(f"{call}readings/", INSTRUMENT, {"run": run.code, "readings": readings}),
        _example(f"{call}heartbeat/", INSTRUMENT, {"time": clock.now().isoformat(), "agent": "lims_agent 1", "waiting": 0}),
        _example(f"{upload}confirm/", "analyst", id=spares.uploads["confirm"].pk),
        _example(f"{upload}withdraw/", "analyst", {"reason": "Sent before the batch was complete."}, id=spares.uploads["withdraw"].pk),
        _example(f"{upload}reopen/", "analyst", {"reason": "It was complete after all."}, id=spares.uploads["reopen"].pk),
        _example(f"{upload}ignore/", "analyst", {"reason": "A rinse, by mistake in the batch."}, id=spares.uploads["set_aside"].pk),
        _example(upload + "rows/{index}/assign/", "analyst", {"position": missing.number}, id=row.upload_id, index=row.index),
        _example(
            upload + "rows/{index}/ignore/", "analyst", {"reason": "Measured again below."}, id=row.upload_id, index=_second_row(spares)
        ),
    ]


def _second_row(spares: Spares) -> int:
    """A row of the same upload that is set aside without harm: its first calibration standard."""
    return spares.uploads["rows"].rows.order_by("index")[0].index


def _nonconforming(story: Story) -> list[tuple[str, Example]]:
    unread = Notice.objects.get(acknowledgement=None)
    found = [_example("/api/v1/notices/{id}/acknowledge/", "collector", id=unread.pk)]
    for operation, caller, code, body in nonconformities.examples(story):
        # The path of a run names it by `key`.
        found.append(_example(operation.replace("runs/{code}", "runs/{key}"), caller, body, code=code, key=code))
    return found


def _release(story: Story) -> list[tuple[str, Example]]:
    runs = {
        state: Run.objects.filter(laboratory__code=LABORATORY, state=state).order_by("id")[0]
        for state in ("qc_passed", "qc_failed", "reviewed")
    }
    doubted = runs["qc_failed"].positions.filter(kind="sample").order_by("number")[0]
    password = story.cast.password
    authorised = Submission.objects.filter(laboratory__code=LABORATORY, tests__state="authorised", certificates=None).distinct()[0]
    issued = [one for one in story.certificates if one.laboratory.code == LABORATORY]
    call = "/api/v1/certificates/{number}/"
    return [
        _example("/api/v1/runs/{key}/review/", "reviewer", {"decision": "approve", "password": password}, key=runs["qc_passed"].code),
        _example(
            "/api/v1/runs/{key}/retests/ask/",
            "reviewer",
            {"positions": [doubted.number], "reason": "Tb does not fit its neighbours."},
            key=runs["qc_failed"].code,
        ),
        _example(
            "/api/v1/runs/{key}/retests/reject/",
            "reviewer",
            {"positions": [doubted.number + 1], "reason": "The solution was cloudy."},
            key=runs["qc_failed"].code,
        ),
        _example("/api/v1/runs/{key}/retests/", "analyst", {}, key=runs["qc_failed"].code),
        _example(
            "/api/v1/results/authorise/", "signatory", {"run": runs["reviewed"].code, "password": password, "meaning": "authorisation"}
        ),
        _example("/api/v1/dossiers/", "official", {"sample": _reported(0).code}),
        _example("/api/v1/certificates/", "signatory", {"submission": authorised.code}),
        _example(f"{call}amend/", "signatory", {"reason": "The customer's address was corrected."}, number=issued[-1].number),
        _example(
            f"{call}withdraw/", "signatory", {"reason": "Issued to the wrong customer.", "password": password}, number=issued[-2].number
        ),
    ]


def _webhooks(story: Story) -> list[tuple[str, Example]]:
    told = Webhook.objects.filter(active=True).order_by("id")[0]
    resting = Webhook.objects.filter(active=False).order_by("id")[0]
    call = "/api/v1/webhooks/{id}/"
    body = {
        "organisation": "IREL",
        "url": "https://receiver.example/certificates",
        "events": ["certificate.issued", "certificate.withdrawn"],
    }
    return [
        _example("/api/v1/webhooks/", "administrator", body),
        _example(f"{call}pause/", "administrator", {"reason": "The receiver is being moved."}, id=told.pk),
        _example(f"{call}resume/", "administrator", id=resting.pk),
        _example(f"{call}secret/renew/", "administrator", {"hours": 24, "reason": "The yearly change."}, id=told.pk),
        _example(f"{call}secret/end-overlap/", "administrator", id=resting.pk),
        _example(call + "deliveries/{delivery}/replay/", "administrator", id=told.pk, delivery=told.deliveries.order_by("id")[0].pk),
    ]
