"""Checks that every template compiles and obeys the content security policy: no inline script, style or event handler.

The browser refuses such parts without a word to the person at the screen, so they must not get that far. Exit code 1 when there are any.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
FORBIDDEN = {
    r"<script(?![^>]*\bsrc=)(?![^>]*\btype=[\"']application/(?:ld\+)?json[\"'])[^>]*>": "an inline script: put it into a static file",
    r"<style\b": "a style element: put it into a style sheet",
    r"<[a-z][^>]*\sstyle\s*=": "a style attribute: give the element a class",
    r"<[a-z][^>]*\s(?:on[a-z]+|hx-on[:a-z-]*)\s*=": "an event handler attribute: listen in a static script",
    r"(?:href|src|action)\s*=\s*[\"']javascript:": "a javascript: address",
}


def find_problems(path: Path) -> Iterator[str]:
    """What is wrong with one template, as `line: sentence`."""
    text = re.sub(r"{#.*?#}|<!--.*?-->", lambda match: "\n" * match[0].count("\n"), path.read_text(encoding="utf-8"), flags=re.DOTALL)
    for pattern, sentence in FORBIDDEN.items():
        for match in re.finditer(pattern, text, re.IGNORECASE):
            yield f"{text[: match.start()].count(chr(10)) + 1}: {sentence}"


def main() -> int:
    """Print every problem of every template of the project."""
    sys.path.insert(0, str(PROJECT))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "lims.settings")
    import django
    from django.template import TemplateSyntaxError, engines
    from django.template.backends.django import DjangoTemplates

    django.setup()
    engine = engines["django"]
    assert isinstance(engine, DjangoTemplates)  # noqa: S101 - the project has no other engine
    folders = [
        Path(folder) for folder in engine.template_dirs if Path(folder).is_relative_to(PROJECT) and ".venv" not in Path(folder).parts
    ]
    templates = sorted((folder, path) for folder in folders for path in folder.rglob("*") if path.suffix in {".html", ".txt"})
    problems = []
    for folder, path in templates:
        try:
            engine.get_template(path.relative_to(folder).as_posix())
        except TemplateSyntaxError as error:
            problems.append(f"{path.relative_to(PROJECT)}: {error}")
        problems += [f"{path.relative_to(PROJECT)}:{problem}" for problem in find_problems(path)]
    sys.stdout.writelines(f"{problem}\n" for problem in problems)
    sys.stdout.write(f"{len(templates)} templates checked, {len(problems)} problems.\n")
    return 1 if problems or not templates else 0


if __name__ == "__main__":
    sys.exit(main())
