"""The reference drawn from the code is current: `tools/write_reference.py` writes it."""

from __future__ import annotations

import pytest

from lims.core.roles import MATRIX, Action
from tests.architecture.code import ROOT
from tools.write_reference import write_pages

PAGES = write_pages()


@pytest.mark.parametrize("name", sorted(PAGES))
def test_the_written_reference_is_what_the_code_says(name: str) -> None:
    assert (ROOT / "docs/reference" / name).read_text() == PAGES[name], "run .venv/bin/python tools/write_reference.py"


def test_every_action_and_address_stands_in_the_reference() -> None:
    page = PAGES["permissions.md"]
    assert all(f"`{action.value}`" in page for action in Action)
    assert page.count("●") == sum(len(roles) for roles in MATRIX.values())
    assert "`/api/v1/samples/<str:code>/custody/`" in page
