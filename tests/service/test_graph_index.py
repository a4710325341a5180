"""pgvector's indexes where the database goes away while one is built."""

import contextlib

import pytest

from helpers.database.graph_index import GraphIndex
from helpers.errors import StoreError, Unavailable
from tests.support.until import until


class Going:
    """A database that is away, or broken, when an index is to be built."""

    def __init__(self, error):
        self.error, self.asked = error, 0

    @contextlib.contextmanager
    def transaction(self, write=True):
        self.asked += 1
        raise self.error
        yield


@pytest.mark.parametrize(("error", "tries"), [(Unavailable("away"), 2), (StoreError("no memory"), 1)])
def test_the_next_search_tries_again_where_the_database_was_away(error, tries):
    database = Going(error)
    index = GraphIndex(database, table=None)
    for _ in range(2):
        assert not index.ready("cosine")
        until(lambda: "building" not in index.note)
    assert database.asked == tries
    assert ("failed" in index.note) == (tries == 1)
