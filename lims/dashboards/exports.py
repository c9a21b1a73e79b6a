"""The overview as a file: exactly what is on the screen."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from typing import Any

import xlsxwriter
from django.http import HttpResponse

from lims.core.api.views import flatten, safe_cell
from lims.dashboards import rows
from lims.dashboards.selectors import Filters, Overview


def _sheets(overview: Overview, filters: Filters) -> dict[str, list[dict[str, Any]]]:
    everything = rows.overview_row(overview, filters)
    summary = {key: value for key, value in everything.items() if not isinstance(value, list)}
    return {
        "Summary": [{"figure": key, "value": value} for key, value in flatten(summary).items()],
        "By mine": rows.mine_rows(overview),
        "From mine to certificate": everything["funnel"],
        "In transit": rows.transit_rows(overview),
        "On hold": rows.hold_rows(overview),
        "Turnaround": rows.turnaround_rows(overview),
        "Provenance": rows.provenance_rows(overview),
    }


def write_csv(overview: Overview, filters: Filters) -> bytes:
    """The grades by mine."""
    file = io.StringIO()
    table = [flatten(row) for row in rows.mine_rows(overview)]
    header = list(dict.fromkeys(key for row in table for key in row))
    writer = csv.writer(file)
    writer.writerow(header)
    writer.writerows([safe_cell(row.get(key)) for key in header] for row in table)
    return file.getvalue().encode("utf-8-sig")


def write_xlsx(overview: Overview, filters: Filters) -> bytes:
    """Every part of the page on a sheet of its own; measured numbers stay text, as reported."""
    file = io.BytesIO()
    with xlsxwriter.Workbook(file, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}) as book:
        bold = book.add_format({"bold": True})
        for name, table in _sheets(overview, filters).items():
            sheet = book.add_worksheet(name)
            flat = [flatten(row) for row in table]
            header = list(dict.fromkeys(key for row in flat for key in row))
            sheet.write_row(0, 0, header, bold)
            for number, row in enumerate(flat, 1):
                sheet.write_row(number, 0, [row.get(key) for key in header])
            sheet.freeze_panes(1, 0)
            sheet.autofit()
    return file.getvalue()


WRITERS: dict[str, tuple[Callable[[Overview, Filters], bytes], str]] = {
    "csv": (write_csv, "text/csv; charset=utf-8"),
    "xlsx": (write_xlsx, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
}


def respond(overview: Overview, filters: Filters, kind: str) -> HttpResponse:
    """The file as a download, named after its moment."""
    write, content_type = WRITERS[kind]
    response = HttpResponse(write(overview, filters), content_type=content_type)
    response["Content-Disposition"] = f'attachment; filename="overview-{overview.as_of:%Y%m%d-%H%M}.{kind}"'
    return response
