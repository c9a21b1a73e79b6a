"""In-house materials: recorded runs, and a value only from ten of them."""

from __future__ import annotations

import statistics
from datetime import timedelta
from decimal import Decimal

import pytest

from assays.models import Analyte, CertifiedValue, InHouseMeasurement, ReferenceMaterial
from assays.services.in_house import create_in_house_material, establish_value, establish_values, record_measurement, record_run
from lims.core import clock
from lims.core.errors import Blocked, Forbidden, Invalid

GROUP = "ammonium_sulphate_leach"


@pytest.fixture
def material(cast):
    return create_in_house_material(code="IH-CLAY-1", matrix="ion-adsorption clay", by=cast.quality_manager)


@pytest.fixture
def dysprosium(db):
    return Analyte.objects.get(symbol="Dy")


def record(material, analyte, n, by, first=0):
    """`n` runs on `n` days, none alike."""
    today = clock.today()
    for index in range(first, first + n):
        record_measurement(
            material=material,
            analyte=analyte,
            method_group=GROUP,
            value=Decimal("14.2") + Decimal(index % 5) / 10,
            measured_on=today - timedelta(days=index + 1),
            by=by,
        )


def test_a_value_needs_ten_runs(cast, material, dysprosium):
    record(material, dysprosium, 9, cast.quality_manager)
    with pytest.raises(Blocked, match="at least 10 recorded runs; of Dy there are 9") as refusal:
        establish_value(material=material, analyte=dysprosium, method_group=GROUP, by=cast.quality_manager)
    assert refusal.value.code == "too_few_runs"
    assert not material.values.exists()


def test_value_and_sd_are_those_of_the_runs(cast, material, dysprosium):
    record(material, dysprosium, 10, cast.quality_manager)
    value = establish_value(material=material, analyte=dysprosium, method_group=GROUP, by=cast.quality_manager)
    runs = [14.2 + index % 5 / 10 for index in range(10)]
    assert float(value.value) == pytest.approx(statistics.fmean(runs), rel=1e-12)
    assert float(value.sd) == pytest.approx(statistics.stdev(runs), rel=1e-9)
    assert (value.n, value.value_type, value.expanded_uncertainty) == (10, "in_house", None)
    assert value.source.startswith("10 runs of Bhopal Laboratory")


def test_more_runs_renew_the_value_and_keep_the_old_one_in_history(cast, material, dysprosium):
    record(material, dysprosium, 10, cast.quality_manager)
    first = establish_value(material=material, analyte=dysprosium, method_group=GROUP, by=cast.quality_manager)
    record(material, dysprosium, 3, cast.quality_manager, first=10)
    second = establish_value(material=material, analyte=dysprosium, method_group=GROUP, by=cast.quality_manager)
    assert (second.pk, second.n) == (first.pk, 13)
    assert [event.n for event in second.events.order_by("pgh_id")] == [10, 13]


def test_all_analytes_are_established_together_or_none(cast, material, dysprosium):
    terbium = Analyte.objects.get(symbol="Tb")
    record(material, dysprosium, 10, cast.quality_manager)
    record(material, terbium, 4, cast.quality_manager)
    with pytest.raises(Blocked, match="of Tb there are 4"):
        establish_values(material=material, method_group=GROUP, by=cast.quality_manager)
    assert not material.values.exists()
    record(material, terbium, 6, cast.quality_manager, first=4)
    assert len(establish_values(material=material, method_group=GROUP, by=cast.quality_manager)) == 2


def test_equal_runs_give_no_standard_deviation(cast, material, dysprosium):
    today = clock.today()
    for index in range(10):
        record_run(
            material=material,
            method_group=GROUP,
            measured_on=today - timedelta(days=index),
            contents={dysprosium: Decimal("14.2")},
            by=cast.quality_manager,
        )
    with pytest.raises(Blocked) as refusal:
        establish_value(material=material, analyte=dysprosium, method_group=GROUP, by=cast.quality_manager)
    assert refusal.value.code == "no_spread"


def test_two_runs_of_one_day_are_one(cast, material, dysprosium):
    record(material, dysprosium, 1, cast.quality_manager)
    with pytest.raises(Invalid, match="recorded for Dy already") as refusal:
        record(material, dysprosium, 1, cast.quality_manager)
    assert refusal.value.problems[0].pointer == "/contents/Dy"
    assert InHouseMeasurement.objects.count() == 1


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"method_group": "guess"}, "/method_group"),
        ({"measured_on": clock.today() + timedelta(days=2)}, "/measured_on"),
        ({"contents": {}}, "/contents"),
        ({"value": Decimal("-1")}, "/contents/Dy"),
        ({"value": Decimal("NaN")}, "/contents/Dy"),
        ({"value": Decimal("1e6")}, "/contents/Dy"),
    ],
)
def test_a_wrong_run_is_refused_whole(cast, material, dysprosium, change, pointer):
    contents = {dysprosium: change.pop("value", Decimal("14.2")), Analyte.objects.get(symbol="Tb"): Decimal("2.3")}
    fields = {"method_group": GROUP, "measured_on": clock.today(), "contents": contents} | change
    with pytest.raises(Invalid) as refusal:
        record_run(material=material, by=cast.quality_manager, **fields)
    assert refusal.value.problems[0].pointer == pointer
    assert not InHouseMeasurement.objects.exists()


@pytest.mark.parametrize(
    "role", ["analyst", "technician", "reviewer", "signatory", "receptionist", "official", "administrator", "collector"]
)
def test_only_the_quality_manager_keeps_in_house_materials(cast, material, dysprosium, role):
    person = cast.people[role]
    with pytest.raises(Forbidden):
        create_in_house_material(code="IH-2", matrix="clay", by=person)
    with pytest.raises(Forbidden):
        record(material, dysprosium, 1, person)
    with pytest.raises(Forbidden):
        establish_value(material=material, analyte=dysprosium, method_group=GROUP, by=person)
    assert ReferenceMaterial.objects.filter(kind="in_house").count() == 1
    assert not InHouseMeasurement.objects.exists()


def test_certified_values_and_other_laboratories_materials_stay_as_they_are(cast, material, dysprosium):
    certified = ReferenceMaterial.objects.get(code="OREAS 461")
    before = list(CertifiedValue.objects.filter(material=certified).values())
    for target, person in ((certified, cast.quality_manager), (material, cast.outsiders["quality_manager"])):
        with pytest.raises(Forbidden, match="not an in-house material of your laboratory"):
            record(target, dysprosium, 1, person)
    assert list(CertifiedValue.objects.filter(material=certified).values()) == before


@pytest.mark.parametrize(("code", "matrix"), [("OREAS 461", "clay"), ("ih-clay-1", "clay"), ("X", "clay"), ("IH-2", " ")])
def test_a_material_needs_a_code_of_its_own_and_a_matrix(cast, material, code, matrix):
    with pytest.raises(Invalid):
        create_in_house_material(code=code, matrix=matrix, by=cast.quality_manager)
    assert ReferenceMaterial.objects.filter(kind="in_house").count() == 1
