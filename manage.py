#!/usr/bin/env python
"""Runs one management command, with the embedded servers it needs beside it unless the environment names others."""

import os
import sys

from lims.stack.commands import needs_of
from lims.stack.errors import StackError
from lims.stack.session import ensure


def main() -> None:
    """Start what is needed, then hand over to Django."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "lims.settings")
    try:
        os.environ.update(ensure(needs_of(sys.argv)))
    except StackError as error:
        sys.exit(f"manage.py: {error}")
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
