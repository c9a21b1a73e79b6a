"""Lots and equipment: put right and withdrawn with a reason, used at the balance, listed and downloaded."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.test import Client

from assays.models import Use
from assays.services.lot_changes import LotChange, correct_lot, withdraw_thing
from assays.services.lots import Delivery, register_equipment, register_lot
from assays.services.weighing import Portion, weigh_aliquots
from lims.core import clock
from lims.core.errors import Blocked, Forbidden, Invalid, NotFound
from tests.factories.bench import make_prepared, make_received_samples, make_submission, nothing_changes


def make_lot(cast, **more):
    fields = {"kind": "flux", "name": "Li2B4O7", "supplier_lot": "F-1", "received_on": clock.today(), "certificate": b"%PDF-1.7 paper"}
    return register_lot(delivery=Delivery(**(fields | {"certificate_name": "f-1.pdf"} | more)), by=cast.technician)


def test_a_record_is_put_right_with_a_reason_that_history_keeps(cast):
    lot = make_lot(cast)
    change = LotChange(name="Li2B4O7 pure", supplier="Maker", supplier_lot="F-1", opened_on=None, expires_on=clock.today())
    with pytest.raises(Invalid, match="Say why"):
        correct_lot(lot=lot, change=change, reason=" ", by=cast.technician)
    correct_lot(lot=lot, change=change, reason="expiry was left out", by=cast.technician)
    lot.refresh_from_db()
    assert (lot.name, lot.expires_on) == ("Li2B4O7 pure", clock.today())
    for who, refusal in ((cast.reviewer, Forbidden), (cast.outsiders["technician"], NotFound)):
        with pytest.raises(refusal):
            correct_lot(lot=lot, change=change, reason="x", by=who)


def test_what_was_weighed_names_balance_and_flux_and_neither_may_be_out_of_date(cast):
    balance = register_equipment(code="BAL-1", kind="balance", name="XPR", calibration_due=clock.today(), by=cast.technician)
    lot = make_lot(cast)
    samples = make_received_samples(cast)
    [test] = make_submission(cast, samples).tests.all()
    make_prepared(cast, samples)
    withdrawn = withdraw_thing(thing=make_lot(cast, supplier_lot="F-2"), reason="clumped", by=cast.technician)
    portions = [Portion(test=test, mass_g=Decimal("0.1"), duplicate_mass_g=Decimal("0.1"))]
    with nothing_changes(), pytest.raises(Blocked, match="not to be used any more"):
        weigh_aliquots(portions=portions, things=[balance, withdrawn], by=cast.technician)
    made = weigh_aliquots(portions=portions, things=[balance, lot], by=cast.technician)
    found = {(use.lot or use.equipment, use.aliquot) for use in Use.objects.all()}
    assert found == {(one, aliquot) for one in (balance, lot) for aliquot in made}
    with pytest.raises(Blocked, match="out of use already"):
        withdraw_thing(thing=withdrawn, reason="again", by=cast.technician)


def test_pages_and_interface_of_lots(cast):
    lot = make_lot(cast)
    client = Client()
    client.force_login(cast.technician)
    paper = client.get(f"/lots/{lot.code}/certificate/")
    assert (paper.content, paper["Content-Disposition"]) == (b"%PDF-1.7 paper", 'attachment; filename="f-1.pdf"')
    form = {"name": "Flux", "supplier": "", "supplier_lot": "F-1", "opened_on": "", "expires_on": "", "reason": ""}
    assert client.post(f"/lots/{lot.code}/correct/", form).status_code == 422
    assert client.post(f"/lots/{lot.code}/correct/", form | {"reason": "wrong name"}).status_code == 302
    register_equipment(code="PIP-1", kind="pipette", name="P", calibration_due=clock.today() - timedelta(days=1), by=cast.technician)
    assert [row["usable"] for row in client.get("/api/v1/equipment/").json()["results"]] == [False]
    made = client.post("/api/v1/lots/", {"kind": "acid", "name": "HNO3", "supplier_lot": "N-1"}, content_type="application/json")
    assert made.status_code == 201
    assert [row["name"] for row in client.get("/api/v1/lots/?ordering=id").json()["results"]] == ["Flux", "HNO3"]
    assert client.post(f"/lots/{lot.code}/withdraw/", {"reason": "used up"}).status_code == 302
    lot.refresh_from_db()
    assert lot.withdrawn
