"""The rail, the scan box and panels: what measured runs add to the frame."""

from __future__ import annotations


def register_run_navigation() -> None:
    """Called once when the app is ready."""
