"""Rows a software computes from others and prints among the samples: averages, deviations, extremes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from .measured_columns import Column, Layout

# What the row holds of each quantity, and its unit where that is another one than the quantity's.
_WORDS = {
    "average": "mean", "mean": "mean", "ave": "mean", "avg": "mean", "maximum": "max", "max": "max", "minimum": "min", "min": "min",
    "range": "range", "number": "count", "count": "count", "n": "count", "std dev": "sd", "stddev": "sd", "std deviation": "sd",
    "standard deviation": "sd", "st dev": "sd", "sdev": "sd", "sd": "sd", "rsd": "rsd", "rel std dev": "rsd", "rsdev": "rsd", "cv": "rsd",
}  # fmt: skip
_SIZE = re.compile(r"(.*?) ?(?:of \d+)?")


def find_statistic(text: str) -> str | None:
    """`mean`, `sd`, `rsd`, `max`, `min`, `range` or `count` where `text` is a word for it (`Std dev.`, `RSD(%)`, `Ave of 5`), or none."""
    word = " ".join(re.sub(r"[(\[]\s*%\s*[)\]]|[.%_]", " ", text).casefold().split())
    found = _SIZE.fullmatch(word)
    return _WORDS.get(found[1] if found else word)


def derive_layout(layout: Layout, statistic: str) -> Layout:
    """The layout of a statistics row: `concentration` becomes `concentration_mean`; `_rsd` is in percent, `_count` has no unit."""
    return replace(layout, measured={index: _derive(column, statistic) for index, column in layout.measured.items()})


def _derive(column: Column, statistic: str) -> Column:
    quantity = f"{column.quantity}_{statistic}"
    if statistic in {"rsd", "count"}:
        return replace(column, quantity=quantity, unit="%" if statistic == "rsd" else None, unit_column=None)
    return replace(column, quantity=quantity)


def name_columns(titles: Mapping[int, str], names: Mapping[str, tuple[str, ...]]) -> dict[str, tuple[int, ...]]:
    """For each field of a row the columns that have one of its folded titles, in the order of the names."""
    return {field: tuple(index for name in listed for index, title in titles.items() if title == name) for field, listed in names.items()}
