"""The database itself refuses what must never happen."""

from __future__ import annotations

from typing import Any

import pgtrigger
import pytest
from django.apps import apps
from django.db import DatabaseError, IntegrityError, connection, connections, transaction
from django.utils import timezone

from assays.models import Analyte, Evaluation, Verdict
from lims.core.database_policy import append_only_tables, bulk_keys, is_append_only
from lims.core.ids import uuid7
from lims.core.models import Installation


@pytest.mark.django_db
def test_tests_run_as_the_application_role_which_owns_nothing() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public' AND tableowner = current_user")
        assert cursor.fetchone() == (0,)
        cursor.execute("SELECT rolsuper, rolcreatedb, rolcreaterole FROM pg_roles WHERE rolname = current_user")
        assert cursor.fetchone() == (False, False, False)
        cursor.execute("SELECT count(*) FROM pg_auth_members m JOIN pg_roles r ON r.oid = m.member WHERE r.rolname = current_user")
        assert cursor.fetchone() == (0,)


@pytest.mark.django_db
@pytest.mark.parametrize("table", append_only_tables())
def test_application_role_may_only_read_and_add_to_append_only_tables(table: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT has_table_privilege(%s, 'SELECT'), has_table_privilege(%s, 'INSERT'), has_table_privilege(%s, 'UPDATE'),"
            " has_table_privilege(%s, 'DELETE'), has_table_privilege(%s, 'TRUNCATE')",
            [table] * 5,
        )
        assert cursor.fetchone() == (True, True, False, False, False)
        cursor.execute(
            "SELECT count(*) FROM pg_trigger WHERE tgrelid = %s::regclass AND tgname LIKE 'append_only%%' AND tgenabled = 'O'", [table]
        )
        assert cursor.fetchone() == (2,)


def test_every_append_only_model_is_protected() -> None:
    assert len(append_only_tables()) == sum(is_append_only(model) for model in apps.get_models())
    assert len(append_only_tables()) > 20


@pytest.mark.parametrize("statement", ["UPDATE {} SET origin = 'x'", "DELETE FROM {}", "TRUNCATE {} CASCADE"])
def test_even_the_owner_is_refused_by_the_triggers(fresh_database: str, statement: str) -> None:
    Installation.create(synthetic=False)
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic("owner"), connections["owner"].cursor() as cursor:
        cursor.execute(statement.format("core_installation"))
    assert Installation.objects.count() == 1


@pytest.mark.django_db
def test_every_tracked_model_has_its_history_triggers() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT tgname FROM pg_trigger WHERE tgname LIKE 'pgtrigger_%%' AND tgenabled = 'O'")
        installed = {row[0] for row in cursor.fetchall()}
    registered = {trigger.get_pgid(model) for model, trigger in pgtrigger.registered()}
    assert registered == installed
    assert len(registered) > 60


@pytest.mark.django_db
def test_references_of_bulk_rows_are_there_and_stay() -> None:
    for model, fields in bulk_keys().items():
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FILTER (WHERE tgrelid = %s::regclass AND tgname IN ('references_checked', 'references_kept')),"
                " count(*) FILTER (WHERE starts_with(tgname, %s)) FROM pg_trigger WHERE tgenabled = 'O'",
                [model._meta.db_table, f"kept_for_{model._meta.db_table}_"],
            )
            assert cursor.fetchone() == (2, 3 * len(fields))
    analyte = Analyte.objects.earliest("order")

    def take_away_what_is_judged() -> None:
        _judge(analyte.pk)
        Analyte.objects.filter(pk=analyte.pk).update(id=uuid7())

    with pytest.raises(IntegrityError, match="which is not in assays_analyte"), transaction.atomic():
        _judge(uuid7())
    with pytest.raises(IntegrityError, match=r"assays_verdict\.analyte_id refers to this row"), transaction.atomic():
        take_away_what_is_judged()
    assert not Verdict.objects.exists()


def test_a_bulk_row_and_the_removal_of_what_it_names_wait_for_each_other(fresh_database: str) -> None:
    named = Analyte.objects.create(symbol="Xx", name="Xx", oxide="XxO", oxide_factor=1, order=999)
    removal = "DELETE FROM assays_analyte WHERE id = %s"
    with connection.cursor() as ours, connections["owner"].cursor() as theirs:
        for cursor in (ours, theirs):
            cursor.execute("SET lock_timeout = '20ms'")
        with transaction.atomic():
            _judge(named.pk)
            with pytest.raises(DatabaseError, match="lock timeout"):
                theirs.execute(removal, [named.pk])
            transaction.set_rollback(True)
        with transaction.atomic(using="owner"):
            theirs.execute(removal, [named.pk])
            with pytest.raises(DatabaseError, match="lock timeout"), transaction.atomic():
                _judge(named.pk)
        with pytest.raises(IntegrityError, match="which is not in assays_analyte"), transaction.atomic():
            _judge(named.pk)


def _judge(measured: Any) -> None:
    """Two verdicts at once, one of them of no analyte."""
    evaluation = Evaluation.objects.create(run_id=uuid7(), reduction_id=uuid7(), number=1, rules={}, evaluated_at=timezone.now())
    Verdict.objects.bulk_create([Verdict(evaluation=evaluation), Verdict(evaluation=evaluation, analyte_id=measured)])
