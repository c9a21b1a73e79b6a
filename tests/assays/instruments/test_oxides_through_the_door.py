"""A spectrometer's oxides and averages at the door: kept as written, converted by their formula, never taken for elements or tubes."""

from __future__ import annotations

from decimal import Decimal

import pytest

from assays.chemistry.elements import ANALYTES
from assays.instruments.models import Reading
from assays.models import ResultVersion, Run
from assays.selectors.trails import trail_of
from tests.factories.measurement import concentrations_of, positions_of, upload_run
from tests.factories.people import Cast

pytestmark = pytest.mark.django_db


def test_contents_of_a_solid_wait_where_the_method_measures_solutions_and_averages_take_no_tube(cast: Cast, planned: Run) -> None:
    labels = [position.label for position in positions_of(planned)]
    lines = [",,,,Dy2O3,Tb4O7", ",,,,mass%,mass%"]
    lines += [f"PRESSED,{label},FieldService,08/08/2026 15:{number:02d},0.0412,0.0058" for number, label in enumerate(labels)]
    lines += ["Average,,,,0.0412,0.0058", "Std dev.,,,,0.0001,0.0001"]
    upload = upload_run(cast, planned, "\r\n".join([*lines, ""]).encode(), file_name="results.csv", run=planned).upload

    assert (upload.state, upload.format) == ("waiting", "rigaku")
    said = {note["code"]: note["message"] for note in upload.notes}
    assert said["oxide_converted"].startswith(("Dy2O3 is read as Dy", "Tb4O7 is read as Tb"))
    assert "in mass%, the method works in ug/L" in said["unit_differs"]
    assert "no concentration" in said["analyte_missing"]
    assert set(upload.rows.filter(kind="statistic").values_list("type", "outcome", "position")) == {
        ("Average", "calibration", None),
        ("Std dev.", "calibration", None),
    }
    assert upload.rows.filter(outcome="matched").count() == len(labels)
    stored = Reading.objects.filter(row__upload=upload, quantity="mass_fraction")
    assert set(stored.values_list("analyte", "unit", "value")) == {
        ("Dy2O3", "mass%", Decimal("0.0412")),
        ("Tb4O7", "mass%", Decimal("0.0058")),
    }
    assert not ResultVersion.objects.exists()
    planned.refresh_from_db()
    assert planned.state == "planned"


def test_oxides_in_the_unit_of_the_method_become_contents_of_their_elements(cast: Cast, planned: Run) -> None:
    symbols = [one.analyte.symbol for one in planned.method_version.analytes.select_related("analyte")]
    lines = [",,,," + ",".join(ANALYTES[symbol].oxide for symbol in symbols), ",,,," + ",".join("ug/L" for _ in symbols)]
    expected = {}
    for position in positions_of(planned):
        read = {
            symbol: value / (position.aliquot or planned.method_version).dilution for symbol, value in concentrations_of(position).items()
        }
        written = [f"{float(read[symbol]) * ANALYTES[symbol].factor:.9g}" if symbol in read else "" for symbol in symbols]
        lines.append(f"BEAD,{position.label},FieldService,08/08/2026 15:22," + ",".join(written))
        expected[position.number] = float(read.get("Dy", 0))
    upload = upload_run(cast, planned, "\r\n".join([*lines, ""]).encode(), file_name="results.csv", run=planned).upload

    assert upload.state == "recorded", [note for note in upload.notes if not note["information"]]
    versions = ResultVersion.objects.filter(result__analyte__symbol="Dy").select_related("position")
    found = {version.position.number: float(version.inputs["solution_ug_l"]) for version in versions}
    assert found
    assert found == pytest.approx({number: expected[number] for number in found}, rel=1e-6)
    # The trail states the factor of the oxide: from the cell to the concentration in one line of arithmetic.
    steps = {row["step"]: row for row in trail_of(versions.exclude(qualifier="<")[0])["steps"]}
    told = steps["reading_solution_1"]
    assert told["about"]["read"] == "Dy2O3"
    assert told["inputs"]["reading"] / told["inputs"]["oxide_factor"] == pytest.approx(steps["content_1"]["inputs"]["solution"], rel=1e-12)
