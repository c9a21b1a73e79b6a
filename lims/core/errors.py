"""Refusals. One shape for every door: a stable code, a sentence that says what, where and what to do, and details for machines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Problem:
    """One thing wrong at one place. `pointer` is an RFC 6901 JSON pointer (`/3/mass_g`) or empty for the whole."""

    pointer: str
    code: str
    detail: str


@dataclass(frozen=True)
class Blocker:
    """Why a step cannot be taken now: a stable code and a sentence that names the remedy."""

    code: str
    sentence: str


class DomainError(Exception):
    """A rule of the field refuses. `kind` decides the HTTP status at the edge; nothing was changed."""

    kind = "conflict"

    def __init__(self, code: str, message: str, *, details: Mapping[str, Any] | None = None, problems: Sequence[Problem] = ()) -> None:
        super().__init__(message)
        self.code = code
        self.message = str(message)
        self.details = dict(details or {})
        self.problems = list(problems)

    @property
    def errors(self) -> list[dict[str, Any]]:
        """The problems as plain dictionaries, for a response or a log."""
        return [asdict(problem) for problem in self.problems]


class Invalid(DomainError):
    """The content fails validation (422)."""

    kind = "invalid"


class NotFound(DomainError):
    """No such object within the caller's scope (404)."""

    kind = "not_found"

    def __init__(self, code: str = "not_found", message: str = "There is nothing here under that code, or it is not yours to see.") -> None:
        super().__init__(code, message)


class Forbidden(DomainError):
    """The caller's role does not allow the action (403)."""

    kind = "forbidden"


class Blocked(DomainError):
    """A guard refuses a step (409): `blockers` says why, each with its remedy."""

    def __init__(self, blockers: Sequence[Blocker], *, code: str | None = None) -> None:
        super().__init__(
            code or blockers[0].code,
            " ".join(blocker.sentence for blocker in blockers),
            problems=[Problem("", blocker.code, blocker.sentence) for blocker in blockers],
        )
        self.blockers = list(blockers)


class Stale(DomainError):
    """Somebody else changed the record since the caller read it (412)."""

    kind = "stale"


def refuse_if(blockers: Sequence[Blocker]) -> None:
    """Raise `Blocked` when there is any blocker."""
    if blockers:
        raise Blocked(blockers)
