"""Read the XML parts of an office archive with expat: streamed, without document types, and every kind of damage one refusal."""

from __future__ import annotations

import re
import struct
import zipfile
import zlib
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from xml.parsers import expat

from .model import ParseError, Place

DAMAGED = "The workbook is damaged or was cut off while it was copied. Export it again and upload the new file."
_CHUNK = 64 * 1024
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")


@contextmanager
def refuse_damage(place: Place | None = None) -> Iterator[None]:
    """Turn whatever a damaged archive or damaged XML raises into a refusal."""
    try:
        yield
    except (
        LookupError,  # raised for an encoding that does not exist
        zipfile.BadZipFile,
        zlib.error,
        EOFError,
        OSError,
        struct.error,
        NotImplementedError,
        RuntimeError,
        ValueError,
        expat.ExpatError,
    ) as error:
        raise ParseError("workbook_damaged", DAMAGED, place) from error


def _refuse_doctype(*_: object) -> None:
    raise ParseError(
        "document_type",
        "The workbook declares an XML document type, which no export does and which could pull in other files. Nothing was read.",
    )


class PartReader:
    """An expat parser with local names, fed part by part. Subclasses define what an element's beginning and end mean."""

    def __init__(self) -> None:
        self._parser = expat.ParserCreate()
        self._parser.buffer_text = True
        self._parser.StartDoctypeDeclHandler = _refuse_doctype
        self._parser.StartElementHandler = lambda name, attributes: self.start(name.rpartition(":")[2], attributes)
        self._parser.EndElementHandler = lambda name: self.end(name.rpartition(":")[2])
        self._parser.CharacterDataHandler = self.characters

    def read(self, archive: zipfile.ZipFile, path: str) -> Iterator[None]:
        """Feed the part; pauses after each piece so that a caller may take what is ready. Reading to the end also checks the part's CRC."""
        with archive.open(path) as part:
            while chunk := part.read(_CHUNK):
                self._parser.Parse(chunk, False)
                yield
        self._parser.Parse(b"", True)
        yield

    def read_all(self, archive: zipfile.ZipFile, path: str) -> None:
        deque(self.read(archive, path), maxlen=0)

    def start(self, name: str, attributes: dict[str, str]) -> None: ...
    def end(self, name: str) -> None: ...
    def characters(self, text: str) -> None: ...


def unescape(text: str) -> str:
    """Characters XML cannot hold are written `_x000D_` (22.9.2.19)."""
    return _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text) if "_x" in text else text
