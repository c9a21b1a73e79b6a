"""Which samples a control that failed takes with it. Pure: positions, kinds and outcomes in, samples out."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from assays.qc.measurements import ControlKind


class Scope(StrEnum):
    """What a control that failed condemns: samples up to the next control of its kind that passed on either side, the whole run, the
    sample it repeats, its own position, or nothing."""

    BRACKET = "bracket"
    RUN = "run"
    ORIGINAL = "original"
    POSITION = "position"
    NOTHING = "nothing"


_BRACKETED = "samples since the last and up to the next one that passed (EPA 6020B 9.8 for CCV, common practice for materials)"
_WHOLE = "it is subtracted from, or carries, every result of the run"
USUAL_SCOPES: Mapping[ControlKind, tuple[Scope, str]] = {
    ControlKind.CALIBRATION: (Scope.RUN, _WHOLE),
    ControlKind.INITIAL_CALIBRATION_VERIFICATION: (Scope.RUN, "no sample counts before the calibration is verified (EPA 6020B 9.7)"),
    ControlKind.CONTINUING_CALIBRATION_VERIFICATION: (Scope.BRACKET, _BRACKETED),
    ControlKind.REFERENCE_MATERIAL: (Scope.BRACKET, _BRACKETED),
    ControlKind.BLIND_CONTROL: (Scope.BRACKET, _BRACKETED),
    ControlKind.REAGENT_BLANK: (Scope.RUN, _WHOLE),
    ControlKind.PULP_BLANK: (Scope.BRACKET, "samples prepared beside it, up to the next blank that is clean"),
    ControlKind.COARSE_BLANK: (Scope.BRACKET, "samples prepared beside it, up to the next blank that is clean"),
    ControlKind.INSTRUMENT_DUPLICATE: (Scope.ORIGINAL, "the sample it repeats"),
    ControlKind.PULP_DUPLICATE: (Scope.ORIGINAL, "the sample it repeats"),
    ControlKind.COARSE_DUPLICATE: (Scope.ORIGINAL, "the sample it repeats"),
    ControlKind.FIELD_DUPLICATE: (Scope.ORIGINAL, "the sample it repeats, and itself"),
    ControlKind.MATRIX_SPIKE: (Scope.ORIGINAL, "the sample it was made of: the matrix is its own"),
    ControlKind.INTERNAL_STANDARD: (Scope.POSITION, "the signal of that tube alone is suppressed or enhanced (EPA 6020B 9.9)"),
    ControlKind.SUM_OF_OXIDES: (Scope.POSITION, "the sample judged"),
    ControlKind.REE_PATTERN: (Scope.POSITION, "the sample judged"),
    ControlKind.METHOD_COMPARISON: (Scope.POSITION, "the sample judged"),
    ControlKind.INTERFERENCE_SOLUTION: (Scope.RUN, "what it shows is subtracted from every result of the run"),
}
"""What a control of each kind condemns unless its method says otherwise, and why."""


@dataclass(frozen=True, slots=True)
class Tube:
    """A position in run order: its number and kind (`sample`, `duplicate`, `blank`, `reference`, …); `original` is the number a duplicate
    repeats or a spike was made of; `control` is the sort of control, where the kind alone does not say it."""

    number: int
    kind: str
    original: int | None = None
    control: str = ""


def find_affected(
    tubes: Sequence[Tube], outcomes: Mapping[int, str], bad: Collection[str], scopes: Mapping[str, str] | None = None
) -> dict[int, int]:
    """Samples by number → the control that affects them.

    `outcomes` are the verdicts of one analyte by position; those in `bad` affect. `scopes` says by sort of control what it takes with it
    (`Scope`); without it a duplicate speaks for the sample it repeats and any other control for every sample between the nearest ones of
    its kind that did not fail. More failures never condemn fewer samples.
    """
    affected: dict[int, int] = {}
    for place, tube in enumerate(tubes):
        if outcomes.get(tube.number) in bad:
            for number in _reach(tubes, place, outcomes, bad, _scope_of(tube, scopes or {})):
                affected.setdefault(number, tube.number)
    return affected


def usual_scope(kind: str) -> Scope:
    """What a control of the kind condemns unless its method says otherwise."""
    return USUAL_SCOPES[ControlKind(kind)][0]


def _scope_of(tube: Tube, scopes: Mapping[str, str]) -> str:
    if tube.kind == "sample" and not tube.control:
        return Scope.POSITION
    return scopes.get(tube.control) or (Scope.ORIGINAL if tube.original is not None else Scope.BRACKET)


def _reach(tubes: Sequence[Tube], place: int, outcomes: Mapping[int, str], bad: Collection[str], scope: str) -> Iterable[int]:
    tube = tubes[place]
    if scope == Scope.RUN:
        return [other.number for other in tubes if other.kind == "sample"]
    if scope == Scope.ORIGINAL:
        own = [tube.number] if tube.kind == "sample" else []
        return [*([tube.original] if tube.original is not None else []), *own]
    if scope == Scope.POSITION:
        return [tube.number] if tube.kind == "sample" else []
    return _bracket(tubes, place, outcomes, bad) if scope == Scope.BRACKET else []


def _bracket(tubes: Sequence[Tube], place: int, outcomes: Mapping[int, str], bad: Collection[str]) -> Iterator[int]:
    tube = tubes[place]
    for stretch in (tubes[place + 1 :], tubes[place - 1 :: -1] if place else ()):
        for other in stretch:
            if (other.kind, other.control) == (tube.kind, tube.control) and other.number in outcomes and outcomes[other.number] not in bad:
                break
            if other.kind == "sample":
                yield other.number
