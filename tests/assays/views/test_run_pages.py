"""The page of a run: where it stands and why, what was found, and how each number was made."""

from __future__ import annotations

import csv
import io
import re
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from assays.instruments.recording import confirm_upload
from assays.instruments.writers import write_batch_table
from assays.models import ResultVersion, Run, Verdict
from assays.selectors.run_page import ControlRow
from tests.factories.bench import make_planned_run
from tests.factories.browsing import sign_in, text_of
from tests.factories.measurement import (
    make_authorised_run,
    make_headings,
    make_measured_run,
    make_reviewed_run,
    make_rows,
    upload_run,
)
from tests.factories.people import Cast

pytestmark = pytest.mark.django_db


def make_blocked_run(cast: Cast) -> Any:
    """A run whose file holds neither its reference material nor terbium and lutetium."""
    run = make_planned_run(cast)
    kinds = dict(run.positions.values_list("label", "kind"))
    rows = [row for row in make_rows(run) if kinds[row.sample] != "reference"]
    headings = [heading for heading in make_headings(run) if heading.symbol not in {"Tb", "Lu"}]
    confirm_upload(upload=upload_run(cast, run, write_batch_table(rows, headings)).upload, by=cast.analyst)
    return run


def test_a_blocked_run_names_what_is_missing_in_words(cast: Cast) -> None:
    run = make_blocked_run(cast)
    page = text_of(sign_in(cast.analyst).get(f"/runs/{run.code}/"))
    assert "Blocked: what the method asks for is missing" in page
    for sentence in ("No reference material was measured", "Tb: no reading in any position.", "Lu: no reading in any position."):
        assert sentence in page
    assert 'aria-disabled="true"' in page
    assert "unproven" in page


def test_a_failed_run_shows_the_rule_that_fired_and_whom_it_condemns(cast: Cast) -> None:
    run = make_measured_run(cast, factors={"Dy": 1.15})
    page = text_of(sign_in(cast.analyst).get(f"/runs/{run.code}/"))
    assert "Quality control failed" in page
    assert "z-score of the reference material" in page
    assert re.search(r"z \+3\.\d\d", page)
    assert page.count("condemned") >= 3
    assert "the control at position 2 failed" in page
    assert "verdict-fail" in page


def test_the_page_shows_chart_tray_controls_results_pattern_and_files(cast: Cast) -> None:
    make_measured_run(cast)
    run = make_measured_run(cast)
    page = text_of(sign_in(cast.reviewer).get(f"/runs/{run.code}/"))
    for part in ('id="chart"', 'id="tray"', 'id="controls"', 'id="results"', 'id="pattern"', 'id="uploads"'):
        assert part in page
    assert run.uploads.get().sha256[:12] in page
    assert ">43.9</a>" in page
    assert page.count("data-chart>") == 2
    assert "|blank| ≤ 5 LOD = 0.45 mg/kg" in page, "a limit that is a content has its unit"
    tb = text_of(sign_in(cast.reviewer).get(f"/runs/{run.code}/?analyte=Tb"))
    assert "Tb in OREAS 100a" in tb


def test_a_control_is_written_so_that_its_names_and_its_minus_stay_whole() -> None:
    verdict = Verdict(
        control="positions 9 and 18, A-26-00350-C",
        found="-0.00008163",
        statistic="z",
        value="-0.62",
        rule="reference_material_z",
        limit="|z| <= 2",
    )
    row = ControlRow(verdict, ("pass", "pass"), "mg/kg")
    assert (row.found, row.statistic, row.limit) == ("−0.00008163", "z −0.62", "|z| ≤ 2")
    assert row.names == ["positions 9 and 18", "A-26-00350-C"]


def test_a_planned_run_offers_its_file_and_its_rack(cast: Cast, planned: Run) -> None:
    page = text_of(sign_in(cast.analyst).get(f"/runs/{planned.code}/"))
    assert f"/uploads/new/?run={planned.code}" in page
    assert f"/runs/{planned.code}/rack/" in page
    assert "No result yet" in page


def test_each_sees_the_next_step_that_is_theirs(cast: Cast) -> None:
    run = make_reviewed_run(cast)
    address = f"/runs/{run.code}/authorise/"
    assert address not in text_of(sign_in(cast.reviewer).get(f"/runs/{run.code}/"))
    signatory = text_of(sign_in(cast.signatory).get(f"/runs/{run.code}/"))
    assert "Your competence to authorise" in signatory
    measured = make_measured_run(cast)
    assert f"/runs/{measured.code}/review/" in text_of(sign_in(cast.reviewer).get(f"/runs/{measured.code}/"))
    assert f"/runs/{measured.code}/review/" not in text_of(sign_in(cast.analyst).get(f"/runs/{measured.code}/"))


def test_a_number_leads_to_how_it_was_made(cast: Cast, measured: Run) -> None:
    version = ResultVersion.objects.get(position__number=3, result__analyte__symbol="Dy")
    page = text_of(sign_in(cast.reviewer).get(f"/runs/{measured.code}/results/{version.pk}/"))
    assert "(35.1 − 0.018) µg/L · 100 mL · 1 / (0.1000 g · 1000) · 100 / (100 − 20)" in page
    assert "43.8525 mg/kg" in page
    assert "35.100000" in page
    assert "AM7" in page
    assert "43.9 ± 4.4 mg/kg dry" in page


