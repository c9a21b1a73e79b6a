"""Planning runs: the proposed tray, explicit positions, and every refusal with nothing changed."""

from __future__ import annotations

import pytest

from tests.factories.bench import make_planned_run


def test_a_proposed_tray_opens_with_blank_and_reference_material(cast):
    run = make_planned_run(cast, 3)
    assert [(p.number, p.kind) for p in run.positions.all()] == [
        (1, "blank"), (2, "reference"), (3, "sample"), (4, "sample"), (5, "sample"), (6, "duplicate"),
    ]  # fmt: skip
