"""A product that is weighed in place of being measured by an instrument: from the determination by the interface over review and
authorisation to its certificate."""

from __future__ import annotations

import json

import pytest

from assays.models import Determination, Result, Run
from assays.reports.content import read_content
from assays.reports.making import draw_pattern
from assays.services.authorising import authorise_results
from assays.services.reviewing import review_run
from lims.core.errors import Blocked, Forbidden
from lims.documents.certificate_paper import arrange_certificate
from tests.assays.services.test_determining import GRAVIMETRY, make_run
from tests.factories import bench
from tests.factories.browsing import sign_in, text_of
from tests.factories.callers import Caller
from tests.factories.people import PASSWORD, Cast
from tests.factories.release import make_issued

pytestmark = pytest.mark.django_db


def rows(run: Run, **more: str) -> list[dict[str, object]]:
    """The same readings at every position that holds a portion."""
    positions = run.positions.filter(aliquot__isnull=False).order_by("number")
    return [{"position": one.number, "values": GRAVIMETRY | more} for one in positions]


def test_from_the_crucible_to_the_certificate(cast: Cast) -> None:
    run = make_run(cast)
    address, analyst = f"/runs/{run.code}/determinations/", Caller(cast.analyst)
    assert Caller(cast.reviewer).post(address, {"determinations": rows(run)}).status_code == 403
    with bench.nothing_changes():
        wrong = [*rows(run)[:1], rows(run, loi_after_g="-1")[1]]
        refused = analyst.post(address, {"determinations": wrong})
        assert refused.status_code == 422
        assert [one["pointer"] for one in refused.json()["errors"]] == ["/determinations/1/values/loi_after_g"]
    told = analyst.post(address, {"determinations": rows(run)}, **{"Idempotency-Key": "crucibles"})
    assert told.status_code == 201, told.content
    assert analyst.post(address, {"determinations": rows(run)}, **{"Idempotency-Key": "crucibles"})["Idempotent-Replay"] == "true"
    assert Determination.objects.count() == 2
    assert told.json()["state"] == "qc_passed"
    assert {one["total_near_100"] for one in told.json()["determinations"]} == {True}
    assert "assumption" in told.json()["limits_source"]
    assert analyst.get(address).json() == told.json()
    assert analyst.post(address, {"determinations": rows(run)}).status_code == 409

    run.refresh_from_db()
    for person in (cast.analyst, cast.technician):  # who weighed does not judge
        with pytest.raises((Blocked, Forbidden)):
            review_run(run=run, decision="approve", password=PASSWORD, by=person)
    for person, activity in ((cast.reviewer, "review"), (cast.signatory, "authorise")):
        bench.grant_competence(cast, person, activity, "GRA-REO")
    review_run(run=run, decision="approve", password=PASSWORD, by=cast.reviewer)
    run.refresh_from_db()
    authorise_results(run=run, password=PASSWORD, by=cast.signatory)

    certificate = make_issued(cast, run.positions.filter(aliquot__isnull=False)[0].aliquot.test.submission)
    content = read_content(certificate)
    [table] = content.tables
    assert (table.unit, table.basis, table.coverage_factor) == ("%", "dry", "2")
    treo = Result.objects.get(analyte__symbol="TREO").authorised
    assert treo is not None
    printed = {one.element: one for one in table.results}
    assert (printed["TREO"].result.value, printed["TREO"].result.uncertainty) == (treo.text, treo.uncertainty_text)
    assert printed["LOI"].result.value.startswith("8.0")
    # Neither is an element: no oxide stands beside it, and no pattern is drawn.
    assert {one.oxide for one in table.results} == {""}
    assert draw_pattern(content) is None
    [method] = content.methods
    assert (method.code, method.version) == ("GRA-REO", "v2")
    assert "by an uncertainty budget" in method.description
    derived = {one.symbol: one for one in table.derived}
    assert derived["LOI"].definition == "loss on ignition at 1000 °C to constant mass, of the dried powder"
    assert "not subtracted" in derived["TREO"].definition
    assert "not subtracted" in bench.method_version("GRA-REO").note
    total = derived["Total"]
    assert total.result is not None
    assert float(total.result.value) == pytest.approx(100.1, abs=0.05)
    assert "98.50 to 101.50 %" in total.definition
    assert "not taken from a published standard" in total.definition
    shown = arrange_certificate(content)
    assert [one["with_oxides"] for one in shown["details"]] == [False]
    assert shown["grades"]["symbols"] == ["TREO"]
    assert json.loads(bytes(certificate.snapshot.content))["tables"][0]["unit"] == "%"
    # Nor is the page of the sample empty: it tells what was weighed.
    page = text_of(sign_in(cast.official).get(f"/samples/{certificate.samples.get().sample.code}/"))
    assert "No result is authorised yet" not in page
    assert treo.text in page
