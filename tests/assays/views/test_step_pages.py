"""Preparation steps on the page: scan, the next step's form, many rows, pasted lines, corrections."""

from __future__ import annotations

from decimal import Decimal

from assays.models import PreparationTask, StepRecord
from assays.services.steps import record_step
from assays.services.weighing import weigh_aliquot
from samples.models import Sample
from tests.assays.services.test_steps import begin, make_tools
from tests.assays.views.test_bench_pages import filled
from tests.factories.bench import make_prepared, make_received_samples, make_submission

STEPS = "/bench/steps/"


def test_a_scan_opens_the_sample_with_its_next_step_in_focus_and_enter_records_it(cast, at):
    sample, _submission, tasks = begin(cast, "FUS-MS", "LCH-MS")
    make_tools(cast)
    client = at("technician")
    page = client.get(STEPS, {"q": sample.blind_code.lower()}, follow=True)
    assert page.redirect_chain == [(f"{STEPS}{sample.blind_code}/", 302)]
    assert [panel["next"].kind for panel in page.context["panels"]] == ["crush", "weigh_wet"]  # by name where both began together
    assert page.content.decode().count("data-autofocus") == 1
    body = {"task": tasks["PULP"].pk, "kind": "weigh_wet", "wet_mass_g": "50.0125", "equipment": ""}
    refused = client.post(f"{STEPS}{sample.blind_code}/", body)
    assert refused.status_code == 422
    assert "Scan the balance used" in refused.content.decode()
    assert 'value="50.0125"' in refused.content.decode()
    done = client.post(f"{STEPS}{sample.blind_code}/", body | {"equipment": "balance-30"}, follow=True)
    assert StepRecord.objects.get().equipment.code == "BALANCE-30"
    assert "Technician" in done.content.decode()
    assert "somebody recorded this step" in client.post(f"{STEPS}{sample.blind_code}/", body, follow=True).content.decode().lower()
    assert StepRecord.objects.count() == 1


def test_a_sample_that_waits_for_its_dose_rate_says_so_and_leads_to_its_measurement(cast, at):
    sample, _submission, _tasks = begin(cast, "FUS-MS")
    client = at("technician")
    for page in (STEPS, "/bench/preparation/"):
        assert "not screened" not in client.get(page).content.decode()
    Sample.objects.filter(pk=sample.pk).update(needs_screen=True)
    for page in (STEPS, "/bench/preparation/"):
        assert "not screened" in client.get(page).content.decode()
    page = client.get(f"{STEPS}{sample.blind_code}/").content.decode()
    assert f'href="/samples/{sample.blind_code}/radiation/"' in page
    assert client.get(f"/samples/{sample.blind_code}/radiation/").status_code == 200


def test_many_samples_take_one_step_together_or_as_pasted_lines(cast, at):
    samples = make_received_samples(cast, 3)
    make_submission(cast, samples)
    make_tools(cast)
    client = at("technician")
    tasks = [PreparationTask.objects.get(sample=one) for one in samples]
    rows = [
        {"task": tasks[0].pk, "wet_mass_g": "50"},
        {"task": tasks[1].pk, "wet_mass_g": "99999"},
        {"task": tasks[2].pk, "wet_mass_g": ""},
    ]
    refused = client.post(f"{STEPS}?step=weigh_wet", filled(rows) | {"equipment": "BALANCE-30"})
    assert refused.status_code == 422
    assert "cannot be taken from it" in refused.content.decode()
    assert not StepRecord.objects.exists()
    rows[1]["wet_mass_g"] = "51.5"
    assert (
        "2 steps recorded"
        in client.post(f"{STEPS}?step=weigh_wet", filled(rows) | {"equipment": "BALANCE-30"}, follow=True).content.decode()
    )
    lines = f"{samples[0].blind_code};105;3\n{samples[1].blind_code}\t105\t12\n"
    wrong = client.post(f"{STEPS}?step=dry", {"paste": "1", "lines": lines + "B-1;105\n", "equipment": "OVEN-30"})
    assert "Line 3" in wrong.content.decode()
    done = client.post(f"{STEPS}?step=dry", {"paste": "1", "lines": lines, "equipment": "OVEN-30"}, follow=True)
    assert "outside its limit (3 h is below 4 h)" in done.content.decode()
    assert [PreparationTask.objects.get(pk=one.pk).next_kind for one in tasks] == ["dry", "weigh_dry", "weigh_wet"]


def test_a_correction_asks_for_its_reason_and_shows_both(cast, at):
    sample, _submission, tasks = begin(cast)
    tools = make_tools(cast)
    record = record_step(
        task=tasks["PULP"], kind="weigh_wet", values={"wet_mass_g": Decimal("50")}, equipment=tools["balance"], by=cast.technician
    )
    client, address = at("technician"), f"/bench/step-records/{record.pk}/correct/"
    assert client.post(address, {"wet_mass_g": "50.5", "reason": ""}).status_code == 422
    shown = client.post(address, {"wet_mass_g": "50.5", "reason": "other line"}, follow=True).content.decode()
    assert "corrected from 50 g: other line" in shown
    assert StepRecord.objects.filter(task__sample=sample).count() == 2
    assert at(cast.outsiders["technician"]).get(address).status_code == 404


def test_leaches_are_recorded_in_a_batch_and_an_aliquot_tells_leach_and_dilution(cast, at):
    samples = make_received_samples(cast, 2)
    submission = make_submission(cast, samples, ["LCH-MS"])
    make_prepared(cast, samples)
    first, second = (weigh_aliquot(test=test, mass_g=Decimal(10), by=cast.technician) for test in submission.tests.all())
    client = at("technician")
    rows = [{"aliquot": one.pk, "leachant_ml": "250", "ph_start": "4.0", "ph_end": "4.5"} for one in (first, second)]
    batch = {"lot": "L-1", "concentration_mol_l": "0.5", "minutes": "60", "temperature_c": "22"}
    refused = client.post("/bench/leaching/", filled(rows) | batch)
    assert refused.status_code == 422
    assert "is no lot of your laboratory" in refused.content.decode()
    assert "2 leaches recorded" in client.post("/bench/leaching/", filled(rows) | batch | {"lot": ""}, follow=True).content.decode()
    page = f"/bench/aliquots/{first.code}/"
    wrong = client.post(page, {"steps": "1;x", "reason": ""})
    assert "Line 1" in wrong.content.decode()
    shown = client.post(page, {"steps": "1.000; 50.00; mL; 0.005; 0.03", "reason": ""}, follow=True).content.decode()
    assert "Factor 50" in shown
    corrected = {"leach": "1", "lot": "", "leachant_ml": "250", "ph_start": "4.0", "ph_end": "4.7"} | batch | {"lot": "", "reason": "typed"}
    assert "Corrected by" in client.post(page, corrected, follow=True).content.decode()
    assert at(cast.outsiders["technician"]).get(page).status_code == 404
