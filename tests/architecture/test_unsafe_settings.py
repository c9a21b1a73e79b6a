"""An unsafe installation does not start: each process is tried for real, with the environment a careless deployer would give it."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from django.conf import settings
from django.db import connection

from lims.core.models import Installation
from tests import databases

_SAFE = {
    "LIMS_ENV": "production",
    "SECRET_KEY": "k" * 60,
    "ALLOWED_HOSTS": "lims.example.org",
    "PUBLIC_URL": "https://lims.example.org",
    "DATABASE_URL": "postgresql://lims_app@127.0.0.1:1/lims",
    "REDIS_URL": "redis://127.0.0.1:1/0",
}
_WEB = ("-c", "import lims.wsgi")
_LOOP = ("-c", "async def main(): import lims.asgi\nimport asyncio; asyncio.run(main())")
_WORKER = ("-m", "celery", "-A", "lims", "worker", "--pool", "solo", "--without-gossip", "--without-mingle")
_BEAT = ("-m", "celery", "-A", "lims", "beat", "--pidfile=")


def _start(*command: str, **environment: str | None) -> subprocess.CompletedProcess[str]:
    """Python in the project's folder, with nothing of ours in its environment but what is given."""
    ours = ("LIMS_", "SECRET_KEY", "ALLOWED_HOSTS", "PUBLIC_URL", "DATABASE_", "REDIS_URL", "DJANGO_")
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    given = {name: value for name, value in {"LIMS_DATA": os.environ["LIMS_DATA"], **environment}.items() if value is not None}
    return subprocess.run(
        [sys.executable, *command], env=inherited | given, cwd=settings.BASE_DIR, capture_output=True, text=True, timeout=60, check=False
    )


def test_complete_production_settings_are_accepted() -> None:
    started = _start("-c", "import lims.settings", **_SAFE)
    assert started.returncode == 0, started.stderr


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"SECRET_KEY": None}, "SECRET_KEY is missing"),
        ({"SECRET_KEY": "short"}, "shorter than 50 characters"),
        ({"ALLOWED_HOSTS": None}, "ALLOWED_HOSTS must name the hosts"),
        ({"ALLOWED_HOSTS": "lims.example.org,*"}, "'*' is refused"),
        ({"PUBLIC_URL": None}, "PUBLIC_URL must be the https:// address"),
        ({"PUBLIC_URL": "http://lims.example.org"}, "PUBLIC_URL must be the https:// address"),
        ({"LIMS_DEBUG": "1"}, "LIMS_DEBUG=1 is refused in production"),
        ({"LIMS_ENV": "prod"}, "use 'development' or 'production'"),
        ({"DATABASE_URL": "sqlite:///lims.sqlite3"}, "must start with postgresql://"),
    ],
)
def test_production_refuses_an_unsafe_setting_and_says_what_to_do(change: dict[str, str | None], sentence: str) -> None:
    started = _start("-c", "import lims.settings", **(_SAFE | change))
    assert started.returncode != 0
    assert sentence in started.stderr


@pytest.mark.parametrize("command", [_WEB, _LOOP, _WORKER, _BEAT], ids=["web", "asgi", "worker", "beat"])
def test_no_process_that_serves_starts_as_the_owner_of_the_database(command: tuple[str, ...], fresh_database: str) -> None:
    owner = databases.url_of(fresh_database, "DATABASE_OWNER_URL")
    started = _start(*command, DATABASE_URL=owner, REDIS_URL=os.environ["REDIS_URL"])
    assert started.returncode != 0
    assert "lims_owner owns the database and owns tables" in started.stderr
    assert "Let DATABASE_URL name the application role" in started.stderr


def test_web_starts_as_the_application_role(fresh_database: str) -> None:
    started = _start(*_WEB, DATABASE_URL=databases.url_of(fresh_database), REDIS_URL=os.environ["REDIS_URL"])
    assert started.returncode == 0, started.stderr


def test_web_that_finds_no_database_says_so_instead_of_serving_unchecked() -> None:
    started = _start(*_WEB, DATABASE_URL="postgresql://lims_app@127.0.0.1:1/lims")
    assert started.returncode != 0
    assert "The database cannot be asked whether it is safe to serve" in started.stderr


def test_production_refuses_a_database_created_for_synthetic_data(fresh_database: str) -> None:
    Installation.create(synthetic=True)
    connection.close()
    started = _start(*_WEB, **(_SAFE | {"DATABASE_URL": databases.url_of(fresh_database)}))
    assert started.returncode != 0
    assert "was created for synthetic data" in started.stderr


def test_production_starts_with_a_database_of_its_own(fresh_database: str) -> None:
    started = _start(*_WEB, **(_SAFE | {"DATABASE_URL": databases.url_of(fresh_database)}))
    assert started.returncode == 0, started.stderr


def test_production_refuses_to_serve_with_the_password_of_the_owner_at_hand(fresh_database: str) -> None:
    owner = databases.url_of(fresh_database, "DATABASE_OWNER_URL")
    started = _start(*_WEB, **(_SAFE | {"DATABASE_URL": databases.url_of(fresh_database), "DATABASE_OWNER_URL": owner}))
    assert started.returncode != 0
    assert "DATABASE_OWNER_URL is set for a process that serves" in started.stderr
