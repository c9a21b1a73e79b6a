"""Writes the reference that is drawn from the code itself: who may do what, and the lives of records.

`tools/write_reference.py` writes `docs/reference/`; with `--check` it only says whether the files are current (exit code 1 when not).
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).resolve().parents[1]
FOLDER = PROJECT / "docs" / "reference"
_WRITTEN = "<!-- Written by tools/write_reference.py from the code; change the code, then run it again. -->\n"
_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


def main(arguments: list[str]) -> int:
    """Write the files, or compare them."""
    sys.path.insert(0, str(PROJECT))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "lims.settings")
    import django

    django.setup()
    pages = write_pages()
    if "--check" in arguments:
        stale = [name for name, text in pages.items() if not (FOLDER / name).is_file() or (FOLDER / name).read_text() != text]
        sys.stdout.writelines(f"docs/reference/{name} is not current: run tools/write_reference.py\n" for name in stale)
        return 1 if stale else 0
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, text in pages.items():
        (FOLDER / name).write_text(text)
        sys.stdout.write(f"docs/reference/{name}\n")
    return 0


def write_pages() -> dict[str, str]:
    """File name → text. The language is English, whatever the caller's."""
    from django.utils import translation

    with translation.override("en"):
        return {"permissions.md": write_permissions(), "states.md": write_states()}


# --- Who may do what ------------------------------------------------------------------------------------------------------------------


def write_permissions() -> str:
    """The matrix, and the action each address asks for."""
    from lims.core.roles import INSTRUMENT, MATRIX, Action, Role

    roles = [*(role.value for role in Role), INSTRUMENT]
    rows = [
        [f"{_sentence(action.label)} `{action.value}`", *("●" if role in MATRIX[action] else "" for role in roles)] for action in Action
    ]
    return "\n".join(
        [
            "# Who may do what",
            _WRITTEN,
            "The matrix (`lims.core.roles.MATRIX`) says what a role may do; scope says with which objects: what belongs to others is",
            "*not found*. Rules between persons (nobody reviews or authorises the own work) are the services'. the tests try every",
            "address as every role. Without signing in one reaches the sign-in page, the verification of a certificate by its link, the",
            "health of the process and the description of the interface, which is the same for everybody and holds no data.",
            "",
            *_table(["Action", *(role.replace("_", " ") for role in roles)], rows),
            "",
            "## Addresses",
            "",
            "Each method asks for one action; one that is not named answers 405.",
            "",
            *_table(["Address", "Method and action"], [[f"`/{address}`", asked] for address, asked in _addresses()]),
            "",
        ]
    )


def _sentence(label: Any) -> str:
    words = str(label)
    return words[:1].upper() + words[1:]


def _addresses() -> Iterator[tuple[str, str]]:
    from django.urls import get_resolver

    for address, view in sorted(_walk(get_resolver().url_patterns, "")):
        actions = getattr(view, "actions", {})
        asked = [f"{method} `{actions[method].value}`" for method in _METHODS if method in actions]
        yield address, ", ".join(asked) or "open to everybody, or one's own"


def _walk(patterns: list[Any], before: str) -> Iterator[tuple[str, Any]]:
    for pattern in patterns:
        address = f"{before}{pattern.pattern}"
        if not hasattr(pattern, "url_patterns"):
            yield address, getattr(pattern.callback, "view_class", getattr(pattern.callback, "cls", None))
        elif pattern.app_name != "admin":
            yield from _walk(pattern.url_patterns, address)


def _table(head: list[str], rows: list[list[str]]) -> list[str]:
    lines = [head, ["---"] + [":-:" if len(head) > 2 else "---"] * (len(head) - 1), *rows]
    return [f"| {' | '.join(cells)} |" for cells in lines]


# --- The lives of records -------------------------------------------------------------------------------------------------------------


def write_states() -> str:
    """A diagram and a table for each state machine."""
    from assays.lifecycle import RUN, SUBMISSION, TEST
    from assays.nonconformities.lifecycle import NONCONFORMITY
    from samples.lifecycle import CONSIGNMENT, SAMPLE

    parts = [
        "# The lives of records",
        _WRITTEN,
        "Each step is a row of a table in `samples.lifecycle`, `assays.lifecycle` or `assays.nonconformities.lifecycle`. A guard that",
        "refuses says why: the page greys the button out with that sentence, the interface answers 409 with its code. A hold and an open",
        "discrepancy lie over a sample's state and are none.",
    ]
    for machine in (SAMPLE, CONSIGNMENT, SUBMISSION, TEST, RUN, NONCONFORMITY):
        parts += ["", f"## {machine.noun.capitalize()}", "", *_diagram(machine), "", *_steps(machine)]
    return "\n".join(parts) + "\n"


def _diagram(machine: Any) -> Iterator[str]:
    yield "```mermaid"
    yield "stateDiagram-v2"
    for state, label in machine.states.items():
        yield f"    {state} : {str(label).replace(':', ',')}"
    yield f"    [*] --> {next(iter(machine.states))}"
    for one in machine.transitions:
        for source in _in_order(machine, one.sources):
            yield f"    {source} --> {one.target} : {one.name.replace('_', ' ')}"
    yield "```"


def _steps(machine: Any) -> list[str]:
    rows = [
        [
            one.name.replace("_", " "),
            ", ".join(str(machine.states[source]) for source in _in_order(machine, one.sources)),
            str(machine.states[one.target]),
            ", ".join(guard.__name__.strip("_").replace("_", " ") for guard in one.guards) or "—",
        ]
        for one in machine.transitions
    ]
    return [f"| {' | '.join(cells)} |" for cells in [["Step", "From", "To", "Refused when"], ["---"] * 4, *rows]]


def _in_order(machine: Any, states: frozenset[str]) -> list[str]:
    return [state for state in machine.states if state in states]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
