"""Tables made at once are those that Django's executor makes one operation after the other."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db import connections
from django.db.migrations import AddConstraint, AddField, AddIndex, AlterField, CreateModel, Migration, RunPython, RunSQL
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState
from django.db.models import CASCADE, BigAutoField, CharField, CheckConstraint, ForeignKey, Index, IntegerField, Q

from lims.core.migrating import TablesAtOnce, groups
from tests import databases

_FORM = """
SELECT table_name || '.' || column_name || ' ' || data_type || ' ' || is_nullable || ' ' || coalesce(column_default, '')
FROM information_schema.columns WHERE table_schema = 'public'
UNION ALL SELECT conrelid::regclass || ' ' || pg_get_constraintdef(oid) FROM pg_constraint WHERE connamespace = 'public'::regnamespace
UNION ALL SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1
"""


def form_of(executor_class: type[MigrationExecutor], name: str, migrate: Callable[[MigrationExecutor], object]) -> list[str]:
    databases.drop(name)
    databases.create(name)
    databases.connect_to(name)
    migrate(executor_class(connections["owner"]))
    with connections["owner"].cursor() as cursor:
        cursor.execute(_FORM)
        return [row[0] for row in cursor.fetchall()]


def forms(database: str, migrate: Callable[[MigrationExecutor], object]) -> list[list[str]]:
    """What both executors leave behind."""
    names = [f"{database}_at_once", f"{database}_one_by_one"]
    try:
        return [form_of(kind, name, migrate) for kind, name in zip((TablesAtOnce, MigrationExecutor), names, strict=True)]
    finally:
        databases.connect_to(database)
        for name in names:
            databases.drop(name)


def test_both_ways_lead_to_the_same_tables(fresh_database: str) -> None:
    at_once, one_by_one = forms(fresh_database, lambda executor: executor.migrate([("accounts", "0001_initial")]))
    assert at_once == one_by_one
    assert len(at_once) > 100


def table(called: str, **fields: Any) -> CreateModel:
    return CreateModel(called, [("id", BigAutoField(primary_key=True)), *fields.items()])


FIRST = [table("Box", label=CharField(max_length=8), mass=IntegerField()), table("Key", box=ForeignKey("core.Box", CASCADE))]
# What later migrations of the product do, and what none may do at once: a field met twice, rows moved between two steps.
SECOND: list[Operation] = [
    AlterField("box", "label", CharField(max_length=20, null=True)),
    table("Shelf", name=CharField(max_length=9, unique=True)),
    AddField("shelf", "box", ForeignKey("core.Box", CASCADE)),
    AddIndex("shelf", Index(fields=["name", "box"], name="shelf_by_name")),
    AddField("box", "shelf", ForeignKey("core.Shelf", CASCADE, null=True)),
    AddField("box", "colour", CharField(max_length=5, default="red"), preserve_default=False),
    AddConstraint("box", CheckConstraint(condition=~Q(colour=""), name="box_coloured")),
    RunSQL("UPDATE core_box SET label = colour || mass, colour = 'blue'"),
    RunPython(lambda apps, editor: apps.get_model("core", "Box").objects.using(editor.connection.alias).update(mass=8)),
    AlterField("box", "colour", CharField(max_length=6)),
    AlterField("box", "colour", CharField(max_length=7, unique=True)),
]


def apply_both(executor: MigrationExecutor) -> None:
    executor.recorder.ensure_schema()
    state = ProjectState()
    for name, operations in (("0001_first", FIRST), ("0002_second", SECOND)):
        migration = Migration(name, "core")
        migration.operations = operations
        state = executor.apply_migration(state, migration)
        if operations is FIRST:
            state.apps.get_model("core", "Box").objects.using("owner").create(label="a", mass=7)
    box = state.apps.get_model("core", "Box").objects.using("owner").get()
    assert (box.label, box.colour, box.mass, box.shelf) == ("red7", "blue", 8, None)


def test_a_later_migration_leads_to_the_same_tables_and_rows(fresh_database: str) -> None:
    at_once, one_by_one = forms(fresh_database, apply_both)
    assert at_once == one_by_one
    assert {"core_shelf.box_id", "core_box.colour"} <= {line.split()[0] for line in at_once}


def test_a_field_met_twice_and_a_step_of_another_kind_part_the_groups() -> None:
    assert [len(group) for group in groups(SECOND)] == [7, 1, 1, 1, 1]


def test_a_table_made_and_altered_in_one_migration_is_made_first() -> None:
    assert [len(group) for group in groups([table("A", b=IntegerField()), AlterField("A", "b", IntegerField(null=True))])] == [1, 1]


def test_most_tables_of_the_product_are_made_so() -> None:
    assert all(
        len(list(groups(one.operations))) <= 3
        for one in (MigrationLoader(None).disk_migrations or {}).values()
        if one.app_label in {"accounts", "samples", "assays", "custody", "instruments"}
        and any(isinstance(o, CreateModel) for o in one.operations)
    )
