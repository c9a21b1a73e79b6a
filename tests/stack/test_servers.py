"""The embedded servers as anyone on the machine meets them: closed, on the loopback address, with two roles."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import psycopg2
import pytest
import redis


@contextmanager
def connect(address: str, **changes: str) -> Iterator[psycopg2.extensions.cursor]:
    """A cursor that commits by itself."""
    with closing(psycopg2.connect(address, connect_timeout=5, **changes)) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            yield cursor


def listening_addresses(port: int) -> set[str]:
    """The addresses on which somebody listens on a port, as the kernel writes them."""
    rows = [line.split() for table in ("tcp", "tcp6") for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]]
    return {row[1].split(":")[0] for row in rows if row[3] == "0A" and int(row[1].split(":")[1], 16) == port}


def port_of(address: str) -> int:
    port = urlsplit(address).port
    assert port
    return port


@pytest.mark.parametrize("variable", ["DATABASE_URL", "REDIS_URL"])
def test_servers_listen_on_the_loopback_address_only(addresses: dict[str, str], variable: str) -> None:
    loopback = socket.inet_aton("127.0.0.1")[::-1].hex().upper()
    assert listening_addresses(port_of(addresses[variable])) == {loopback}


@pytest.mark.parametrize("variable", ["DATABASE_URL", "DATABASE_OWNER_URL"])
@pytest.mark.parametrize("password", ["", "wrong"])
def test_database_refuses_who_does_not_know_the_password(addresses: dict[str, str], variable: str, password: str) -> None:
    with pytest.raises(psycopg2.OperationalError, match="password"), connect(addresses[variable], password=password):
        pass


def test_nobody_signs_in_as_superuser(addresses: dict[str, str]) -> None:
    password = urlsplit(addresses["DATABASE_OWNER_URL"]).password
    for attempt in ("", password):
        with pytest.raises(psycopg2.OperationalError), connect(addresses["DATABASE_URL"], user="postgres", password=attempt):
            pass


@pytest.mark.parametrize(("sent", "answer"), [("PING", "-NOAUTH"), ("AUTH wrong", "-WRONGPASS"), ("CONFIG GET requirepass", "-NOAUTH")])
def test_broker_refuses_who_does_not_know_the_password(addresses: dict[str, str], sent: str, answer: str) -> None:
    with socket.create_connection(("127.0.0.1", port_of(addresses["REDIS_URL"])), timeout=5) as connection:
        connection.sendall(f"{sent}\r\n".encode())
        assert connection.recv(200).decode().startswith(answer)


def test_broker_writes_every_message_down(addresses: dict[str, str]) -> None:
    with closing(redis.Redis.from_url(addresses["REDIS_URL"], decode_responses=True)) as client:
        assert client.config_get("appendonly") == {"appendonly": "yes"}
        assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}


def test_application_role_owns_nothing_and_may_make_nothing(addresses: dict[str, str]) -> None:
    with connect(addresses["DATABASE_URL"]) as cursor:
        cursor.execute(
            "SELECT rolname, rolsuper, rolcreatedb, rolcreaterole, rolreplication, rolbypassrls FROM pg_roles WHERE rolname = current_user"
        )
        assert cursor.fetchone() == ("lims_app", False, False, False, False, False)
        cursor.execute("SELECT count(*) FROM pg_auth_members WHERE member = 'lims_app'::regrole")
        assert cursor.fetchone() == (0,)
        cursor.execute("SELECT count(*) FROM pg_shdepend WHERE refobjid = 'lims_app'::regrole AND deptype = 'o'")
        assert cursor.fetchone() == (0,)
        for forbidden in ("CREATE TABLE public.mine (id int)", "CREATE SCHEMA mine", "CREATE DATABASE mine", "SET ROLE lims_owner"):
            with pytest.raises(psycopg2.errors.InsufficientPrivilege):
                cursor.execute(forbidden)


def test_owner_migrates_and_makes_test_databases_but_is_no_superuser(addresses: dict[str, str]) -> None:
    with connect(addresses["DATABASE_OWNER_URL"]) as cursor:
        cursor.execute("SELECT rolname, rolsuper, rolcreatedb, rolcreaterole FROM pg_roles WHERE rolname = current_user")
        assert cursor.fetchone() == ("lims_owner", False, True, False)
        cursor.execute("SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = 'lims'")
        assert cursor.fetchone() == ("lims_owner",)
        cursor.execute("CREATE DATABASE copied TEMPLATE lims")
        cursor.execute("DROP DATABASE copied")
        with pytest.raises(psycopg2.errors.InsufficientPrivilege):
            cursor.execute("COPY pg_roles TO PROGRAM 'cat'")


def test_owner_decides_what_the_application_may_do(addresses: dict[str, str]) -> None:
    with connect(addresses["DATABASE_OWNER_URL"]) as owner, connect(addresses["DATABASE_URL"]) as application:
        owner.execute("CREATE TABLE ledger (entry text)")
        with pytest.raises(psycopg2.errors.InsufficientPrivilege):
            application.execute("SELECT * FROM ledger")
        owner.execute("GRANT SELECT, INSERT ON ledger TO lims_app")
        application.execute("INSERT INTO ledger VALUES ('first')")
        for forbidden in ("UPDATE ledger SET entry = ''", "DELETE FROM ledger", "TRUNCATE ledger", "DROP TABLE ledger"):
            with pytest.raises(psycopg2.errors.InsufficientPrivilege):
                application.execute(forbidden)


def test_database_sorts_the_same_on_every_machine_and_syncs_to_disk(addresses: dict[str, str]) -> None:
    with connect(addresses["DATABASE_URL"]) as cursor:
        cursor.execute("SELECT current_setting('fsync'), current_setting('server_encoding'), current_setting('TimeZone'), lower('ÅÉ')")
        assert cursor.fetchone() == ("on", "UTF8", "UTC", "åé")
        cursor.execute("SELECT string_agg(word, '' ORDER BY word) FROM unnest(ARRAY['b', 'A', 'a', 'B', 'é']) AS words (word)")
        assert cursor.fetchone() == ("ABabé",)
