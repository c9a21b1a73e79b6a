"""A small world in which every address has an object behind it that belongs to the cast, and everybody who may knock there."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

from django.test import Client

from assays.control_charts.models import ControlPoint
from assays.instruments.models import InstrumentToken, RefusedMessage
from assays.instruments.parsers.layouts import HeadingPattern, Layout, MappedColumn
from assays.instruments.replaying import keep_refused
from assays.instruments.teaching import add_pattern, save_mapping
from assays.models import Aliquot, PreparationTask, ResultVersion, StepRecord, Submission
from assays.nonconformities.services.recalling import notify_customers
from assays.nonconformities.services.reporting import Finding, report_nonconformity
from assays.reports.services import request_certificate
from assays.services.in_house import create_in_house_material
from assays.services.lots import Delivery, register_equipment, register_lot
from assays.services.steps import record_step
from assays.services.validating import run_examples_file
from lims.accounts.models import Competence, User
from lims.accounts.services.own import create_own_token
from lims.accounts.tokens import issue_token, issue_user_token
from lims.core import clock
from lims.core.codes import has_code_shape, with_check_character
from lims.core.errors import DomainError
from lims.core.roles import INSTRUMENT, LABORATORY_ROLES, Role
from lims.jobs.models import Job
from lims.jobs.services import run_job
from lims.webhooks.outbox import announce
from lims.webhooks.services import create_webhook
from samples.dossiers.services import request_sample_dossier
from samples.models import ConsignmentItem, Discrepancy, Handover, PaperFile, Receipt, Sample
from samples.provenance.services.evidence import add_evidence
from samples.services.allotting import allot_codes
from samples.services.customs import add_file, add_paper
from samples.services.handing_over import offer_handover
from samples.services.holding import hold_sample
from samples.services.importing import preview_import
from samples.services.issuing import issue_seals
from samples.services.meeting import show_handover
from samples.services.photographing import photograph_sample
from samples.services.visiting import Member, record_visit
from tests.factories import bench, measurement, people, release
from tests.factories.consignments import make_consignment, make_dispatched
from tests.factories.log import make_witness
from tests.factories.pictures import picture
from tests.factories.provenance import make_parts, make_provenance
from tests.factories.samples import make_mine
from tests.factories.storage import make_box
from tests.samples.services.test_meeting import PDF
from tests.samples.services.test_placing_and_visiting import visit_record
from tests.samples.services.test_travelling import make_route

ANONYMOUS = "anonymous"
CALLERS = (ANONYMOUS, *(role.value for role in Role), INSTRUMENT)
OUTSIDERS = {"collector", "custodian", *(role.value for role in LABORATORY_ROLES)}


@dataclass
class World:
    """The cast, one thing of each kind by name, and how everybody knocks: `web` with a session, `api` with a token."""

    cast: people.Cast
    things: dict[str, Any]
    web: dict[str, Client] = field(default_factory=dict)
    api: dict[str, Client] = field(default_factory=dict)

    def user(self, caller: str) -> Any:
        """Who knocks: one of `CALLERS`, or `other …` for an outsider."""
        if caller.startswith("other "):
            return self.cast.outsiders[caller.removeprefix("other ")]
        return self.things["instrument"] if caller == INSTRUMENT else self.cast.people.get(caller)

    def knock(self, caller: str, method: str, address: str, *, missing: bool = False) -> Any:
        """The answer to an empty request at an address of the resolver, with the names this caller knows the objects by, or with names
        that nothing has."""
        path = "/" + self._path(caller, address, missing)
        if address.startswith("api/"):
            return self.api[caller].generic(method, path, b"{}" if method != "GET" else b"", content_type="application/json")
        return self.web[caller].generic(method, path)

    def _path(self, caller: str, address: str, missing: bool) -> str:
        inner = address.removeprefix("api/v1/")
        names = next((make for start, make in OBJECTS.items() if inner.startswith(start)), None)
        values = names(self.things, self.user(caller)) if names else {}

        def fill(match: re.Match[str]) -> str:
            if match[1] not in values:
                raise AssertionError(f"No object stands behind <{match[1]}> of {address}: name one in OBJECTS of tests/access/world.py.")
            return str(_nothing_like(values[match[1]]) if missing else values[match[1]])

        return re.sub(r"<\w+:(\w+)>", fill, address)


def _nothing_like(value: Any) -> Any:
    """A name of the same form that nothing has."""
    if isinstance(value, UUID):
        return uuid4()
    body = re.sub(r"\d{4,}", lambda digits: "9" * len(digits[0]), str(value))
    return with_check_character(body[:-2]) if has_code_shape(body) else body


def _sample(things: dict[str, Any], user: Any) -> dict[str, Any]:
    sample = things["sample"]
    return {"code": sample.code_for(user) if isinstance(user, User) else sample.code, "hold": things["hold"].pk}


def _pk(name: str, **more: str) -> Callable[[dict[str, Any], Any], dict[str, Any]]:
    return lambda things, user: {"pk": things[name].pk, **more}


def _code(name: str) -> Callable[[dict[str, Any], Any], dict[str, Any]]:
    return lambda things, user: {"code": things[name].code, "pk": things.get(f"{name} part"), "key": things[name].code}


def _provenance(things: dict[str, Any], user: Any) -> dict[str, Any]:
    pk = things["evidence"].pk
    return {"code": things["provenance"].code, "flag": "armed_group_paid", "part": "payments", "number": 1, "pk": pk}


# How an address begins → the object behind it. The first that fits counts.
_EXAMPLE = (
    b'[{"topic": "moisture", "inputs": {"m_wet_g": 2, "m_dry_g": 1}, "expected": {"moisture_pct_wet_basis": 50}, "tolerance": "exact"}]'
)

LAYOUT = Layout((MappedColumn("Sample", "label"),), 1, separator=",", patterns=(HeadingPattern("{analyte} ({unit})"),))

OBJECTS: dict[str, Callable[[dict[str, Any], Any], dict[str, Any]]] = {
    "samples/imports/template": lambda things, user: {"kind": "csv"},
    "samples/handling/": lambda things, user: {"material": "clay"},
    "samples/imports/": _pk("import", decision="discard"),
    "samples/": _sample,
    "provenance/": _provenance,
    "custody/witnesses/": _pk("witness"),
    "allotments/": _code("allotment"),
    "codes/": _code("allotment"),
    "photos/": _pk("photo"),
    "storage/labels/": lambda things, user: {},
    "storage/": _code("box"),
    "mines/": lambda things, user: {"code": "PW1", "pit": "P1"},
    "visits/": _code("visit"),
    "consignments/<str:code>/customs/": lambda things, user: {
        "code": things["paper"].paper.consignment.code,
        "pk": things["paper"].paper_id,
        "file": things["paper"].pk,
    },
    "consignments/": lambda things, user: {"code": things["consignment"].code, "pk": things["receipt"].pk, "number": 1},
    "routes/": lambda things, user: {"code": "NAMPONG-1"},
    "handovers/": lambda things, user: {"token": things["shown"]},
    "discrepancies/": _pk("discrepancy"),
    "seals/batches/": _pk("seals"),
    "seal-batches/": _pk("seals"),
    "seals/": lambda things, user: {"number": things["seals"].first_number},
    "methods/": lambda things, user: {"code": "FUS-MS", "number": 1},
    "materials/": _code("material"),
    "validations/": lambda things, user: {"number": things["validation"]},
    "validation/": lambda things, user: {"number": things["validation"]},
    "reference-materials/": _code("material"),
    "submissions/": _code("submission"),
    "runs/": _code("run"),
    "control-charts/": lambda things, user: {"series": things["point"].series_id, "position": things["point"].position_id},
    "uploads/refused/": _pk("refused"),
    "uploads/": _pk("upload"),
    "mappings/": _pk("mapping"),
    "name-patterns/": _pk("pattern"),
    "instruments/me/uploads/": _pk("upload", index="1"),
    "webhooks/": lambda things, user: {"pk": things["webhook"].pk, "delivery": things["webhook"].deliveries.all()[0].pk},
    "instruments/": lambda things, user: {"code": things["instrument"].code, "pk": things["instrument token"].pk},
    "nonconformities/": lambda things, user: {"code": things["nonconformity"].code, "run": things["run"].code},
    "notices/": _pk("notice"),
    "lots/": _code("lot"),
    "preparation-steps/": _pk("step"),
    "bench/aliquots/": _code("aliquot"),
    "bench/steps/": lambda things, user: {"code": things["step"].task.sample.blind_code},
    "bench/step-records/": _pk("step"),
    "equipment/": _code("balance"),
    "certificates/issue/": _code("submission"),
    "certificates/": lambda things, user: {"number": things["certificate"].number},
    "dossiers/samples/": _sample,
    "dossiers/consignments/": lambda things, user: {"code": things["consignment"].code},
    "dossiers/": lambda things, user: {"number": things["dossiers"].get(getattr(user, "role", ""), things["dossiers"]["collector"])},
    "verify/": lambda things, user: {"token": things["certificate"].token},
    "jobs/": _pk("job"),
    "tokens/": _pk("token"),
    "people/": _pk("person"),
    "organisations/": lambda things, user: {"pk": things["instrument"].laboratory_id},
    "competences/": _pk("competence"),
}


def make_world() -> World:
    """Everything at once: a sample's way to its certificate, work that waits, and what stands in the way."""
    cast = people.make_cast()
    carrier = people.Organisation.objects.create(code="RAIL", kind="carrier", name="Trans-Rail", address="1 Station Road")
    cast.outsiders["custodian"] = people.make_user("other_custodian", "custodian", carrier)
    world = World(cast, _make_things(cast))
    for caller in (*CALLERS, *(f"other {role}" for role in OUTSIDERS)):
        _make_clients(world, caller)
    return world


