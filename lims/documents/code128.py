"""Code 128 (ISO/IEC 15417) as plain SVG: code set B alone, which holds everything a code of ours is made of."""

from __future__ import annotations

from lims.core.errors import DomainError

# Widths of bar, space, bar … in modules for the values 0 to 105; each is eleven modules wide. Then the stop, of thirteen.
_TABLE = (
    "212222222122222221121223121322131222122213122312132212221213221312231212112232122132122231113222123122123221223211221132"
    "221231213212223112312131311222321122321221312212322112322211212123212321232121111323131123131321112313132113132311211313"
    "231113231311112133112331132131113123113321133121313121211331231131213113213311213131311123311321331121312113312311332111"
    "314111221411431111111224111422121124121421141122141221112214112412122114122411142112142211241211221114413111241112134111"
    "111242121142121241114212124112124211411212421112421211212141214121412121111143111341131141114113114311411113411311113141"
    "114131311141411131211412211214211232"
)
_WIDTHS = [_TABLE[place : place + 6] for place in range(0, len(_TABLE), 6)]
_START_B, _STOP = 104, "2331112"
QUIET = 10
"""Modules that must stay white on either side."""


def encode_code128(text: str) -> list[int]:
    """The widths of bars and spaces in turn, in modules, with start, check and stop. Raises `DomainError('not_code128')` for what
    code set B does not hold."""
    if not text or not all(32 <= ord(sign) <= 126 for sign in text):
        raise DomainError("not_code128", f"“{text}” cannot be printed as Code 128: it holds a sign that is not plain ASCII.")
    values = [_START_B, *(ord(sign) - 32 for sign in text)]
    check = (values[0] + sum(place * value for place, value in enumerate(values[1:], 1))) % 103
    return [int(width) for pattern in (*(_WIDTHS[value] for value in (*values, check)), _STOP) for width in pattern]


def draw_code128(text: str, *, height: int = 40) -> str:
    """The symbol as SVG, one unit a module, without its quiet zones, which the template leaves."""
    bars, place = [], 0
    for index, width in enumerate(widths := encode_code128(text)):
        if index % 2 == 0:
            bars.append(f"M{place} 0h{width}v{height}h-{width}z")
        place += width
    size = f'width="{sum(widths)}" height="{height}" viewBox="0 0 {sum(widths)} {height}"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size} shape-rendering="crispEdges"><path d="{"".join(bars)}"/></svg>'
