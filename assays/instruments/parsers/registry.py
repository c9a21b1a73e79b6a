"""Every format the product reads. A new one is a module with `FORMAT`, `TITLE`, `recognise` and `parse`, listed in `PARSERS`."""

from __future__ import annotations

from typing import Protocol

from . import (
    bruker_spectraplus,
    bruker_titan,
    json_readings,
    masshunter,
    olympus_vanta,
    panalytical_superq,
    rigaku,
    thermo_arl,
    thermo_niton,
    xrf_bead,
)
from .model import ParsedExport, ParseError
from .source import Source, open_source


class Parser(Protocol):
    """A module that reads one family of exports. `recognise` looks at content alone; `parse` may raise `ParseError` and nothing else."""

    FORMAT: str
    TITLE: str

    def recognise(self, source: Source) -> bool: ...
    def parse(self, source: Source) -> ParsedExport: ...


PARSERS: tuple[Parser, ...] = (
    masshunter,
    olympus_vanta,
    thermo_niton,
    bruker_titan,
    bruker_spectraplus,
    panalytical_superq,
    thermo_arl,
    rigaku,
    xrf_bead,
    json_readings,
)


def parse(name: str, data: bytes) -> ParsedExport:
    """Read an export by its content. `name` is the file's name: for messages, and as the sample's name in a format that holds no other;
    no part of it decides how the content is read.

    Raises `ParseError`, with the place and the remedy, for whatever cannot be read without guessing.
    """
    try:
        source = open_source(name, data)
        for parser in PARSERS:
            if parser.recognise(source):
                return parser.parse(source)
    except ParseError:
        raise
    except Exception as error:
        # A file must never take an import down with it. The cause stays attached for the log; tests hold that this code is not reached.
        raise ParseError(
            "unforeseen", "The file could not be read. Export it again; if that does not help, send it to the maintainers."
        ) from error
    known = "; ".join(parser.TITLE for parser in PARSERS)
    raise ParseError(
        "unknown_format",
        f"The file is no export known here: its header rows were not recognised. Known are: {known}.",
        source.tables[0].place(1) if source.tables else None,
    )
