"""Temporary passwords: made by the product, told once, and good for nothing but choosing one's own."""

from __future__ import annotations

import secrets

# Without characters that are read for each other (0 o, 1 l i).
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
_GROUPS, _LENGTH = 4, 4


def make_temporary_password() -> str:
    """Sixteen random characters in groups, easy to tell by telephone (79 bits)."""
    return "-".join("".join(secrets.choice(_LETTERS) for _ in range(_LENGTH)) for _ in range(_GROUPS))
