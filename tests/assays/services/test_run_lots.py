"""The lots a run is planned with: proposed, refused, recorded; what its tubes hold and are judged by follows from their certificates."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from assays.models import CertifiedValue, ControlRequirement, Lot, LotValue, ReferenceMaterial, Run, Use, Verdict
from assays.nonconformities.models import NonconformityLink
from assays.nonconformities.recalls import Question, find_touched_runs
from assays.nonconformities.services.handling import Evaluation, evaluate_nonconformity
from assays.nonconformities.services.reporting import Finding, report_nonconformity
from assays.selectors.run_lots import RunLots, lot_lines, lots_in_use
from assays.services.fitness import fitness_blockers
from assays.services.lot_changes import withdraw_thing
from assays.services.lot_values import CertifiedAmount, record_lot_values
from assays.services.lots import Delivery, register_lot
from lims.core import clock
from lims.core.errors import Blocked, Forbidden, Invalid
from tests.assays.services.test_planning import make_aliquots, plan
from tests.factories.bench import make_instrument, make_planned_run, method_version, nothing_changes
from tests.factories.browsing import sign_in, text_of
from tests.factories.callers import Caller
from tests.factories.measurement import upload_run
from tests.factories.people import PASSWORD, Cast

pytestmark = pytest.mark.django_db

CHECK = "initial_calibration_verification"


def make_lot(cast: Cast, kind: str, number: str, expires_in: int | None = 90, **more: Any) -> Lot:
    """A lot in use since a while."""
    today = clock.today()
    fields = {
        "kind": kind,
        "name": "Ten elements" if kind == "standard" else kind,
        "supplier_lot": number,
        "received_on": today - timedelta(days=200),
        "expires_on": None if expires_in is None else today + timedelta(days=expires_in),
    }
    return register_lot(delivery=Delivery(**(fields | more)), by=cast.technician)


def certify(cast: Cast, lot: Lot, value: str = "10.2", **more: Any) -> list[LotValue]:
    """A certificate of every element of the fusion method."""
    symbols = method_version().analytes.values_list("analyte__symbol", flat=True)
    given = {"unit": "mg/L", "uncertainty": Decimal("0.05"), "k": Decimal(2), "nominal": Decimal(10)} | more
    return record_lot_values(
        lot=lot, amounts=[CertifiedAmount(element=one, value=Decimal(value), **given) for one in symbols], by=cast.analyst
    )


def test_what_expires_first_is_proposed_and_travels_with_the_run(cast: Cast) -> None:
    ControlRequirement.objects.create(
        method_version=method_version(), kind=CHECK, rule="recovery_window", limits={"low_percent": 90, "high_percent": 110},
        order=9, minimum_count=1, placement={"nominal": {"*": 50}},
    )  # fmt: skip
    ControlRequirement.objects.create(
        method_version=method_version(), kind="matrix_spike", rule="spike_recovery", order=10, minimum_count=1,
        limits={"low_percent": 75, "high_percent": 125, "minimum_added_percent": 25}, placement={"added_ug": {"Dy": 5}},
    )  # fmt: skip
    material = ReferenceMaterial.objects.get(code="OREAS 100a")
    later, sooner = (make_lot(cast, "standard", number, days) for number, days in (("S-2", 300), ("S-1", 30)))
    second = make_lot(cast, "standard", "Q-1", 10, supplier="Another maker")
    for one in (later, sooner, second):
        certify(cast, one)
    acid, jar = make_lot(cast, "acid", "A-1"), make_lot(cast, "reference", "J-1", None, material=material)
    make_lot(cast, "acid", "A-0", -1)
    make_lot(cast, "standard", "S-0", 5, name="Uncertified")
    withdrawn = make_lot(cast, "standard", "S-9", 1)
    certify(cast, withdrawn)
    withdraw_thing(thing=withdrawn, reason="Leaks.", by=cast.analyst)
    make_aliquots(cast, 2)
    run = plan(cast)
    assert [(one.use.purpose, one.lot) for one in lot_lines(run)] == [
        ("calibration", second), ("verification", sooner), ("spike", sooner), ("reference", jar), ("reagent", acid),
    ]  # fmt: skip
    # A check of fifty, made by the label, holds what the certificate says.
    assert run.positions.get(control=CHECK).nominal["Dy"] == "51"
    # Five micrograms of it, added by the label, are a little more; other elements are not added.
    assert run.positions.get(kind="spike").nominal == {"Dy": "5.1"}
    assert [one.note for one in lot_lines(run)] == [
        "", "", "", "No value of this lot is on record for the method: the material’s certified values apply.", "",
    ]  # fmt: skip
    laboratory = cast.organisations["lab"].pk
    for lot in (jar, sooner):
        assert [one.run for one in find_touched_runs(Question("lot", lot.pk), laboratory)] == [run.pk]
    # The next run goes on with the substances of the last one; what has expired meanwhile is another matter, and stops the run.
    Lot.objects.filter(pk=second.pk).update(expires_on=clock.today() - timedelta(days=1))
    assert lots_in_use(method_version(), cast.analyst, clock.today()).calibration == sooner
    run.measured_at = clock.now()
    assert [one.code for one in fitness_blockers(run)] == ["lot_expired"]


def test_lots_that_do_not_serve_are_refused_and_nothing_planned(cast: Cast) -> None:
    make_aliquots(cast, 1)
    good, acid = make_lot(cast, "standard", "S-1"), make_lot(cast, "acid", "A-1")
    material = ReferenceMaterial.objects.exclude(code="OREAS 100a").filter(values__sd__gt=0)[0]
    elsewhere, jars = make_lot(cast, "reference", "J-1", material=material), []
    for number in ("J-2", "J-3"):
        jars.append(make_lot(cast, "reference", number, material=ReferenceMaterial.objects.get(code="OREAS 100a")))
    expired, held = make_lot(cast, "acid", "A-2", -1), make_lot(cast, "acid", "A-3")
    finding = Finding("run", "Contaminated", "Dy in the acid.", clock.today(), (held,))
    record = report_nonconformity(finding=finding, by=cast.analyst)
    evaluate_nonconformity(record=record, found=Evaluation("major", "Blanks are high.", True, True, False), by=cast.quality_manager)
    assert NonconformityLink.objects.filter(lot=held).exists()
    stranger = Lot.objects.create(
        code="LOT-STRANGE",
        laboratory=cast.organisations["other_lab"],
        kind="acid",
        name="Acid",
        supplier_lot="1",
        received_on=clock.today(),
    )
    for lots, code in (
        (RunLots(reagents=[expired]), "lot_expired"),
        (RunLots(reagents=[held]), "lot_held"),
        (RunLots(reagents=[stranger]), "unknown_lot"),
        (RunLots(calibration=acid), "lot_kind"),
        (RunLots(calibration=good, verification=good), "not_a_second_source"),
        (RunLots(references=[elsewhere]), "material_not_there"),
        (RunLots(spike=good), "nothing_spiked"),
        (RunLots(spike=acid), "lot_kind"),
        (RunLots(references=jars), "two_lots_of_one"),
    ):
        with nothing_changes(), pytest.raises(Blocked) as refusal:
            plan(cast, lots=lots)
        assert refusal.value.code == code, code
    assert not Use.objects.exists()
    assert not plan(cast, lots=RunLots()).uses.exists()


def test_a_jar_with_values_of_its_own_is_what_its_tubes_are_judged_by(cast: Cast) -> None:
    version, material = method_version(), ReferenceMaterial.objects.get(code="OREAS 100a")
    group = version.method.method_group
    usual = CertifiedValue.objects.get(material=material, analyte__symbol="Dy", method_group=group)
    jar = make_lot(cast, "reference", "J-1", material=material)
    stated = CertifiedAmount(element="Dy", value=usual.value.quantize(Decimal("0.01")) * 2, unit="mg/kg", method_group=group, basis="dry")
    record_lot_values(lot=jar, amounts=[stated], by=cast.technician)
    run = make_planned_run(cast, 1)
    upload_run(cast, run)
    tube = run.positions.get(material=material)
    by_lot = Verdict.objects.get(position=tube, analyte__symbol="Dy", statistic="z")
    by_material = Verdict.objects.get(position=tube, analyte__symbol="Tb", statistic="z")
    assert (by_lot.outcome, float(by_lot.expected)) == ("fail", pytest.approx(2 * float(usual.value), rel=0.01))
    assert by_material.outcome == "pass"
    (line,) = [one for one in lot_lines(run) if one.lot == jar]
    assert line.note == "Where the lot states no between-laboratory SD or no value, the material’s apply."


def test_a_certificate_is_refused_member_by_member_and_changed_with_a_reason(cast: Cast) -> None:
    lot, jar = make_lot(cast, "standard", "S-1"), make_lot(cast, "reference", "J-1", material=ReferenceMaterial.objects.all()[0])
    first = certify(cast, lot)
    assert certify(cast, lot) == []
    good = {"element": "Dy", "value": Decimal(10), "unit": "mg/L"}
    content = good | {"unit": "mg/kg", "method_group": "borate_fusion", "basis": "dry"}
    for target, wrong, pointer in (
        (lot, good | {"element": "Xx"}, "/values/0/element"),
        (lot, good | {"unit": "%"}, "/values/0/unit"),
        (lot, good | {"value": Decimal(0)}, "/values/0/value"),
        (lot, good | {"uncertainty": Decimal(1)}, "/values/0/k"),
        (lot, good | {"basis": "dry"}, "/values/0/method_group"),
        (jar, content | {"basis": ""}, "/values/0/basis"),
        (jar, content | {"nominal": Decimal(1)}, "/values/0/nominal"),
        (lot, good, "/reason"),
    ):
        with pytest.raises(Invalid) as refusal:
            record_lot_values(lot=target, amounts=[CertifiedAmount(**wrong)], by=cast.technician)
        assert pointer in [one.pointer for one in refusal.value.problems]
    with pytest.raises(Forbidden):
        record_lot_values(lot=lot, amounts=[CertifiedAmount(**good)], by=cast.reviewer)
    assert LotValue.objects.count() == len(first)
    (corrected,) = record_lot_values(lot=lot, amounts=[CertifiedAmount(**good)], reason="Misread.", by=cast.technician)
    assert (corrected.corrects.element, corrected.reason) == ("Dy", "Misread.")


def test_amounts_runs_were_planned_with_are_corrected_by_the_quality_manager_signed(cast: Cast) -> None:
    lot = make_lot(cast, "standard", "S-1")
    certify(cast, lot)
    make_aliquots(cast, 1)
    run = plan(cast, lots=RunLots(calibration=lot))
    right = CertifiedAmount(
        element="Dy", value=Decimal("10.1"), unit="mg/L", uncertainty=Decimal("0.05"), k=Decimal(2), nominal=Decimal(10)
    )
    with nothing_changes(), pytest.raises(Blocked, match="only the quality manager"):
        record_lot_values(lot=lot, amounts=[right], reason="Misread.", by=cast.technician)
    # What is not on record yet is entered as before.
    fresh = CertifiedAmount(element="Sc", value=Decimal("9.9"), unit="mg/L", nominal=Decimal(10))
    assert record_lot_values(lot=lot, amounts=[fresh], by=cast.technician)
    page = sign_in(cast.quality_manager)
    address = f"/lots/{lot.code}/values/"
    shown = page.get(f"{address}?element=Dy").content.decode()
    assert "Dy 10.2 0.05" in shown
    assert f"/recall/?thing={lot.code}" in shown
    form = {"unit": "mg/L", "k": "2", "nominal": "10", "lines": "Dy 10.1 0.05", "reason": "Misread."}
    with nothing_changes():
        assert page.post(address, form | {"password": "wrong"}).status_code == 422
    assert page.post(address, form | {"password": PASSWORD}).status_code == 302
    before = LotValue.objects.get(lot=lot, element="Dy", corrects=None)
    assert (before.corrected_by.value, before.corrected_by.reason) == (Decimal("10.1"), "Misread.")
    assert (before.corrected_by.signature.signer, before.corrected_by.signature.meaning) == (cast.quality_manager, "certified_amount")
    assert all(word in text_of(page.get(f"/lots/{lot.code}/")) for word in ("What it said before", "10.2", "Misread.", "signed"))
    assert [one.run for one in find_touched_runs(Question("lot", lot.pk), lot.laboratory_id)] == [run.pk]


def test_the_page_proposes_lots_and_takes_others_by_their_codes(cast: Cast) -> None:
    material = ReferenceMaterial.objects.get(code="OREAS 100a")
    acid, expired = make_lot(cast, "acid", "A-1"), make_lot(cast, "acid", "A-2", -1)
    first, other = (make_lot(cast, "reference", number, days, material=material) for number, days in (("J-1", 5), ("J-2", 50)))
    make_aliquots(cast, 1)
    make_instrument(cast)
    client, choice = sign_in(cast.analyst), {"method": "FUS-MS v1", "instrument": "ICPMS-1"}
    page = client.get("/runs/new/", choice)
    proposed = page.context["lots_form"].initial
    assert proposed == {"references": [first.code], "reagents": [acid.code]}
    assert f"{acid.code} · acid · A-1" in text_of(page)
    assert expired.code not in text_of(page)
    tray = page.context["tray"].positions
    body = choice | {
        "label": [one.label for one in tray],
        "aliquot": [one.aliquot.code for one in tray if one.aliquot],
        "control-TOTAL_FORMS": 0,
        "control-INITIAL_FORMS": 0,
        "lots-asked": 1,
        "lots-references": proposed["references"],
        "lots-reagents": proposed["reagents"],
    }
    for codes, sentence in ((expired.code, f"Lot {expired.code} (acid) expired on"), ("LOT-0", "is no lot of your laboratory")):
        with nothing_changes():
            refused = client.post("/runs/new/", body | {"lots-others": codes})
        assert refused.status_code == 422
        assert sentence in text_of(refused)
    assert client.post("/runs/new/", body | {"lots-others": other.code}).status_code == 302
    run = Run.objects.get()
    assert [one.lot for one in lot_lines(run)] == [other, acid]
    for address in (f"/runs/{run.code}/", f"/runs/{run.code}/rack/"):
        assert other.code in text_of(client.get(address))


def test_lots_and_certificates_by_http(cast: Cast) -> None:
    make_aliquots(cast, 1)
    make_instrument(cast)
    lot, caller = make_lot(cast, "standard", "S-1"), Caller(cast.analyst)
    body = {"values": [{"element": "Dy", "value": "10.05", "unit": "mg/L", "uncertainty": "0.02", "k": "2", "nominal": "10"}]}
    entered = Caller(cast.technician).post(f"/lots/{lot.code}/values/", body)
    assert (entered.status_code, entered.json()) == (201, caller.get(f"/lots/{lot.code}/values/").json())
    request = {"instrument": "ICPMS-1", "method": "FUS-MS"}
    unknown = caller.post("/runs/", request | {"lots": {"reagents": ["LOT-0"]}})
    assert (unknown.status_code, unknown.json()["errors"][0]["pointer"]) == (422, "/lots/reagents/0")
    planned = caller.post("/runs/", request | {"lots": {"calibration": lot.code}})
    assert planned.status_code == 201, planned.content
    (told,) = planned.json()["lots"]
    assert (told["purpose"], told["code"], told["note"]) == (
        "calibration", lot.code, "For the elements it does not name, solutions hold what the method says.",
    )  # fmt: skip
    assert told["values"] == [
        body["values"][0] | {"basis": "", "method_group": "", "sd": None},
    ]


def test_a_certificate_is_pasted_on_the_lots_page(cast: Cast) -> None:
    lot = make_lot(cast, "standard", "S-1")
    client = sign_in(cast.technician)
    body = {"unit": "mg/L", "k": "2", "nominal": "10", "lines": "Dy\t10.02\t0.05\nTb 9.98 -\n"}
    assert "“ten” is no number" in text_of(client.post(f"/lots/{lot.code}/values/", body | {"lines": "Dy ten"}))
    assert client.post(f"/lots/{lot.code}/values/", body).status_code == 302
    stored = {one.element: (one.value, one.uncertainty, one.k) for one in LotValue.objects.all()}
    assert stored == {"Dy": (Decimal("10.02"), Decimal("0.05"), 2), "Tb": (Decimal("9.98"), None, None)}
    assert "10.02" in text_of(client.get(f"/lots/{lot.code}/"))
