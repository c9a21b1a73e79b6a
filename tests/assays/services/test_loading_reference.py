"""Reference data are loaded once, kept current, and refused where they contradict what is in force."""

from __future__ import annotations

import json
import shutil
from decimal import Decimal

import pytest
from django.core.management import CommandError, call_command

from assays.models import Analyte, CertifiedValue, ControlRequirement, MethodVersion, ReferenceMaterial
from assays.services.loading_files import FOLDER
from assays.services.loading_reference import load_reference_data
from lims.core.errors import DomainError, Invalid

pytestmark = pytest.mark.django_db


@pytest.fixture
def folder(tmp_path):
    """A copy of the product's files to change."""
    for path in FOLDER.glob("*.json"):
        shutil.copy(path, tmp_path)
    return tmp_path


def edit(path, change):
    """Change a file's content in place."""
    content = json.loads(path.read_text())
    change(content)
    path.write_text(json.dumps(content))


def test_the_product_comes_with_its_reference_data():
    assert list(Analyte.objects.values_list("symbol", flat=True)[:3]) == ["La", "Ce", "Pr"]
    classical = {"GRA-REO v1", "GRA-REO v2", "EDT-REO v1", "EDT-REO v2"}
    assert {str(version) for version in MethodVersion.objects.all()} == {"FUS-MS v1", "FAD-MS v1", "LCH-MS v1", "FUS-XRF v1"} | classical
    terbium = Analyte.objects.get(symbol="Tb")
    assert (terbium.oxide, round(terbium.oxide_factor, 6)) == ("Tb4O7", Decimal("1.176172"))


def test_a_certified_value_belongs_to_its_method_group():
    values = dict(CertifiedValue.objects.filter(material__code="OREAS 100a", analyte__symbol="Dy").values_list("method_group", "value"))
    assert {group: round(value, 2) for group, value in values.items()} == {
        "borate_or_peroxide_fusion_icp": Decimal("23.20"),
        "4_acid": Decimal("18.94"),
    }


def test_loading_again_writes_nothing(folder):
    assert load_reference_data(folder=folder, by="test").total == 0


def test_what_changed_at_its_source_is_changed_and_kept_in_history(folder):
    edit(folder / "reference_materials.json", lambda content: content["materials"][0].update(status="Archived"))
    assert load_reference_data(folder=folder, by="test").written["materials"] == 1
    material = ReferenceMaterial.objects.get(code="OREAS 30a")
    assert [event.status for event in material.events.order_by("pgh_id")][-2:] == ["Current", "Archived"]


def change_limit(content):
    content["methods"][0]["versions"][0]["analytes"][0]["loq"] = "4"


def change_portion(content):
    content["methods"][0]["versions"][0]["test_portion_g"] = "0.2"


def drop_control(content):
    content["methods"][0]["versions"][0]["controls"].pop()


@pytest.mark.parametrize("change", [change_limit, change_portion, drop_control])
def test_a_method_version_in_force_is_never_edited(folder, change):
    edit(folder / "methods.json", change)
    with pytest.raises(Invalid, match="FUS-MS v1 is stored and never edited") as refusal:
        load_reference_data(folder=folder, by="test")
    assert refusal.value.code == "method_version_edited"


def test_a_change_comes_as_a_new_version(folder):
    def add(content):
        versions = content["methods"][0]["versions"]
        versions.append(versions[0] | {"number": 2, "in_force_from": "2027-01-01", "test_portion_g": "0.2"})

    edit(folder / "methods.json", add)
    assert load_reference_data(folder=folder, by="test").written["versions"] == 1
    assert ControlRequirement.objects.filter(method_version__number=2, method_version__method__code="FUS-MS").count() == 3


def test_a_control_that_no_rule_could_judge_is_refused(folder):
    def break_rule(content):
        version = content["methods"][0]["versions"][0] | {"number": 2}
        content["methods"][0]["versions"].append(version | {"controls": [version["controls"][0] | {"rule": "guess"}]})

    edit(folder / "methods.json", break_rule)
    with pytest.raises(Invalid, match="'guess' is not known"):
        load_reference_data(folder=folder, by="test")
    assert not MethodVersion.objects.filter(number=2, method__code="FUS-MS").exists()


def test_an_unknown_analyte_is_named(folder):
    edit(folder / "reference_materials.json", lambda content: content["materials"][0]["values"][0].update(analyte="Pm"))
    with pytest.raises(Invalid, match="OREAS 30a names the analyte 'Pm'"):
        load_reference_data(folder=folder, by="test")


def test_a_missing_file_and_a_broken_one_are_named(folder):
    (folder / "methods.json").write_text('{"methods": [{"code": 3}]}')
    with pytest.raises(Invalid, match=r"methods\.json cannot be read"):
        load_reference_data(folder=folder, by="test")
    (folder / "methods.json").unlink()
    with pytest.raises(DomainError, match="cannot be opened"):
        load_reference_data(folder=folder, by="test")


def test_the_command_says_what_it_did(folder, capsys):
    call_command("load_reference_data", folder=folder)
    assert "current" in capsys.readouterr().out
    edit(folder / "methods.json", change_limit)
    with pytest.raises(CommandError, match="never edited"):
        call_command("load_reference_data", folder=folder)
