"""Many operations of a migration, made at once.

Django's executor keeps a rendered model for every table while it applies operations one by one, and renders anew whatever is related to
the one that changed. Here nearly everything is related to everything, so the time grows with the square of the number of tables: most of
a minute for a new database. Operations that only create tables or add to them need no state between each other: what they leave behind is
rendered once, and all of them are made from that.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from django.db.migrations import AddConstraint, AddField, AddIndex, AlterField, CreateModel, Migration
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState

_ADDING = (AddField, AddIndex, AddConstraint)
_FEW = 4
_TOGETHER = (CreateModel, AlterField, *_ADDING)


class TablesAtOnce(MigrationExecutor):
    """Django's executor, but neighbouring operations that create, add or alter different things are made from one state, where a migration
    has more than a few of them."""

    def apply_migration(self, state: ProjectState, migration: Migration, fake: bool = False, fake_initial: bool = False) -> ProjectState:
        worth_it = len(migration.operations) > _FEW or any(isinstance(one, CreateModel) for one in migration.operations)
        if fake or fake_initial or not migration.atomic or not worth_it:
            return super().apply_migration(state, migration, fake=fake, fake_initial=fake_initial)
        self._tell("apply_start", migration)
        with self.connection.schema_editor(atomic=True) as editor:
            for group in groups(migration.operations):
                state = self._apply_group(group, migration.app_label, editor, state)
        self.record_migration(migration)  # type: ignore[call-arg, arg-type]  # the stubs describe an older form
        self._tell("apply_success", migration)
        return state

    @staticmethod
    def _apply_group(group: Sequence[Operation], label: str, editor: Any, state: ProjectState) -> ProjectState:
        state.__dict__.pop("apps", None)  # a rendered state would be rendered again at each operation
        before, after = state, state.clone()
        for operation in group:
            operation.state_forwards(label, after)
        created = {one.name_lower for one in group if isinstance(one, CreateModel)}
        for operation in group:
            if not isinstance(operation, _ADDING) or operation.model_name_lower not in created:  # else the table was created with it
                # What is added is told by the state afterwards; only an alteration, or a step of another kind, asks for the one before.
                start = after if isinstance(operation, (CreateModel, *_ADDING)) else before
                operation.database_forwards(label, editor, start, after)
        return after

    def _tell(self, action: str, migration: Migration) -> None:
        callback: Any = self.progress_callback
        if callback:
            callback(action, migration, False)


def groups(operations: Sequence[Operation]) -> Iterator[list[Operation]]:
    """The operations in their order, in groups in which no field is met twice; whatever else they do stands alone."""
    group: list[Operation] = []
    fields: set[tuple[str, str]] = set()
    for one in operations:
        field = {(one.model_name_lower, one.name_lower)} if isinstance(one, AddField | AlterField) else set()
        created = {mine.name_lower for mine in group if isinstance(mine, CreateModel)}
        again = bool(field & fields) or (isinstance(one, AlterField) and one.model_name_lower in created)
        if group and (again or not isinstance(one, _TOGETHER) or not isinstance(group[-1], _TOGETHER)):
            yield group
            group, fields = [], set()
        group.append(one)
        fields |= field
    if group:
        yield group
