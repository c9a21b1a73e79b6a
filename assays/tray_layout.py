"""Where controls stand among samples, pure: the first open the tray, the others are spread evenly, the last one closes it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")


def lay_out(opening: Sequence[T], body: Sequence[T], controls: Sequence[T]) -> list[T]:
    """`opening`, then `body` cut into as many parts as there are `controls`, each part followed by one of them."""
    laid = list(opening)
    start = 0
    for index, control in enumerate(controls, start=1):
        end = round(index * len(body) / len(controls))
        laid += [*body[start:end], control]
        start = end
    return laid + list(body[start:])


def number_names(names: Sequence[str]) -> list[str]:
    """Each name once as it is, then with a running number: `OREAS 100a`, `OREAS 100a-2`."""
    seen: dict[str, int] = {}
    numbered = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        numbered.append(name if seen[name] == 1 else f"{name}-{seen[name]}")
    return numbered
