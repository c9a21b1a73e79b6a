"""The tables of control charts, for administrators to look at."""

from __future__ import annotations

from lims.core.records_admin import register_records

register_records("control_charts")
