"""The agent as it is handed out: one file, the same bytes for everybody, with its SHA-256."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

AGENT_NAME = "lims_agent.py"


@cache
def read_agent() -> tuple[bytes, str]:
    """Its bytes and their hexadecimal SHA-256."""
    data = Path(__file__).with_name(AGENT_NAME).read_bytes()
    return data, hashlib.sha256(data).hexdigest()
