"""What web, worker and beat check in the database before they serve: the settings alone cannot tell as whom they connect."""

from __future__ import annotations

import gc
from importlib import import_module

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError, connection

# A member of the owner can become the owner, who disables triggers; so can whoever may create roles before PostgreSQL 16.
_POWERS = """
SELECT current_user, rolsuper, rolcreaterole,
    EXISTS (SELECT FROM pg_database d WHERE d.datname = current_database() AND pg_has_role(d.datdba, 'MEMBER')),
    EXISTS (SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p', 'v', 'm', 'S') AND pg_has_role(c.relowner, 'MEMBER'))
FROM pg_roles WHERE rolname = current_user
"""
_REMEDY = "Let DATABASE_URL name the application role, which owns nothing, and keep DATABASE_OWNER_URL for migrations."


def refuse_unsafe() -> None:
    """Raise `ImproperlyConfigured` when this process must not serve: it connects as the owner or as someone who can become the owner,
    or it is a production process with the owner's password or with synthetic data."""
    try:
        _refuse_powerful_role()
        if settings.PRODUCTION:
            _refuse_owner_password()
            _refuse_synthetic_data()
    except DatabaseError as error:
        raise ImproperlyConfigured(f"The database cannot be asked whether it is safe to serve: {str(error).strip()}") from error
    finally:
        connection.close()  # a server that forks after this must not share it


def keep_what_is_loaded() -> None:
    """Load the rest of the code, and take all of it out of the garbage collector's sight: it stays until the process ends, and looking
    through it again and again costs a request that makes thousands of rows a third of its time."""
    import_module(settings.ROOT_URLCONF)
    gc.collect()
    gc.freeze()


def _refuse_powerful_role() -> None:
    with connection.cursor() as cursor:
        cursor.execute(_POWERS)
        role, superuser, creates_roles, owns_database, owns_tables = cursor.fetchone()
    powers = {
        "is a superuser": superuser,
        "may create roles": creates_roles,
        "owns the database": owns_database,
        "owns tables": owns_tables,
    }
    held = " and ".join(power for power, has in powers.items() if has)
    if held:
        raise ImproperlyConfigured(f"The database role {role} {held}, so it could switch off what protects the records. {_REMEDY}")


def _refuse_owner_password() -> None:
    if "owner" in settings.DATABASES:
        raise ImproperlyConfigured("DATABASE_OWNER_URL is set for a process that serves. Set it for `manage.py migrate` alone.")


def _refuse_synthetic_data() -> None:
    from lims.core.models import Installation

    installation = Installation.objects.first()
    if installation is not None and installation.synthetic:
        raise ImproperlyConfigured(
            f"The database {installation.origin} was created for synthetic data, for ever. Production needs a database of its own."
        )
