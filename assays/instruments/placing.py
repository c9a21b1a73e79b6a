"""An export against one of our runs: which tube each row belongs to, and what a person should know before anything is recorded."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

import msgspec
from django.db.models import Prefetch

from assays.chemistry.solids import OF_IGNITED
from assays.chemistry.tray import DilutionMismatch, remaining_dilution
from assays.instruments.checking import AnalyteExpectation, MethodExpectation, ReadingWarning, check_readings
from assays.instruments.matching import Matching, TrayPosition, list_numbers, list_rows, match_positions
from assays.instruments.models import Instrument
from assays.instruments.parsers.model import ParsedExport, ParsedRow, gives_no_unit
from assays.instruments.taught import load_patterns
from assays.models import Run, RunPosition
from assays.selectors.methods import analytes_of
from lims.core.errors import DomainError, Invalid

OPEN_RUN = frozenset({"planned", "measured", "sent_back", "qc_failed", "blocked", "qc_passed", "overridden"})
"""States in which a run still takes readings."""

# How many of an instrument's newest open runs a file without a run is compared with.
_CANDIDATES = 30


@dataclass(frozen=True)
class Placement:
    """Where the rows of an export belong in a run, what is to be said about their readings, and the run's positions by number."""

    matching: Matching
    warnings: tuple[ReadingWarning, ...] = ()
    positions: Mapping[int, UUID] = field(default_factory=dict)

    @property
    def needs_nobody(self) -> bool:
        """Whether every row found its place and nothing was noticed that a person should look at."""
        return self.matching.is_complete and all(warning.is_information for warning in self.warnings)


def refuse_unfit_run(run: Run, instrument: Instrument) -> None:
    """Raise when the run is another instrument's or takes no more readings."""
    if run.instrument_id != instrument.pk:
        raise Invalid("other_instrument", f"Run {run.code} is planned on {run.instrument.code}, the readings come from {instrument.code}.")
    if run.state not in OPEN_RUN:
        raise DomainError("run_closed", f"Run {run.code} is {run.get_state_display()} and takes no more readings.")


def load_tray(run: Run) -> list[RunPosition]:
    """The run's positions with what stands there, in order."""
    return list(_positions().filter(run=run))


def _positions() -> Any:
    """Positions with no more of what stands there than names and dilutions."""
    named = RunPosition.objects.select_related("aliquot__test__sample", "material").order_by("number")
    return named.only(
        "run",
        "number",
        "label",
        "kind",
        "dilution",
        "blind",
        "aliquot__code",
        "aliquot__dilution",
        "aliquot__test__sample__blind_code",
        "material__code",
    )


def name_tubes(tray: Iterable[RunPosition]) -> list[TrayPosition]:
    """The tubes as the matcher knows them: each also goes by its aliquot's and its sample's blind code, or by its material."""
    return [TrayPosition(position.number, position.label, _kind_of(position), names=_names_of(position)) for position in tray]  # type: ignore[arg-type]


def _kind_of(position: RunPosition) -> str:
    """A blind control is matched as the sample it stands for, so that no message of the import tells it."""
    return "sample" if position.blind_id is not None else position.kind


def _names_of(position: RunPosition) -> tuple[str, ...]:
    if position.blind_id is not None:
        return ()
    if position.material is not None:
        return (position.material.code,)
    if position.aliquot is None:
        return ()
    blind = (position.aliquot.test.sample.blind_code,) if position.kind == "sample" else ()
    return (position.aliquot.code, *blind)


def place_export(export: ParsedExport, run: Run | None, laboratory_id: Any, unit: str = "") -> Placement:
    """The export's rows against the run's tray and method, by the laboratory's patterns of names; without a run everything that is not
    calibration is parked. `unit` is that of the concentrations the export gives without any."""
    patterns = load_patterns(laboratory_id)
    if run is None:
        return Placement(match_positions(export, [], patterns))
    tray = load_tray(run)
    matching = match_positions(export, name_tubes(tray), patterns)
    placed = {row.row_index: row.position for row in matching.rows if row.outcome == "matched" and row.position is not None}
    warnings = find_warnings(_say_unit(export, unit), run, tray, placed, list_rows(matching, {"matched"}))
    return Placement(matching, warnings, {position.number: position.pk for position in tray})


