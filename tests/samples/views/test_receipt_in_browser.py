"""The receipt sheet in a real browser, with a scanner's and a keyboard's means alone."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.contrib.staticfiles.handlers import StaticFilesHandler
from django.core.servers.basehttp import ThreadedWSGIServer, WSGIRequestHandler
from django.core.wsgi import get_wsgi_application
from django.db import connections
from django.test import Client
from django.urls import reverse
from selenium.webdriver import Chrome, ChromeOptions, ChromeService
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.wait import WebDriverWait

from samples.models import Consignment, Discrepancy, Sample
from tests.factories.consignments import make_arrived, samples_of
from tests.factories.people import Cast, make_cast
from tests.factories.samples import make_samples

CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
SWITCHES = ["--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-sync"]
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not (CHROMIUM and DRIVER), reason="No Chromium is installed: the receipt sheet is not tried in a browser."),
]


class Quiet(WSGIRequestHandler):
    """Writes no log, and leaves no connection to a database that is dropped after the test."""

    def log_message(self, *arguments: Any) -> None:
        """Nothing."""

    def handle(self) -> None:
        try:
            super().handle()
        finally:
            connections.close_all()


@pytest.fixture
def crowd(fresh_database: str) -> Cast:
    """The cast of a database in which everything is committed, for the server's threads to see."""
    return make_cast()


@pytest.fixture
def address(crowd: Cast) -> Iterator[str]:
    """The product, served."""
    server = ThreadedWSGIServer(("127.0.0.1", 0), Quiet, connections_override={})
    server.set_app(StaticFilesHandler(get_wsgi_application()))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join(10)


@pytest.fixture
def browser(crowd: Cast, address: str, tmp_path: Path) -> Iterator[Chrome]:
    """A browser in which the receptionist is signed in."""
    options = ChromeOptions()
    options.binary_location = CHROMIUM or ""
    for switch in [*SWITCHES, f"--user-data-dir={tmp_path}", "--window-size=1400,1000"]:
        options.add_argument(switch)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = Chrome(options=options, service=ChromeService(DRIVER))
    client = Client()
    client.force_login(crowd.receptionist)
    driver.get(f"{address}{reverse('login')}")
    driver.add_cookie({"name": settings.SESSION_COOKIE_NAME, "value": client.cookies[settings.SESSION_COOKIE_NAME].value})
    yield driver
    driver.quit()


def press(browser: Chrome, *texts: str) -> None:
    """Type each text where the focus is and press Enter, as a scanner does."""
    for text in texts:
        field = browser.switch_to.active_element
        field.send_keys(text)
        browser.switch_to.active_element.send_keys(Keys.ENTER)


def focused(browser: Chrome) -> str:
    return str(browser.switch_to.active_element.get_attribute("id"))


def test_reception_needs_no_mouse_until_its_end(browser: Chrome, address: str, crowd: Cast) -> None:
    consignment = make_arrived(crowd, 3)
    first, second, _ = samples_of(consignment)
    (stray,) = make_samples(crowd)
    browser.get(f"{address}{reverse('samples:consignment-receive', args=[consignment.code])}")
    assert focused(browser) == "receipt-scan"

    press(browser, first.code.lower())
    assert focused(browser) == f"{first.pk.hex}-seal"
    press(browser, "intact", str(first.seal_number), "ok", "1", str(first.mass_g))
    assert focused(browser) == "receipt-scan", "after the mass comes the next bag"
    press(browser, str(second.seal_number))
    assert focused(browser) == f"{second.pk.hex}-seal", "a bag may be scanned by its seal"
    press(browser, "broken", "", "damaged", "1", str(second.mass_g))
    press(browser, stray.code)
    assert focused(browser) == "stray0-seal"
    assert "Not on the list" in browser.find_element("id", "receipt-said").text
    press(browser, "intact", str(stray.seal_number), "ok", "1", str(stray.mass_g))
    assert browser.find_element("id", "receipt-count").text == "2"

    browser.find_element("id", "missing_confirmed").click()
    browser.find_element("css selector", "form[data-receipt] button.primary").click()
    WebDriverWait(browser, 20).until(lambda shown: "/receipts/" in urlsplit(shown.current_url).path)
    assert Consignment.objects.get().state == "received"
    found = {(one.sample.code, one.kind) for one in Discrepancy.objects.select_related("sample")}
    third = Sample.objects.get(consignment_items__consignment=consignment, state="in_transit")
    assert found == {(second.code, "seal_broken"), (second.code, "container"), (stray.code, "unexpected"), (third.code, "missing")}
    assert [line["message"] for line in browser.get_log("browser") if "Content Security Policy" in line["message"]] == []


def test_no_page_of_a_consignment_is_wider_than_the_screen(browser: Chrome, address: str, crowd: Cast) -> None:
    consignment = make_arrived(crowd, 2)
    names = ("consignment", "consignment-receive", "consignment-handover", "consignment-acknowledge")
    pages = [
        reverse("samples:consignments"),
        reverse("samples:incoming"),
        *(reverse(f"samples:{name}", args=[consignment.code]) for name in names),
    ]
    for width in (360, 1400):
        screen = {"width": width, "height": 800, "deviceScaleFactor": 1, "mobile": width < 600}
        browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", screen)
        for page in pages:
            browser.get(f"{address}{page}")
            assert browser.execute_script("return document.documentElement.scrollWidth") <= width, (page, width)
