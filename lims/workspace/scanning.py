"""What a person scanned or typed: cleaned, then opened, or told why it opens nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

from django.urls import Resolver404, resolve
from django.utils.translation import gettext as _

from lims.core.codes import NOUNS, check_code, has_code_shape, tidy_scanned
from lims.core.errors import Invalid
from lims.core.panels import resolve_scan

LONGEST = 300


@dataclass(frozen=True)
class Scanned:
    """Where a scan leads: an address, or a sentence that says why it leads nowhere."""

    url: str = ""
    refusal: str = ""


def open_scanned(text: str, user: Any) -> Scanned:
    """The page that what was scanned opens for this person. What is another's and what does not exist read the same."""
    text = "".join(sign for sign in text if sign.isprintable()).strip()[:LONGEST]
    if page := _own_page(text):
        return Scanned(url=page)
    code = tidy_scanned(_code_in(text))
    if not code:
        return Scanned(refusal=_("Nothing was scanned. Hold the reader closer, or type the code."))
    if address := resolve_scan(code, user):
        return Scanned(url=address)
    return Scanned(refusal=_explain(code))


def _own_page(text: str) -> str:
    """The verification page of a certificate's QR: only its path is followed, whatever host the symbol names."""
    path = urlsplit(text).path if "/verify/" in text else ""
    try:
        return path if resolve(path).view_name == "reports:verify" else ""
    except Resolver404:
        return ""


def _code_in(text: str) -> str:
    """The code of a label that holds the address of the scan box, else the text itself."""
    parts = urlsplit(text) if text.lower().startswith(("http://", "https://")) else None
    return parse_qs(parts.query).get("code", [text])[0] if parts else text


def _explain(code: str) -> str:
    try:
        if has_code_shape(code):
            noun = NOUNS[check_code(code).split("-")[0]]
            return _("There is no %(noun)s %(code)s that you may see. Ask whoever holds it.") % {"noun": noun, "code": code}
    except Invalid as error:
        return error.message
    return _("“%(code)s” is no code, seal or certificate that you may see. Scan the label again or type what stands on it.") % {
        "code": code
    }