def _say_unit(export: ParsedExport, unit: str) -> ParsedExport:
    if not unit:
        return export
    said = tuple(msgspec.structs.replace(one, unit=unit) if gives_no_unit(one) else one for one in export.readings)
    return replace(export, readings=said)


def find_warnings(
    export: ParsedExport, run: Run, tray: Sequence[RunPosition], placed: Mapping[int, int], rows: Collection[int]
) -> tuple[ReadingWarning, ...]:
    """What to say about the readings of the given rows; `placed` maps their indexes to position numbers."""
    checked = check_readings(export, expect(run), rows)
    return (*checked, *_check_dilutions(export.rows, run, tray, placed))


def expect(run: Run) -> MethodExpectation:
    """What the run's method version measures, in the unit of its readings. The working range is judged after reduction."""
    version = run.method_version
    analytes = tuple(AnalyteExpectation(symbol, one.isotope) for symbol, one in analytes_of(version).items())
    return MethodExpectation(version.solution_unit, analytes, version.is_solid, version.reported_of in OF_IGNITED)


def _check_dilutions(
    rows: Sequence[ParsedRow], run: Run, tray: Sequence[RunPosition], placed: Mapping[int, int]
) -> Iterable[ReadingWarning]:
    """Positions whose portion has another dilution than the instrument applied; one warning for each pair of factors."""
    portions = {position.number: float(dilution_of(position, run)) for position in tray}
    found: defaultdict[str, list[TrayPosition]] = defaultdict(list)
    tubes = {tube.number: tube for tube in name_tubes(tray)}
    for index, number in placed.items():
        applied = rows[index].total_dilution
        try:
            remaining_dilution(portions[number], float(applied if applied is not None else 1))
        except DilutionMismatch as mismatch:
            found[str(mismatch)].append(tubes[number])
    for clause, where in found.items():
        message = (
            f"At position {list_numbers(where)} {clause}: no result is computed there. Correct it at the instrument, or on the aliquot."
        )
        yield ReadingWarning("dilution_differs", message)


def dilution_of(position: RunPosition, run: Run) -> Any:
    """The dilution factor of the tube's portion: its own, the aliquot's, or the method's."""
    return position.dilution or (position.aliquot.dilution if position.aliquot is not None else run.method_version.dilution)


def collect_notes(export: ParsedExport, warnings: Iterable[ReadingWarning]) -> list[dict[str, Any]]:
    """What the file and its readings gave to say, as stored with the upload and shown to people."""
    noted = [{"code": note.code, "message": note.message, "place": str(note.place), "information": True} for note in export.notes]
    return noted + [
        {"code": one.code, "message": one.message, "readings": len(one.reading_indexes), "information": one.is_information}
        for one in warnings
    ]


def find_run(export: ParsedExport, instrument: Instrument) -> Run | None:
    """The one open run of the instrument that most sample rows belong to. Of several that are as good the one still without readings; none
    when that leaves a doubt."""
    runs = (
        Run.objects.filter(instrument=instrument, state__in=OPEN_RUN)
        .select_related("method_version", "instrument")
        .prefetch_related(Prefetch("positions", queryset=_positions()))
        .order_by("-id")[:_CANDIDATES]
    )
    scores = [(_count_samples(export, list(run.positions.all())), run) for run in runs]
    best = max((score for score, _ in scores), default=0)
    winners = [run for score, run in scores if score == best]
    if len(winners) > 1:
        winners = [run for run in winners if run.state == "planned"]
    return winners[0] if best and len(winners) == 1 else None


def _count_samples(export: ParsedExport, tray: Sequence[RunPosition]) -> int:
    samples = {position.number for position in tray if position.kind in {"sample", "duplicate"}}
    return sum(row.position in samples for row in match_positions(export, name_tubes(tray)).rows)
