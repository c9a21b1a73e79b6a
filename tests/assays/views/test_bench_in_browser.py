"""Bench entry in a real browser, with a scanner's and a keyboard's means alone."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from django.urls import reverse
from selenium.webdriver import Chrome
from selenium.webdriver.support.wait import WebDriverWait

from assays.models import Aliquot, Preparation
from tests.browsing import browser_of, focused, in_browser, policy_violations, press, script_errors, served
from tests.factories.bench import make_instrument, make_prepared, make_received_samples, make_submission, make_weighed, method_version
from tests.factories.people import Cast, make_cast

pytestmark = in_browser


@pytest.fixture
def crowd(fresh_database: str) -> Cast:
    """The cast of a database in which everything is committed, for the server's threads to see."""
    return make_cast()


@pytest.fixture
def address(crowd: Cast) -> Iterator[str]:
    with served() as address:
        yield address


@pytest.fixture
def browser(crowd: Cast, address: str, tmp_path: Path) -> Iterator[Chrome]:
    """The technician's browser."""
    with browser_of(crowd.technician, address, tmp_path) as browser:
        yield browser


def test_preparation_needs_no_mouse(browser: Chrome, address: str, crowd: Cast) -> None:
    for page in ("preparation", "weighing", "leaching", "steps"):
        browser.get(f"{address}{reverse(f'assays:{page}')}")
    assert script_errors(browser) == [], "where nothing waits nothing breaks"
    first, second = sorted(make_received_samples(crowd, 2), key=lambda sample: sample.blind_code)
    make_submission(crowd, [first, second])
    browser.get(f"{address}{reverse('assays:preparation')}")
    assert focused(browser) == "q"
    press(browser, second.blind_code.lower())
    assert focused(browser) == "row-1-wet_mass_g"
    press(browser, "50.0000", "37.125")
    assert focused(browser) == "row-1-sieve_passing_percent"
    assert "25.75 %" in browser.find_element("css selector", f"tr[data-code='{second.blind_code}'] [data-moisture]").text
    press(browser, first.blind_code)
    assert focused(browser) == "row-0-wet_mass_g", "a code scanned into a number is jumped to"
    assert browser.find_element("name", "row-1-sieve_passing_percent").get_attribute("value") == ""
    press(browser, "B-1")
    assert "B-1 is not on this page" in browser.find_element("css selector", "[data-said]").text
    press(browser, "40", "30", "88", "", "", "", "")
    WebDriverWait(browser, 20).until(lambda _: Preparation.objects.count() == 2)
    assert {one.wet_mass_g for one in Preparation.objects.all()} == {Decimal("50.0000"), Decimal("40.0000")}
    assert policy_violations(browser) == []


def test_weighing_needs_no_mouse(browser: Chrome, address: str, crowd: Cast) -> None:
    samples = make_received_samples(crowd, 2)
    make_submission(crowd, samples)
    make_prepared(crowd, samples)
    browser.get(f"{address}{reverse('assays:weighing')}")
    press(browser, samples[0].blind_code)
    at = focused(browser)
    assert at.endswith("-mass_g")
    other = "row-1-mass_g" if at == "row-0-mass_g" else "row-0-mass_g"
    press(browser, f"0.1002{samples[1].blind_code}")
    assert focused(browser) == other, "the number typed before the scan stays"
    browser.switch_to.active_element.send_keys("0.0998")
    browser.switch_to.active_element.submit()
    WebDriverWait(browser, 20).until(lambda _: Aliquot.objects.count() == 2)
    weighed = {one.test.sample.blind_code: one.mass_g for one in Aliquot.objects.select_related("test__sample")}
    assert weighed == {samples[0].blind_code: Decimal("0.10020"), samples[1].blind_code: Decimal("0.09980")}


def test_no_page_of_the_bench_is_wider_than_the_screen(browser: Chrome, address: str, crowd: Cast) -> None:
    samples = make_received_samples(crowd, 3)
    submission = make_submission(crowd, samples)
    make_prepared(crowd, samples)
    make_weighed(crowd, submission, duplicates=1)
    make_instrument(crowd)
    more = make_submission(crowd, make_received_samples(crowd, 2), ["FUS-MS", "LCH-MS"])
    pages = [
        *(reverse(f"assays:{name}") for name in ("methods", "materials", "submissions", "preparation", "weighing")),
        reverse("assays:method", args=["FUS-MS", 1]),
        reverse("assays:material", args=["OREAS 464"]),
        reverse("assays:submission", args=[more.code]),
        reverse("assays:run-plan", query={"method": str(method_version()), "instrument": "ICPMS-1"}),
    ]
    for width in (360, 1400):
        screen = {"width": width, "height": 800, "deviceScaleFactor": 1, "mobile": width < 600}
        browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", screen)
        for page in pages:
            browser.get(f"{address}{page}")
            assert browser.execute_script("return document.documentElement.scrollWidth") <= width, (page, width)
    assert policy_violations(browser) == []
