"""Where controls stand among samples."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assays.tray_layout import lay_out, number_names


def test_controls_are_spread_and_the_last_closes_the_tray():
    assert "".join(lay_out("BR", "ssssssss", "br")) == "BRssssbssssr"


def test_without_further_controls_the_samples_end_the_tray():
    assert lay_out(["B"], ["s", "s"], []) == ["B", "s", "s"]


@given(st.lists(st.integers(), max_size=80), st.lists(st.integers(), max_size=9))
def test_nothing_is_lost_and_samples_keep_their_order(body, controls):
    tray = lay_out([], [("s", one) for one in body], [("c", one) for one in controls])
    assert [one for kind, one in tray if kind == "s"] == body
    assert [one for kind, one in tray if kind == "c"] == controls
    parts = "".join(kind for kind, _ in tray).split("c")[:-1] if controls else []
    assert not parts or max(map(len, parts)) - min(map(len, parts)) <= 1


@pytest.mark.parametrize(("names", "numbered"), [(["a", "b"], ["a", "b"]), (["a", "b", "a", "a"], ["a", "b", "a-2", "a-3"])])
def test_a_name_that_comes_again_is_numbered(names, numbered):
    assert number_names(names) == numbered
