"""A spectrometer's oxides and averages at the door: kept as written, held for a person, never taken for elements or tubes."""

from __future__ import annotations

from decimal import Decimal

import pytest

from assays.instruments.models import Reading
from assays.models import ResultVersion
from tests.factories.bench import make_planned_run
from tests.factories.measurement import positions_of, upload_run
from tests.factories.people import Cast

pytestmark = pytest.mark.django_db


def test_oxides_wait_with_a_reason_and_averages_take_no_tube(cast: Cast) -> None:
    run = make_planned_run(cast)
    labels = [position.label for position in positions_of(run)]
    lines = [",,,,Dy2O3,Tb4O7", ",,,,mass%,mass%"]
    lines += [f"PRESSED,{label},FieldService,08/08/2026 15:{number:02d},0.0412,0.0058" for number, label in enumerate(labels)]
    lines += ["Average,,,,0.0412,0.0058", "Std dev.,,,,0.0001,0.0001"]
    upload = upload_run(cast, run, "\r\n".join([*lines, ""]).encode(), file_name="results.csv", run=run).upload

    assert (upload.state, upload.format) == ("waiting", "rigaku")
    said = {note["code"]: note["message"] for note in upload.notes}
    assert said["oxide"].startswith(("Dy2O3 is an oxide", "Tb4O7 is an oxide"))
    assert "no concentration" in said["analyte_missing"]
    assert set(upload.rows.filter(kind="statistic").values_list("type", "outcome", "position")) == {
        ("Average", "calibration", None),
        ("Std dev.", "calibration", None),
    }
    assert upload.rows.filter(outcome="matched").count() == len(labels)
    stored = Reading.objects.filter(row__upload=upload, quantity="concentration")
    assert set(stored.values_list("analyte", "unit", "value")) == {
        ("Dy2O3", "mass%", Decimal("0.0412")),
        ("Tb4O7", "mass%", Decimal("0.0058")),
    }
    assert not ResultVersion.objects.exists()
    run.refresh_from_db()
    assert run.state == "planned"
