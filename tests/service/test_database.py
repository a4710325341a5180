"""Transactions in both databases, and what is told where one goes wrong."""

import sqlite3
import threading

import numpy as np
import pytest

from helpers.database.fair_semaphore import FairSemaphore
from helpers.database.pool import Pool
from helpers.database.sqlite import SqliteDatabase
from helpers.errors import StoreError, Unavailable
from helpers.features.store import FeatureStore
from tests.support.until import until

pytestmark = pytest.mark.once("the server runs on Python 3.10 and newer")

ADD = "INSERT INTO numbers (number, name) VALUES (?, ?)"
HOSTILE = "'; DROP TABLE numbers; -- %s \\ é"


@pytest.fixture
def numbers(opened):
    database = opened()
    with database.transaction() as session:
        session.rows("CREATE TABLE numbers (number BIGINT PRIMARY KEY, name TEXT)")
    return database


def add(database, number, name=""):
    with database.transaction() as session:
        session.rows(ADD, number, name)


def kept(database):
    with database.transaction(write=False) as session:
        return session.rows("SELECT number, name FROM numbers ORDER BY number")


def test_values_come_back_as_they_went_in(numbers):
    with numbers.transaction() as session:
        assert session.rows(ADD, 2**60, HOSTILE) == []
        session.many(ADD, ((number, None) for number in range(3)))
        session.many(ADD, [])
        assert session.rows(ADD + " RETURNING number", 7, "") == [(7,)]
    assert kept(numbers) == [(0, None), (1, None), (2, None), (7, ""), (2**60, HOSTILE)]


def test_what_raises_takes_everything_back(numbers):
    with pytest.raises(ZeroDivisionError), numbers.transaction() as session:
        session.rows(ADD, 1, "")
        raise ZeroDivisionError
    with pytest.raises(StoreError, match="numbers"), numbers.transaction() as session:
        session.rows(ADD, 1, "")
        session.rows(ADD, 1, "")
    assert kept(numbers) == []
    add(numbers, 1)
    assert kept(numbers) == [(1, "")]


def test_who_reads_does_not_write(numbers):
    with pytest.raises(StoreError), numbers.transaction(write=False) as session:
        session.rows(ADD, 1, "")
    assert kept(numbers) == []


def test_who_reads_sees_one_moment(opened, numbers):
    if numbers.kind == "embedded":
        pytest.skip("there, a commit waits for those who read")
    other = opened()
    with numbers.transaction(write=False) as session:
        before = session.rows("SELECT count(*) FROM numbers")
        add(other, 1)
        assert session.rows("SELECT count(*) FROM numbers") == before
    assert kept(numbers) == [(1, "")]


