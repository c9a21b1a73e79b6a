"""Least privilege inside the database, applied by the owner after every migrate.

The application role may SELECT, INSERT and UPDATE; DELETE only on the few tables named here; on append-only tables SELECT and INSERT
alone, and triggers refuse the rest to everyone, the owner included. The application role owns nothing, so it can neither disable nor drop
a trigger.
"""

from __future__ import annotations

from typing import Any

import pgtrigger
from django.apps import apps
from django.conf import settings
from django.db import connections
from django.db.models import Model

DELETABLE = {
    "django_session",
    "axes_accessattempt",
    "axes_accessattemptexpiration",
    "axes_accessfailurelog",
    "axes_accesslog",
    "core_idempotencykey",
    # What waits for its place in the custody log.
    "custody_unsequenced",
    # Lists of a visit; what is taken off them stays in their history.
    "samples_visit_mines",
    "samples_visitmember",
    # What lies where now; where it lay before stays in the movements, the history and the ledger.
    "storage_placement",
}

_FUNCTION = """
CREATE OR REPLACE FUNCTION lims_refuse_change() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RAISE EXCEPTION '% is append-only: % is refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'restrict_violation';
END $$
"""
_TRIGGERS = """
CREATE OR REPLACE TRIGGER append_only_rows BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION lims_refuse_change();
CREATE OR REPLACE TRIGGER append_only_table BEFORE TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION lims_refuse_change();
"""


def is_append_only(model: type[Model]) -> bool:
    """Whether the model's rows may only be added: our own append-only records and the history tables."""
    import pghistory.models

    from lims.core.models import AppendOnly

    return issubclass(model, (AppendOnly, pghistory.models.Event)) and not model._meta.abstract and model._meta.managed


def append_only_tables() -> list[str]:
    """Names of all append-only tables, in order."""
    return sorted(model._meta.db_table for model in apps.get_models() if is_append_only(model))


def apply_database_policy(*, using: str, application_role: str) -> None:
    """Set grants and append-only triggers for every table; safe to repeat."""
    pgtrigger.install(database=using)
    connection = connections[using]
    quote = connection.ops.quote_name
    role = quote(application_role)
    protected = append_only_tables()
    with connection.cursor() as cursor:
        existing = set(connection.introspection.table_names(cursor))
        cursor.execute(_FUNCTION)
        cursor.execute(f"GRANT USAGE ON SCHEMA public TO {role}")
        cursor.execute(f"GRANT SELECT, INSERT, UPDATE ON ALL TABLES IN SCHEMA public TO {role}")
        cursor.execute(f"GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {role}")
        for table in sorted(DELETABLE & existing):
            cursor.execute(f"GRANT DELETE ON {quote(table)} TO {role}")
        for table in protected:
            if table in existing:
                cursor.execute(f"REVOKE UPDATE, DELETE, TRUNCATE ON {quote(table)} FROM {role}")
                cursor.execute(_TRIGGERS.format(table=quote(table)))
        if "django_migrations" in existing:
            cursor.execute(f"REVOKE INSERT, UPDATE ON django_migrations FROM {role}")


def apply_after_migrate(*, using: str, **kwargs: Any) -> None:
    """The last step of `migrate`."""
    apply_database_policy(using=using, application_role=settings.APPLICATION_ROLE)
