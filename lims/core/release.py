"""Which product this is: what a validation, a report or a bug names."""

from __future__ import annotations

import subprocess
from functools import cache

from django.conf import settings

VERSION = "0.1.0"
"""The newest version of CHANGELOG.md; a test holds them together."""


@cache
def find_commit() -> str:
    """The commit it was built from: `LIMS_COMMIT`, or that of the git checkout it runs in; empty where neither says."""
    if settings.COMMIT:
        return str(settings.COMMIT)
    try:
        asked = subprocess.run(
            ["git", "-C", str(settings.BASE_DIR), "rev-parse", "HEAD"],
            capture_output=True,
            text=True,
            timeout=5,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return asked.stdout.strip()
