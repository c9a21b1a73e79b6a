"""The product's reference files agree with the functions that will use them."""

import json
from decimal import Decimal
from pathlib import Path

import pytest

import assays
from assays.chemistry.elements import ANALYTES
from assays.chemistry.oxides import find_factor
from assays.chemistry.units import convert
from assays.qc.evaluate import ControlRequirement, check_requirement
from assays.qc.measurements import ControlKind
from assays.qc.rules import RULES_VERSION

FOLDER = Path(assays.__file__).parent / "reference"
ROWS = json.loads((FOLDER / "analytes.json").read_text())["analytes"]
MATERIALS = {m["code"]: m for m in json.loads((FOLDER / "reference_materials.json").read_text())["materials"]}
VALUES = [(code, value) for code, material in MATERIALS.items() for value in material["values"]]
METHODS = {m["code"]: m for m in json.loads((FOLDER / "methods.json").read_text())["methods"]}
VERSIONS = [(code, version) for code, method in METHODS.items() for version in method["versions"]]


def test_analytes_are_those_of_the_calculations():
    assert [row["symbol"] for row in ROWS] == list(ANALYTES)
    for row in ROWS:
        analyte = ANALYTES[row["symbol"]]
        assert (row["name"], row["oxide"], row["isotope"], row["order"]) == (analyte.name, analyte.oxide, analyte.isotope, analyte.order)
        assert float(row["atomic_weight"]) == analyte.atomic_weight
        assert all(find_factor(analyte.symbol, oxide) > 1 for oxide in row["other_oxides"])


def test_certified_value_is_one_per_material_analyte_and_group():
    keys = [(code, value["analyte"], value["method_group"]) for code, value in VALUES]
    assert len(keys) == len(set(keys))
    assert {analyte for _, analyte, _ in keys} <= set(ANALYTES)


def test_dysprosium_of_oreas_100a_differs_by_digestion():
    found = {v["method_group"]: (v["value"], v["sd_1s"]) for c, v in VALUES if c == "OREAS 100a" and v["analyte"] == "Dy"}
    assert found["borate_or_peroxide_fusion_icp"] == ("23.19833011", "0.87995638")
    assert Decimal(found["4_acid"][0]) < Decimal("19")


def test_values_lie_within_their_interval():
    for code, value in VALUES:
        assert Decimal(value["value"]) > 0
        assert value["unit"] == "mg/kg"
        if value["ci95_low"] is not None:
            assert Decimal(value["ci95_low"]) < Decimal(value["value"]) < Decimal(value["ci95_high"]), code


def test_interval_of_the_mean_is_never_called_an_expanded_uncertainty():
    assert all(value["u_k2"] is None for _, value in VALUES if value["interval_type"] != "expanded_uncertainty_k2")


def test_oxides_and_percent_were_turned_into_element_mg_kg():
    converted = [(code, value) for code, value in VALUES if "stated_as" in value]
    assert {code for code, _ in converted} == {"OREAS 463", "OREAS 464", "OREAS 465"}
    for _, value in converted:
        symbol, species = value["analyte"], value["stated_as"]
        factor = 1.0 if species == symbol else find_factor(symbol, species)
        unit = "%" if value["stated_unit"] == "wt.%" else "ppm"
        for stated, computed in ((value["stated_value"], value["value"]), (value["stated_sd_1s"], value["sd_1s"])):
            assert float(convert(Decimal(stated), unit, "mg/kg")) / factor == pytest.approx(float(computed), rel=1e-9)


@pytest.mark.parametrize(("code", "version"), VERSIONS, ids=[f"{code} v{version['number']}" for code, version in VERSIONS])
def test_controls_of_a_method_can_be_applied(code, version):
    assert version["rule_set"] == RULES_VERSION
    for control in version["controls"]:
        check_requirement(
            ControlRequirement(
                ControlKind(control["kind"]), control["rule"], control["limits"], control["minimum_count"], control["rate_percent"]
            )
        )
        assert control["source"]
    assert {c["kind"] for c in version["controls"]} >= {"reagent_blank", "reference_material"}


@pytest.mark.parametrize(("code", "version"), VERSIONS, ids=[f"{code} v{version['number']}" for code, version in VERSIONS])
def test_limits_of_a_method_are_in_order_and_sourced(code, version):
    for row in version["analytes"]:
        assert 0 < Decimal(row["lod"]) < Decimal(row["loq"]) < Decimal(row["upper_limit"])
        assert row["isotope"] == f"{ANALYTES[row['analyte']].isotope}{row['analyte']}"
        assert row["order"] == ANALYTES[row["analyte"]].order
        assert row["source"]
    assert {"Tb", "Dy", "Lu", "Y"} <= {row["analyte"] for row in version["analytes"]}


@pytest.mark.parametrize("code", ["FUS-MS", "FAD-MS"])
def test_every_required_analyte_has_a_material_that_can_control_it(code):
    method = METHODS[code]
    usable = {v["analyte"]: c for c, v in VALUES if v["method_group"] == method["method_group"] and v["sd_1s"]}
    assert {row["analyte"] for row in method["versions"][0]["analytes"] if row["required"]} <= set(usable)


def test_leach_has_no_certified_material():
    assert not any(value["method_group"] == METHODS["LCH-MS"]["method_group"] for _, value in VALUES)
