"""The tables of the service: made once, brought from version to version with what is in them."""

import threading

import pytest

from helpers.database.schema import STEPS, migrate
from helpers.errors import StoreError
from helpers.service.storage.images import ImageTable
from helpers.service.storage.products import ProductTable
from tests.service.test_images import image, put

pytestmark = pytest.mark.once("the server runs on Python 3.10 and newer")

LATER = (
    "ALTER TABLE kinframe_products ADD COLUMN season {text} NOT NULL DEFAULT 'none'",
    "CREATE TABLE kinframe_pictures (number {identity}, name {text} NOT NULL, content {blob})",
    "INSERT INTO kinframe_pictures (name) SELECT path FROM kinframe_images ORDER BY id",
)


def version(database):
    """The version of the tables in a database, 0 where there are none."""
    try:
        with database.transaction(write=False) as session:
            return session.rows("SELECT version FROM kinframe_schema")[0][0]
    except StoreError:
        return 0


def test_tables_are_made_once(opened):
    database = opened()
    assert version(database) == 0
    migrate(database)
    put(database, image("a.jpg"))
    migrate(opened())
    assert version(database) == len(STEPS) and ImageTable(database).count() == 1


def test_a_later_version_keeps_what_is_there(opened):
    database = opened()
    migrate(database, STEPS[:1])
    put(database, image("a.jpg"), image("b.jpg"))
    ProductTable(database).create("chair", "Chair", {"a": 1}, [2, 1])
    migrate(database, [STEPS[0], LATER])
    assert version(database) == 2
    assert ProductTable(database).get("chair")[:4] == ("chair", "Chair", {"a": 1}, (2, 1))
    with database.transaction() as session:
        assert session.rows("SELECT season FROM kinframe_products") == [("none",)]
        session.rows("UPDATE kinframe_pictures SET content = ? WHERE number = ?", b"\0\xff", 2)
        pictures = session.rows("SELECT number, name, content FROM kinframe_pictures ORDER BY number")
    assert pictures == [(1, "a.jpg", None), (2, "b.jpg", b"\0\xff")]


def test_a_newer_version_is_refused(opened):
    database = opened()
    migrate(database, [*STEPS, LATER])
    with pytest.raises(StoreError, match=r"newer Kinframe \(version 3 of the service's tables, 2 here\); update"):
        migrate(database)
    assert version(database) == 3


def test_a_step_that_fails_changes_nothing(opened):
    database = opened()
    migrate(database)
    put(database, image("a.jpg"))
    with pytest.raises(StoreError):
        migrate(database, [*STEPS, (*LATER, "INSERT INTO kinframe_pictures (name) VALUES (NULL)")])
    assert version(database) == 2 and ImageTable(database).count() == 1
    migrate(database, [*STEPS, LATER])
    assert version(database) == 3


def test_services_that_start_at_once_make_the_tables_once(opened):
    databases, wrong = [opened() for _ in range(4)], []
    start = threading.Barrier(4)

    def begin(database):
        try:
            start.wait()
            migrate(database, [*STEPS, LATER])
        except Exception as error:
            wrong.append(error)

    threads = [threading.Thread(target=begin, args=(database,)) for database in databases]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong and version(databases[0]) == 3


def test_text_sorts_by_code_point_and_numbers_are_never_used_twice(database):
    with database.transaction() as session:
        session.many(
            "INSERT INTO kinframe_products VALUES (?, ?, ?, ?)",
            [(id, "", "{}", 0.25) for id in ("é", "b", "B", "\U0001f600")],
        )
        assert [id for (id,) in session.rows("SELECT id FROM kinframe_products ORDER BY id")] == [
            "B",
            "b",
            "é",
            "\U0001f600",
        ]
        assert session.rows("SELECT changed FROM kinframe_products LIMIT 1") == [(0.25,)]


class TestPostgres:
    @pytest.fixture
    def weak(self, postgres_server, postgres_url):
        """A database as a user has it who may make tables in it and nothing else."""
        from helpers.database.postgres import PostgresDatabase

        postgres_server.sql("DROP ROLE IF EXISTS weak")
        postgres_server.sql("CREATE ROLE weak LOGIN")
        name = postgres_url.rsplit("/", 1)[1]
        postgres_server.sql("GRANT CREATE ON SCHEMA public TO weak", name)
        database = PostgresDatabase(postgres_url.replace("kinframe@", "weak@"))
        yield database
        database.close()
        postgres_server.sql("DROP OWNED BY weak", name)
        postgres_server.sql("DROP ROLE weak")

    def test_a_user_who_may_not_add_pgvector_is_told_what_to_do(self, postgres_server, postgres_url, weak):
        with pytest.raises(StoreError, match="superuser run once, in that database: CREATE EXTENSION vector"):
            migrate(weak)
        postgres_server.sql("CREATE EXTENSION vector", postgres_url.rsplit("/", 1)[1])
        migrate(weak)
        assert version(weak) == len(STEPS)

    def test_a_user_who_may_not_make_tables_may_use_them(self, postgres_server, postgres_url, weak):
        from helpers.database.postgres import PostgresDatabase

        name = postgres_url.rsplit("/", 1)[1]
        postgres_server.sql("REVOKE CREATE ON SCHEMA public FROM weak", name)
        postgres_server.sql("CREATE EXTENSION vector", name)
        with pytest.raises(StoreError, match="GRANT"):
            migrate(weak)
        owner = PostgresDatabase(postgres_url)
        migrate(owner)
        owner.close()
        postgres_server.sql("GRANT ALL ON ALL TABLES IN SCHEMA public TO weak", name)
        postgres_server.sql("GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO weak", name)
        migrate(weak)
        assert put(weak, image("a.jpg")) == 1

    @pytest.mark.parametrize(
        ("offered", "found", "said"),
        [([], [], "the server has no pgvector"), ([("0.5.1",)], [("0.5.1",)], "has to be 0.7 or newer")],
    )
    def test_pgvector_that_is_missing_or_old(self, offered, found, said):
        import contextlib

        class DatabaseSession:
            def rows(self, statement, *values):
                return offered if "available" in statement else found if "extversion" in statement else []

        class Database:
            kind, note = "postgresql", "in a database"

            @contextlib.contextmanager
            def transaction(self, write=True):
                yield DatabaseSession()

        with pytest.raises(StoreError, match=said):
            migrate(Database())
