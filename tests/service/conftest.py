"""The databases that every test of the service's tables runs on."""

from importlib.util import find_spec

import pytest

from helpers.database.schema import migrate
from helpers.database.sqlite import SqliteDatabase
from tests.support.postgres_server import PostgresServer

KINDS = ("embedded", "postgresql")
KEY, DIMENSION = "a network", 8


@pytest.fixture(scope="session")
def postgres_server():
    """A PostgreSQL with pgvector for the whole run. Who stops it starts it again."""
    for needed in ("psycopg", "pgvector"):
        if find_spec(needed) is None:
            pytest.skip(f"no {needed} to speak with PostgreSQL")
    try:
        server = PostgresServer()
    except RuntimeError as error:
        pytest.skip(str(error))
    yield server
    server.close()


@pytest.fixture
def postgres_url(postgres_server):
    """The address of an empty database."""
    url = postgres_server.url()
    yield url
    postgres_server.release(url)


@pytest.fixture(params=KINDS)
def address(request, tmp_path):
    """Where a collection may be kept: the path of a file that is not there yet, or a database that is empty."""
    if request.param == "embedded":
        return str(tmp_path / "collection.kinframe")
    return request.getfixturevalue("postgres_url")


@pytest.fixture
def opened(address):
    """A function that opens the database once more, as another service would; without tables."""
    from helpers.database.postgres import PostgresDatabase, is_address

    databases = []

    def open_database():
        databases.append(PostgresDatabase(address) if is_address(address) else SqliteDatabase(address))
        return databases[-1]

    yield open_database
    for database in databases:
        database.close()


@pytest.fixture
def database(opened):
    """A database with the tables of the service, empty."""
    database = opened()
    migrate(database)
    return database


@pytest.fixture
def storage(address):
    """A storage for features of length `DIMENSION`, empty."""
    from helpers.service.storage.storage import open_storage

    storage = open_storage(address, key=KEY, dimension=DIMENSION)
    yield storage
    storage.close()
