"""typst: plain data in, deterministic PDF out.

A template is a file of `templates/`; the data travel beside it as JSON and are never part of its source, so no text can become code. The
fonts are those that `prepare_assets` laid down and no others. Papers are PDF/A-2a and PDF/UA-1 (tagged); the same data and time give the
same bytes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from pathlib import Path
from threading import Lock
from typing import Any

import typst
from django.conf import settings

from lims.core.errors import DomainError

TEMPLATES = Path(__file__).parent / "templates"
STANDARDS: list[typst.PDFStandard] = ["a-2a", "ua-1"]

_compiling = Lock()  # one compiler per process, and a worker may run threads


def render_pdf(template: str, data: Mapping[str, Any], *, timestamp: datetime, svgs: Mapping[str, str] | None = None) -> bytes:
    """The PDF of `templates/<template>.typ` filled with `data`.

    `data` is anything JSON holds; the template reads it from `sys.inputs.data`. `svgs` are drawings by name, read by the template from
    `sys.inputs.at("svg:" + name)`. `timestamp` (with a zone) becomes the file's creation time. Raises `DomainError` when fonts are missing
    (`fonts_missing`), when a text uses a character that no font has (`character_without_font`) or when the template fails
    (`document_failed`).
    """
    if timestamp.tzinfo is None:
        raise ValueError("The timestamp of a paper needs a time zone.")
    inputs = {"data": json.dumps(data, ensure_ascii=False, sort_keys=True)}
    inputs |= {f"svg:{name}": svg for name, svg in (svgs or {}).items()}
    with _compiling:
        try:
            pdf, warnings = _compiler(str(settings.FONT_DIR)).compile_with_warnings(
                input=str(TEMPLATES / f"{template}.typ"),
                format="pdf",
                sys_inputs=inputs,
                pdf_standards=STANDARDS,
                timestamp=int(timestamp.timestamp()),
            )
        except typst.TypstError as error:
            raise _refusal(template, error) from error
    if warnings or not isinstance(pdf, bytes):
        reasons = "; ".join(warning.message for warning in warnings) or "no file was made"
        raise DomainError("document_failed", f"The paper '{template}' was not set cleanly: {reasons}. Tell the administrator.")
    return pdf


@cache
def _compiler(font_dir: str) -> typst.Compiler:
    fonts = typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[font_dir])
    if not {"Inter", "JetBrains Mono", "Noto Sans Devanagari", "Noto Sans Myanmar"} <= set(fonts.families()):
        raise DomainError("fonts_missing", f"The fonts for papers are not in {font_dir}. Run `python manage.py prepare_assets` first.")
    return typst.Compiler(root=str(TEMPLATES), font_paths=fonts)


def _refusal(template: str, error: typst.TypstError) -> DomainError:
    character = re.search(r'the text `"(.+)"` could not be displayed', error.message)
    if character:
        return DomainError(
            "character_without_font",
            f"The text “{character[1]}” holds a character that no installed font can print. "
            "Write it in Latin, Devanagari or Burmese script and issue the paper again.",
            details={"text": character[1]},
        )
    return DomainError("document_failed", f"The paper '{template}' could not be made: {error.message}. Tell the administrator.")