def test_one_writes_after_another_and_nothing_is_lost(opened, numbers):
    add(numbers, 0, "0")
    services, wrong = [numbers, opened()], []

    def count(database):
        try:
            for _ in range(10):
                with database.transaction() as session:
                    (name,) = session.rows("SELECT name FROM numbers")[0]
                    session.rows("UPDATE numbers SET name = ?", str(int(name) + 1))
        except Exception as error:
            wrong.append(error)

    threads = [threading.Thread(target=count, args=(services[n % 2],)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
    assert kept(numbers) == [(0, "60")]


def test_more_threads_than_connections_read_at_once(numbers):
    add(numbers, 1)
    read = []
    threads = [threading.Thread(target=lambda: read.extend(kept(numbers) for _ in range(5))) for _ in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert read == [[(1, "")]] * 200


def test_a_database_that_is_closed_says_so(numbers):
    with numbers.transaction() as session:
        numbers.close()
        session.rows(ADD, 1, "")
    with pytest.raises(Unavailable, match="has ended"):
        add(numbers, 2)


def test_turns_come_in_the_order_in_which_they_were_asked_for():
    semaphore, order = FairSemaphore(1, "here"), []

    def take(number):
        with semaphore.turn(60):
            order.append(number)

    threads = [threading.Thread(target=take, args=(number,)) for number in range(5)]
    with semaphore.turn(1):
        for thread in threads:
            waiting = len(semaphore._waiting)
            thread.start()
            until(lambda waiting=waiting: len(semaphore._waiting) > waiting)
        with pytest.raises(Unavailable, match=r"here: in use by others for 0.01 s"), semaphore.turn(0.01):
            pass
    for thread in threads:
        thread.join()
    assert order == [0, 1, 2, 3, 4]
    with semaphore.turn(0):
        pass


class TestFile:
    def test_it_is_a_store_of_features(self, tmp_path):
        path = tmp_path / "collection.kinframe"
        database = SqliteDatabase(path)
        with database.transaction() as session:
            session.rows("CREATE TABLE kinframe_more (number BIGINT)")
        with FeatureStore(path) as store:
            store.add("a network", ["ab" * 32], np.ones((1, 4), np.float32))
        with database.transaction(write=False) as session:
            assert session.rows("SELECT key FROM networks") == [("a network",)]
        assert str(path) in database.note
        database.close()

    def test_something_else_is_refused(self, tmp_path):
        other, text = tmp_path / "other.db", tmp_path / "text.kinframe"
        connection = sqlite3.connect(str(other))
        connection.execute("CREATE TABLE x (y)")
        connection.close()
        text.write_text("words " * 1000)
        for path, said in ((other, "something else"), (text, "damaged"), (tmp_path, "a folder")):
            with pytest.raises(StoreError, match=said):
                SqliteDatabase(path)

    def test_another_who_writes_for_long(self, tmp_path):
        database = SqliteDatabase(tmp_path / "collection.kinframe", wait=0.1)
        other = sqlite3.connect(str(database.path), isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(Unavailable, match="another program is writing"), database.transaction():
            pass
        other.close()
        with database.transaction(), pytest.raises(Unavailable, match="in use by others"), database.transaction():
            pass
        with database.transaction():
            pass
        database.close()

    def test_a_notebook_keeps_features_in_it_at_the_same_time(self, tmp_path):
        database, wrong, over = SqliteDatabase(tmp_path / "collection.kinframe"), [], threading.Event()
        with database.transaction() as session:
            session.rows("CREATE TABLE numbers (number BIGINT, name TEXT)")

        def serve(number):
            try:
                while not over.is_set():
                    add(database, number)
                    kept(database)
            except Exception as error:
                wrong.append(error)

        threads = [threading.Thread(target=serve, args=(number,)) for number in range(4)]
        for thread in threads:
            thread.start()
        with FeatureStore(database.path) as store:
            for number in range(10):
                store.add("a network", [f"{number:064x}"], np.ones((1, 4), np.float32))
        over.set()
        for thread in threads:
            thread.join()
        with FeatureStore(database.path) as store:
            assert len(store.photos("a network")) == 10
        assert not wrong and {number for number, _ in kept(database)} == {0, 1, 2, 3}
        database.close()

    def test_a_file_that_is_damaged_later(self, tmp_path):
        database = SqliteDatabase(tmp_path / "collection.kinframe")
        database.path.write_bytes(b"words " * 2000)
        with pytest.raises(StoreError, match="damaged"), database.transaction() as session:
            session.rows("SELECT * FROM networks")
        database.close()

    def test_a_file_that_is_gone(self, tmp_path):
        database = SqliteDatabase(tmp_path / "collection.kinframe")
        database.path.unlink()
        with pytest.raises(StoreError, match="gone"), database.transaction():
            pass
        database.close()

    def test_a_foreign_key_holds(self, tmp_path):
        database = SqliteDatabase(tmp_path / "collection.kinframe")
        with pytest.raises(StoreError, match="FOREIGN KEY"), database.transaction() as session:
            session.rows("INSERT INTO features VALUES (9, 'a', 'b', 0)")
        database.close()


class Connection:
    closed = False

    def close(self):
        self.closed = True


def test_connections_that_nobody_needs_any_more_are_closed():
    """As many as were needed at once in a busy moment would else stay open, each with memory and descriptors."""
    now = [0.0]
    pool = Pool(Connection, lambda: now[0])
    busy = [pool.new() for _ in range(20)]
    for each in busy:
        pool.give(each)
    assert not any(each.closed for each in busy)
    for _ in range(4):
        now[0] += 10
        pool.give(pool.idle())
    assert [each.closed for each in busy] == [True] * 19 + [False]
    now[0] += 100
    assert pool.idle() is busy[-1] and pool.idle() is None
    pool.close()
    pool.give(busy[-1])
    assert busy[-1].closed
