"""What the person at the terminal is told."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager


def say(text: str, end: str = "\n") -> None:
    """Tell the person at the terminal."""
    sys.stdout.write(text + end)
    sys.stdout.flush()


@contextmanager
def timed(title: str, *, talks: bool = False) -> Iterator[None]:
    """Announce a step and say how long it took; one that talks prints lines of its own in between."""
    begun = time.monotonic()
    say(f"• {title}{':' if talks else ' … '}", end="\n" if talks else "")
    try:
        yield
    except BaseException:
        say("" if talks else "not done")
        raise
    say(f"{'  done in ' if talks else ''}{time.monotonic() - begun:.1f} s")
