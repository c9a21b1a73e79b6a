"""Where controls stand among samples, pure: some open the tray, some are spread evenly or stand after every so many tubes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, TypeVar

T = TypeVar("T")


@dataclass(frozen=True)
class Placement:
    """How a planner places one sort of control, as a method version says it: one after `every` so many tubes and at the end (None: spread
    evenly). `nominal` is what a check holds, µg/L by symbol or `*`; `levels` what calibration standards hold; `added_ug` what is added to a
    spike; `solutions` the single-element solutions by symbol, µg/L. Reference materials: `nearest_grade` takes those nearest to the
    expected dysprosium and terbium, `different` that many of them in turn, `matrix` those whose matrix has that word first."""

    every: int | None = None
    nominal: Mapping[str, Any] = field(default_factory=dict)
    levels: Sequence[float] = ()
    added_ug: Mapping[str, Any] = field(default_factory=dict)
    solutions: Mapping[str, Any] = field(default_factory=dict)
    nearest_grade: bool = False
    different: int = 1
    matrix: str = ""


def read_placement(data: Mapping[str, Any]) -> Placement:
    """A stored placement; raises `ValueError` for what a planner does not know."""
    known = {one.name for one in fields(Placement)}
    if unknown := sorted(set(data) - known):
        raise ValueError(f"A placement knows no {', '.join(unknown)}; it knows {', '.join(sorted(known))}.")
    made = Placement(**data)
    if made.every is not None and made.every < 1:
        raise ValueError("A control stands after every tube at most: `every` is at least 1.")
    return made


def lay_out(opening: Sequence[T], body: Sequence[T], controls: Sequence[T]) -> list[T]:
    """`opening`, then `body` cut into as many parts as there are `controls`, each part followed by one of them."""
    laid = list(opening)
    start = 0
    for index, control in enumerate(controls, start=1):
        end = round(index * len(body) / len(controls))
        laid += [*body[start:end], control]
        start = end
    return laid + list(body[start:])


def insert_every(tubes: Sequence[T], every: int, make: Callable[[int], T]) -> list[T]:
    """`tubes` with a check after every so many and after the last; `make` gives the n-th check, from 1."""
    laid: list[T] = []
    for start in range(0, len(tubes), every):
        laid += [*tubes[start : start + every], make(start // every + 1)]
    return laid


def pick_evenly(tubes: Sequence[T], count: int) -> list[T]:
    """`count` of the tubes, as far apart as they can be; all of them where there are fewer."""
    if count >= len(tubes):
        return list(tubes)
    return [tubes[(2 * index + 1) * len(tubes) // (2 * count)] for index in range(count)]


def number_names(names: Sequence[str]) -> list[str]:
    """Each name once as it is, then with a running number: `OREAS 100a`, `OREAS 100a-2`."""
    seen: dict[str, int] = {}
    numbered = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        numbered.append(name if seen[name] == 1 else f"{name}-{seen[name]}")
    return numbered
