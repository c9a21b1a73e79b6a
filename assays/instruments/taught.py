"""What a laboratory has taught the product about files: its patterns of names and its mappings, as the pure code takes them; and a file
read by the product's own formats or else by the one mapping that fits."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from assays.instruments.matching import DEFAULT_PATTERNS, ControlPattern, compile_names
from assays.instruments.models import Mapping, MappingVersion, NamePattern, Upload
from assays.instruments.parsers import mapped, registry
from assays.instruments.parsers.layouts import Layout
from assays.instruments.parsers.model import Kind, ParsedExport, ParseError
from assays.instruments.parsers.solids import tell_mass_fractions
from assays.instruments.parsers.source import open_source
from lims.core.files import read_bytes


def load_patterns(laboratory_id: Any) -> Sequence[ControlPattern]:
    """The laboratory's patterns in use, in order; those the product starts with until it keeps its own."""
    own = NamePattern.objects.filter(laboratory=laboratory_id).values_list("names", "kind", "material__code", "in_use")
    kept = list(own)
    if not kept:
        return DEFAULT_PATTERNS
    return [ControlPattern(compile_names(names), _kind(kind), material or "") for names, kind, material, in_use in kept if in_use]


def _kind(text: str) -> Kind:
    kinds: dict[str, Kind] = {"blank": "blank", "standard": "standard", "control": "control"}
    return kinds[text]


def layout_of(version: MappingVersion) -> Layout:
    """The layout a version says."""
    return msgspec.convert(version.layout, Layout)


def newest_versions(laboratory_id: Any) -> list[MappingVersion]:
    """The newest version of every mapping of the laboratory that is in use."""
    in_use = Mapping.objects.filter(laboratory=laboratory_id, in_use=True).values("pk")
    versions = MappingVersion.objects.filter(mapping__in=in_use).select_related("mapping")
    return list(versions.order_by("mapping_id", "-number").distinct("mapping_id"))


def read_export(
    name: str, data: bytes, laboratory_id: Any, mapping: MappingVersion | None = None
) -> tuple[ParsedExport, MappingVersion | None]:
    """A file by the formats the product knows, else by the mapping that fits its header; `mapping` is the one a person chose.

    Raises `ParseError`: `several_mappings` where more than one fits and a person has to choose, otherwise what the formats say.
    """
    if mapping is not None:
        return _read_mapped(name, data, mapping), mapping
    try:
        return tell_mass_fractions(registry.parse(name, data)), None
    except ParseError as error:
        if error.code != "unknown_format":
            raise
        source = open_source(name, data)
        fitting = [version for version in newest_versions(laboratory_id) if mapped.fits(layout_of(version), source)]
        if not fitting:
            raise
    if len(fitting) > 1:
        names = ", ".join(sorted(version.mapping.name for version in fitting))
        raise ParseError("several_mappings", f"Several mappings fit this file ({names}). Choose the one it is to be read with.")
    return _read_mapped(name, data, fitting[0]), fitting[0]


def refuse_unreadable(name: str, data: bytes, laboratory_id: Any) -> None:
    """Raise `ParseError` for what is seen at the first look to be no export; its rows are not gone through, so another may still fail."""
    try:
        registry.read(name, data)
    except ParseError as error:
        if error.code != "unknown_format" or not newest_versions(laboratory_id):
            raise


def _read_mapped(name: str, data: bytes, version: MappingVersion) -> ParsedExport:
    return mapped.parse(layout_of(version), open_source(name, data))


def read_again(upload: Upload) -> ParsedExport:
    """The stored bytes as they were read when the upload's cells were stored."""
    export, _version = read_export(upload.file_name, read_bytes("uploads", upload.sha256), upload.laboratory_id, upload.mapping)
    return export
