"""Code 128: the widths a reader expects."""

from __future__ import annotations

import pytest

from lims.core.errors import DomainError
from lims.documents.code128 import _WIDTHS, draw_code128, encode_code128


def read_code128(widths: list[int]) -> str:
    """A reader of code set B that knows nothing of the writer but the table: checks start, check character and stop."""
    patterns = ["".join(map(str, widths[place : place + 6])) for place in range(0, len(widths) - 7, 6)]
    start, *values, check = [_WIDTHS.index(pattern) for pattern in patterns]
    assert (start, widths[-7:]) == (104, [2, 3, 3, 1, 1, 1, 2])
    assert check == (start + sum(place * value for place, value in enumerate(values, 1))) % 103
    return "".join(chr(value + 32) for value in values)


def test_every_pattern_is_eleven_modules_wide_with_even_bars_and_stands_once() -> None:
    assert len(_WIDTHS) == len(set(_WIDTHS)) == 106
    for pattern in _WIDTHS:
        assert sum(map(int, pattern)) == 11
        assert sum(map(int, pattern[::2])) % 2 == 0


@pytest.mark.parametrize("text", ["S-26-00142-K", "B-483920111-7", "SEAL 000017", "~ !"])
def test_what_is_written_is_read(text: str) -> None:
    widths = encode_code128(text)
    assert read_code128(widths) == text
    assert sum(widths) == 11 * (len(text) + 2) + 13
    assert f'viewBox="0 0 {sum(widths)} 40"' in draw_code128(text)


def test_a_known_symbol_has_its_known_widths() -> None:
    """“A” in set B: start B, A, check 34 (= 104 + 33 modulo 103), stop."""
    assert "".join(map(str, encode_code128("A"))) == "2112141113231311232331112"


def test_what_set_b_does_not_hold_is_refused() -> None:
    for text in ("", "S-२६", "a\nb"):
        with pytest.raises(DomainError):
            encode_code128(text)
