"""`{% chart_assets %}` once in the head of a page with charts; `{% chart spec %}…fallback…{% endchart %}` where each one stands."""

from __future__ import annotations

import json
from typing import Any

from django import template
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from lims.charts.frame import Spec
from lims.charts.theme import SCREEN, theme_config

register = template.Library()

_ESCAPES = {ord("<"): "\\u003C", ord(">"): "\\u003E", ord("&"): "\\u0026"}  # JSON stays JSON and cannot close its element


@register.simple_tag
def chart_assets() -> SafeString:
    """The style sheet, the theme as data, the chart library and the script that draws. All from the server's own origin."""
    return format_html(
        '<link rel="stylesheet" href="{}">'
        '<script type="application/json" id="chart-theme">{}</script>'
        '<script type="module" src="{}"></script><script type="module" src="{}"></script>',
        static("charts/charts.css"),
        _embed_json(theme_config(SCREEN)),
        static("vega/vega.js"),
        static("charts/charts.js"),
    )


@register.simple_block_tag(end_name="endchart")
def chart(content: str, spec: Spec | None = None, url: str = "", height: int = 260, table_label: str = "") -> SafeString:
    """One chart: `spec` inside the page, or `url` from which it is fetched, with about its `height` in pixels.

    What stands between the tags says in words or as a table what the chart draws; it is shown where the chart cannot be. With a
    `table_label` it can also be opened under the drawn chart, by that name.
    """
    inside = format_html('<script type="application/json">{}</script>', _embed_json(spec)) if spec is not None else ""
    return format_html(
        '<figure class="chart" data-chart{}>{}<div class="chart-canvas"><svg width="1" height="{}" aria-hidden="true"></svg></div>'
        "{}</figure>",
        format_html(' data-chart-url="{}"', url) if url else "",
        inside,
        spec["height"] if spec is not None else height,
        _fallback(content, table_label),
    )


def _fallback(content: str, table_label: str) -> SafeString:
    if not table_label:
        return format_html('<div class="chart-fallback">{}</div>', content)
    return format_html('<details class="chart-fallback" open><summary>{}</summary>{}</details>', table_label, content)


def _embed_json(value: Any) -> SafeString:
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":")).translate(_ESCAPES)
    return mark_safe(text)  # noqa: S308  # every character that could end the element is escaped above
