"""The tables of nonconforming work, for administrators to look at."""

from __future__ import annotations

from lims.core.records_admin import register_records

register_records("nonconformities", restricted=frozenset())
