"""Registering 1,000 samples in one call, with codes, custody and history, against bulk_create of the bare rows."""

from __future__ import annotations

import itertools

from bench.database import median_seconds, throwaway_database

_COUNT = 1000
_TARGET_PER_SECOND = 3000


def run() -> None:
    """Print samples per second of both, and their ratio."""
    with throwaway_database():
        from django.db import connections

        from lims.core.startup import keep_what_is_loaded
        from samples.models import Sample
        from samples.services.registering import register_samples
        from tests.factories.people import make_cast
        from tests.factories.samples import make_mine, make_record

        keep_what_is_loaded()  # as the web process does
        collector = make_cast().collector
        make_mine()
        numbers = itertools.count()

        def register() -> list[Sample]:
            records = [make_record(field_id=f"F-{n}", seal_number=f"SEAL-{n}") for n in itertools.islice(numbers, _COUNT)]
            return register_samples(records=records, by=collector)

        template = register()[0]

        def write_bare_rows() -> None:
            fields = {field.attname: getattr(template, field.attname) for field in Sample._meta.concrete_fields if field.name != "id"}
            unique = ({"code": f"X-{n}", "blind_code": f"Y-{n}", "field_id": f"X-{n}", "seal_number": f"X-{n}"} for n in numbers)
            Sample.objects.bulk_create([Sample(**(fields | more)) for more in itertools.islice(unique, _COUNT)])

        full = median_seconds(register)
        with connections["owner"].cursor() as cursor:
            # The history triggers; foreign keys and other constraints stay.
            cursor.execute("ALTER TABLE samples_sample DISABLE TRIGGER USER")
        bare = median_seconds(write_bare_rows)
    reached = _COUNT / full
    print(f"registration of {_COUNT} samples with codes, custody and history: {reached:,.0f} samples/s ({1000 * full:.0f} ms)")
    print(f"  target {_TARGET_PER_SECOND:,} samples/s: {'reached' if reached >= _TARGET_PER_SECOND else 'MISSED'}")
    print(f"  bulk_create of the bare rows: {_COUNT / bare:,.0f} samples/s ({1000 * bare:.0f} ms); all of it takes {full / bare:.1f}×")


if __name__ == "__main__":
    run()
