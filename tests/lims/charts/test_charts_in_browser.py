"""Every chart in a real browser under the product's Content-Security-Policy: drawn, in the page's colours, without a complaint."""

from __future__ import annotations

import re
import shutil
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.contrib.staticfiles.finders import find
from django.template import Context, Template

from lims.charts.funnel import FunnelStep, funnel_chart

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
POLICY = "; ".join(f"{name} {' '.join(sources)}" for name, sources in settings.CONTENT_SECURITY_POLICY["DIRECTIVES"].items())
TYPES = {".js": "text/javascript", ".css": "text/css", ".woff2": "font/woff2"}

PAGE = """{% load charts static %}<!doctype html><html lang="en" data-theme="dark"><head><meta charset="utf-8"><title>Charts</title>
<link rel="icon" href="data:,"><link rel="stylesheet" href="{% static 'lims/css/tokens.css' %}">{% chart_assets %}</head><body>
{% for name, spec in charts.items %}<section id="{{ name }}">
{% chart spec table_label="As a table" %}<p>Words of {{ name }}</p>{% endchart %}</section>{% endfor %}
</body></html>"""

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="No Chromium is installed: charts are not tried in a browser."),
]


def serve(pages: dict[str, str], assets: Path) -> ThreadingHTTPServer:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            name = self.path.removeprefix("/static/").lstrip("/")
            file = assets / name if (assets / name).is_file() else Path(find(name) or "/none")
            if self.path not in pages and not file.is_file():
                return self.send_error(404)
            self.send_response(200)
            self.send_header("Content-Type", TYPES.get(file.suffix, "text/html; charset=utf-8"))
            self.send_header("Content-Security-Policy", POLICY)
            self.end_headers()
            self.wfile.write(pages[self.path].encode() if self.path in pages else file.read_bytes())

        def log_message(self, *arguments: Any) -> None:
            """Quiet."""

    return ThreadingHTTPServer(("127.0.0.1", 0), Handler)


@pytest.fixture
def pages() -> dict[str, str]:
    """What the server of the test answers, by path."""
    return {}


@pytest.fixture
def address(pages: dict[str, str]) -> Iterator[str]:
    server = serve(pages, Path(settings.ASSETS_DIR))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def load(url: str, profile: Path) -> tuple[str, list[str]]:
    """The page as it stands after its scripts ran, and what the browser's console said."""
    assert CHROMIUM
    switches = ["--headless=new", "--no-sandbox", "--disable-gpu", "--enable-logging=stderr", "--virtual-time-budget=15000"]
    run = subprocess.run(
        [CHROMIUM, *switches, f"--user-data-dir={profile}", "--window-size=1200,2400", "--dump-dom", url],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    return run.stdout, [line for line in run.stderr.splitlines() if "CONSOLE" in line]


def test_all_charts_are_drawn_under_the_strict_policy(charts: dict[str, Any], pages: dict[str, str], address: str, tmp_path: Path) -> None:
    pages["/"] = Template(PAGE).render(Context({"charts": charts}))
    page, console = load(f"{address}/", tmp_path)
    assert console == []
    for name in charts:
        section = page.split(f'id="{name}"')[1].split("</section>")[0]
        assert 'data-chart-state="drawn"' in section, name
        assert re.search(r'<svg[^>]*class="marks"', section), name
        assert '<details class="chart-fallback"><summary>' in section, name
    assert 'fill="var(--dysprosium)"' in page


def test_a_chart_that_cannot_be_had_leaves_its_words_and_the_others(pages: dict[str, str], address: str, tmp_path: Path) -> None:
    source = "{% load charts %}{% chart url='/missing.json' %}<p>Words</p>{% endchart %}{% chart spec %}-{% endchart %}"
    figures = Template(source).render(Context({"spec": funnel_chart([FunnelStep("Collected", 3)])}))
    pages["/"] = Template("{% load charts %}<!doctype html><title>t</title>{% chart_assets %}").render(Context()) + figures
    page, console = load(f"{address}/", tmp_path)
    assert page.count('data-chart-state="failed"') == 1
    assert page.count('data-chart-state="drawn"') == 1
    assert any("/missing.json answered 404" in line for line in console)
