"""`/healthz`: the process answers. `/readyz`: database, migrations, broker, storage; and when the scheduler last ticked."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.core.cache import cache
from django.core.files.storage import default_storage
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_safe

_reports: dict[str, Callable[[], Any]] = {}


def register_report(name: str, report: Callable[[], Any]) -> None:
    """Let `/readyz` tell something more (the scheduler's last tick); it does not decide readiness."""
    _reports[name] = report


def _database() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return "ok"


def _migrations() -> str:
    executor = MigrationExecutor(connection)
    missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return "ok" if not missing else f"{len(missing)} not applied"


def _broker() -> str:
    cache.set("readyz", "ok", 10)
    return str(cache.get("readyz"))


def _storage() -> str:
    default_storage.exists("readyz")
    return "ok"


_CHECKS: dict[str, Callable[[], str]] = {"database": _database, "migrations": _migrations, "broker": _broker, "storage": _storage}


def _outcome(check: Callable[[], Any]) -> Any:
    try:
        return check()
    except Exception as error:
        # The reader is an operator or a load balancer: the kind of failure, never an address or a password.
        return f"failed: {type(error).__name__}"


@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    """The process is alive."""
    return JsonResponse({"status": "ok"})


@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    """200 when everything needed answers, 503 otherwise."""
    checks = {name: _outcome(check) for name, check in _CHECKS.items()}
    ready = all(outcome == "ok" for outcome in checks.values())
    body = {"status": "ok" if ready else "unavailable", **checks} | {name: _outcome(report) for name, report in _reports.items()}
    return JsonResponse(body, status=200 if ready else 503)
