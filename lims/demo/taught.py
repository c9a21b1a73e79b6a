"""What the demonstration's laboratory has taught, and what stands in its error queue: a mapping, a house name, a file nobody can read and a
message that was refused."""

from __future__ import annotations

import json

from assays.instruments.ingest import store_readings, store_upload
from assays.instruments.keeping import set_default_unit
from assays.instruments.parsers.layouts import HeadingPattern, Layout, MappedColumn
from assays.instruments.replaying import keep_refused
from assays.instruments.teaching import add_pattern, save_mapping
from lims.core.errors import DomainError
from lims.demo.journeys import Story

OTHER = "BPL-ICP1"
_UNKNOWN = (
    b"Flame Bench 2\r\nBatch;17\r\nLab no.;Flame;Dy 404.6 [mg/L];Tb 432.6 [mg/L]\r\nK-001;N2O;0,482;0,091\r\nK-002;N2O;0,517;0,088\r\n"
)


def teach_laboratory(story: Story, laboratory: str, instrument_code: str) -> None:
    """A mapping, two patterns of names, one unreadable file, one refused message; and the unit of the other instrument's bare files."""
    analyst, instrument = story.cast.of("analyst", laboratory), story.cast.instruments[instrument_code]
    layout = Layout(
        (MappedColumn("Solution", "label"), MappedColumn("Operator", "comment"), MappedColumn("DF", "dilution")),
        header_row=3,
        separator=";",
        decimal_sign=",",
        patterns=(HeadingPattern("{analyte} {line} nm ({unit})", "concentration"),),
    )
    save_mapping(name="Flame AAS, daily report", layout=layout, by=analyst)
    add_pattern(names="clay house*, HC-#", kind="control", by=analyst)
    add_pattern(names="flush#", kind="blank", by=analyst)
    store_upload(instrument=instrument, file_name="flame-bench-17.csv", data=_UNKNOWN, by=analyst)
    manager = story.cast.of("quality_manager", laboratory)
    set_default_unit(instrument=story.cast.instruments[OTHER], unit="ug/L", reason="Its short report prints no units.", by=manager)
    body = json.dumps({"run": "R-2024-000000", "readings": [{"position": 1, "analyte": "Dy", "value": "1.20", "unit": "ug/L"}]}).encode()
    try:
        store_readings(instrument=instrument, body=body, by=instrument)
    except DomainError as error:
        keep_refused(instrument=instrument, body=body, error=error)
