"""Steps of a preparation route as data: what each asks for, whether its limits are kept, and which is next.

A route is an ordered list of steps with limits. What was recorded is replayed against it: a step whose limits were not kept stands as an
attempt and is done again, after a failed sieve check from the grinding before it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Any


class Kind(StrEnum):
    """What is done in a step."""

    WEIGH_WET = "weigh_wet"
    DRY = "dry"
    WEIGH_DRY = "weigh_dry"
    CRUSH = "crush"
    SPLIT = "split"
    LEACH_SPLIT = "leach_split"
    PULVERISE = "pulverise"
    SIEVE = "sieve"
    HOMOGENISE = "homogenise"


GRINDING = frozenset({Kind.CRUSH, Kind.PULVERISE})
LEACH_LIMIT_C = 40
"""Material for a leach is never dried hotter: halloysite dehydrates for good above it."""


@dataclass(frozen=True)
class Amount:
    """A number a step asks for: its unit, decimals, and the range outside which it is impossible."""

    name: str
    unit: str
    places: int
    least: Decimal
    most: Decimal


def _amount(name: str, unit: str, places: int, least: str, most: str) -> Amount:
    return Amount(name, unit, places, Decimal(least), Decimal(most))


FIELDS: Mapping[Kind, tuple[Amount, ...]] = {
    Kind.WEIGH_WET: (_amount("wet_mass_g", "g", 4, "0.0001", "100000"),),
    Kind.DRY: (_amount("temperature_c", "°C", 1, "1", "1200"), _amount("hours", "h", 2, "0.01", "2000")),
    Kind.WEIGH_DRY: (_amount("dry_mass_g", "g", 4, "0.0001", "100000"),),
    Kind.CRUSH: (_amount("top_size_mm", "mm", 2, "0.01", "500"),),
    Kind.SPLIT: (_amount("split_mass_g", "g", 2, "0.01", "1000000"),),
    Kind.LEACH_SPLIT: (_amount("split_mass_g", "g", 2, "0.01", "1000000"),),
    Kind.PULVERISE: (_amount("minutes", "min", 1, "0.1", "1440"),),
    Kind.SIEVE: (_amount("passing_percent", "%", 1, "0", "100"),),
    Kind.HOMOGENISE: (_amount("minutes", "min", 1, "0.1", "1440"),),
}

LIMITED: Mapping[Kind, tuple[str, ...]] = {
    Kind.DRY: ("temperature_c", "hours"),
    Kind.CRUSH: ("top_size_mm",),
    Kind.LEACH_SPLIT: ("split_mass_g",),
    Kind.SIEVE: ("passing_percent",),
}
"""What a route must give limits for: without them nobody could say whether the step was done well enough."""

Limit = tuple[Decimal | None, Decimal | None]
"""The least and the most; None where there is no such end."""


@dataclass(frozen=True)
class Step:
    """One step of a route. `limits` by the name of an amount; `equipment` is the kind of equipment that is named with it, if any."""

    order: int
    kind: Kind
    limits: Mapping[str, Limit] = field(default_factory=dict)
    equipment: str = ""


@dataclass(frozen=True)
class Attempt:
    """That the step with this order was recorded, and whether its limits were kept."""

    order: int
    passed: bool


class InvalidRoute(ValueError):
    """The route cannot be worked: what is wrong and what to write instead."""


def read_limits(stored: Mapping[str, Sequence[Any]]) -> dict[str, Limit]:
    """Limits as kept, `{"temperature_c": ["100", "110"]}` with null for an open end, as decimals."""
    return {name: (_end(pair[0]), _end(pair[1])) for name, pair in stored.items()}


def _end(text: Any) -> Decimal | None:
    return None if text is None else Decimal(str(text))


def check_route(steps: Sequence[Step], *, leach: bool = False) -> None:
    """Raise `InvalidRoute` for a route without the moisture masses, with a limit missing or unknown, or, for a leach, one that grinds or
    dries hot before its split is taken."""
    kinds = [one.kind for one in steps]
    for kind in (Kind.WEIGH_WET, Kind.WEIGH_DRY):
        if kinds.count(kind) != 1:
            raise InvalidRoute(f"A route holds {kind.value} exactly once: moisture comes from one wet and one dry mass.")
    between = kinds[kinds.index(Kind.WEIGH_WET) : kinds.index(Kind.WEIGH_DRY)]
    if Kind.DRY not in between:
        raise InvalidRoute("Between weigh_wet and weigh_dry stands a step dry.")
    for one in steps:
        _check_step(one)
    if Kind.SIEVE in kinds and not GRINDING & set(kinds[: kinds.index(Kind.SIEVE)]):
        raise InvalidRoute("A sieve check stands behind the crushing or pulverising it checks.")
    if leach:
        _check_leach(kinds)


def _check_step(step: Step) -> None:
    known = {one.name for one in FIELDS[step.kind]}
    missing = [name for name in LIMITED.get(step.kind, ()) if step.limits.get(name, (None, None)) == (None, None)]
    if missing:
        raise InvalidRoute(f"Step {step.order} ({step.kind.value}) has no limit for {', '.join(missing)}. Give the least or the most.")
    if set(step.limits) - known:
        raise InvalidRoute(
            f"Step {step.order} ({step.kind.value}) limits {', '.join(sorted(set(step.limits) - known))}, which it does not ask."
        )
    for name, (least, most) in step.limits.items():
        if least is not None and most is not None and least > most:
            raise InvalidRoute(f"Step {step.order}: the least {name} lies above the most.")


def _check_leach(kinds: Sequence[Kind]) -> None:
    if Kind.LEACH_SPLIT not in kinds:
        raise InvalidRoute("A route for a leach takes a leach_split: below 2 mm and before anything is pulverised.")
    if Kind.PULVERISE in kinds[: kinds.index(Kind.LEACH_SPLIT)]:
        raise InvalidRoute("The leach_split stands before pulverise: new surfaces give up what the leach would not have taken.")


def judge(step: Step, values: Mapping[str, Decimal]) -> str:
    """What is outside the step's limits, as a clause with the limit; empty when all are kept."""
    faults = []
    for amount in FIELDS[step.kind]:
        least, most = step.limits.get(amount.name, (None, None))
        value = values.get(amount.name)
        if value is None:
            continue
        if least is not None and value < least:
            faults.append(f"{value} {amount.unit} is below {least} {amount.unit}")
        if most is not None and value > most:
            faults.append(f"{value} {amount.unit} is above {most} {amount.unit}")
    return "; ".join(faults)


def go_back(steps: Sequence[Step], place: int) -> int:
    """Where work goes on when the step at `place` did not keep its limits: a sieve check at the grinding before it, any other step at
    itself."""
    if steps[place].kind != Kind.SIEVE:
        return place
    return next((before for before in range(place - 1, -1, -1) if steps[before].kind in GRINDING), place)


def replay(steps: Sequence[Step], attempts: Sequence[Attempt]) -> tuple[int, list[bool]]:
    """The place of the next step (`len(steps)` when all are done), and of each attempt whether it counts. One that does not fit the order,
    since an earlier one was corrected and failed, is void and done again."""
    place, counted = 0, []
    for attempt in attempts:
        fits = place < len(steps) and attempt.order == steps[place].order
        counted.append(fits)
        if fits:
            place = place + 1 if attempt.passed else go_back(steps, place)
    return place, counted
