"""What stands in the project's folders, for the tests of its form."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.urls import URLPattern, URLResolver, get_resolver

ROOT: Path = settings.BASE_DIR
PACKAGES = ("lims", "samples", "assays")
FOLDERS = (*PACKAGES, "templates", "tests", "bench", "tools", "docs")


def files(*suffixes: str) -> list[Path]:
    """The project's own files with these endings, without what tools wrote."""
    found = [path for folder in FOLDERS for path in (ROOT / folder).rglob("*") if path.suffix in suffixes]
    return sorted(path for path in found if not {"__pycache__", "node_modules"} & set(path.parts))


def is_ours(thing: Any) -> bool:
    """Whether a class or function is the project's, not a library's."""
    module = inspect.getmodule(thing)
    return module is not None and module.__name__.split(".")[0] in PACKAGES


def views() -> Iterator[tuple[str, Any]]:
    """Every address with the class or function that answers it; Django's own admin is left to Django."""
    yield from _walk(get_resolver().url_patterns, "")


def _walk(patterns: list[URLPattern | URLResolver], before: str) -> Iterator[tuple[str, Any]]:
    for pattern in patterns:
        address = f"{before}{pattern.pattern}"
        if isinstance(pattern, URLResolver):
            if pattern.app_name != "admin":
                yield from _walk(pattern.url_patterns, address)
        else:
            callback = pattern.callback
            yield address, getattr(callback, "view_class", getattr(callback, "cls", callback))
