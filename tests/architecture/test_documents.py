"""What the documents speak of exists."""

from __future__ import annotations

import importlib
import re
from pathlib import Path

import pytest
from django.core.management import get_commands

from tests.architecture.code import FOLDERS, ROOT

_DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_CODE = re.compile(r"`([^`\n]+)`")
_FILE = re.compile(
    r"(?:lims|samples|assays|tests|templates|docs|bench|tools|var)/[\w./-]*|[\w-]+\.(?:toml|txt|json)|Makefile|\.importlinter|\.ci/run"
)
_MODULE = re.compile(r"(?:lims|samples|assays)(?:\.[A-Za-z_]\w*)+")
_TARGETS = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
_OURS = [path for folder in FOLDERS for path in (ROOT / folder).rglob("*")]
# Made when the product runs, or inside an archive it makes, so not in a fresh checkout.
_MADE_LATER = ("var/", "credentials.json", "examples.json", "README.txt")


def _names_ours(ending: str) -> bool:
    """Whether a file of ours ends so: documents name files from the folder they speak of."""
    return any(str(path).endswith(f"/{ending.rstrip('/')}") for path in _OURS)


def _exists(dotted: str) -> bool:
    parts = dotted.split(".")
    for depth in range(len(parts), 0, -1):
        try:
            found = importlib.import_module(".".join(parts[:depth]))
        except ImportError:
            continue
        for name in parts[depth:]:
            if not hasattr(found, name):
                return False
            found = getattr(found, name)
        return True
    return False


@pytest.mark.parametrize("path", _DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_leads_somewhere(path: Path) -> None:
    targets = [target.split("#")[0] for target in _LINK.findall(path.read_text()) if "://" not in target]
    assert not [target for target in targets if target and not (path.parent / target).exists()]


@pytest.mark.parametrize("path", _DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_file_and_module_a_document_names_exists(path: Path) -> None:
    names = [name.strip() for name in _CODE.findall(path.read_text())]
    files = [name for name in names if _FILE.fullmatch(name) and not name.startswith(_MADE_LATER) and "…" not in name]
    assert not [name for name in files if not (ROOT / name).exists() and not (path.parent / name).exists() and not _names_ours(name)]
    assert not [name for name in names if _MODULE.fullmatch(name.rstrip("()")) and not _exists(name.rstrip("()"))]


@pytest.mark.parametrize("path", _DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_command_a_document_names_exists(path: Path) -> None:
    text = path.read_text()
    assert set(re.findall(r"manage\.py ([a-z_]+)", text)) <= set(get_commands()) | {"help"}
    assert set(re.findall(r"\bmake ([a-z][a-z-]+)\b(?=[`\s)]*(?:`|$|[A-Z]+=))", text, re.MULTILINE)) <= _TARGETS


def test_every_decision_is_in_the_list_of_decisions() -> None:
    folder = ROOT / "docs" / "adr"
    listed = set(_LINK.findall((folder / "README.md").read_text()))
    assert listed == {path.name for path in folder.glob("[0-9]*.md")}
    numbers = sorted(int(name[:4]) for name in listed)
    assert numbers == list(range(1, len(numbers) + 1))


def test_every_pinned_package_is_explained() -> None:
    lines = [line for name in ("requirements.txt", "requirements-dev.txt") for line in (ROOT / name).read_text().splitlines()]
    pinned = {line.partition("==")[0] for line in lines if line and line[0] not in "#-"}
    assert all("==" in line for line in lines if line and line[0] not in "#-")
    explained = set(re.findall(r"[A-Za-z0-9][\w.-]*[A-Za-z0-9]", (ROOT / "docs/adr/0002-dependencies.md").read_text()))
    assert not pinned - explained
