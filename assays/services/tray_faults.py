"""What is wrong with a tray that was given position by position, each fault with its place and a sentence."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from assays.calculation.plan import read_plan
from assays.models import Aliquot, MethodVersion
from assays.models.runs import PositionKind
from assays.qc.measurements import ControlKind
from assays.selectors.control_readings import EVERY
from assays.selectors.tray_plan import PlannedPosition
from assays.services.rows import find_mass_problem, find_solution_problems
from lims.core.errors import Invalid, Problem

LARGEST_TRAY = 240
"""Positions of the largest autosamplers in use."""

_WITH_ALIQUOT = {PositionKind.SAMPLE, PositionKind.DUPLICATE}
_SORTS: Mapping[str, frozenset[str]] = {
    PositionKind.SAMPLE: frozenset({ControlKind.FIELD_DUPLICATE}),
    PositionKind.DUPLICATE: frozenset(
        {ControlKind.PULP_DUPLICATE, ControlKind.COARSE_DUPLICATE, ControlKind.FIELD_DUPLICATE, ControlKind.INSTRUMENT_DUPLICATE}
    ),
    PositionKind.BLANK: frozenset({ControlKind.REAGENT_BLANK, ControlKind.PULP_BLANK, ControlKind.COARSE_BLANK}),
    PositionKind.REFERENCE: frozenset({ControlKind.REFERENCE_MATERIAL}),
    PositionKind.CALIBRATION: frozenset({ControlKind.CALIBRATION}),
    PositionKind.DRIFT: frozenset(
        {
            ControlKind.INITIAL_CALIBRATION_VERIFICATION,
            ControlKind.CONTINUING_CALIBRATION_VERIFICATION,
            ControlKind.INTERFERENCE_SOLUTION,
        }
    ),
    PositionKind.SPIKE: frozenset({ControlKind.MATRIX_SPIKE}),
}
"""The sorts of control each kind of position may be."""
_WITH_NOMINAL = {PositionKind.CALIBRATION, PositionKind.DRIFT, PositionKind.SPIKE}
_MOST = Decimal(10) ** 9

Fault = tuple[str, str, str]
"""Member, code, sentence."""


def refuse_faulty(tray: Sequence[PlannedPosition], version: MethodVersion, by: Any) -> None:
    """Raise `Invalid` with a problem per fault (`/positions/3/label`)."""
    problems = [] if tray else [Problem("/positions", "empty", "A run has at least one position. Add an aliquot.")]
    first: dict[tuple[str, Any], int] = {}
    numbers = {one.number: one for one in tray}
    isotopes = {one.analyte.symbol: one.isotope for one in version.analytes.select_related("analyte")}
    # An interfering element is measured in a solution of its own, analyte or not.
    symbols = {*isotopes, *read_plan(version.calculation, isotopes).parents}
    for index, one in enumerate(tray):
        for member, what, key in _unique_members(one):
            if first.setdefault((what, key), index) != index:
                sentence = f"The {what} {key} stands at two positions. Each stands at one."
                problems.append(Problem(f"/positions/{index}/{member}", "repeated", sentence))
        faults = (
            [*_faults(one, numbers, version, by), *_nominal_faults(one, symbols)] if one.kind in PositionKind.values else [_unknown(one)]
        )
        problems += [Problem(f"/positions/{index}/{name}", code, text) for name, code, text in faults]
    if problems:
        raise Invalid("positions" if len(problems) > 1 else problems[0].code, problems[0].detail, problems=problems)


def _unique_members(one: PlannedPosition) -> Iterator[tuple[str, str, Any]]:
    """What no two positions share: (member, what it is, its value). An instrument duplicate is the same solution once more."""
    yield "number", "number", one.number
    if one.label:
        yield "label", "label", one.label
    if one.aliquot is not None and one.control != ControlKind.INSTRUMENT_DUPLICATE:
        yield "aliquot", "aliquot", one.aliquot.code
        if one.kind == PositionKind.SAMPLE:
            yield "aliquot", "test", str(one.aliquot.test)


def _unknown(one: PlannedPosition) -> Fault:
    return "kind", "unknown_choice", f"“{one.kind}” is none of: {', '.join(PositionKind.values)}."


def _faults(one: PlannedPosition, numbers: Mapping[int | None, PlannedPosition], version: MethodVersion, by: Any) -> Iterator[Fault]:
    """What is wrong with one position."""
    if not 1 <= (one.number or 0) <= LARGEST_TRAY:
        yield "number", "impossible", f"A position has a number from 1 to {LARGEST_TRAY}, not {one.number}."
    if not one.label or not one.label.isprintable():
        yield "label", "missing", "Give the label the instrument's sequence carries, in printable characters."
    elif len(one.label) > 80:
        yield "label", "too_long", f"A label has at most 80 characters; this has {len(one.label)}."
    if (one.aliquot is not None) != (one.kind in _WITH_ALIQUOT):
        yield "aliquot", "misplaced", "A sample or duplicate position names its aliquot; any other names none."
    elif one.aliquot is not None:
        yield from _aliquot_faults(one.aliquot, version, by)
    if (one.material is not None) != (one.kind == PositionKind.REFERENCE):
        yield "material", "misplaced", "A reference position names its material; any other names none."
    elif one.material is not None and one.material.laboratory_id not in {None, by.organisation_id}:
        yield "material", "other_laboratory", f"{one.material.code} is another laboratory's own material."
    if one.control and one.blind is None and one.control not in _SORTS[one.kind]:
        known = ", ".join(sorted(_SORTS[one.kind]))
        yield "control", "unknown_choice", f"A {one.kind} position is no “{one.control}”; it may be: {known}."
    yield from _original_faults(one, numbers)
    amounts = list(find_solution_problems(one.volume_ml, one.dilution))
    if version.is_solid and (one.volume_ml is not None or one.dilution not in {None, Decimal(1)}):
        yield "volume_ml", "solid", f"{version} measures solids: nothing stands in a volume or a dilution. Leave both out."
    for problem in [*(find_mass_problem("/mass_g", one.mass_g, 5) if one.mass_g is not None else []), *amounts]:
        yield problem.pointer[1:], problem.code, problem.detail


def _original_faults(one: PlannedPosition, numbers: Mapping[int | None, PlannedPosition]) -> Iterator[Fault]:
    """A duplicate and a spike name the sample they repeat or were made of; so does a field duplicate among the samples."""
    original = numbers.get(one.duplicate_of)
    on_sample = original is not None and original.kind == PositionKind.SAMPLE and original is not one
    if one.kind == PositionKind.SPIKE and not on_sample:
        yield "duplicate_of", "not_the_original", "A spike names the number of the sample's position it was made of."
    if one.kind == PositionKind.SAMPLE and one.control == ControlKind.FIELD_DUPLICATE and not on_sample:
        yield "duplicate_of", "not_the_original", "A field duplicate names the number of the sample's position it repeats."
    if one.kind == PositionKind.DUPLICATE and (original is None or not on_sample or not _repeats(one, original)):
        yield "duplicate_of", "not_the_original", "A duplicate names the number of the position that holds another aliquot of its test."


def _repeats(duplicate: PlannedPosition, original: PlannedPosition) -> bool:
    if duplicate.aliquot is None or original.aliquot is None:
        return False
    if duplicate.control == ControlKind.FIELD_DUPLICATE:
        return duplicate.aliquot.test_id != original.aliquot.test_id
    same = duplicate.aliquot.pk == original.aliquot.pk
    return duplicate.aliquot.test_id == original.aliquot.test_id and same == (duplicate.control == ControlKind.INSTRUMENT_DUPLICATE)


def _nominal_faults(one: PlannedPosition, symbols: set[str]) -> Iterator[Fault]:
    if one.nominal and one.kind not in _WITH_NOMINAL:
        yield "nominal", "misplaced", "Only a calibration standard, a check or a spike has known amounts; leave them out here."
    for symbol, value in one.nominal.items():
        if symbol != EVERY and symbol not in symbols:
            yield "nominal", "unknown_analyte", f"The method measures no {symbol}. Name one of its elements, or {EVERY} for all."
        elif not Decimal(value).is_finite() or not 0 <= Decimal(value) < _MOST:
            yield "nominal", "impossible", f"{symbol}: {value} is no amount. Give µg/L of a standard or check, µg added to a spike."
    if one.kind == PositionKind.SPIKE and not one.nominal:
        yield "nominal", "missing", "Say what was added to the spike, in µg by element."


def _aliquot_faults(aliquot: Aliquot, version: MethodVersion, by: Any) -> Iterator[Fault]:
    if aliquot.test.submission.laboratory_id != by.organisation_id:
        yield "aliquot", "unknown", f"There is no aliquot {aliquot.code} in your laboratory. Scan its label again."
    elif aliquot.test.method_version_id != version.pk:
        yield "aliquot", "other_method", f"Aliquot {aliquot.code} was weighed for {aliquot.test.method_version}, not for {version}."
