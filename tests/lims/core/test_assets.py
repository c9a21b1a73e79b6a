"""The asset builder: complete, quick when nothing changed, and plain about what is missing."""

from __future__ import annotations

import json
import shutil
import time
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from lims.core import assets
from lims.core.errors import DomainError
from lims.core.outlines import REGION


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout whose packages are empty files of the right names, with a world of one square country."""
    folder = tmp_path / "checkout"
    for source in [font.source for font in assets.WEB_FONTS] + list(assets.PAPER_FONTS.values()):
        path = folder / "node_modules" / source
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(source.encode())
    square = {
        "transform": {"scale": [1, 1], "translate": [0, 0]},
        "arcs": [[[80, 10], [10, 0], [0, 10], [-10, 0], [0, -10]]],
        "objects": {"countries": {"geometries": [{"type": "Polygon", "arcs": [[0]], "properties": {"name": "Squareland"}}]}},
    }
    world = folder / "node_modules" / "world-atlas" / "countries-50m.json"
    world.parent.mkdir()
    world.write_text(json.dumps(square))
    (folder / "package-lock.json").write_text("{}")
    return folder


@pytest.fixture
def _quick_bundle(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(assets, "_bundle_charts", lambda: "window.vegaEmbed = 1;")


@pytest.mark.usefixtures("_quick_bundle")
def test_everything_promised_is_built(checkout: Path, tmp_path: Path) -> None:
    assert assets.prepare_assets(checkout=checkout, build_dir=tmp_path / "var") is True
    assert [path for path in assets.asset_files(tmp_path / "var") if not path.is_file()] == []
    regular = tmp_path / "var" / "fonts" / "Inter-Regular.ttf"
    assert regular.read_text() == "@expo-google-fonts/inter/400Regular/Inter_400Regular.ttf"
    outlines = json.loads((tmp_path / "var" / "assets" / "geo" / "outlines.json").read_text())
    assert [feature["properties"]["name"] for feature in outlines["features"]] == ["Squareland"]


@pytest.mark.usefixtures("_quick_bundle")
def test_a_second_call_does_nothing_and_takes_no_time(checkout: Path, tmp_path: Path) -> None:
    assets.prepare_assets(checkout=checkout, build_dir=tmp_path / "var")
    started = time.perf_counter()
    assert assets.prepare_assets(checkout=checkout, build_dir=tmp_path / "var") is False
    assert time.perf_counter() - started < 1.0


@pytest.mark.usefixtures("_quick_bundle")
def test_new_pins_a_lost_file_or_force_build_again(checkout: Path, tmp_path: Path) -> None:
    def build(**options: bool) -> bool:
        return assets.prepare_assets(checkout=checkout, build_dir=tmp_path / "var", **options)

    build()
    (checkout / "package-lock.json").write_text('{"changed": true}')
    assert build() is True
    (tmp_path / "var" / "fonts" / "Inter-Bold.ttf").unlink()
    assert build() is True
    assert build(force=True) is True
    assert build() is False


def test_a_missing_package_is_named_with_the_remedy(checkout: Path, tmp_path: Path) -> None:
    shutil.rmtree(checkout / "node_modules" / "inter-ui")
    with pytest.raises(DomainError) as refusal:
        assets.prepare_assets(checkout=checkout, build_dir=tmp_path / "var")
    assert refusal.value.code == "assets_package_missing"
    assert "inter-ui" in refusal.value.message
    assert "npm ci --ignore-scripts" in refusal.value.message
    assert not (tmp_path / "var").exists()


def test_the_command_turns_the_refusal_into_one_sentence(tmp_path: Path, settings: object) -> None:
    settings.BASE_DIR, settings.BUILD_DIR = tmp_path, tmp_path / "var"  # type: ignore[attr-defined]
    (tmp_path / "package-lock.json").write_text("{}")
    with pytest.raises(CommandError, match="npm ci --ignore-scripts"):
        call_command("prepare_assets")


def test_every_font_face_names_its_file_beside_the_style_sheet() -> None:
    css = assets.build_font_css()
    assert css.count("@font-face") == len(assets.WEB_FONTS)
    for font in assets.WEB_FONTS:
        assert f'url("{font.file_name}")' in css
    assert "http" not in css


def test_the_pinned_packages_name_no_registry() -> None:
    lock = (settings.BASE_DIR / "package-lock.json").read_text()
    packages = json.loads(lock)["packages"]
    assert "resolved" not in lock
    assert all(entry.get("integrity", "").startswith("sha512-") for name, entry in packages.items() if name)


def test_the_region_holds_india_and_myanmar_from_the_real_packages(tmp_path: Path) -> None:
    assets._write_outlines(settings.BASE_DIR / "node_modules", tmp_path / "outlines.json")
    collection = json.loads((tmp_path / "outlines.json").read_text())
    names = {feature["properties"]["name"] for feature in collection["features"]}
    assert {"India", "Myanmar", "China", "Bangladesh", "Bhutan", "Nepal", "Thailand", "Laos"} <= names
    assert "Brazil" not in names
    assert (tmp_path / "outlines.json").stat().st_size < 100_000
    for feature in collection["features"]:
        polygons = feature["geometry"]["coordinates"]
        polygons = [polygons] if feature["geometry"]["type"] == "Polygon" else polygons
        for ring in (ring for polygon in polygons for ring in polygon):
            assert ring[0] == ring[-1]
            assert all(REGION.contains((x, y)) for x, y in ring)
