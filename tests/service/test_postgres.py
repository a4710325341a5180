"""PostgreSQL as a database: who is let in, servers that go and come back, and what is told of it."""

import os
import signal
import threading

import numpy as np
import pytest

from helpers.errors import StoreError, Unavailable
from tests.service.test_database import ADD, add, kept
from tests.support.until import until

pytestmark = pytest.mark.once("connections are the server's; a notebook's own are tried in test_postgres_index")


@pytest.fixture
def postgres(postgres_url):
    from helpers.database.postgres import PostgresDatabase

    database = PostgresDatabase(postgres_url)
    yield database
    database.close()


@pytest.fixture
def opened_twice(postgres, postgres_url):
    from helpers.database.postgres import PostgresDatabase

    other = PostgresDatabase(postgres_url)
    yield postgres, other
    other.close()


def read_at(url):
    """When the server has read its rules, as a connection says that begins now."""
    from helpers.database.postgres import PostgresDatabase

    database = PostgresDatabase(url)
    try:
        return ask(database, "SELECT pg_conf_load_time()")
    finally:
        database.close()


def ask(database, statement="SELECT 1", write=False):
    with database.transaction(write) as session:
        return session.rows(statement)


def test_the_note_tells_no_password(postgres_server):
    from helpers.database.postgres import PostgresDatabase, is_address

    url = postgres_server.address("nowhere").replace("kinframe@", "kinframe:s3cr3t@")
    assert is_address(url) and is_address("postgres://x") and not is_address("/a/postgresql://b")
    database = PostgresDatabase(url)
    assert database.note == f"in PostgreSQL, nowhere at 127.0.0.1:{postgres_server.port}"
    with pytest.raises(StoreError, match="CREATE DATABASE") as error:
        ask(database)
    assert "s3cr3t" not in str(error.value)
    with pytest.raises(StoreError, match="has the form") as error:
        PostgresDatabase("postgresql://x:s3cr3t@h:port:x/?nothing=1")
    assert "s3cr3t" not in str(error.value)


@pytest.mark.parametrize("password", ["s3/cr3t", "12/s3cr3t", "x@s3cr3t", "s3cr3t@x", "s3cr3t/@"])
def test_half_a_password_is_not_taken_for_a_host(password):
    from helpers.database.postgres import PostgresDatabase

    with pytest.raises(StoreError, match="%40 for @ and %2F for /") as error:
        PostgresDatabase(f"postgresql://me:{password}@127.0.0.1:1/name")
    assert "cr3t" not in str(error.value)
    written = password.replace("/", "%2F").replace("@", "%40")
    note = PostgresDatabase(f"postgresql://me:{written}@127.0.0.1:1/name?application_name=a@b").note
    assert note == "in PostgreSQL, name at 127.0.0.1:1"


def test_who_is_not_let_in(postgres_server, postgres_url):
    from helpers.database.postgres import PostgresDatabase

    with pytest.raises(StoreError, match="the user has to be made first"):
        ask(PostgresDatabase(postgres_url.replace("kinframe@", "stranger@")))
    rules = postgres_server.data / "pg_hba.conf"
    before = rules.read_text()
    postgres_server.sql("CREATE ROLE guest LOGIN PASSWORD 'right'")
    try:
        rules.write_text("host all guest all scram-sha-256\nhost all nobody all reject\n" + before)
        before_that = read_at(postgres_url)
        postgres_server.sql("SELECT pg_reload_conf()")
        until(lambda: read_at(postgres_url) > before_that)
        for login, said in (("guest:wrong", "user or password"), ("guest", "password"), ("guest:right", None)):
            database = PostgresDatabase(postgres_url.replace("kinframe@", login + "@"))
            if said is None:
                assert ask(database) == [(1,)]
            else:
                with pytest.raises(StoreError, match=said):
                    ask(database)
            database.close()
    finally:
        rules.write_text(before)
        postgres_server.sql("SELECT pg_reload_conf()")
        postgres_server.sql("DROP ROLE guest")


@pytest.mark.parametrize("mode", ["fast", "immediate"])
def test_a_server_that_goes_and_comes_back(postgres_server, postgres, mode, monkeypatch):
    import psycopg

    tried, connect = [], psycopg.connect

    def connected(*arguments, **more):
        tried.append(more)
        return connect(*arguments, **more)

    monkeypatch.setattr(psycopg, "connect", connected)
    ask(postgres, "CREATE TABLE numbers (number BIGINT PRIMARY KEY, name TEXT)", write=True)
    add(postgres, 1)
    try:
        with pytest.raises(Unavailable), postgres.transaction() as session:
            session.rows(ADD, 2, "")
            postgres_server.stop(mode)
            session.rows(ADD, 3, "")
        for write in (False, True):
            tried.clear()
            with pytest.raises(Unavailable, match="no PostgreSQL answers there"):
                ask(postgres, write=write)
            assert len(tried) == 1, "it is said at once, not after more attempts"
    finally:
        postgres_server.start()
    assert kept(postgres) == [(1, "")]
    add(postgres, 2)


