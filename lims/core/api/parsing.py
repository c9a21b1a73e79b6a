"""JSON as it comes in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from io import BytesIO
from typing import IO, Any

from rest_framework.parsers import JSONParser

from lims.core.errors import Invalid, Problem

HALF_CHARACTER = "This text holds half a character, which no text can keep. Take it out."


class TextParser(JSONParser):
    """JSON whose texts are text: half a character (a surrogate without its partner, as in `"\\ud800"`) could be neither kept nor told back
    in the refusal."""

    def parse(self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None) -> Any:
        body = stream.read()
        values = super().parse(BytesIO(body), media_type, parser_context)
        # Only an escape can bring one in: a body without any is not searched.
        if b"\\u" in body:
            problems = [Problem(pointer, "not_storable", HALF_CHARACTER) for pointer in _halves(values, "")]
            if problems:
                raise Invalid("not_storable", f"{problems[0].pointer or 'body'}: {HALF_CHARACTER}", problems=problems)
        return values


def _halves(value: Any, pointer: str) -> Iterator[str]:
    if isinstance(value, str):
        if not _is_text(value):
            yield pointer
    elif isinstance(value, list):
        for index, one in enumerate(value):
            yield from _halves(one, f"{pointer}/{index}")
    elif isinstance(value, dict):
        for name, one in value.items():
            # A name that is no text cannot be told either: its place is the object.
            yield from _halves(one, f"{pointer}/{name}") if _is_text(name) else [pointer]


def _is_text(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True
