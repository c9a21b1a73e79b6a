"""The texts that the source marks for translation, read without GNU gettext, under the keys that catalogues keep them by."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from django.utils.translation.template import templatize

from lims.core.catalogues import catalogue_key

SPEAKING = ("lims", "samples", "assays", "templates")
"""The folders whose texts people read."""

FIELD = (
    "lims/core/history.py",
    "lims/core/templatetags/*.py",
    "lims/settings.py",
    "lims/workspace/field_work.py",
    "lims/workspace/scanning.py",
    "lims/workspace/start_pages.py",
    "samples/allotments/models.py",
    "samples/consignment_manifest.py",
    "samples/consignment_navigation.py",
    "samples/custody/kinds.py",
    "samples/field_navigation.py",
    "samples/forms/allotments.py",
    "samples/forms/consignment*.py",
    "samples/forms/departures.py",
    "samples/forms/discrepancies.py",
    "samples/forms/places.py",
    "samples/forms/receipts.py",
    "samples/forms/sample_filters.py",
    "samples/forms/sampling.py",
    "samples/forms/straying.py",
    "samples/forms/visit_filters.py",
    "samples/lifecycle.py",
    "samples/models/consignments.py",
    "samples/models/handling.py",
    "samples/models/imports.py",
    "samples/models/papers.py",
    "samples/models/places.py",
    "samples/models/receipts.py",
    "samples/models/routes.py",
    "samples/models/samples.py",
    "samples/models/seals.py",
    "samples/models/visits.py",
    "samples/safety_navigation.py",
    "samples/sample_labels.py",
    "samples/selectors/allotments.py",
    "samples/selectors/consignments.py",
    "samples/selectors/journeys.py",
    "samples/selectors/receipts.py",
    "samples/selectors/routes.py",
    "samples/selectors/sample_page.py",
    "samples/selectors/seals.py",
    "samples/sheet_template.py",
    "samples/templatetags/samples.py",
    "samples/views/departures.py",
    "samples/views/handovers.py",
    "samples/views/imports.py",
    "samples/views/meetings.py",
    "samples/views/packing.py",
    "samples/views/places.py",
    "samples/views/receipts.py",
    "samples/views/samples.py",
    "samples/views/straying.py",
    "templates/base.html",
    "templates/dossiers/panel.html",
    "templates/errors/*.html",
    "templates/partials/*.html",
    "templates/plain.html",
    "templates/registration/*.html",
    "templates/reports/grade_*.html",
    "templates/samples/allotments/*.html",
    "templates/samples/consignments/*.html",
    "templates/samples/correct*.html",
    "templates/samples/discrepancies/*.html",
    "templates/samples/facts.html",
    "templates/samples/family.html",
    "templates/samples/handling.html",
    "templates/samples/hold.html",
    "templates/samples/import*.html",
    "templates/samples/list.html",
    "templates/samples/looks/reveal.html",
    "templates/samples/mine*.html",
    "templates/samples/photo*.html",
    "templates/samples/place_form.html",
    "templates/samples/provenance/consignment_panel.html",
    "templates/samples/register.html",
    "templates/samples/safety/panel.html",
    "templates/samples/sample.html",
    "templates/samples/sampling_fields.html",
    "templates/samples/seals/*.html",
    "templates/samples/split.html",
    "templates/samples/steps.html",
    "templates/samples/visit*.html",
    "templates/storage/sample_panel.html",
    "templates/workspace/home.html",
    "templates/workspace/item.html",
)
"""What collectors, custodians and receptionists read: translated whole."""

_CALLS = {"_", *(f"{kind}gettext{late}" for kind in ("", "n", "p", "np") for late in ("", "_lazy")), "gettext_noop"}
_STRING = r"""u?(?:"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')"""
_IN_TEMPLATE = re.compile(rf"\b(?:_|n?p?gettext)\(\s*{_STRING}(?:\s*,\s*{_STRING})*")


def speaking_files(root: Path, patterns: tuple[str, ...] = ("**/*.py", "**/*.html")) -> list[Path]:
    """The files below `root` with texts that people read, of those that match."""
    found = {path for pattern in patterns for path in root.glob(pattern)}
    return sorted(path for path in found if path.suffix in {".py", ".html"} and path.relative_to(root).parts[0] in SPEAKING)


def marked_texts(path: Path) -> set[str]:
    """The keys of every text that a Python file or a template marks. A text that is not written out where it is marked cannot be found."""
    source = path.read_text(encoding="utf-8")
    if path.suffix == ".py":
        return set(_of_calls(ast.parse(source)))
    calls = (f"{found[0]})" for found in _IN_TEMPLATE.finditer(templatize(source)))
    return {key for call in calls for key in _of_calls(ast.parse(call))}


def _of_calls(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and (name := _name(node.func)) in _CALLS:
            written = [value.value for value in node.args if isinstance(value, ast.Constant) and isinstance(value.value, str)]
            context = written.pop(0) if name.lstrip("n").startswith("pgettext") and written else ""
            if written:
                yield catalogue_key(written[0], context, written[1] if name.startswith("n") and len(written) > 1 else "")


def _name(called: ast.expr) -> str:
    return called.id if isinstance(called, ast.Name) else called.attr if isinstance(called, ast.Attribute) else ""
