"""Least privilege inside the database, applied by the owner after every migrate.

The application role may SELECT, INSERT and UPDATE; DELETE only on the few tables named here; on append-only tables SELECT and INSERT
alone, and triggers refuse the rest to everyone, the owner included. The application role owns nothing, so it can neither disable nor drop
a trigger. References of bulk rows (`BulkForeignKey`) are checked by triggers too, those of a statement together.
"""

from __future__ import annotations

from collections.abc import Iterable
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

# What a foreign key does for each row, for the rows of a statement at once: the rows referred to must be there, and are locked so that
# nobody takes them away before the transaction ends. It runs as its owner, as constraints do: the application may lock no append-only row.
_REFERENCES_FUNCTIONS = """
CREATE OR REPLACE FUNCTION lims_check_references() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    missing text;
BEGIN
    FOR place IN 0 .. TG_NARGS - 1 BY 3 LOOP
        EXECUTE format(
            'WITH named AS MATERIALIZED (SELECT DISTINCT %1$I AS key FROM added WHERE %1$I IS NOT NULL),'
            ' held AS MATERIALIZED (SELECT %3$I AS key FROM public.%2$I WHERE %3$I IN (SELECT key FROM named) FOR KEY SHARE)'
            ' SELECT key FROM named EXCEPT SELECT key FROM held LIMIT 1',
            TG_ARGV[place], TG_ARGV[place + 1], TG_ARGV[place + 2]
        ) INTO missing;
        IF missing IS NOT NULL THEN
            RAISE EXCEPTION '%.% names %, which is not in %', TG_TABLE_NAME, TG_ARGV[place], missing, TG_ARGV[place + 1]
                USING ERRCODE = 'foreign_key_violation', TABLE = TG_TABLE_NAME, COLUMN = TG_ARGV[place];
        END IF;
    END LOOP;
    RETURN NULL;
END $$;
CREATE OR REPLACE FUNCTION lims_keep_referenced() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    is_referenced boolean;
BEGIN
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        RAISE EXCEPTION 'A row of % is removed under read committed only: an older snapshot does not show who refers to it', TG_TABLE_NAME
            USING ERRCODE = 'foreign_key_violation';
    END IF;
    EXECUTE format('SELECT EXISTS (SELECT FROM public.%I WHERE %I = ($1).%I)', TG_ARGV[0], TG_ARGV[1], TG_ARGV[2])
        INTO is_referenced USING OLD;
    IF is_referenced THEN
        RAISE EXCEPTION '%.% refers to this row of %', TG_ARGV[0], TG_ARGV[1], TG_TABLE_NAME
            USING ERRCODE = 'foreign_key_violation', TABLE = TG_TABLE_NAME;
    END IF;
    RETURN NULL;
END $$;
REVOKE ALL ON FUNCTION lims_check_references(), lims_keep_referenced() FROM PUBLIC;
"""
_REFERRING_TRIGGERS = """
CREATE OR REPLACE TRIGGER references_checked AFTER INSERT ON {table} REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION lims_check_references({arguments});
CREATE OR REPLACE TRIGGER references_kept BEFORE UPDATE OF {columns} ON {table} FOR EACH ROW
    WHEN (({before}) IS DISTINCT FROM ({after})) EXECUTE FUNCTION lims_refuse_change();
"""
_REFERRED_TRIGGERS = """
CREATE OR REPLACE TRIGGER {name}_gone AFTER DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION lims_keep_referenced({arguments});
CREATE OR REPLACE TRIGGER {name}_moved AFTER UPDATE OF {key} ON {table} FOR EACH ROW
    WHEN (OLD.{key} IS DISTINCT FROM NEW.{key}) EXECUTE FUNCTION lims_keep_referenced({arguments});
CREATE OR REPLACE TRIGGER {name}_emptied BEFORE TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION lims_refuse_change();
"""


def is_append_only(model: type[Model]) -> bool:
    """Whether the model's rows may only be added: our own append-only records and the history tables."""
    import pghistory.models

    from lims.core.models import AppendOnly

    return issubclass(model, (AppendOnly, pghistory.models.Event)) and not model._meta.abstract and model._meta.managed


def append_only_tables() -> list[str]:
    """Names of all append-only tables, in order."""
    return sorted(model._meta.db_table for model in apps.get_models() if is_append_only(model))


def bulk_keys() -> dict[type[Model], list[Any]]:
    """The fields of each model whose references are checked for a statement at once."""
    from lims.core.models import BulkForeignKey

    found = {model: [field for field in model._meta.local_fields if isinstance(field, BulkForeignKey)] for model in apps.get_models()}
    return {model: fields for model, fields in found.items() if fields}


def _reference_triggers(model: type[Model], fields: list[Any], quote: Any) -> str:
    """The triggers of a table that refers, and of the tables it refers to."""
    table, columns = model._meta.db_table, [quote(field.column) for field in fields]
    keys = [(field.column, field.related_model._meta.db_table, field.target_field.column) for field in fields]
    made = _REFERRING_TRIGGERS.format(
        table=quote(table),
        arguments=_literals(part for key in keys for part in key),
        columns=", ".join(columns),
        before=", ".join(f"OLD.{column}" for column in columns),
        after=", ".join(f"NEW.{column}" for column in columns),
    )
    return made + "".join(
        _REFERRED_TRIGGERS.format(
            name=f"kept_for_{table}_{column}",
            table=quote(referred),
            arguments=_literals((table, column, key)),
            key=quote(key),
        )
        for column, referred, key in keys
    )


def _literals(names: Iterable[str]) -> str:
    return ", ".join(f"'{name}'" for name in names)


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
        cursor.execute(_REFERENCES_FUNCTIONS)
        for model, fields in bulk_keys().items():
            if model._meta.db_table in existing:
                cursor.execute(_reference_triggers(model, fields, quote))
        if "django_migrations" in existing:
            cursor.execute(f"REVOKE INSERT, UPDATE ON django_migrations FROM {role}")


def apply_after_migrate(*, using: str, **kwargs: Any) -> None:
    """The last step of `migrate`."""
    apply_database_policy(using=using, application_role=settings.APPLICATION_ROLE)
