"""Write a sample list as an ICP-MS's acquisition software takes it in. Pure.

The columns carry the titles of MassHunter's own batch table (type, name, vial, level, total dilution, comment), comma-separated with a byte
order mark so that a spreadsheet program keeps µ. Names that begin like a formula are guarded on import by the software itself; they are
written as they stand, because the name finds the readings their tube.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from typing import Any

MEDIA_TYPE = "application/vnd.agilent.masshunter+csv"
TITLES = ("Type", "Sample Name", "Vial#", "Data File", "Level", "Total Dil.", "Comment")


def write_masshunter_list(positions: Iterable[Mapping[str, Any]]) -> bytes:
    """The sample list of a tray. A position has `position`, `label`, `type`, `dilution` and `comment`; calibration standards get their
    level from 1 in the order they stand, the calibration blank first."""
    target = io.StringIO()
    writer = csv.writer(target, lineterminator="\r\n")
    writer.writerow(TITLES)
    level = 0
    for row in positions:
        standard = row["type"] in {"CalBlk", "CalStd"}
        level += standard
        data_file = f"{row['position']:03d}{'CALS' if standard else 'SMPL'}.d"
        total = row["dilution"] or "1"
        writer.writerow([row["type"], row["label"], row["position"], data_file, level if standard else "", total, row.get("comment", "")])
    return target.getvalue().encode("utf-8-sig")
