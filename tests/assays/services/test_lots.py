"""Lots and equipment: what has expired or is overdue is not used, and stops the run it was used for; stopped work stops runs too."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from assays.models import Equipment, Lot, Use
from assays.nonconformities.services.handling import Evaluation, evaluate_nonconformity, resume_work
from assays.nonconformities.services.reporting import Finding, report_nonconformity
from assays.services.fitness import fitness_blockers
from assays.services.lots import Delivery, record_calibration, record_uses, register_equipment, register_lot
from lims.core import clock
from lims.core.errors import Blocked, DomainError, Forbidden, Invalid
from tests.factories.measurement import make_measured_run
from tests.factories.people import Cast

pytestmark = pytest.mark.django_db


def lot(cast: Cast, **more: Any) -> Lot:
    fields = {"kind": "acid", "name": "Nitric acid 67 %", "supplier_lot": "N-1", "received_on": clock.today()}
    return register_lot(delivery=Delivery(**(fields | more)), by=cast.technician)


def balance(cast: Cast, due_in: int = 30) -> Equipment:
    due = clock.today() + timedelta(days=due_in)
    return register_equipment(code="bal-01", kind="balance", name="XPR 205", calibration_due=due, by=cast.technician)


def test_an_expired_lot_and_an_overdue_balance_are_not_used(cast: Cast) -> None:
    run, today = make_measured_run(cast, 1), clock.today()
    old = lot(cast, received_on=today - timedelta(days=99), expires_on=today - timedelta(days=1))
    late = balance(cast, due_in=-1)
    for thing, code in ((old, "lot_expired"), (late, "calibration_due")):
        with pytest.raises(Blocked) as refusal:
            record_uses(thing=thing, subjects=[run], used_on=today, by=cast.analyst)
        assert refusal.value.code == code
    assert Use.objects.count() == 0
    record_calibration(equipment=late, calibrated_on=today, due=today + timedelta(days=365), by=cast.technician)
    record_uses(thing=late, subjects=[run], used_on=today, by=cast.analyst)
    record_uses(thing=late, subjects=[run], used_on=today, by=cast.analyst)
    assert Use.objects.count() == 1
    with pytest.raises(Forbidden):
        record_uses(thing=late, subjects=[run], used_on=today, by=cast.reviewer)


def test_what_turns_out_to_have_expired_stops_the_run_however_it_was_used(cast: Cast) -> None:
    run, today = make_measured_run(cast, 1), clock.today()
    aliquot = run.positions.filter(kind="sample")[0].aliquot
    assert aliquot is not None
    used = {"run": lot(cast), "portion": lot(cast, supplier_lot="N-2"), "preparation": lot(cast, supplier_lot="N-3")}
    for name, subject in (("run", run), ("portion", aliquot), ("preparation", aliquot.preparation)):
        record_uses(thing=used[name], subjects=[subject], used_on=today, by=cast.analyst)
    assert fitness_blockers(run) == []
    for one in used.values():
        Lot.objects.filter(pk=one.pk).update(expires_on=today - timedelta(days=1))
        (blocker,) = fitness_blockers(run)
        assert (blocker.code, one.code in blocker.sentence) == ("lot_expired", True)
        Lot.objects.filter(pk=one.pk).update(expires_on=None)


def test_stopped_work_stops_the_runs_it_touches_until_it_is_resumed(cast: Cast) -> None:
    run = make_measured_run(cast, 1)
    used = lot(cast)
    record_uses(thing=used, subjects=[run], used_on=clock.today(), by=cast.analyst)
    for touched in (run, run.instrument, used):
        finding = Finding("run", "Contaminated", "Dy in the acid.", clock.today(), (touched,))
        record = report_nonconformity(finding=finding, by=cast.analyst)
        means = Evaluation("major", "Blanks are high.", True, True, False)
        record = evaluate_nonconformity(record=record, found=means, by=cast.quality_manager)
        assert [one.code for one in fitness_blockers(run)] == ["work_stopped"]
        resume_work(record=record, reason="A new bottle is in use.", by=cast.quality_manager)
        assert fitness_blockers(run) == []


def test_a_wrong_record_is_refused_member_by_member(cast: Cast) -> None:
    with pytest.raises(Invalid) as refusal:
        lot(cast, kind="water", name=" ", supplier_lot="", received_on=clock.today() + timedelta(days=1))
    assert {one.pointer for one in refusal.value.problems} == {"/kind", "/name", "/supplier_lot", "/received_on"}
    with pytest.raises(Invalid):
        lot(cast, kind="reference")
    lot(cast)
    with pytest.raises(DomainError) as again:
        lot(cast)
    assert again.value.code == "lot_exists"
    balance(cast)
    with pytest.raises(DomainError):
        balance(cast)
    assert (Lot.objects.count(), Equipment.objects.count()) == (1, 1)


def test_the_pages_register_and_record_and_refuse_at_the_field(cast: Cast, client: Client) -> None:
    run, today = make_measured_run(cast, 1), clock.today().isoformat()
    client.force_login(cast.technician)
    body = {"kind": "acid", "name": "HNO3", "supplier_lot": "N-9", "received_on": today}
    made = client.post("/lots/new/", body)
    lot = Lot.objects.get()
    assert made.headers["Location"] == f"/lots/{lot.code}/"
    assert client.post("/lots/new/", body).status_code == 422
    refused = client.post(f"/lots/{lot.code}/", {"codes": "NOTHING", "used_on": today})
    assert (refused.status_code, "is no run, aliquot or prepared sample" in refused.content.decode()) == (422, True)
    assert client.post(f"/lots/{lot.code}/", {"codes": run.code.lower(), "used_on": today}).status_code == 302
    assert run.code in client.get(f"/lots/{lot.code}/").content.decode()
    assert lot.code in client.get("/lots/?expired=false").content.decode()
    late = {"code": "bal-01", "kind": "balance", "name": "XPR", "calibration_due": "2020-01-01"}
    assert client.post("/equipment/new/", late).status_code == 302
    assert "calibration overdue" in client.get("/equipment/").content.decode()
    due = {"calibrated_on": today, "due": (clock.today() + timedelta(days=9)).isoformat()}
    assert client.post("/equipment/BAL-01/calibrate/", due).status_code == 302
    assert client.post("/equipment/BAL-01/", {"codes": run.code, "used_on": today}).status_code == 302
    client.force_login(cast.outsiders["technician"])
    assert client.get(f"/lots/{lot.code}/").status_code == 404
