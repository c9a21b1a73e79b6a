"""Taking numbers for human codes."""

from __future__ import annotations

from django.db import connection

from lims.core import clock
from lims.core.codes import make_code


def take_codes(prefix: str, count: int = 1) -> list[str]:
    """Reserve `count` consecutive codes of a kind in the current year; part of the caller's transaction, so nothing is skipped."""
    year = clock.now().year
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO core_codesequence (prefix, year, last) VALUES (%s, %s, %s) "
            "ON CONFLICT (prefix, year) DO UPDATE SET last = core_codesequence.last + EXCLUDED.last RETURNING last",
            [prefix, year, count],
        )
        last: int = cursor.fetchone()[0]
    return [make_code(prefix, year, number) for number in range(last - count + 1, last + 1)]
