"""What an instrument's request may carry: a form with a file, a raw file, or readings as JSON."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import unquote

from django.conf import settings
from rest_framework.parsers import BaseParser, MultiPartParser
from rest_framework.request import Request

from assays.instruments.ingest import TooLarge
from lims.core.errors import DomainError, Invalid, Problem

# Never an instrument's export; everything else is looked at, whatever the sender calls it.
_FOREIGN = re.compile(r"(image|audio|video|font|model)/|application/x-www-form-urlencoded|multipart/|text/html")
# What a form adds around its file.
_FORM_SPACE = 2**20


class UnsupportedMedia(DomainError):
    """A content type that carries no export (415)."""

    kind = "media_type"


class RawFileParser(BaseParser):
    """The request's body is the file."""

    media_type = "*/*"

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:
        refuse_foreign_media(media_type or "")
        return stream.read()


class FormParser(MultiPartParser):
    """A form with the file in `file`; only `multipart/form-data`."""


class JsonBytesParser(BaseParser):
    """JSON left as it came: every digit of a number counts."""

    media_type = "application/json"

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:
        return stream.read()


def refuse_foreign_media(media_type: str) -> None:
    """Raise for a content type that cannot be an export."""
    if _FOREIGN.match(media_type.lower()):
        message = (
            f"{media_type.split(';')[0]} is no instrument export. Send the file as the instrument's software exports it, or as form data."
        )
        raise UnsupportedMedia("unsupported_media_type", message)


def refuse_long_body(request: Request) -> None:
    """Raise before anything is read when the body announces more than is taken."""
    try:
        announced = int(request.META.get("CONTENT_LENGTH") or 0)
    except ValueError:
        announced = 0
    limit = settings.MAX_UPLOAD_BYTES
    if announced > limit + _FORM_SPACE:
        raise TooLarge(
            "too_large", f"The body has {announced / 2**20:.0f} MB; at most {limit // 2**20} MB are taken. Export one batch at a time."
        )


def read_file(request: Request) -> tuple[str, bytes, str]:
    """Name, bytes and named run of an uploaded file: of the form, or of the raw body with its headers and query."""
    if not (request.content_type or "").startswith("multipart/"):
        data = request.data if isinstance(request.data, bytes) else b""
        return _name_of_raw(request), data, request.query_params.get("run", "")
    files = request.FILES.getlist("file")
    if len(files) != 1:
        message = "Send exactly one file in the form's member `file`."
        raise Invalid("file", message, problems=[Problem("/file", "file", message)])
    run = str(request.data.get("run") or request.query_params.get("run", ""))
    return files[0].name or "", files[0].read(), run


def _name_of_raw(request: Request) -> str:
    """The file's name as `Content-Disposition` (RFC 6266, also its extended form) or `X-Filename` give it."""
    disposition = request.headers.get("Content-Disposition", "")
    extended = re.search(r"filename\*\s*=\s*utf-8''([^;]+)", disposition, re.IGNORECASE)
    if extended:
        return unquote(extended[1].strip())
    plain = re.search(r'filename\s*=\s*(?:"([^"]*)"|([^;]+))', disposition, re.IGNORECASE)
    if plain:
        return (plain[1] or plain[2] or "").strip()
    return unquote(request.headers.get("X-Filename", ""))
