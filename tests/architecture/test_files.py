"""The form of files: size, and what pages may load."""

from __future__ import annotations

import re

from django.contrib.staticfiles import finders

from tests.architecture.code import ROOT, files

_LONGEST = 700
# Where text enters a page unescaped, each for a reason.
_UNESCAPED = {
    "lims/core/templatetags/rendering.py": "the output of our own partial, which escaped what it was given",
    "lims/core/templatetags/ui.py": "markup written there, and content a template has rendered already",
    "lims/core/templatetags/values.py": "markup written there",
    "lims/core/templatetags/lists.py": "content a template has rendered already",
    "lims/charts/templatetags/charts.py": "JSON whose <, > and & are escaped there",
    "templates/django/forms/field.html": "help texts, which are our own and may hold a link, as in Django's template",
    "samples/views/meetings.py": "the QR of an address of ours, drawn by us",
}
_FOREIGN = re.compile(
    r"""<(?:script|link|img|iframe|source|video|audio|form|use)\b[^>]*?\b(?:src|href|srcset|action|data)\s*=\s*["']?\s*(?:https?:)?//"""
    r"""|url\(\s*["']?(?:https?:)?//|@import\s|\bfetch\(\s*["'](?:https?:)?//|importScripts\(""",
    re.IGNORECASE,
)


def test_no_file_is_longer_than_anyone_reads() -> None:
    lengths = {
        path: len(path.read_text().splitlines()) for path in files(".py", ".html", ".js", ".typ", ".md") if "migrations" not in path.parts
    }
    assert len(lengths) > 300
    assert not {str(path.relative_to(ROOT)): length for path, length in lengths.items() if length > _LONGEST}


def test_unescaped_text_enters_pages_only_where_it_is_explained() -> None:
    unescaped = re.compile(r"\bmark_safe\(|\bSafeString\(|\|\s*safe\b|\bsafeseq\b|autoescape off")
    sources = [path for path in files(".py", ".html", ".txt") if path.relative_to(ROOT).parts[0] not in {"tests", "docs"}]
    found = {str(path.relative_to(ROOT)) for path in sources if unescaped.search(path.read_text())}
    assert found == set(_UNESCAPED)


def test_pages_and_styles_load_nothing_from_another_server() -> None:
    sources = [path for path in files(".html", ".css", ".js", ".svg") if path.relative_to(ROOT).parts[0] not in {"tests", "docs"}]
    assert len(sources) > 60
    assert not [str(path.relative_to(ROOT)) for path in sources if _FOREIGN.search(path.read_text())]


def test_every_static_file_a_template_names_exists() -> None:
    """What `prepare_assets` lays down counts: tests run after it."""
    named = {
        (name, str(path.relative_to(ROOT)))
        for path in files(".html")
        for name in re.findall(r"""{%\s*static\s+["']([^"']+)["']\s*%}""", path.read_text())
    }
    assert named
    assert not [(name, where) for name, where in named if finders.find(name) is None]
