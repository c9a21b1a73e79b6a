"""Who may import whom."""

from __future__ import annotations

import ast
import configparser
import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture.code import ROOT

_CONTRACTS = configparser.ConfigParser()
_CONTRACTS.read(ROOT / ".importlinter")
_PURE = _CONTRACTS["importlinter:contract:pure"]["source_modules"].split()


def test_every_import_obeys_the_contracts() -> None:
    linted = subprocess.run(
        [sys.executable, "-c", "from importlinter.cli import lint_imports_command as lint; lint()", "--no-cache"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert linted.returncode == 0, linted.stdout[-6000:] + linted.stderr


@pytest.mark.parametrize("module", _PURE)
def test_a_package_of_pure_code_has_an_empty_init(module: str) -> None:
    """Importing a formula must not import anything else on the way."""
    parts = module.split(".")
    for depth in range(1, len(parts) + 1):
        init = ROOT.joinpath(*parts[:depth], "__init__.py")
        if init.exists():
            body = ast.parse(init.read_text()).body
            assert not [node for node in body if not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))], init


@pytest.mark.parametrize("module", _PURE)
def test_pure_code_is_imported_without_django(module: str) -> None:
    code = f"import importlib, sys; importlib.import_module({module!r}); sys.exit('django' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0


def test_no_module_is_called_by_what_it_is_not() -> None:
    """A name such as `utils` takes everything in and tells nothing."""
    vague = {"utils", "util", "helpers", "common", "misc", "base", "stuff", "tools2"}
    found = [path for package in ("lims", "samples", "assays") for path in Path(ROOT / package).rglob("*.py") if path.stem in vague]
    assert not found
