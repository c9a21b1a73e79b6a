"""The beginning of an installation: nobody is there yet who could add anybody."""

from __future__ import annotations

from django.db import connection, transaction

from lims.accounts.models import Organisation, OrganisationKind, User
from lims.accounts.passwords import make_temporary_password
from lims.core.acting import acting
from lims.core.checking import check_record
from lims.core.errors import Blocked, Blocker
from lims.core.roles import Role


def add_first_administrator(*, username: str, full_name: str, ministry_code: str, ministry_name: str) -> tuple[User, str]:
    """The first administrator, in the ministry that runs the installation, and a temporary password, which is told once.

    Raises `Blocked('begun_already')` as soon as there is any account: then an administrator adds people on the pages.
    """
    password = make_temporary_password()
    with transaction.atomic(), acting("installation", "first administrator"):
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(726584)")  # there is no row yet that two could lock
        if User.objects.exists():
            raise Blocked([Blocker("begun_already", "There are accounts already. An administrator adds people on the page People.")])
        ministry = Organisation(code=ministry_code.strip().upper(), name=ministry_name.strip(), kind=OrganisationKind.MINISTRY)
        check_record(ministry)
        ministry.save()
        person = User(
            username=username.strip(),
            full_name=full_name.strip(),
            role=Role.ADMINISTRATOR,
            organisation=ministry,
            is_staff=True,
            must_change_password=True,
        )
        person.set_password(password)
        check_record(person)
        person.save()
    return person, password
