"""One page of every template that a role can open, held against WCAG 2.2 AA by axe-core, in light and in dark.

The pages are those of `tests/access/table.csv`, with the objects of its world behind them; a new page is looked at by itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from django.conf import settings
from django.http import HttpResponse
from django.template.loader import get_template
from django.template.loader_tags import ExtendsNode
from selenium.webdriver import Chrome

from lims.core.assets import prepare_assets
from lims.core.pages import Page
from lims.core.roles import Role
from tests.access.test_access import read_table
from tests.access.world import World, make_world
from tests.browsing import browser_of, in_browser, served

AXE = Path(settings.BASE_DIR) / "node_modules" / "axe-core" / "axe.min.js"
RULES = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}}
CONTRAST = "color-contrast"
WITHOUT_CONTRAST = {**RULES, "rules": {CONTRAST: {"enabled": False}}}
CONTRAST_ALONE = {"runOnly": {"type": "rule", "values": [CONTRAST]}}
pytestmark = [
    *in_browser,
    pytest.mark.skipif(not AXE.exists(), reason="axe-core is not installed (`make setup` does it): accessibility is not tried."),
]

# Only the grave findings come back, as sentences: everything else axe-core knows of a page is large.
CHECK = """
const [options, done] = arguments;
const place = options.runOnly.type === "rule" ? { include: window.unmet } : document;
const name = (node) => `${node.html.slice(0, 160)}: ${node.failureSummary}`;
axe.run(place, {...options, resultTypes: ["violations"]}).then(
    (found) => done(found.violations.filter((one) => ["serious", "critical"].includes(one.impact))
        .flatMap((one) => one.nodes.map((node) => `${one.id}: ${name(node)}`))),
    (error) => done([String(error)]),
);
"""

# What colours can hang on: every element's name with each of its classes, and what it stands in. Gives the kinds that were not met before,
# and keeps the elements that are of them.
UNMET = """
const met = new Set(arguments[0]);
const of = (element) => element.localName + [...element.classList].map((name) => "." + name).sort().join("");
const kind = (node) => of(node.parentElement) + ">" + of(node);
window.unmet = [...document.querySelectorAll("body *")].filter((node) => !met.has(kind(node)));
return [...new Set(window.unmet.map(kind))];
"""


@pytest.fixture
def world(fresh_database: str) -> World:
    """Everybody, and something behind every address."""
    return make_world()


@pytest.fixture
def browser(world: World, tmp_path: Path) -> Iterator[Chrome]:
    """One browser for everybody in turn; `browser.get("/…")` needs the address before it."""
    prepare_assets(checkout=Path(settings.BASE_DIR), build_dir=Path(settings.BUILD_DIR))
    with served() as address, browser_of(world.cast.collector, address, tmp_path) as browser:
        # Every page that is opened has axe-core at hand; the browser compiles the same text once.
        browser.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": AXE.read_text(encoding="utf-8")})
        yield browser


def pages_of(world: World) -> Iterator[tuple[str, str]]:
    """Who opens which path: one address for each template, by the first role that is let in. Files, parts of pages and redirections are
    no pages."""
    seen: set[str] = set()
    rows = [(address, row) for (address, method), row in read_table().items() if method == "GET" and not address.startswith("api/")]
    for role in Role:
        for address, row in rows:
            if row[role.value] != "200" or address in seen:
                continue
            template, path = template_behind(world, role.value, address)
            if template and template not in seen:
                yield role.value, path
            # Everybody's start page has the same address.
            seen |= {template} if address == "" else {template, address}


def template_behind(world: World, role: str, address: str) -> tuple[str, str]:
    """The template of the whole page that answers there, or nothing, and the path. Our own pages need not be drawn for that: the browser
    draws them soon enough."""
    named: list[str] = []

    def name_template(page: Page, context: dict[str, Any], *, status: int = 200, template: str | None = None) -> HttpResponse:
        named.append(template or page.template)
        return HttpResponse()

    with patch.object(Page, "render", name_template):
        answer = world.knock(role, "GET", address)
    path = answer.request["PATH_INFO"]
    if named:
        return (named[0] if isinstance(get_template(named[0]).template.nodelist[0], ExtendsNode) else ""), path
    return (answer.templates[0].name if answer.templates and b"<html" in answer.content else ""), path


def sign_in(browser: Chrome, world: World, caller: str) -> None:
    """The browser of this person from here on."""
    value = world.web[caller].cookies[settings.SESSION_COOKIE_NAME].value
    browser.delete_all_cookies()
    browser.add_cookie({"name": settings.SESSION_COOKIE_NAME, "value": value})


def look_at(browser: Chrome, met: set[str]) -> list[str]:
    """What shuts somebody out of the page in the browser: all rules, and contrast in light and in dark. Colours hang on kinds of elements:
    only those of kinds that were not met on earlier pages are measured for contrast."""
    found: list[str] = browser.execute_async_script(CHECK, WITHOUT_CONTRAST)
    unmet = browser.execute_script(UNMET, sorted(met))
    if unmet:
        met |= set(unmet)
        found += browser.execute_async_script(CHECK, CONTRAST_ALONE)
        browser.execute_script("document.documentElement.dataset.theme = 'dark'")
        found += [f"dark: {one}" for one in browser.execute_async_script(CHECK, CONTRAST_ALONE)]
    return found


def test_no_page_shuts_anybody_out(world: World, browser: Chrome) -> None:
    base = browser.current_url.split("/sign-in/")[0]
    browser.delete_all_cookies()
    browser.refresh()
    met: set[str] = set()
    faults = [f"signing in: {fault}" for fault in look_at(browser, met)]
    browser.execute_script("document.querySelector('main label').remove()")
    assert any("label" in fault for fault in look_at(browser, met)), "a lost label is not found, so nothing is"
    signed_in, seen = "", 0
    for role, path in pages_of(world):
        if role != signed_in:
            sign_in(browser, world, signed_in := role)
        browser.get(base + path)
        seen += 1
        faults += [f"{path} ({role}): {fault}" for fault in look_at(browser, met)]
    assert seen > 60
    assert not faults, "\n".join(faults)
