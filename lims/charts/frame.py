"""What every specification shares: the schema, sizes that follow the container, data, and the sentence shown when there are none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

Spec = dict[str, Any]
Row = Mapping[str, Any]

SCHEMA = "https://vega.github.io/schema/vega-lite/v6.json"
PAPER_WIDTH = 560
"""Width in pixels where no container decides, as on paper."""


def build_frame(rows: Sequence[Row], *, description: str, height: int) -> Spec:
    """The head of a specification: `height` in pixels with axes and legend, the width of its container.

    `description` is what a reader who does not see the chart is told.
    """
    return {
        "$schema": SCHEMA,
        "description": description,
        "width": "container",
        "height": height,
        "autosize": {"type": "fit", "contains": "padding"},
        "data": {"values": [dict(row) for row in rows]},
    }


def fit_rows(rows: int, row_height: int, *, around: int = 60) -> int:
    """The height of a chart with one row per thing, in pixels; `around` is what axis and legend take."""
    return rows * row_height + around


def build_empty(message: str, *, height: int = 120) -> Spec:
    """A chart that holds one quiet sentence: what is missing and when it will be there."""
    return build_frame([{"message": message}], description=message, height=height) | {
        "mark": {"type": "text", "style": "note"},
        "encoding": {"text": {"field": "message", "type": "nominal"}},
    }


def build_layer(mark: str, style: str | list[str], encoding: Mapping[str, Any] | None = None, **mark_options: Any) -> Spec:
    """A layer whose look is a role of the theme."""
    return {"mark": {"type": mark, "style": style, **mark_options}, "encoding": dict(encoding or {})}
