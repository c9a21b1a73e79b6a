"""The one door to typst."""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path

import pytest
from django.conf import settings

from lims.core.errors import DomainError
from lims.documents import render
from lims.documents.render import TEMPLATES, render_pdf


def test_a_time_without_a_zone_is_refused(noon: datetime) -> None:
    with pytest.raises(ValueError, match="time zone"):
        render_pdf("labels", {}, timestamp=noon.replace(tzinfo=None))


def test_missing_fonts_are_named_with_the_remedy(noon: datetime, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "FONT_DIR", tmp_path)
    with pytest.raises(DomainError) as refusal:
        render_pdf("labels", {}, timestamp=noon)
    assert refusal.value.code == "fonts_missing"
    assert "prepare_assets" in refusal.value.message


def test_data_a_template_cannot_use_are_a_refusal(noon: datetime) -> None:
    with pytest.raises(DomainError) as refusal:
        render_pdf("certificate", {"number": "only this"}, timestamp=noon)
    assert refusal.value.code == "document_failed"


def test_a_template_that_warns_is_a_refusal(noon: datetime, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "odd.typ").write_text('#set document(title: "t")\n#set text(font: "Nowhere")\nText')
    monkeypatch.setattr(render, "TEMPLATES", tmp_path)
    render._compiler.cache_clear()
    try:
        with pytest.raises(DomainError, match="unknown font family"):
            render_pdf("odd", {}, timestamp=noon)
    finally:
        render._compiler.cache_clear()


def test_templates_use_nothing_from_outside() -> None:
    for template in TEMPLATES.glob("*.typ"):
        imports = re.findall(r'#(?:import|include)\s+"([^"]+)"', template.read_text())
        assert all(name in {"common.typ"} for name in imports), template.name


def test_paper_has_the_colours_of_the_screen() -> None:
    css = Path(settings.BASE_DIR, "lims/core/static/lims/css/tokens.css").read_text()
    light = dict(re.findall(r"--([\w-]+): light-dark\((#[0-9a-f]{6}),", css))
    paper = dict(re.findall(r'#let ([\w-]+) = rgb\("(#[0-9a-f]{6})"\)', (TEMPLATES / "common.typ").read_text()))
    names = {
        "ink": "ink",
        "quiet": "quiet",
        "hairline": "line",
        "paper-tint": "paper",
        "laterite": "accent",
        "warn": "warn-ink",
        "warn-tint": "warn-wash",
    }
    assert paper == {ours: light[theirs] for ours, theirs in names.items()} | {
        "dysprosium": light["dysprosium"],
        "terbium": light["terbium"],
        "rail": light["rail"],
    }
