"""Tables made at once are those that Django's executor makes one operation after the other."""

from __future__ import annotations

import pytest
from django.db import connections
from django.db.migrations import AddField, CreateModel, Migration, RunPython
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader
from django.db.models import IntegerField

from lims.core.migrating import TablesAtOnce, creates_only
from tests import databases

_FORM = """
SELECT table_name || '.' || column_name || ' ' || data_type || ' ' || is_nullable || ' ' || coalesce(column_default, '')
FROM information_schema.columns WHERE table_schema = 'public'
UNION ALL SELECT conrelid::regclass || ' ' || pg_get_constraintdef(oid) FROM pg_constraint WHERE connamespace = 'public'::regnamespace
UNION ALL SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1
"""


def form_of(executor_class: type[MigrationExecutor], name: str) -> list[str]:
    databases.drop(name)
    databases.create(name)
    databases.connect_to(name)
    executor = executor_class(connections["owner"])
    executor.migrate([("accounts", "0001_initial")])
    with connections["owner"].cursor() as cursor:
        cursor.execute(_FORM)
        return [row[0] for row in cursor.fetchall()]


def test_both_ways_lead_to_the_same_tables(fresh_database: str) -> None:
    names = [f"{fresh_database}_at_once", f"{fresh_database}_one_by_one"]
    try:
        at_once, one_by_one = (form_of(kind, name) for kind, name in zip((TablesAtOnce, MigrationExecutor), names, strict=True))
    finally:
        databases.connect_to(fresh_database)
        for name in names:
            databases.drop(name)
    assert at_once == one_by_one
    assert len(at_once) > 100


@pytest.mark.parametrize(
    ("operations", "expected"),
    [
        ([CreateModel("A", []), AddField("a", "b", IntegerField())], True),
        ([CreateModel("A", []), AddField("other", "b", IntegerField())], False),
        ([CreateModel("A", []), RunPython(RunPython.noop)], False),
    ],
)
def test_only_a_migration_that_creates_and_nothing_else_is_done_at_once(operations: list[object], expected: bool) -> None:
    migration = Migration("0001_initial", "any")
    migration.operations, migration.initial = operations, True
    assert creates_only(migration) is expected
    migration.initial = False
    assert not creates_only(migration)


def test_most_tables_of_the_product_are_made_so() -> None:
    initial = [one for key, one in MigrationLoader(None).disk_migrations.items() if key[1] == "0001_initial"]
    assert {one.app_label for one in initial if creates_only(one)} >= {"accounts", "samples", "assays", "core"}
