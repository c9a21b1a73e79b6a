"""The rail, the scan box and panels: what the bench adds to the frame."""

from __future__ import annotations


def register_navigation() -> None:
    """Called once when the app is ready."""
