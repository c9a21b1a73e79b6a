"""From a specification to a drawing for paper: SVG with real text, the same bytes for the same specification."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import vl_convert
from django.conf import settings

from lims.charts.frame import PAPER_WIDTH, Spec
from lims.charts.theme import PAPER, theme_config
from lims.core.errors import DomainError

VEGA_LITE = "6.4"


def to_svg(spec: Spec, *, width: int = PAPER_WIDTH) -> str:
    """The chart as SVG in the colours of paper. `width` in pixels replaces `container`, which a paper does not have.

    Raises `DomainError` when the fonts are missing (`fonts_missing`) or the specification is refused (`chart_failed`). Nothing is fetched:
    every chart carries its data.
    """
    _register_fonts(str(settings.FONT_DIR))
    sized = spec | ({"width": width} if spec.get("width") == "container" else {})
    try:
        svg = vl_convert.vegalite_to_svg(sized, vl_version=VEGA_LITE, config=theme_config(PAPER), allowed_base_urls=[])
    except ValueError as error:
        raise DomainError("chart_failed", f"The chart could not be drawn: {error}") from error
    return _number_ids(svg)


def _number_ids(svg: str) -> str:
    """Clip and gradient ids counted from one: the renderer counts them through the life of the process."""
    known: dict[str, str] = {}

    def rename(found: re.Match[str]) -> str:
        return found[1] + known.setdefault(found[2], f"mark{len(known) + 1}")

    return re.sub(r'(url\(#|\bid=")((?:clip|gradient_)\d+)', rename, svg)


@cache
def _register_fonts(font_dir: str) -> None:
    if not any(Path(font_dir).glob("Inter-*.ttf")):
        raise DomainError("fonts_missing", f"The fonts for charts are not in {font_dir}. Run `python manage.py prepare_assets` first.")
    vl_convert.register_font_directory(font_dir)
