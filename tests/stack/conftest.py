"""Each test that starts servers does so in a checkout of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.stack.project import Project


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    """A checkout nobody else touches."""
    project = Project.make(tmp_path / "project")
    yield project
    project.remove()


@pytest.fixture(scope="module")
def addresses(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """The addresses of servers that run for a whole module of tests."""
    project = Project.make(tmp_path_factory.mktemp("shared") / "project")
    _, environment = project.hold()
    yield environment
    project.remove()
