"""Which tube each row of an export belongs to, and what a person should look at before anything is recorded. Pure; guesses nothing.

A row is *matched* to a position of the run, recognised as a *control* that no position holds, taken for *calibration* (standards, and
blanks without a position), or *parked* for a person with a sentence that says why and what to do. A row whose type says blank or standard
can never reach a sample's position, whatever it is called; nor can an average or a deviation the software computed.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from .parsers.model import CONCENTRATIONS, OVER, Kind, ParsedExport, ParsedReading, ParsedRow

PositionKind = Literal["sample", "duplicate", "blank", "reference", "calibration", "drift", "spike"]
Outcome = Literal["matched", "control", "calibration", "parked"]

# What may stand at a position when the instrument says what kind of row it is. Laboratories run nearly everything as `Sample`; the other
# types mean what they say.
_MAY_STAND: dict[Kind, frozenset[str]] = {
    "sample": frozenset({"sample", "duplicate", "blank", "reference", "drift", "spike"}),
    "control": frozenset({"duplicate", "blank", "reference", "drift", "calibration", "spike"}),
    "blank": frozenset({"blank", "calibration"}),
    "standard": frozenset({"calibration", "drift"}),
    "statistic": frozenset(),
    "unknown": frozenset({"sample", "duplicate", "blank", "reference", "drift", "calibration", "spike"}),
}
_INTERCHANGEABLE = frozenset({"blank", "reference", "drift", "calibration"})


@dataclass(frozen=True, slots=True)
class TrayPosition:
    """One tube of a run. `label` is its name in the sequence; `names` are others it goes by: blind code, aliquot, reference material.

    `replicates` is how many acquisitions of it were planned.
    """

    number: int
    label: str
    kind: PositionKind
    names: tuple[str, ...] = ()
    vial: str = ""
    replicates: int = 1


@dataclass(frozen=True, slots=True)
class ControlPattern:
    """A rule to recognise what is not a sample by its name: a regular expression for the whole name as `normalise_label` leaves it.

    `kind` is `blank`, `standard` or `control`; `material` the reference material meant, where the pattern names one.
    """

    pattern: str
    kind: Kind
    material: str = ""


def normalise_label(text: str) -> str:
    """A name reduced to its letters and digits in lower case: `Oreas 24b`, `OREAS-24B` and `OREAS24B` are one."""
    return "".join(character for character in unicodedata.normalize("NFKC", text).casefold() if character.isalnum())


MOST_WILDCARDS = 3
"""How many wildcards one name may have: more would make a name of two hundred letters slow to compare."""

# A start for a laboratory's own list: names as `compile_names` reads them.
DEFAULT_NAMES: tuple[tuple[str, Kind], ...] = (
    (
        "blank#, blk#, reagent blank#, method blank#, prep blank#, procedural blank#, digestion blank#, fusion blank#, leach blank#, "
        "acid blank#, system blank#, cal blank#, cal blk#, calibration blank#, blank qc#, cal blank qc#",
        "blank",
    ),
    ("LRB#, undigested LRB#, ICB#, CCB#, rinse#, wash#", "blank"),
    ("std#, standard#, cal std#, cal standard#, calibration standard#", "standard"),
    (
        "#ppb, #ppm, #ppt, #ug/L, #mg/L, #ng/mL, #ug/mL, #µg/L, #ppb#ppb, #ppm#ppm, #ug/L#ug/L, #mg/L#mg/L, #ppb MDL, #ppt MDL, #ug/L MDL",
        "standard",
    ),
    ("ICV#, CCV#, QC#, QCS#, LFB#, LFBD#, LCS#, LCSD#, ICSA#, ICSAB#, ICV#ppb#ppb, CCV#ppb#ppb, ICV#ppb, CCV#ppb", "control"),
    ("OREAS#*, AMIS#*, GBW#*, NIST#*, SRM#*, NIST SRM#*, BHVO-#, BCR-#, AGV-#, GSP-#, W-2, W-2a", "control"),
)


def compile_names(names: str) -> str:
    """A regular expression for names with commas between them, to match a whole name as `normalise_label` leaves it.

    `#` stands for digits or nothing, `*` for anything or nothing, `#*` for a number and anything after it; spaces, signs and capitals do
    not count. Raises `ValueError` with a sentence for a name without any letter or digit, and for one with more than three wildcards.
    """
    found = []
    for name in names.split(","):
        parts = re.findall(r"[#*]+|[^#*]+", name.strip())
        wildcards = [part for part in parts if part[0] in "#*"]
        if not any(normalise_label(part) for part in parts if part[0] not in "#*"):
            raise ValueError(f"{name.strip() or 'An empty name'!r} has no letter or digit of its own, so it would fit everything.")
        if len(wildcards) > MOST_WILDCARDS:
            raise ValueError(f"{name.strip()!r} has {len(wildcards)} wildcards; a name has at most {MOST_WILDCARDS}.")
        found.append("".join(_wildcard(part) if part[0] in "#*" else re.escape(normalise_label(part)) for part in parts))
    return "|".join(found)


def _wildcard(part: str) -> str:
    if "*" not in part:
        return r"\d*"
    return r"\d+.*" if "#" in part else ".*"


DEFAULT_PATTERNS = tuple(ControlPattern(compile_names(names), kind) for names, kind in DEFAULT_NAMES)


def find_pattern(label: str, patterns: Sequence[ControlPattern]) -> ControlPattern | None:
    """The first pattern the name fits."""
    reduced = normalise_label(label)
    return next((rule for rule in patterns if reduced and re.fullmatch(rule.pattern, reduced, re.IGNORECASE)), None)


def explain_match(label: str, position: TrayPosition) -> str:
    """Why a row of that name belongs to that tube, in words."""
    written = " ".join(label.casefold().split())
    if written == " ".join(position.label.casefold().split()):
        return "Called as the tube is."
    if written in {" ".join(name.casefold().split()) for name in position.names}:
        return f"A name the tube also has: it holds {position.label}."
    if normalise_label(label) in {normalise_label(name) for name in (position.label, *position.names)}:
        return f"The same letters and digits as {position.label}, spelled otherwise."
    if position.kind == "reference":
        return f"Recognised by a pattern of the laboratory as what {position.label} holds."
    return f"Placed by position number; the tube is {position.label}."


@dataclass(frozen=True, slots=True)
class RowMatch:
    """What became of one row. `reason` explains a row that is not matched; `suggestion` is a position a person may want to look at.

    `material` is the reference material of a control recognised by its name; `warnings` are sentences about a row that is matched.
    """

    row_index: int
    outcome: Outcome
    kind: Kind
    position: int | None = None
    replicate: int = 1
    material: str = ""
    reason: str = ""
    suggestion: int | None = None
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Matching:
    """The rows of an export against a tray. `unfilled` are the numbers of positions no row was matched to."""

    rows: tuple[RowMatch, ...]
    unfilled: tuple[int, ...]

    @property
    def is_complete(self) -> bool:
        """Whether nothing is left for a person to decide."""
        return not any(row.outcome == "parked" or row.warnings for row in self.rows)


def match_positions(
    export: ParsedExport, positions: Sequence[TrayPosition], patterns: Sequence[ControlPattern] = DEFAULT_PATTERNS
) -> Matching:
    """Match every row of an export to the positions of a run.

    Names are compared as written first, then reduced to letters and digits. A name that several rows or several samples share is parked,
    unless the tray planned as many replicates or the vial number tells them apart; equal controls are taken in their order, as a swap
    between tubes of one material cannot give a sample another's result.
    """
    return _Matcher(export, positions, patterns).match()


class _Matcher:
    """Finds candidates for each row, then settles rows that want the same tube."""

    def __init__(self, export: ParsedExport, positions: Sequence[TrayPosition], patterns: Sequence[ControlPattern]) -> None:
        self.rows, self.positions = export.rows, positions
        self.by_number = {position.number: position for position in positions}
        self.patterns = [(re.compile(pattern.pattern, re.IGNORECASE), pattern) for pattern in patterns]
        self.written: defaultdict[str, list[TrayPosition]] = defaultdict(list)
        self.reduced: defaultdict[str, list[TrayPosition]] = defaultdict(list)
        for position in positions:
            for name in {" ".join(name.casefold().split()) for name in (position.label, *position.names)} - {""}:
                self.written[name].append(position)
            for name in {normalise_label(name) for name in (position.label, *position.names)} - {""}:
                self.reduced[name].append(position)
        self.measured: set[int] = set()
        self.contents: defaultdict[int, list[ParsedReading]] = defaultdict(list)
        for reading in export.readings:
            if not reading.internal_standard:
                self.measured.add(reading.row_index)
                if reading.quantity in CONCENTRATIONS:
                    self.contents[reading.row_index].append(reading)
        self.matches: dict[int, RowMatch] = {}

    def match(self) -> Matching:
        wanted: defaultdict[tuple[int, ...], list[int]] = defaultdict(list)
        for index, row in enumerate(self.rows):
            if row.kind == "statistic":
                self._set(RowMatch(index, "calibration", row.kind, reason=f"{row.type}: computed from other rows, not measured."))
                continue
            candidates = self._find_candidates(index, row)
            if candidates:
                wanted[tuple(position.number for position in candidates)].append(index)
        for numbers, indexes in wanted.items():
            self._settle([self.by_number[number] for number in numbers], indexes)
        self._refuse_crowded()
        rows = tuple(self.matches[index] for index in range(len(self.rows)))
        filled = {row.position for row in rows}
        return Matching(rows, tuple(sorted(self.by_number.keys() - filled)))

    def _find_candidates(self, index: int, row: ParsedRow) -> list[TrayPosition]:
        """The positions a row may belong to; when there are none, what becomes of the row is settled here."""
        named = self._find_named(row)
        allowed = [position for position in named if position.kind in _MAY_STAND[row.kind]]
        if not named:
            self._place_unnamed(index, row)
        elif not allowed:
            where = list_numbers(named)
            message = f"The type {row.type!r} says {row.kind}, but {row.label!r} is the {named[0].kind} at position {where}. "
            self._park(index, message + "Choose what it is.", named[0].number)
        elif row.rejected:
            self._park(
                index, "The instrument's software marks this row as rejected. Set it aside, or take it with a reason.", allowed[0].number
            )
        elif index not in self.measured:
            self._park(
                index, "The row holds no measured value: the acquisition was aborted or not processed. Set it aside.", allowed[0].number
            )
        else:
            return allowed
        return []

    def _find_named(self, row: ParsedRow) -> list[TrayPosition]:
        if row.position is not None:
            return [self.by_number[row.position]] if row.position in self.by_number else []
        written = self.written.get(" ".join(row.label.casefold().split()), [])
        # A tube's own label comes before the other names of its neighbours: `OREAS 100a` is not also `OREAS 100a-2`.
        labelled = [position for position in written if position.label.casefold().split() == row.label.casefold().split()]
        return labelled or written or self.reduced.get(normalise_label(row.label), []) or self._find_material(row)

    def _find_material(self, row: ParsedRow) -> list[TrayPosition]:
        """The tubes that hold the reference material which a pattern of the laboratory knows by this name."""
        rule = self._find_rule(row.label)
        if rule is None or not rule.material:
            return []
        return [tube for tube in self.reduced.get(normalise_label(rule.material), []) if tube.kind == "reference"]

    def _find_rule(self, label: str) -> ControlPattern | None:
        reduced = normalise_label(label)
        return next((rule for pattern, rule in self.patterns if reduced and pattern.fullmatch(reduced)), None)

    def _place_unnamed(self, index: int, row: ParsedRow) -> None:
        """A row that no position is called: calibration, a control known by its name or type, or a riddle."""
        rule = self._find_rule(row.label)
        kind = rule.kind if rule and row.kind in {"sample", "unknown"} else row.kind
        if row.position is not None:
            numbers = list_numbers(self.positions) or "none"
            self._park(
                index, f"Position {row.position} does not exist in this run; it has {numbers}. Correct the position and send it again."
            )
        elif kind in {"blank", "standard"} and row.kind != "sample":
            self._set(RowMatch(index, "calibration", kind, reason=f"{row.type or row.label}: a {kind}, not a sample."))
        elif kind == "standard":
            self._set(RowMatch(index, "calibration", kind, reason=f"{row.label} is the name of a standard, not of a sample."))
        elif kind in {"blank", "control"}:
            named = rule.material or row.label if rule and rule.kind == "control" else ""
            self._set(RowMatch(index, "control", kind, material=named, reason="A control that stands at no position of this run."))
        elif not row.label:
            self._park(index, "The row has no sample name. Choose its position, or set it aside.", self._find_by_vial(row))
        else:
            message = f"No position of this run is called {row.label!r}. Choose its position, or set the row aside."
            self._park(index, message, self._find_by_vial(row))

    def _settle(self, candidates: list[TrayPosition], indexes: list[int]) -> None:
        """Give rows of one name their tubes."""
        if len(candidates) > 1:
            for index in indexes:
                by_vial = [position for position in candidates if position.vial and position.vial == self.rows[index].vial]
                if len(by_vial) == 1:
                    self._take(index, by_vial[0])
            free = {row.position for row in self.matches.values()}
            indexes = [index for index in indexes if index not in self.matches]
            candidates = [position for position in candidates if position.number not in free]
        if len(candidates) == 1:
            for index in indexes:
                self._take(index, candidates[0])
        elif len(candidates) == len(indexes) and {position.kind for position in candidates} <= _INTERCHANGEABLE:
            for index, position in zip(indexes, sorted(candidates, key=lambda position: position.number), strict=True):
                self._take(index, position)
        else:
            for index in indexes:
                where = list_numbers(candidates) or "already taken by another row"
                message = f"{self.rows[index].label!r} is the name of several positions ({where}). Choose the one meant."
                self._park(index, message, candidates[0].number if candidates else None)

    def _refuse_crowded(self) -> None:
        """Park all rows that share a position beyond its planned replicates; number those that do not."""
        sharing: defaultdict[int, list[int]] = defaultdict(list)
        for index, match in sorted(self.matches.items()):
            if match.position is not None:
                sharing[match.position].append(index)
        for number, together in sharing.items():
            planned = self.by_number[number].replicates
            indexes = self._set_superseded_aside(together, planned)
            if len(indexes) > planned:
                rows = ", ".join(str(self.rows[index].row) for index in indexes)
                times = "once" if planned == 1 else f"{planned} times"
                for index in indexes:
                    message = f"{self.rows[index].label!r} stands in rows {rows}, but position {number} was to be measured {times}. "
                    self._park(index, message + "Choose which one counts and set the others aside.", number)
            else:
                for replicate, index in enumerate(indexes, 1):
                    self._take(index, self.by_number[number], replicate)

    def _set_superseded_aside(self, indexes: list[int], planned: int) -> list[int]:
        """The rows that count where some are wholly over range and the others measure the same analytes again: a sample that left one scale
        was measured on the next. Rows that say no such thing all count."""
        over = [index for index in indexes if self.contents[index] and all(one.qualifier == OVER for one in self.contents[index])]
        kept = [index for index in indexes if index not in over]
        analytes = {one.analyte for index in kept for one in self.contents[index] if one.value is not None}
        again = [index for index in over if {one.analyte for one in self.contents[index]} <= analytes]
        if not again or not 1 <= len(indexes) - len(again) <= planned:
            return indexes
        rows = ", ".join(str(self.rows[index].row) for index in kept)
        for index in again:
            reason = f"{self.rows[index].label!r} is over range here and was measured again in row {rows}, which counts."
            self._set(RowMatch(index, "calibration", self.rows[index].kind, reason=reason))
        return [index for index in indexes if index not in again]

    def _take(self, index: int, position: TrayPosition, replicate: int = 1) -> None:
        row = self.rows[index]
        warnings = []
        if row.vial and position.vial and row.vial != position.vial:
            warnings.append(f"The tray holds {position.label} in vial {position.vial}, the file says vial {row.vial}.")
        if row.position is not None and row.label != str(row.position) and not self._is_named(position, row.label):
            warnings.append(f"Position {position.number} holds {position.label}, the sender calls it {row.label!r}.")
        if row.type and row.kind == "unknown":
            warnings.append(f"The type {row.type!r} is not known. Check that the row is what position {position.number} holds.")
        self._set(RowMatch(index, "matched", row.kind, position.number, replicate, warnings=tuple(warnings)))

    def _park(self, index: int, reason: str, suggestion: int | None = None) -> None:
        self._set(RowMatch(index, "parked", self.rows[index].kind, reason=reason, suggestion=suggestion))

    def _set(self, match: RowMatch) -> None:
        self.matches[match.row_index] = match

    def _is_named(self, position: TrayPosition, label: str) -> bool:
        return position in self.reduced.get(normalise_label(label), [])

    def _find_by_vial(self, row: ParsedRow) -> int | None:
        found = [position.number for position in self.positions if row.vial and position.vial == row.vial]
        return found[0] if len(found) == 1 else None


def list_numbers(positions: Iterable[TrayPosition]) -> str:
    """Position numbers for a sentence, runs of them shortened: `1–12, 14`."""
    parts: list[list[int]] = []
    for number in sorted(position.number for position in positions):
        if parts and number == parts[-1][-1] + 1:
            parts[-1].append(number)
        else:
            parts.append([number])
    return ", ".join(str(part[0]) if len(part) == 1 else f"{part[0]}–{part[-1]}" for part in parts)


def list_rows(matching: Matching, outcomes: Collection[Outcome]) -> frozenset[int]:
    """The indexes of the rows with one of the outcomes."""
    return frozenset(row.row_index for row in matching.rows if row.outcome in outcomes)