def test_idle_connections_are_replaced_without_a_word(postgres_server, postgres):
    threads = [threading.Thread(target=ask, args=(postgres, "SELECT pg_sleep(0.2)")) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    postgres_server.stop()
    postgres_server.start()
    assert ask(postgres) == [(1,)]


@pytest.mark.parametrize("write", [False, True])
def test_a_connection_behind_which_nothing_moves_is_given_up(postgres, monkeypatch, write):
    monkeypatch.setattr("helpers.database.postgres._SILENT", {write: 0.3})
    ((process,),) = ask(postgres, "SELECT pg_backend_pid()")
    os.kill(process, signal.SIGSTOP)  # the machine below it, or its disk, stands still
    try:
        assert ask(postgres, write=write) == [(1,)]
    finally:
        os.kill(process, signal.SIGCONT)


def test_a_connection_that_is_ended_from_outside(postgres_server, postgres):
    with pytest.raises(Unavailable), postgres.transaction() as session:
        (process,) = session.rows("SELECT pg_backend_pid()")[0]
        postgres_server.sql(f"SELECT pg_terminate_backend({process}, 5000)")
        session.rows("SELECT 1")
    assert ask(postgres) == [(1,)]


def test_all_connections_in_use(postgres_url, monkeypatch):
    from helpers.database import postgres

    monkeypatch.setattr(postgres, "_WAIT", 0.1)
    database = postgres.PostgresDatabase(postgres_url, most=1)
    with database.transaction(write=False), pytest.raises(Unavailable, match="in use by others"):
        ask(database)
    assert ask(database) == [(1,)]
    database.close()


def test_a_statement_that_takes_too_long(postgres):
    with pytest.raises(Unavailable, match="statement timeout"), postgres.transaction() as session:
        session.rows("SET LOCAL statement_timeout = '50ms'")
        session.rows("SELECT pg_sleep(5)")
    assert ask(postgres, "SHOW statement_timeout") == [("1min",)]


def test_a_writer_does_not_wait_forever_for_another(opened_twice, monkeypatch):
    postgres, other = opened_twice
    with other.transaction():
        monkeypatch.setattr("helpers.database.postgres._WRITING", "SET lock_timeout = '50ms'; " + writing())
        with pytest.raises(Unavailable, match="lock timeout"), postgres.transaction():
            pass
        assert ask(postgres) == [(1,)]  # who reads does not wait


def test_vectors_are_known_once_the_extension_is_there(postgres):
    ask(postgres)
    ask(postgres, "CREATE EXTENSION vector", write=True)
    with postgres.transaction(write=False) as session:
        vector = session.rows("SELECT CAST(? AS vector)", np.arange(3, dtype=np.float32))[0][0]
    assert not isinstance(vector, str)


def test_what_may_not_be_read(postgres_server, postgres_url, postgres):
    from helpers.database.postgres import PostgresDatabase

    ask(postgres, "CREATE TABLE secret (number BIGINT)", write=True)
    postgres_server.sql("CREATE ROLE weak LOGIN")
    try:
        database = PostgresDatabase(postgres_url.replace("kinframe@", "weak@"))
        with pytest.raises(StoreError, match="GRANT"):
            ask(database, "SELECT * FROM secret")
        database.close()
    finally:
        postgres_server.sql("DROP ROLE weak")


@pytest.mark.parametrize(
    ("state", "kind", "said"),
    [
        (None, Unavailable, "try again"),
        ("08006", Unavailable, "try again"),
        ("40001", Unavailable, "try again"),
        ("40P01", Unavailable, "try again"),
        ("53300", Unavailable, "try again"),
        ("55P03", Unavailable, "try again"),
        ("57014", Unavailable, "try again"),
        ("57P01", Unavailable, "try again"),
        ("25P03", Unavailable, "try again"),
        ("53100", StoreError, "the disk of the server is full"),
        ("58030", StoreError, "the disk of the server fails"),
        ("25006", StoreError, "read-only copy"),
        ("42501", StoreError, "GRANT"),
        ("XX001", StoreError, "damaged"),
        ("23505", StoreError, "not what the service's tables are for"),
    ],
)
def test_what_is_told_of_an_error_of_postgresql(state, kind, said):
    from helpers.database.postgres import explained

    error = OSError("the cause\nDETAIL: more")
    error.sqlstate = state
    told = explained("in a database", error)
    assert type(told) is kind and said in str(told) and str(told).endswith("(the cause)")


@pytest.mark.parametrize(
    ("message", "kind", "said"),
    [
        ("FATAL:  the database system is starting up", Unavailable, "starting up"),
        ("FATAL:  sorry, too many clients already", Unavailable, "too many clients"),
        ("could not translate host name", Unavailable, "no PostgreSQL answers"),
        ('FATAL:  no pg_hba.conf entry for host "::1"', StoreError, "accepts no connection from here"),
        ('FATAL:  role "x" is not permitted to log in', StoreError, "ALTER ROLE"),
        ("server does not support SSL, but SSL was required", StoreError, "sslmode="),
        ("SSL error: certificate verify failed", StoreError, "sslrootcert="),
        ('connection refused\nport 1 failed: FATAL:  database "x" does not exist', StoreError, "CREATE DATABASE"),
    ],
)
def test_what_is_told_who_cannot_connect(message, kind, said):
    from helpers.database.postgres import not_connected

    told = not_connected("in a database", OSError(message))
    assert type(told) is kind and said in str(told)


def writing():
    from helpers.database import postgres

    return postgres._WRITING