def _make_clients(world: World, caller: str) -> None:
    user = world.user(caller)
    world.web[caller], world.api[caller] = Client(raise_request_exception=False), Client(raise_request_exception=False)
    if caller == INSTRUMENT:
        token = issue_token(InstrumentToken, by="test", name="access", instrument=user)[1]
        world.web[caller] = Client(raise_request_exception=False, headers={"Authorization": f"Token {token}"})
    elif user is not None:
        token = issue_user_token(user=user, by=user, name="access")[1]
        world.web[caller].force_login(user)
    else:
        return
    world.api[caller] = Client(raise_request_exception=False, headers={"Authorization": f"Token {token}"})


def _make_dossier(sample: Sample, user: User) -> str:
    """The number of a dossier of one's own; only one is made to its end, drawing takes long."""
    dossier = request_sample_dossier(sample=sample, by=user)
    if user.role == Role.COLLECTOR:
        run_job(dossier.job_id)
    return dossier.number


def _make_things(cast: people.Cast) -> dict[str, Any]:
    make_mine()
    member = Member(organisation=cast.organisations["irel"], name="A. Rao")
    visit = record_visit(record=visit_record(cast, members=[member]), by=cast.collector)
    run = measurement.make_authorised_run(cast, 1)
    submission = Submission.objects.get()
    certificate = release.finish(request_certificate(submission=submission, by=cast.signatory))
    sample = Sample.objects.get(certificates__certificate=certificate)
    planned = bench.make_planned_run(cast, 1)
    receipt = Receipt.objects.filter(items__sample=sample).get()
    lot = ConsignmentItem.objects.get(sample=sample).consignment
    provenance = make_provenance(cast, consignment=lot, parts=make_parts())
    webhook, _secret = create_webhook(
        organisation=cast.organisations["lab"], url="https://receiver.example/", events=["run.judged"], by=cast.administrator
    )
    announce("run.judged", [webhook.organisation_id], url=f"/api/v1/runs/{planned.code}/", run=planned.code)
    table = b"mine,material,method,collected_at,mass_g,container\nPW1,clay,channel,2026-03-02 09:15,5,bag\n"
    return {
        "webhook": webhook,
        "visit": visit,
        "sample": sample,
        "hold": hold_sample(sample=sample, kind="quality", reason="To be looked at.", by=cast.quality_manager),
        "photo": photograph_sample(sample=sample, data=picture(), by=cast.collector),
        "allotment": allot_codes(count=2, team="Team A", by=cast.collector),
        "provenance": provenance,
        "evidence": add_evidence(record=provenance, data=picture(), kind="photo", by=cast.collector),
        "import": preview_import(file_name="field.csv", data=table, by=cast.collector),
        "consignment": ConsignmentItem.objects.get(sample=sample).consignment,
        "receipt": receipt,
        "discrepancy": Discrepancy.objects.create(
            sample=sample,
            receipt_item=receipt.items.get(sample=sample),
            laboratory=receipt.laboratory,
            kind="mass",
            detail="Lighter than sent.",
            found_at=clock.now(),
        ),
        "nonconformity": report_nonconformity(
            finding=Finding("run", "Blank too high", "The blank read three times its limit.", clock.today(), (run,)), by=cast.analyst
        ),
        "aliquot": Aliquot.objects.filter(test__submission=submission)[0],
        "step": _step(cast),
        "lot": register_lot(delivery=Delivery("acid", "Nitric acid", "N-1", clock.today()), by=cast.analyst),
        "balance": register_equipment(code="BAL-01", kind="balance", name="XPR", calibration_due=clock.today(), by=cast.analyst),
        "notice": _notice(run, certificate, cast),
        "witness": make_witness(cast)[0],
        "dossiers": {role: _make_dossier(sample, user) for role, user in cast.people.items()},
        "material": create_in_house_material(code="LEACH-1", matrix="clay", by=cast.quality_manager),
        "validation": run_examples_file(data=_EXAMPLE, file_name="one.json", by=cast.quality_manager).number,
        "certificate": certificate,
        "box": make_box(cast),
        "submission": submission,
        "run": run,
        "point": ControlPoint.objects.filter(run=run)[0],
        "run part": ResultVersion.objects.filter(reduction__run=run)[0].pk,
        "upload": measurement.make_waiting_upload(cast, planned),
        "refused": _refused(planned.instrument),
        "mapping": save_mapping(name="Wizard", layout=LAYOUT, by=cast.analyst).mapping,
        "pattern": add_pattern(names="house clay*", kind="control", by=cast.analyst),
        "instrument": planned.instrument,
        "instrument token": issue_token(InstrumentToken, by="test", name="access", instrument=planned.instrument)[0],
        "job": Job.objects.create(kind="certificate", state="failed", requested_by=cast.signatory),
        "seals_in_use": issue_seals(first="SEAL-000000", last="SEAL-000999", organisation=cast.organisations["irel"], by=cast.official),
        "seals": issue_seals(first="W-0001", last="W-0010", organisation=cast.organisations["irel"], by=cast.official),
        "person": cast.analyst,
        "token": create_own_token(name="x", expires_at=clock.now() + timedelta(days=1), by=cast.analyst)[0],
        "route": make_route(cast),
        "paper": _paper(cast),
        "shown": show_handover(handover=_offer(cast), by=cast.collector)[1],
        "competence": Competence.objects.filter(user__organisation=cast.organisations["lab"]).first(),
    }


