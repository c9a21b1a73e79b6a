"""Preparation, weighing, planning, the instrument's file and the review with the keyboard alone: Tab, Enter and typing, never a click; and
wherever the focus goes, it can be seen."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from selenium.common.exceptions import StaleElementReferenceException, WebDriverException
from selenium.webdriver import ActionChains, Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.wait import WebDriverWait

from assays.models import Run
from lims.accounts.models import User
from lims.core.assets import prepare_assets
from tests.browsing import browser_of, in_browser, served
from tests.factories.bench import grant_competence, make_instrument, make_received_samples, make_submission
from tests.factories.measurement import make_export
from tests.factories.people import PASSWORD, Cast, make_cast

pytestmark = in_browser

MOST_TABS = 150
FOCUSED = """
const at = document.activeElement, label = at.labels && at.labels.length ? at.labels[0].textContent : "";
const seen = (one) => { const style = getComputedStyle(one);
  return (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0) || style.boxShadow !== "none"; };
const box = at.getBoundingClientRect();
return {tag: at.tagName.toLowerCase(), name: (at.getAttribute("aria-label") || label || at.textContent || "").replace(/\\s+/g, " ").trim(),
  field: at.name || "", row: at.closest("tr[data-code]") ? at.closest("tr[data-code]").dataset.code : "",
  visible: at === document.body || seen(at) || [...(at.labels || [])].some(seen), size: box.width * box.height};
"""


class Keyboard:
    """Somebody without a mouse."""

    def __init__(self, browser: Chrome, address: str) -> None:
        self.browser, self.address = browser, address
        # A browser without a window never has the window's focus, and then shows none.
        browser.execute_cdp_cmd("Emulation.setFocusEmulationEnabled", {"enabled": True})

    def sit_down(self, person: User) -> None:
        """Another person at the same keyboard, signed in, at the first page."""
        client = Client()
        client.force_login(person)
        self.browser.delete_all_cookies()
        self.browser.add_cookie({"name": settings.SESSION_COOKIE_NAME, "value": client.cookies[settings.SESSION_COOKIE_NAME].value})
        self.browser.get(f"{self.address}/")

    @property
    def here(self) -> dict[str, Any]:
        """What has the focus; that it can be seen is asserted each time."""
        found: dict[str, Any] = self.browser.execute_script(FOCUSED)
        assert found["visible"], f"the focus on {found} cannot be seen at {self.browser.current_url}"
        return found

    def type(self, *keys: str) -> None:
        """Keys where the focus is."""
        ActionChains(self.browser).send_keys(*keys).perform()

    def tab_to(self, words: str, tag: str = "") -> None:
        """Tab forward until the focus stands on what begins with these words."""
        passed = []
        for _ in range(MOST_TABS):
            self.type(Keys.TAB)
            here = self.here
            if here["name"].startswith(words) and tag in {"", here["tag"]}:
                return
            passed.append(here["name"][:30])
        raise AssertionError(f"no Tab leads to “{words}” at {self.browser.current_url}: {passed}\n{self.text()}")

    def enter(self, words: str, tag: str = "") -> None:
        """Tab to a link or button and press Enter; it leads to a new page."""
        self.tab_to(words, tag)
        self.leave(Keys.ENTER)

    def leave(self, *keys: str) -> None:
        """Keys that lead to a new page."""
        left = self.browser.find_element(By.TAG_NAME, "html")
        self.type(*keys)
        WebDriverWait(self.browser, 30, 0.05).until(lambda _: self._is_new(left), f"still at {self.browser.current_url}")

    def _is_new(self, left: Any) -> bool:
        try:
            left.is_enabled()
            return False
        except (StaleElementReferenceException, WebDriverException):
            return bool(self.browser.execute_script("return document.readyState") == "complete")

    def text(self) -> str:
        return " ".join(self.browser.find_element(By.TAG_NAME, "main").text.split())

    def rows(self) -> list[str]:
        """The codes of the rows that are to be filled, as the page lists them."""
        return [str(row.get_attribute("data-code")) for row in self.browser.find_elements(By.CSS_SELECTOR, "tr[data-code]")]


@pytest.fixture
def cast(fresh_database: str) -> Cast:
    """Everybody, an instrument, two samples received with their tests."""
    cast = make_cast()
    for person, activity in ((cast.analyst, "measure"), (cast.reviewer, "review")):
        grant_competence(cast, person, activity)
    make_instrument(cast)
    make_submission(cast, make_received_samples(cast, 2))
    return cast


@pytest.fixture
def keyboard(cast: Cast, tmp_path: Path) -> Iterator[Keyboard]:
    prepare_assets(checkout=Path(settings.BASE_DIR), build_dir=Path(settings.BUILD_DIR))
    with served() as address, browser_of(cast.technician, address, tmp_path / "browser") as browser:
        yield Keyboard(browser, address)


def fill_rows(keyboard: Keyboard, *entries: tuple[str, ...]) -> None:
    """Each row: its code at the scan field, then its amounts, each with Enter; Enter alone at the end stores them."""
    for code, entry in zip(keyboard.rows(), entries, strict=True):
        assert keyboard.here["tag"] == "input", "the page waits for a code without a click"
        keyboard.type(code, Keys.ENTER)
        for amount in entry:
            assert keyboard.here["row"] == code, "a scanned code leads into its row"
            keyboard.type(amount, Keys.ENTER)
    keyboard.leave(Keys.ENTER)


def test_the_bench_is_worked_from_preparation_to_review_without_a_mouse(keyboard: Keyboard, cast: Cast, tmp_path: Path) -> None:
    keyboard.sit_down(cast.technician)
    keyboard.enter("Preparation", "a")
    fill_rows(keyboard, ("50", "40", "92"), ("50", "41", "93"))
    assert "No sample waits for preparation" in keyboard.text()
    keyboard.enter("Weighing", "a")
    fill_rows(keyboard, ("0.1001",), ("0.0999",))
    assert "No test waits to be weighed" in keyboard.text()
    keyboard.enter("Weigh a duplicate", "a")
    fill_rows(keyboard, ("0.1002",)) if len(keyboard.rows()) == 1 else fill_rows(keyboard, ("0.1002",), ())

    keyboard.sit_down(cast.analyst)
    keyboard.enter("Plan a run", "a")
    keyboard.enter("Propose a tray", "button")
    keyboard.enter("Plan the run", "button")
    run = Run.objects.get()
    export = tmp_path / "batch.xlsx"
    export.write_bytes(make_export(run))
    keyboard.tab_to("Scan", "input")
    keyboard.type(run.code)
    keyboard.leave(Keys.ENTER)
    keyboard.enter("Bring its file", "a")
    keyboard.tab_to("File", "input")
    # The dialogue of the system is not the page's: the path is what it would hand over.
    keyboard.browser.switch_to.active_element.send_keys(str(export))
    keyboard.enter("Read the file", "button")
    keyboard.enter("Open the run", "a")
    assert "quality control passed" in keyboard.text().lower()

    keyboard.sit_down(cast.reviewer)
    keyboard.enter("Review", "a")
    assert run.code in keyboard.text()
    keyboard.tab_to("Review", "a")
    while "/review/" not in str(keyboard.browser.switch_to.active_element.get_attribute("href")) or run.code not in str(
        keyboard.browser.switch_to.active_element.get_attribute("href")
    ):
        keyboard.tab_to("Review", "a")
    keyboard.leave(Keys.ENTER)
    keyboard.tab_to("Your password, again", "input")
    keyboard.type(PASSWORD)
    keyboard.enter("Approve", "button")
    run.refresh_from_db()
    assert run.state == "reviewed"
