"""Primary keys as the database sends them."""

from __future__ import annotations

import django.db.backends.postgresql.base  # noqa: F401  # registers the driver's own way first, once
from psycopg2.extensions import new_type, register_type

from lims.core.ids import read_uuid

_UUID_OID = 2950


def read_keys_quickly() -> None:
    """Let the driver read UUIDs by `read_uuid`: a posted run reads some five thousand of them."""
    register_type(new_type((_UUID_OID,), "UUID", lambda text, cursor: None if text is None else read_uuid(text)))
