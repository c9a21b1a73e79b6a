"""The template tags: data that cannot break out of its element, assets of the own origin, a fallback in words."""

from __future__ import annotations

import json
import re
from typing import Any

from django.template import Context, Template

from lims.charts.funnel import FunnelStep, funnel_chart


def render(source: str, **context: Any) -> str:
    return Template("{% load charts %}" + source).render(Context(context))


def test_a_chart_carries_its_specification_and_its_fallback() -> None:
    spec = funnel_chart([FunnelStep("Collected", 3)])
    html = render("{% chart spec %}<table><tr><td>3 collected</td></tr></table>{% endchart %}", spec=spec)
    data = re.search(r'<script type="application/json">(.*?)</script>', html)
    assert data
    assert json.loads(data[1]) == spec
    assert '<div class="chart-fallback"><table><tr><td>3 collected</td></tr></table></div>' in html


def test_a_table_with_a_label_can_be_opened_under_the_chart() -> None:
    source = "{% chart spec table_label=label %}<p>3</p>{% endchart %}"
    html = render(source, spec=funnel_chart([FunnelStep("A", 3)]), label="As a <table>")
    assert '<details class="chart-fallback" open><summary>As a &lt;table&gt;</summary><p>3</p></details>' in html


def test_a_name_that_closes_the_element_stays_data() -> None:
    hostile = "</script><script>alert(1)</script>&"
    html = render("{% chart spec %}-{% endchart %}", spec=funnel_chart([FunnelStep(hostile, 3)]))
    assert html.count("<script") == 1
    data = re.search(r'<script type="application/json">(.*?)</script>', html)
    assert data
    assert json.loads(data[1])["data"]["values"][0]["step"] == hostile


def test_a_chart_from_an_address_names_it_escaped() -> None:
    html = render("{% chart url=url height=300 %}-{% endchart %}", url='/charts/?a=1&b="2"')
    assert 'data-chart-url="/charts/?a=1&amp;b=&quot;2&quot;"' in html
    assert 'height="300"' in html


def test_nothing_in_the_page_needs_an_inline_style_or_script() -> None:
    html = render("{% chart_assets %}{% chart spec %}-{% endchart %}", spec=funnel_chart([FunnelStep("A", 1)]))
    assert " style=" not in html
    assert "<style" not in html
    for attributes in re.findall(r"<script([^>]*)>", html):
        assert 'type="application/json"' in attributes or 'src="/' in attributes
    assert "http" not in re.sub(r"https://vega\.github\.io/schema[^\"]*", "", html)
