"""Tables of an initial migration, made at once.

Django's executor keeps a rendered model for every table while it applies operations one by one, and renders anew whatever is related to
the one that changed. Here nearly everything is related to everything, so the time grows with the square of the number of tables: most of
a minute for a new database. An initial migration only creates, so its tables can be made from what it leaves behind, rendered once.
"""

from __future__ import annotations

from typing import Any

from django.db.migrations import AddConstraint, AddField, AddIndex, CreateModel, Migration
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.state import ProjectState

_ADDING = (AddField, AddIndex, AddConstraint)


class TablesAtOnce(MigrationExecutor):
    """Django's executor, but for initial migrations that do nothing but create tables of their own."""

    def apply_migration(self, state: ProjectState, migration: Migration, fake: bool = False, fake_initial: bool = False) -> ProjectState:
        if fake or fake_initial or not creates_only(migration):
            return super().apply_migration(state, migration, fake=fake, fake_initial=fake_initial)
        self._tell("apply_start", migration)
        state.__dict__.pop("apps", None)  # a rendered state would be rendered again at each operation
        state = migration.mutate_state(state, preserve=False)
        with self.connection.schema_editor(atomic=migration.atomic) as editor:
            for operation in migration.operations:
                if isinstance(operation, CreateModel):
                    model = state.apps.get_model(migration.app_label, operation.name)
                    if operation.allow_migrate_model(self.connection.alias, model):
                        editor.create_model(model)
        self.record_migration(migration)  # type: ignore[call-arg, arg-type]  # the stubs describe an older form
        self._tell("apply_success", migration)
        return state

    def _tell(self, action: str, migration: Migration) -> None:
        callback: Any = self.progress_callback
        if callback:
            callback(action, migration, False)


def creates_only(migration: Migration) -> bool:
    """Whether a migration is an initial one that creates tables and adds to those alone."""
    created = {one.name_lower for one in migration.operations if isinstance(one, CreateModel)}
    return bool(migration.initial) and all(
        isinstance(one, CreateModel) or (isinstance(one, _ADDING) and one.model_name.lower() in created) for one in migration.operations
    )
