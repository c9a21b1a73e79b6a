"""The tables of provenance, for administrators to look at: without those who sold, carried or were paid."""

from __future__ import annotations

from lims.core.records_admin import register_records

register_records(
    "provenance",
    restricted=frozenset({"name", "identifier", "beneficial_owner", "payer", "payee", "place", "remark", "basis", "caption", "file_name"}),
)
