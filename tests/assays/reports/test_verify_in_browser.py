"""The PDF in one's hand, compared inside the browser: it is never sent."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

from selenium.webdriver.support.wait import WebDriverWait

from assays.reports.content import verify_url
from lims.core.files import read_bytes
from tests.browsing import browser_of, in_browser, policy_violations, served
from tests.factories.people import make_cast
from tests.factories.release import make_issued

pytestmark = in_browser


def test_file_in_ones_hand_is_compared_without_being_sent(fresh_database: str, tmp_path: Path) -> None:
    cast = make_cast()
    certificate = make_issued(cast)
    right, wrong = tmp_path / "right.pdf", tmp_path / "wrong.pdf"
    right.write_bytes(read_bytes("certificates", certificate.artefacts.get().sha256))
    wrong.write_bytes(right.read_bytes() + b"\n")
    with served() as address, browser_of(cast.collector, address, tmp_path / "profile") as browser:
        browser.get(address + urlsplit(verify_url(certificate)).path)
        field, answer = browser.find_element("id", "paper"), browser.find_element("id", "paper-answer")
        for file, words in [(right, "This is the file that was issued."), (wrong, "This is not the file that was issued.")]:
            field.send_keys(str(file))
            WebDriverWait(browser, 20).until(lambda _, words=words: words in answer.text)
        assert policy_violations(browser) == []
