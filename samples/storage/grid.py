"""Boxes as grids: rows are letters, columns are numbers. Pure."""

from __future__ import annotations

from collections.abc import Iterator

MOST_ROWS, MOST_COLUMNS = 26, 24


def position_name(row: int, column: int) -> str:
    """`(2, 7)` → `B7`; both count from 1."""
    return f"{chr(ord('A') + row - 1)}{column}"


def grid_positions(rows: int, columns: int) -> Iterator[tuple[int, int, str]]:
    """Row, column and name of every position, row by row. Raises ValueError for a grid that is no grid."""
    if not (1 <= rows <= MOST_ROWS and 1 <= columns <= MOST_COLUMNS):
        raise ValueError(f"A grid has 1 to {MOST_ROWS} rows and 1 to {MOST_COLUMNS} columns; got {rows} × {columns}.")
    for row in range(1, rows + 1):
        for column in range(1, columns + 1):
            yield row, column, position_name(row, column)
