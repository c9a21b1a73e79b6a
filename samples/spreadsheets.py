"""Rows as an XLSX file."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import Any

import xlsxwriter
from django.http import HttpResponse

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def write_spreadsheet(rows: Sequence[Mapping[str, Any]], title: str) -> bytes:
    """The rows under their member names. Everything is written as text, exactly as it stands, so that no id becomes a number and no text a
    formula; booleans stay booleans."""
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    sheet = book.add_worksheet(title)
    bold = book.add_format({"bold": True})
    sheet.freeze_panes(1, 1)
    for column, name in enumerate(rows[0] if rows else []):
        sheet.write_string(0, column, name, bold)
        sheet.set_column(column, column, max(10, len(name) + 2))
    for number, row in enumerate(rows, start=1):
        for column, value in enumerate(row.values()):
            if isinstance(value, bool):
                sheet.write_boolean(number, column, value)
            elif value is not None:
                sheet.write_string(number, column, str(value))
    book.close()
    return out.getvalue()


def spreadsheet_response(rows: Sequence[Mapping[str, Any]], title: str) -> HttpResponse:
    """The rows as a download."""
    return file_response(write_spreadsheet(rows, title), XLSX, f"{title}.xlsx")


def file_response(data: bytes, content_type: str, name: str, *, inline: bool = False) -> HttpResponse:
    """A file of our own making as a download, or shown in place."""
    response = HttpResponse(data, content_type=content_type)
    response["Content-Disposition"] = f'{"inline" if inline else "attachment"}; filename="{name}"'
    return response
