"""Planning on the screen: what is looked at is what is planned; and the rack of a planned run."""

from __future__ import annotations

import csv
import io
from decimal import Decimal

import pytest
from django.urls import reverse

from assays.models import Run
from tests.factories.bench import (
    grant_competence,
    make_instrument,
    make_planned_run,
    make_prepared,
    make_received_samples,
    make_submission,
    make_weighed,
    nothing_changes,
)

PLAN = "/runs/new/"
CHOICE = {"method": "FUS-MS v1", "instrument": "ICPMS-1"}


@pytest.fixture
def aliquots(cast):
    """Three aliquots and a duplicate wait; the analyst may measure on ICPMS-1."""
    samples = make_received_samples(cast, 3)
    submission = make_submission(cast, samples)
    make_prepared(cast, samples)
    make_instrument(cast)
    grant_competence(cast, cast.analyst)
    return make_weighed(cast, submission, duplicates=1)


def plan_body(page, masses=None):
    """What the page's form sends, with the masses of the reference materials typed over."""
    tray = page.context["tray"]
    references = [one for one in tray.positions if one.kind == "reference"]
    body = CHOICE | {
        "label": [one.label for one in tray.positions],
        "aliquot": [one.aliquot.code for one in tray.positions if one.kind == "sample"],
        "control-TOTAL_FORMS": len(references),
        "control-INITIAL_FORMS": len(references),
    }
    for index, one in enumerate(references):
        body |= {f"control-{index}-number": one.number, f"control-{index}-mass_g": (masses or {}).get(one.number, one.mass_g)}
    return body


def test_the_tray_is_shown_and_planned_as_shown(cast, at, aliquots):
    client = at("analyst")
    assert client.get(PLAN).context["form"].initial == {"method": "FUS-MS v1"}
    page = client.get(PLAN, CHOICE)
    assert [one["kind"] for one in page.context["cells"]] == ["blank", "reference", "sample", "sample", "sample", "duplicate"]
    answer = client.post(PLAN, plan_body(page, {2: "0.0987"}), follow=True)
    run = Run.objects.get()
    assert answer.redirect_chain[-1][0] == reverse("assays:rack", args=[run.code])
    assert run.positions.get(number=2).mass_g == Decimal("0.0987")
    assert run.positions.get(number=1).mass_g == Decimal("0.1")
    assert run.positions.count() == 6


def test_taken_out_aliquots_wait(cast, at, aliquots):
    client = at("analyst")
    page = client.get(PLAN, CHOICE | {"aliquot": [aliquots[1].code]})
    assert [one.aliquot for one in page.context["tray"].positions if one.kind == "sample"] == [aliquots[1]]
    assert page.context["left_out"] == [aliquots[0], aliquots[2]]
    assert "Duplicates asked for: 1; weighed: 0" in page.content.decode()
    client.post(PLAN, plan_body(page))
    assert Run.objects.get().positions.filter(kind="sample").count() == 1


def test_a_tray_that_changed_meanwhile_is_shown_again(cast, at, aliquots):
    client = at("analyst")
    page = client.get(PLAN, CHOICE)
    body = plan_body(page)
    other = at("analyst")
    other.post(PLAN, plan_body(other.get(PLAN, CHOICE | {"aliquot": [aliquots[0].code]})))
    with nothing_changes():
        answer = client.post(PLAN, body)
    assert answer.status_code == 422
    assert "What waits has changed since the tray was shown" in answer.content.decode()


@pytest.mark.parametrize("mass", ["-1", "abc"])
def test_a_wrong_mass_of_a_control_is_told_and_nothing_planned(at, aliquots, mass):
    client = at("analyst")
    with nothing_changes():
        answer = client.post(PLAN, plan_body(client.get(PLAN, CHOICE), {2: mass}))
    assert answer.status_code == 422
    assert f'value="{mass}"' in answer.content.decode()


def test_without_competence_the_button_is_grey_with_its_reason(at, aliquots):
    page = at("technician").get(PLAN, CHOICE).content.decode()
    assert "Your competence to measure by FUS-MS is not on record" in page
    assert 'aria-disabled="true"' in page


def test_an_unknown_choice_is_refused(at, aliquots):
    assert at("analyst").get(PLAN, {"method": "NO v1", "instrument": "NO"}).status_code == 422
    with nothing_changes():
        assert at("analyst").post(PLAN, {}).status_code == 422


def test_the_rack_prints_and_exports(cast, at):
    run = make_planned_run(cast, 2)
    client = at("reviewer")
    page = client.get(reverse("assays:rack", args=[run.code])).content.decode()
    for words in ("OREAS 100a", "BLK-1", "pulp duplicate", "of position 3", "0.1000 <small>g</small>"):
        assert words in page, words
    assert "Cancel the run" not in page
    rows = list(csv.DictReader(io.StringIO(client.get(f"/runs/{run.code}/rack/?format=csv").getvalue().decode())))
    assert [row["label"] for row in rows] == [position.label for position in run.positions.all()]


def test_a_planned_run_is_cancelled_with_a_reason(cast, at):
    run = make_planned_run(cast, 1)
    client = at("analyst")
    assert "Cancel the run" in client.get(reverse("assays:rack", args=[run.code])).content.decode()
    assert "Say why the run is cancelled" in client.post(f"/runs/{run.code}/cancel/", {"reason": " "}, follow=True).content.decode()
    client.post(f"/runs/{run.code}/cancel/", {"reason": "tray dropped"})
    run.refresh_from_db()
    assert run.state == "cancelled"


def test_an_address_that_only_takes_a_form_says_so_instead_of_showing_an_empty_page(cast, at):
    run = make_planned_run(cast, 1)
    answer = at("analyst").get(f"/runs/{run.code}/cancel/")
    assert (answer.status_code, answer["Allow"]) == (405, "POST")
    assert "This address takes a form" in answer.content.decode()


def test_the_plan_takes_the_same_queries_for_few_and_many(cast, at, aliquots, queries):
    client = at("analyst")
    few = queries(lambda: client.get(PLAN, CHOICE))
    samples = make_received_samples(cast, 12)
    submission = make_submission(cast, samples)
    make_prepared(cast, samples)
    make_weighed(cast, submission)
    assert queries(lambda: client.get(PLAN, CHOICE)) <= few <= 28