def _refused(instrument: Any) -> RefusedMessage:
    keep_refused(instrument=instrument, body=b"{}", error=DomainError("run_closed", "The run is closed."))
    return RefusedMessage.objects.get()


def _step(cast: people.Cast) -> StepRecord:
    sample = bench.make_received_samples(cast, 1)[0]
    bench.make_submission(cast, [sample], ["LCH-MS"])
    task = PreparationTask.objects.get(sample=sample)
    return record_step(task=task, kind="crush", values={"top_size_mm": Decimal(2)}, by=cast.technician)


def _notice(run: Any, certificate: Any, cast: people.Cast) -> Any:
    """A notice to the customer."""
    finding = Finding("run", "Blank too high", "Three times its limit.", clock.today(), (run, certificate))
    record = report_nonconformity(finding=finding, by=cast.quality_manager)
    return notify_customers(record=record, subject="Blank too high", text="Wait.", by=cast.quality_manager)[0]


def _offer(cast: people.Cast) -> Handover:
    """A consignment on its way, offered to the carrier."""
    consignment = make_dispatched(cast, 1)
    return offer_handover(consignment=consignment, receiver=cast.organisations["carrier"], by=cast.collector)


def _paper(cast: people.Cast) -> PaperFile:
    """A scan of a customs paper."""
    paper = add_paper(consignment=make_consignment(cast, 1), kind="invoice", by=cast.collector)
    return add_file(paper=paper, name="i.pdf", data=PDF, by=cast.collector)
