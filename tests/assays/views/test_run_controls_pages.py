"""The pages of controls: the planner with its rack, measuring again, the judgements of the same samples, blind controls."""

from __future__ import annotations

import pytest
from django.urls import reverse

from assays.models import BlindControl, Run, TrayLayout
from tests.factories.bench import grant_competence, make_instrument, make_prepared, make_received_samples, make_submission, make_weighed
from tests.factories.callers import Caller
from tests.factories.measurement import make_export, upload_run

pytestmark = pytest.mark.django_db
BLIND, LAYOUTS, PLAN = "/blind-controls/", "/trays/", "/runs/new/"


def test_from_a_blind_control_and_a_rack_to_measuring_again(cast, at):
    """One story over the pages: what the quality manager prepares, the analyst plans, fails, and plans again; the reviewer sees it all."""
    manager, analyst, reviewer = at("quality_manager"), at("analyst"), at("reviewer")
    answer = manager.post(LAYOUTS, {"code": "R-24", "name": "Small", "rows": 2, "columns": 12, "reserved": "1, 13"}, follow=True)
    assert "R-24 can be planned" in answer.content.decode()
    assert manager.post(LAYOUTS, {"code": "R-24", "name": "Small", "rows": 2, "columns": 12, "reserved": "99"}).status_code == 422
    body = {"method": "FUS-MS v1", "material": "OREAS 461", "mass_g": "0.1004"}
    assert manager.post(BLIND, body).status_code == 302
    blind = BlindControl.objects.get()
    assert blind.sample_code in manager.get(BLIND).content.decode()

    samples = make_received_samples(cast, 3)
    submission = make_submission(cast, samples, ["FUS-MS"])
    make_prepared(cast, samples)
    make_weighed(cast, submission, duplicates=1)
    grant_competence(cast, cast.analyst)
    layout = TrayLayout.objects.get(code="R-24")
    asked = {"method": "FUS-MS v1", "instrument": make_instrument(cast).code, "layout": layout.pk}
    page = analyst.get(PLAN, asked)
    text = page.content.decode()
    assert blind.code in text
    assert blind.sample_code in text
    assert "OREAS 461" not in text
    assert "Why these controls" in text
    tray = page.context["tray"].positions
    labels = [one.label for one in tray]
    rows = {"control-TOTAL_FORMS": "0", "control-INITIAL_FORMS": "0"}
    aliquots = [one.aliquot.code for one in tray if one.kind == "sample"]
    answer = analyst.post(PLAN, asked | rows | {"label": labels, "aliquot": aliquots})
    run = Run.objects.get()
    assert answer["Location"] == reverse("assays:rack", args=[run.code])
    assert run.layout == layout
    rack = analyst.get(answer["Location"])
    assert [one["kind"] for one in rack.context["cells"]].count("empty") == 24 - len(labels)
    assert "OREAS 461" not in rack.content.decode()
    assert "OREAS 461" in reviewer.get(answer["Location"]).content.decode()
    listed = analyst.get(answer["Location"], {"format": "masshunter"}).content.decode("utf-8-sig")
    assert listed.splitlines()[0].startswith("Type,Sample Name,Vial#")
    api = Caller(cast.analyst).get(f"/runs/{run.code}/worklist/", Accept="application/vnd.agilent.masshunter+csv")
    assert api.content.decode("utf-8-sig") == listed

    upload_run(cast, run, make_export(run, {"Dy": 1.5}))
    told = analyst.get(reverse("assays:run", args=[run.code])).content.decode()
    assert "Measure 3 again" in told
    again = reverse("assays:run-again", args=[run.code])
    assert "condemned by position" in analyst.get(again).content.decode()
    answer = analyst.post(again, {"aliquot": aliquots[:2]})
    second = Run.objects.exclude(pk=run.pk).get()
    assert answer["Location"] == reverse("assays:rack", args=[second.code])
    assert set(second.positions.filter(kind="sample").values_list("aliquot__code", flat=True)) == set(aliquots[:2])
    upload_run(cast, second, make_export(second))
    seen = reviewer.get(reverse("assays:run-review", args=[second.code])).content.decode()
    assert "2 judgements of these samples" in seen
    data = Caller(cast.reviewer).get(f"/runs/{second.code}/qc/").json()
    assert [(one["run"], [made["outcome"] for made in one["evaluations"]]) for one in data["attempts"]] == [
        (run.code, ["failed"]),
        (second.code, ["passed"]),
    ]
    assert analyst.post(again, {"aliquot": aliquots[:1]}, follow=True).status_code == 200
    assert Run.objects.count() == 2
