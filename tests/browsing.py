"""The product served to a real browser, for tests of what only a browser does."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

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

CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
SWITCHES = ["--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-sync"]
in_browser = [
    pytest.mark.browser,
    pytest.mark.skipif(not (CHROMIUM and DRIVER), reason="No Chromium is installed: what only a browser does is not tried."),
]


class _Quiet(WSGIRequestHandler):
    """Writes no log, and leaves no connection to a database that is dropped after the test."""

    def log_message(self, *arguments: Any) -> None:
        """Nothing."""

    def handle(self) -> None:
        try:
            super().handle()
        finally:
            connections.close_all()


@contextmanager
def served() -> Iterator[str]:
    """The product at an address of its own."""
    server = ThreadedWSGIServer(("127.0.0.1", 0), _Quiet, connections_override={})
    server.set_app(StaticFilesHandler(get_wsgi_application()))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)


@contextmanager
def browser_of(user: Any, address: str, folder: Path) -> Iterator[Chrome]:
    """A browser in which the user is signed in."""
    options = ChromeOptions()
    options.binary_location = CHROMIUM or ""
    for switch in [*SWITCHES, f"--user-data-dir={folder}", "--window-size=1400,1000"]:
        options.add_argument(switch)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = Chrome(options=options, service=ChromeService(DRIVER))
    try:
        client = Client()
        client.force_login(user)
        driver.get(f"{address}{reverse('login')}")
        driver.add_cookie({"name": settings.SESSION_COOKIE_NAME, "value": client.cookies[settings.SESSION_COOKIE_NAME].value})
        yield driver
    finally:
        driver.quit()


def press(browser: Chrome, *texts: str) -> None:
    """Type each text where the focus is and press Enter, as a scanner does."""
    for text in texts:
        browser.switch_to.active_element.send_keys(text)
        browser.switch_to.active_element.send_keys(Keys.ENTER)


def focused(browser: Chrome) -> str:
    """The name of the field that has the focus."""
    return str(browser.switch_to.active_element.get_attribute("name"))


def policy_violations(browser: Chrome) -> list[str]:
    """What the Content-Security-Policy refused."""
    return [line["message"] for line in browser.get_log("browser") if "Content Security Policy" in line["message"]]


def script_errors(browser: Chrome) -> list[str]:
    """What broke in a script of the page."""
    return [line["message"] for line in browser.get_log("browser") if "Uncaught" in line["message"]]
