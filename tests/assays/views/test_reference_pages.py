"""Methods and reference materials on the screen; in-house materials kept by the quality manager."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.urls import reverse

from assays.models import Analyte, InHouseMeasurement, ReferenceMaterial
from assays.services.in_house import create_in_house_material, record_run
from lims.core import clock

GROUP = "ammonium_sulphate_leach"


def test_a_method_shows_limits_controls_and_their_sources(at):
    page = at("analyst").get(reverse("assays:method", args=["FUS-MS", 1])).content.decode()
    for words in ("in force", "Reagent blank", "at most 5 LOD", "|z| above 2 warns, above 3 fails", "ALS ME-MS81h", "159Tb", "± 10 %"):
        assert words in page, words


def test_a_material_shows_each_group_apart(at):
    page = at("reviewer").get(reverse("assays:material", args=["OREAS 100a"])).content.decode()
    assert "Values by four acids" in page
    assert "Values by borate or peroxide fusion, ICP" in page
    assert "23.19833011" in page
    assert "without heterogeneity and stability" in page
    assert "Record a run" not in page


def test_a_value_without_standard_deviation_is_no_control(at):
    assert "none: no control" in at("analyst").get(reverse("assays:material", args=["OREAS 146"])).content.decode()


def test_lists_filter_sort_and_export(at):
    client = at("analyst")
    assert [row["version"].method.code for row in client.get("/methods/?extraction=leachable").context["rows"]] == ["LCH-MS"]
    codes = [row["material"].code for row in client.get("/materials/?q=oreas&ordering=-code").context["rows"]]
    assert codes == sorted(codes, reverse=True)
    assert client.get("/materials/?analyte=Sc&kind=certified").context["page"].total > 0
    exported = client.get("/materials/?q=100a&format=csv").getvalue().decode()
    assert "Dy 4_acid" in exported.splitlines()[0]
    assert exported.splitlines()[1].startswith("OREAS 100a")
    assert client.get("/materials/?ordering=guess", follow=True).status_code == 200
    assert "No material fits" in client.get("/materials/?q=nothing").content.decode()


@pytest.fixture
def material(cast):
    return create_in_house_material(code="IH-CLAY-1", matrix="clay", by=cast.quality_manager)


def test_the_quality_manager_brings_a_material_to_its_value(cast, at):
    client = at("quality_manager")
    made = client.post(reverse("assays:material-new"), {"code": "IH-CLAY-1", "matrix": "clay"})
    assert made.url == reverse("assays:material", args=["IH-CLAY-1"])
    today = clock.today()
    for index in range(10):
        body = {"method_group": GROUP, "measured_on": str(today - timedelta(days=index + 1)), "Dy": f"14.{index}", "Tb": f"2.{index}"}
        assert client.post(reverse("assays:material-run", args=["IH-CLAY-1"]), body).status_code == 302
        if index == 8:
            page = client.get(made.url).content.decode()
            assert "fewer are there for Tb (9), Dy (9)" in page
    assert "Earlier values stay in history" in client.get(made.url).content.decode()
    done = client.post(reverse("assays:material-establish", args=["IH-CLAY-1"]), {"method_group": GROUP}, follow=True)
    assert "Values established for 2 analytes" in done.content.decode()
    assert ReferenceMaterial.objects.get(code="IH-CLAY-1").values.count() == 2


def test_what_was_typed_wrong_stays_with_its_error(at, material):
    address = reverse("assays:material-run", args=[material.code])
    answer = at("quality_manager").post(address, {"method_group": GROUP, "measured_on": "2020-01-01", "Dy": "-3", "Tb": "abc"})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert 'value="-3"' in page
    assert 'value="abc"' in page
    assert not InHouseMeasurement.objects.exists()
    negative = at("quality_manager").post(address, {"method_group": GROUP, "measured_on": "2020-01-01", "Dy": "-3"})
    assert "-3 mg/kg is no content" in negative.content.decode()
    taken = at("quality_manager").post(reverse("assays:material-new"), {"code": "OREAS 461", "matrix": "clay"})
    assert "There is a reference material OREAS 461 already" in taken.content.decode()


def test_establishing_too_early_is_refused_in_words(cast, at, material):
    contents = {Analyte.objects.get(symbol="Dy"): Decimal("14.2")}
    record_run(material=material, method_group=GROUP, measured_on=clock.today(), contents=contents, by=cast.quality_manager)
    address = reverse("assays:material-establish", args=[material.code])
    answer = at("quality_manager").post(address, {"method_group": GROUP}, follow=True)
    assert "needs at least 10 recorded runs; of Dy there are 1" in answer.content.decode()


def test_other_quality_managers_only_look_at_certified_ones(cast, at, material):
    other = at(cast.outsiders["quality_manager"])
    assert "IH-CLAY-1" not in other.get("/materials/").content.decode()
    answer = other.post(reverse("assays:material-run", args=["OREAS 461"]), {"method_group": GROUP, "measured_on": "2020-01-01", "Dy": "1"})
    assert answer.status_code == 403


def test_pages_take_few_queries(at, django_assert_max_num_queries):
    client = at("analyst")
    for address in ("/methods/", "/methods/FUS-MS/1/", "/materials/", "/materials/OREAS 461/"):
        with django_assert_max_num_queries(14):
            client.get(address)
