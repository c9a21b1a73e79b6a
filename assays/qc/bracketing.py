"""Which samples a control that failed takes with it, as far as the next control of its kind that passed on either side."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Tube:
    """A position in run order: its number and kind (`sample`, `duplicate`, `blank`, `reference`, …); `original` is the number a duplicate
    repeats."""

    number: int
    kind: str
    original: int | None = None


def find_affected(tubes: Sequence[Tube], outcomes: Mapping[int, str], bad: Collection[str]) -> dict[int, int]:
    """Samples by number → the control that affects them.

    `outcomes` are the verdicts of one analyte by position; those in `bad` affect. A blank or reference material speaks for every sample
    between the nearest ones of its kind that did not fail; a duplicate for the sample it repeats.
    """
    affected: dict[int, int] = {}
    for place, tube in enumerate(tubes):
        if outcomes.get(tube.number) not in bad:
            continue
        if tube.original is not None:
            affected.setdefault(tube.original, tube.number)
            continue
        for stretch in (tubes[place + 1 :], tubes[place - 1 :: -1] if place else ()):
            for other in stretch:
                if other.kind == tube.kind and other.number in outcomes and outcomes[other.number] not in bad:
                    break
                if other.kind == "sample":
                    affected.setdefault(other.number, tube.number)
    return affected
