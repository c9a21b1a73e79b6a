"""The colours keep the contrasts promised beside them, in light and in dark; no page brings colours or styles of its own."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
CSS = ROOT / "lims/core/static/lims/css"
TOKENS = (CSS / "tokens.css").read_text()
COLOURS = {name: pair for name, *pair in re.findall(r"--([\w-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\);", TOKENS)}
PROMISES = re.findall(r"@contrast ([\w-]+) on ([\w-]+) ([\d.]+)", TOKENS)
TONES = ("pass", "warn", "fail", "wait", "none")


def luminance(colour: str) -> float:
    """Relative luminance of an sRGB colour (WCAG 2.2)."""
    channels = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    red, green, blue = (value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """Contrast ratio of two colours (WCAG 2.2), 1 to 21."""
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def test_contrast_is_computed_as_the_standard_says() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.005)


@pytest.mark.parametrize(("theme", "index"), [("light", 0), ("dark", 1)])
@pytest.mark.parametrize(("ink", "ground", "least"), PROMISES)
def test_promised_contrast_is_kept(ink: str, ground: str, least: str, theme: str, index: int) -> None:
    found = contrast(COLOURS[ink][index], COLOURS[ground][index])
    assert found >= float(least), f"{ink} on {ground} in {theme} is {found:.2f}, promised {least}"


def test_every_text_colour_has_a_promise_that_meets_aa() -> None:
    texts = {name for name in COLOURS if name.endswith("-ink") or name.startswith("on-") or name in {"ink", "quiet", "link", "rail-quiet"}}
    promised = {ink for ink, _, least in PROMISES if float(least) >= 4.5}
    assert texts - promised == set()


def test_every_tone_has_a_shape_a_word_colour_and_a_ground() -> None:
    for tone in TONES:
        assert {tone, f"{tone}-ink", f"{tone}-wash"} <= COLOURS.keys()
        assert (f"{tone}-ink", f"{tone}-wash") in {(ink, ground) for ink, ground, _ in PROMISES}
    sprite = (CSS.parent / "icons.svg").read_text()
    assert {f"shape-{tone}" for tone in TONES} <= set(re.findall(r'id="([\w-]+)"', sprite))


def test_every_token_that_is_used_is_declared() -> None:
    declared = set(re.findall(r"(--[\w-]+):", "".join(path.read_text() for path in CSS.glob("*.css"))))
    for path in CSS.glob("*.css"):
        assert set(re.findall(r"var\((--[\w-]+)", path.read_text())) - declared == set(), path.name


def test_colours_are_written_in_the_tokens_alone() -> None:
    for path in CSS.glob("*.css"):
        if path.name not in {"tokens.css", "print.css"}:
            assert set(re.findall(r"#[0-9a-fA-F]{3,8}\b|\brgba?\(", path.read_text())) <= {"#ffffff"}, path.name


def test_no_template_carries_inline_style_or_script() -> None:
    """What the Content-Security-Policy would refuse is not written in the first place."""
    inline = re.compile(r"<style|\sstyle=|<script(?![^>]*\ssrc=)|\son[a-z]+=|\shx-on|javascript:|hx-vals=.js:", re.IGNORECASE)
    data_block = re.compile(r'<script[^>]*type="application/(?:ld\+)?json"')
    for path in (ROOT / "templates").rglob("*.html"):
        found = [match.group() for match in inline.finditer(data_block.sub("", path.read_text()))]
        assert found == [], f"{path.relative_to(ROOT)}: {found}"


def test_every_icon_a_template_names_is_in_the_sprite() -> None:
    names = set(re.findall(r'id="([\w-]+)"', (CSS.parent / "icons.svg").read_text()))
    for path in (ROOT / "templates").rglob("*.html"):
        wanted = set(re.findall(r'{% icon "([\w-]+)"|icon="([\w-]+)"', path.read_text()))
        assert {one or other for one, other in wanted} - names == set(), path.relative_to(ROOT)
