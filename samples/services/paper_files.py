"""Scans and documents that come from outside: accepted by what they are, not by what they call themselves."""

from __future__ import annotations

from lims.core.errors import DomainError, Invalid, Problem
from lims.core.files import StoredFile, store_bytes
from samples.services.photographing import TooLarge, read_picture

MOST_BYTES = 15 * 2**20
PDF = "application/pdf"
# What a PDF may hold to act by itself when it is opened; no customs paper needs it.
_ACTIVE = (b"/JavaScript", b"/JS ", b"/JS(", b"/JS<", b"/Launch", b"/EmbeddedFile", b"/RichMedia", b"/XFA")


def read_document(data: bytes) -> str:
    """The content type of a PDF, JPEG, PNG or WebP file. A picture is decoded whole; a PDF must begin and end as one and hold nothing that
    acts by itself. Raises `TooLarge`, `Invalid('not_a_document' | 'active_document')`."""
    if len(data) > MOST_BYTES:
        raise TooLarge("file_too_large", f"The file is larger than {MOST_BYTES // 2**20} MB. Scan it with a lower resolution.")
    if not data.startswith(b"%PDF-"):
        try:
            return read_picture(data)[0]
        except Invalid as error:
            raise _refusal("not_a_document", "This is neither a PDF nor a picture that can be read. Send a PDF, JPEG or PNG.") from error
    if b"%%EOF" not in data[-2048:]:
        raise _refusal("not_a_document", "This PDF is cut off. Scan or save it again.")
    if any(sign in data for sign in _ACTIVE):
        raise _refusal("active_document", "This PDF holds a script, a form program or another file. Print it to a plain PDF and send that.")
    return PDF


def _refusal(code: str, detail: str) -> DomainError:
    return Invalid(code, detail, problems=[Problem("/file", code, detail)])


def keep_document(data: bytes) -> tuple[StoredFile, str]:
    """Check and store a document; where it is kept, and its content type."""
    content_type = read_document(data)
    return store_bytes("papers", data), content_type
