"""Somebody at a browser who uses the pages as they are: reads, types, clicks, scans. Every page they see is looked at for what no page may
do: speak to another address, break its own security policy, come without a title."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from selenium.common.exceptions import StaleElementReferenceException, WebDriverException
from selenium.webdriver import Chrome, ChromeOptions, ChromeService
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.select import Select
from selenium.webdriver.support.wait import WebDriverWait

from lims.accounts.models import User
from tests.browsing import CHROMIUM, DRIVER, SWITCHES
from tests.factories.people import PASSWORD

# Generous: a machine that runs other things beside the tests answers slowly.
PATIENCE = 30.0
ACTIONABLE = "self::a or self::button or self::summary"


@contextmanager
def open_browser(folder: Path) -> Iterator[Chrome]:
    """A browser that notes what it asks for and what it complains of."""
    options = ChromeOptions()
    options.binary_location = CHROMIUM or ""
    for switch in [*SWITCHES, f"--user-data-dir={folder}", "--window-size=1400,1000", "--lang=en"]:
        options.add_argument(switch)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    browser = Chrome(options=options, service=ChromeService(DRIVER))
    try:
        yield browser
    finally:
        browser.quit()


class Visitor:
    """One browser window. Selectors are what people see: words of links and buttons, labels of fields."""

    def __init__(self, browser: Chrome, address: str) -> None:
        self.browser = browser
        self.address = address
        self.asked: list[str] = []
        self.complaints: list[str] = []

    # --- Going places

    def open(self, path: str) -> None:
        """Type an address of the product."""
        self.browser.get(path if path.startswith("http") else self.address + path)
        self._look()

    def sign_in(self, person: User) -> None:
        """Through the form, from the page one is sent to."""
        self.open("/")
        self.fill("Username", person.username)
        self.fill("Password", PASSWORD)
        self.press("Sign in")
        assert self.focus() == "code", "whoever signs in can scan at once"

    def sign_out(self) -> None:
        """Through the account menu."""
        self.browser.find_element(By.CSS_SELECTOR, "details.who > summary").click()
        self.press("Sign out")

    def press(self, words: str) -> None:
        """Follow a link, or press a button, that leads to a new page."""
        self._leave(self.find_action(words).click)

    def sign(self, words: str) -> None:
        """Give the password again and press the button of the signature."""
        self.fill("Your password, again", PASSWORD)
        self._leave(self.find_action(words, "//form[contains(@class, 'signature')]").click)

    def scan(self, code: str) -> None:
        """A hand-held scanner at the scan box: the code and Enter."""
        box = self.browser.find_element(By.ID, "scan")
        self._leave(lambda: box.send_keys(code, Keys.ENTER))

    def unfold(self, words: str) -> None:
        """Open what is folded away under these words."""
        self.find_action(words).click()

    def _leave(self, act: Callable[[], object]) -> None:
        left = self.browser.find_element(By.TAG_NAME, "html")
        act()
        self.wait(lambda: self._is_gone(left), "the page is left")
        self.wait(lambda: self.browser.execute_script("return document.readyState") == "complete", "the next page is there")
        self._look()

    @staticmethod
    def _is_gone(element: WebElement) -> bool:
        try:
            element.is_enabled()
        except StaleElementReferenceException:
            return True
        except WebDriverException as error:
            # What the driver says when it is asked in the very moment the page goes.
            if "does not belong to the document" in str(error):
                return True
            raise
        return False

    # --- Reading

    @property
    def path(self) -> str:
        return urlsplit(self.browser.current_url).path

    def text(self, selector: str = "body") -> str:
        """What can be read there, in one line."""
        return " ".join(self.browser.find_element(By.CSS_SELECTOR, selector).text.split())

    def title_code(self) -> str:
        """The code in the head of the page."""
        return self.browser.find_element(By.CSS_SELECTOR, "main h1 code").text

    def blocked(self, words: str) -> str:
        """The reasons beside a button that cannot be pressed."""
        (button,) = (one for one in self.browser.find_elements(By.CSS_SELECTOR, ".action .blocked") if one.text.strip() == words)
        return button.find_element(By.XPATH, "following-sibling::*").text

    def find_action(self, words: str, *places: str) -> WebElement:
        """The link, button or folded head that reads so; in the page itself before the frame around it."""
        for place in places or ("//main", "//body"):
            found = self.browser.find_elements(By.XPATH, f'{place}//*[{ACTIONABLE}][descendant-or-self::*[normalize-space()="{words}"]]')
            shown = [one for one in found if one.is_displayed()]
            if shown:
                return shown[0]
        raise AssertionError(f"nothing reads “{words}” on {self.path}: {self.text()}")

    def focus(self) -> str:
        """The name of the field that has the focus."""
        return str(self.browser.switch_to.active_element.get_attribute("name"))

    def wait(self, condition: Callable[[], object], what: str) -> None:
        """Until it holds; what is asked of an element that was just replaced is asked again."""
        ignored = [StaleElementReferenceException]
        WebDriverWait(self.browser, PATIENCE, 0.05, ignored).until(lambda _: condition(), f"waited in vain: {what}; at {self.path}")

    # --- Writing

    def field(self, label: str) -> WebElement:
        """The field under a label that begins with these words."""
        for one in self.browser.find_elements(By.XPATH, f'//label[starts-with(normalize-space(), "{label}")][@for]'):
            if one.is_displayed():
                return self.browser.find_element(By.ID, str(one.get_attribute("for")))
        raise AssertionError(f"no field “{label}” on {self.path}: {self.text()}")

    def fill(self, label: str, value: str) -> None:
        """Type into a field in place of what stands there."""
        field = self.field(label)
        if field.tag_name == "select":
            self._choose(field, value)
        elif field.get_attribute("type") == "file":
            field.send_keys(value)
        elif field.get_attribute("type") == "datetime-local":
            # Which keys a browser takes for a date depends on where it thinks it is.
            self.browser.execute_script("arguments[0].value = arguments[1]", field, value)
        else:
            field.clear()
            field.send_keys(value)

    @staticmethod
    def _choose(field: WebElement, words: str) -> None:
        select = Select(field)
        (option,) = (one.text for one in select.options if words in one.text)
        select.select_by_visible_text(option)

    def tick(self, label: str) -> None:
        """Choose an answer or tick a box by the words beside it."""
        if not (field := self.field(label)).is_selected():
            field.click()

    def type(self, *texts: str) -> None:
        """Type each text where the focus is, then Enter: what a keyboard or a scanner at it does."""
        for text in texts:
            self.browser.switch_to.active_element.send_keys(text)
            self.browser.switch_to.active_element.send_keys(Keys.ENTER)

    def type_away(self, *texts: str) -> None:
        """The same, where the last Enter leads to a new page."""
        *before, last = texts
        self.type(*before)
        self._leave(lambda: self.type(last))

    # --- What no page may do

    def _look(self) -> None:
        assert self.browser.title.split("·")[0].strip(), f"{self.path} has no title of its own"
        self.listen()

    def listen(self) -> None:
        """Take up what the browser asked for and complained of since."""
        for line in self.browser.get_log("performance"):
            event = json.loads(line["message"])["message"]
            if event["method"] == "Network.requestWillBeSent":
                self.asked.append(event["params"]["request"]["url"])
        self.complaints += [line["message"] for line in self.browser.get_log("browser") if line["level"] in {"WARNING", "SEVERE"}]

    @property
    def strangers(self) -> list[str]:
        """Addresses other than the product's that were asked for over a network; a browser's own pages are inside it."""
        return [one for one in self.asked if one.startswith(("http", "ws")) and not one.startswith(f"{self.address}/")]
