"""What each command declares to need."""

from __future__ import annotations

import pytest

from lims.stack.commands import needs_of


@pytest.mark.parametrize(
    ("line", "needs"),
    [
        ("manage.py", set()),
        ("manage.py help migrate", set()),
        ("manage.py migrate --help", set()),
        ("manage.py --version", set()),
        ("manage.py parse_export file.xlsx", set()),
        ("manage.py validate_calculations", set()),
        ("manage.py check", set()),
        ("manage.py check --database default", {"database"}),
        ("manage.py check --database=default", {"database"}),
        ("manage.py migrate", {"database"}),
        ("manage.py verify_custody", {"database"}),
        ("manage.py a_command_nobody_listed", {"database"}),
        ("manage.py runserver", {"database", "broker"}),
    ],
)
def test_a_command_gets_what_it_needs_and_no_more(line: str, needs: set[str]) -> None:
    assert needs_of(line.split()) == needs
