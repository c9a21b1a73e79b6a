"""The stack starts before anything is installed, so it may lean on nothing but Python."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest

from tests.stack.project import SOURCE


@pytest.mark.parametrize("path", sorted((SOURCE / "lims" / "stack").glob("*.py")), ids=lambda path: path.name)
def test_the_stack_imports_the_standard_library_and_itself_only(path: Path) -> None:
    allowed = {*sys.stdlib_module_names, "lims.stack"}
    assert {name for name in imported_by(path) if name not in allowed} == set()


def imported_by(path: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        modules = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        modules += [str(node.module)] if isinstance(node, ast.ImportFrom) else []
        names |= {"lims.stack" if module.startswith("lims.stack") else module.split(".")[0] for module in modules}
    return names
