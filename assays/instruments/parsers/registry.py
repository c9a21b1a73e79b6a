"""Every format the product reads. A new one is a module with `FORMAT`, `TITLE`, `recognise` and `read`, listed in `PARSERS`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from . import (
    agilent_icp_expert,
    agilent_spectraa,
    astm_e1394,
    bruker_spectraplus,
    bruker_titan,
    geochem_delivery,
    json_readings,
    masshunter,
    olympus_vanta,
    panalytical_superq,
    perkinelmer_syngistix,
    perkinelmer_winlab32,
    rigaku,
    shimadzu_icpe,
    thermo_arl,
    thermo_niton,
    thermo_qtegra,
    xrf_bead,
)
from .model import Item, Notes, ParsedExport, ParsedReading, ParsedRow, ParseError, Place
from .source import Source, open_source

MOST_READINGS = 500_000
"""How many readings `parse` collects; `read` has no such limit, since it keeps none."""


class Parser(Protocol):
    """A module that reads one family of exports. `recognise` looks at content alone, at the family's own header signature, so that no
    file is recognised by two; `read` yields each row before its readings and may raise `ParseError` and nothing else."""

    FORMAT: str
    TITLE: str

    def recognise(self, source: Source) -> bool: ...
    def read(self, source: Source, notes: Notes) -> Iterator[Item]: ...


PARSERS: tuple[Parser, ...] = (
    masshunter,
    agilent_icp_expert,
    agilent_spectraa,
    thermo_qtegra,
    perkinelmer_syngistix,
    perkinelmer_winlab32,
    shimadzu_icpe,
    olympus_vanta,
    thermo_niton,
    bruker_titan,
    bruker_spectraplus,
    panalytical_superq,
    thermo_arl,
    rigaku,
    xrf_bead,
    geochem_delivery,
    astm_e1394,
    json_readings,
)


@dataclass(frozen=True)
class OpenedExport:
    """An export about to be read. `notes` are complete when `items` has come to its end; where it raises, nothing yielded counts."""

    format: str
    items: Iterator[Item]
    notes: Notes


def read(name: str, file: bytes | Path) -> OpenedExport:
    """Read an export by its content, in memory that does not grow with it. `name` is for messages, and the
    sample's name in a format that holds no other; no part of it decides how the content is read.

    Raises `ParseError`, with the place and the remedy, for whatever cannot be read without guessing: at once, or while `items` is gone
    through.
    """
    with _refuse_unforeseen():
        source = open_source(name, file)
        parser = _find_parser(source)
        notes = Notes()
        return OpenedExport(parser.FORMAT, _guard(parser.read(source, notes), source), notes)


def parse(name: str, file: bytes | Path) -> ParsedExport:
    """Everything an export says, collected; see `read`. Refuses more than `MOST_READINGS`."""
    opened = read(name, file)
    rows: list[ParsedRow] = []
    readings: list[ParsedReading] = []
    for item in opened.items:
        if isinstance(item, ParsedRow):
            rows.append(item)
        else:
            readings.append(item)
            if len(readings) > MOST_READINGS:
                message = f"The file holds more than {MOST_READINGS:,} values. Split the batch and upload the parts one after the other."
                raise ParseError("too_large", message, Place(sheet=item.sheet, row=item.row))
    return ParsedExport(opened.format, tuple(rows), tuple(readings), opened.notes.as_tuple(), opened.notes.run)


def title_of(format_code: str) -> str:
    """What people call a format, as `TITLE` of its parser; the code itself where no parser of today has it."""
    return next((parser.TITLE for parser in PARSERS if format_code == parser.FORMAT), format_code)


def _find_parser(source: Source) -> Parser:
    found = next((parser for parser in PARSERS if parser.recognise(source)), None)
    if found is None:
        known = "; ".join(parser.TITLE for parser in PARSERS)
        raise ParseError(
            "unknown_format",
            f"The file is no export known here: its header rows were not recognised. Known are: {known}.",
            source.tables[0].place(1) if source.tables else None,
        )
    return found


def _guard(items: Iterator[Item], source: Source) -> Iterator[Item]:
    has_readings = False
    with _refuse_unforeseen():
        for item in items:
            has_readings = has_readings or isinstance(item, ParsedReading)
            yield item
    if not has_readings:
        message = "The file holds no measured value. Export it after the samples were measured."
        raise ParseError("no_readings", message, source.tables[0].place() if source.tables else None)


@contextmanager
def _refuse_unforeseen() -> Iterator[None]:
    """A file must never take an import down with it. The cause stays attached for the log; tests hold that this code is not reached."""
    try:
        yield
    except ParseError:
        raise
    except OSError:
        raise  # the disk's fault, not the file's: whoever opened it knows what to do
    except Exception as error:
        raise ParseError(
            "unforeseen", "The file could not be read. Export it again; if that does not help, send it to the maintainers."
        ) from error