def test_the_results_of_a_run_are_a_file_with_all_that_belongs_beside_a_number(cast: Cast, measured: Run) -> None:
    answer = sign_in(cast.reviewer).get(f"/runs/{measured.code}/?format=csv")
    assert answer["Content-Disposition"] == f'attachment; filename="{measured.code}-results.csv"'
    rows = list(csv.DictReader(io.StringIO(answer.getvalue().decode())))
    assert len(rows) == ResultVersion.objects.filter(reduction__run=measured, current_of__isnull=False).count()
    [row] = [one for one in rows if (one["position"], one["analyte"]) == ("3", "Dy")]
    version = ResultVersion.objects.get(position__number=3, result__analyte__symbol="Dy")
    assert (row["text"], row["uncertainty"], row["k"]) == (version.text, version.uncertainty_text, "2")
    assert (row["unit"], row["basis"], row["method_version"], row["verdict"]) == ("mg/kg", "dry", "FUS-MS v1", "pass")


def test_who_may_not_see_drafts_gets_the_page_and_no_file(cast: Cast, measured: Run) -> None:
    assert "Content-Disposition" not in sign_in(cast.receptionist).get(f"/runs/{measured.code}/?format=csv")


def test_a_result_of_another_run_is_not_there(cast: Cast) -> None:
    run, other = make_measured_run(cast, 1), make_measured_run(cast, 1)
    version = ResultVersion.objects.filter(reduction__run=other).first()
    assert sign_in(cast.reviewer).get(f"/runs/{run.code}/results/{version.pk}/").status_code == 404  # type: ignore[union-attr]


def test_what_was_signed_stands_on_the_page(cast: Cast) -> None:
    run = make_authorised_run(cast)
    page = text_of(sign_in(cast.quality_manager).get(f"/runs/{run.code}/"))
    assert run.authorisations.get().content_hash[:16] in page
    assert cast.signatory.full_name in page
    assert cast.reviewer.full_name in page


def test_a_receptionist_sees_the_run_without_draft_results(cast: Cast, measured: Run) -> None:
    page = sign_in(cast.receptionist).get(f"/runs/{measured.code}/")
    assert page.status_code == 200
    assert ">43.9</a>" not in text_of(page)
    version = ResultVersion.objects.first()
    assert sign_in(cast.receptionist).get(f"/runs/{measured.code}/results/{version.pk}/").status_code == 403  # type: ignore[union-attr]


def test_runs_are_the_laboratorys(cast: Cast) -> None:
    run = make_measured_run(cast, 1)
    for role in ["collector", "custodian", "official", "administrator"]:
        person = sign_in(cast.people[role])
        for path in ("/runs/", f"/runs/{run.code}/", "/review/", "/control-charts/"):
            assert person.get(path).status_code == 403, (role, path)


def test_another_laboratorys_runs_are_not_there(cast: Cast) -> None:
    run = make_measured_run(cast, 1)
    outsider = sign_in(cast.outsiders["reviewer"])
    for path in ("", "review/", "authorise/"):
        assert outsider.get(f"/runs/{run.code}/{path}").status_code == 404
    assert run.code not in text_of(outsider.get("/runs/"))
    assert run.code not in text_of(outsider.get("/review/"))


def test_runs_are_listed_filtered_and_exported(cast: Cast) -> None:
    measured, planned = make_measured_run(cast, 1), make_planned_run(cast, 1)
    reviewer = sign_in(cast.reviewer)
    assert measured.code in text_of(reviewer.get("/runs/"))
    filtered = text_of(reviewer.get("/runs/?state=planned"))
    assert planned.code in filtered
    assert measured.code not in filtered
    lines = b"".join(reviewer.get("/runs/?format=csv").streaming_content).decode().splitlines()  # type: ignore[attr-defined]
    assert len(lines) == 3


def test_scanning_a_runs_code_opens_it(cast: Cast) -> None:
    run = make_measured_run(cast, 1)
    assert sign_in(cast.reviewer).get(f"/scan/?code={run.code.lower()}").headers["Location"] == f"/runs/{run.code}/"


def test_a_control_chart_page_has_points_and_their_table(cast: Cast) -> None:
    run = make_measured_run(cast, 1)
    client = sign_in(cast.quality_manager)
    assert "OREAS 100a" in text_of(client.get("/control-charts/"))
    page = text_of(client.get("/control-charts/?method=FUS-MS&material=OREAS 100a&analyte=Dy"))
    assert run.code in page
    assert "Dy in OREAS 100a by FUS-MS" in page
    assert client.get("/control-charts/?method=NO&material=OREAS 100a&analyte=Dy").status_code == 422


def test_a_runs_page_costs_a_fixed_number_of_queries(cast: Cast) -> None:
    counts = []
    for size in (1, 6):
        run = make_measured_run(cast, size)
        client = sign_in(cast.reviewer)
        client.get("/runs/")
        with CaptureQueriesContext(connection) as captured:
            client.get(f"/runs/{run.code}/")
        counts.append(len(captured))
    assert counts[0] == counts[1] <= 29  # one of them for the lots it was planned with
