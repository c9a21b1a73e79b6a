"""The product knows which one it is."""

from __future__ import annotations

import re
from pathlib import Path

from django.conf import settings

from lims.core.release import VERSION, find_commit

_ROOT = Path(__file__).resolve().parents[3]


def test_the_version_is_the_newest_of_the_changelog() -> None:
    versions = re.findall(r"^## \[(\d+\.\d+\.\d+)\]", (_ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert versions[0] == VERSION


def test_the_commit_is_the_one_named_or_empty_or_that_of_the_checkout(monkeypatch) -> None:
    find_commit.cache_clear()
    assert re.fullmatch(r"[0-9a-f]{40}|", find_commit())
    find_commit.cache_clear()
    monkeypatch.setattr(settings, "COMMIT", "abc123")
    assert find_commit() == "abc123"
    find_commit.cache_clear()
