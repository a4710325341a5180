"""Searches in PostgreSQL by bounds in memory: the same answers, whatever others write, also on tables of before."""

import contextlib
import threading

import numpy as np
import pytest

from helpers.database import table_bounds
from helpers.features.distance import METRICS
from helpers.service.storage.storage import open_storage
from tests.service.test_vectors import by_hand, filled, identity_of, image_of, nearest, photo_like
from tests.support.until import until

pytestmark = pytest.mark.once("the server runs on Python 3.10 and newer")
RANDOM = np.random.default_rng(17)
DIMENSION = 160


@pytest.fixture(autouse=True)
def for_few(monkeypatch):
    """Bounds for some hundred features, which leave out most of these."""
    monkeypatch.setattr(table_bounds, "MANY", 100)
    monkeypatch.setattr(table_bounds, "enough", lambda wanted: wanted + 60)


def bounds_of(storage, *metrics):
    """The bounds of a storage, once they are made."""
    bounds = storage.vectors._shared._bounds
    for metric in metrics or METRICS:
        until(lambda metric=metric: bounds.ready(metric))
    return bounds


@contextlib.contextmanager
def without_the_table(monkeypatch):
    """Let searches go through no table."""

    def refuse(*_):
        raise AssertionError("the whole table was read")

    from helpers.database.candidates import CandidateSearch
    from helpers.database.shared_scan import TableScan

    with monkeypatch.context() as patch:
        patch.setattr(CandidateSearch, "_near", refuse)
        patch.setattr(TableScan, "near", refuse)
        yield


def as_before(storage):
    """Give the table the form that it had without numbers."""
    with storage.database.transaction() as session:
        session.rows("ALTER TABLE kinframe_features_1 DROP COLUMN number")


def columns(storage):
    with storage.database.transaction(write=False) as session:
        return [
            name
            for (name,) in session.rows(
                "SELECT attname::text FROM pg_attribute WHERE attrelid = to_regclass('kinframe_features_1')"
                " AND attnum > 0 AND NOT attisdropped ORDER BY attnum"
            )
        ]


@pytest.mark.parametrize("dimension", [DIMENSION, 2048])  # `vector` and `halfvec`
def test_all_answers_are_those_of_a_search_through_everything(postgres_url, dimension):
    is_long = dimension > 2000  # which takes its time
    metrics, vectors = METRICS[is_long:], photo_like(300 if is_long else 600, dimension)
    storage = filled(postgres_url, vectors, dimension)
    bounds_of(storage, *metrics)
    odd = RANDOM.normal(size=(3, dimension)).astype(np.float32) * np.float32([[1], [1e9], [1e-20]])
    for metric in metrics:
        for query in (*vectors[[10, 80] if is_long else [0, 10, 50, 70, 80, 90, 200]], *odd):
            for k in (45,) if is_long else (1, 10, 45):  # among which are thirty equals
                found = nearest(storage, query, k, metric=metric, without=12)
                assert found == by_hand(vectors, query, k, metric, lambda n: n != 11)
        found = nearest(storage, vectors[10], 20, metric=metric, products=["p1", "p3"])
        assert found == by_hand(vectors, vectors[10], 20, metric, lambda n: n % 5 in (1, 3))
        assert nearest(storage, vectors[0], 700, metric=metric) == by_hand(
            vectors, vectors[0], 700, metric, lambda n: True
        )
    storage.close()


@pytest.mark.parametrize("metric", METRICS)
def test_a_search_alone_and_those_that_wait_together_read_no_table(postgres_url, monkeypatch, metric):
    vectors = photo_like(600, DIMENSION)
    storage = filled(postgres_url, vectors, DIMENSION)
    shared, bounds, answers = storage.vectors._shared, bounds_of(storage, metric), {}
    asked, near = [], bounds.near

    def counted(session, queries, wanted, by):
        asked.append(len(queries))
        return near(session, queries, wanted, by)

    def ask(place):
        answers[place] = nearest(storage, vectors[place], 5, metric=metric)

    monkeypatch.setattr(bounds, "near", counted)
    with without_the_table(monkeypatch):
        ask(300)
        assert asked == [1]
        threads = [threading.Thread(target=ask, args=(place,)) for place in range(100, 120)]
        shared._at_work += 10  # until all have come
        for thread in threads:
            thread.start()
        until(lambda: len(shared._waiting) == len(threads))
        with shared._condition:
            shared._at_work -= 10
            shared._condition.notify_all()
        for thread in threads:
            thread.join()
    assert sum(asked) == 21 and len(asked) <= 3
    for place, answer in answers.items():
        assert answer == by_hand(vectors, vectors[place], 5, metric, lambda n: True)
    storage.close()


def test_what_others_add_and_remove_is_seen_by_the_next_search(postgres_url, monkeypatch):
    vectors = photo_like(600, DIMENSION)
    storage, other = (filled(postgres_url, vectors, DIMENSION) for _ in range(2))
    bounds_of(storage)
    question = vectors[200]
    before = {metric: nearest(storage, question, 3, metric=metric) for metric in METRICS}
    with without_the_table(monkeypatch):
        for number in range(1000, 1005):
            closer = question + np.float32(1e-3) * RANDOM.normal(size=DIMENSION).astype(np.float32)
            other.add([image_of(number, identity_of(number))], ([identity_of(number)], closer[None]))
            for metric in METRICS:
                found = nearest(storage, question, 3, metric=metric)
                assert found[1][0] not in {image for image, _ in before[metric]}, "it is nearer than all but itself"
    with other.database.transaction() as session:  # by hand, as no program does
        session.rows("DELETE FROM kinframe_features_1 WHERE identity = ANY(?)", [identity_of(n) for n in (1000, 1002)])
    for metric in METRICS:
        found = nearest(storage, question, 4, metric=metric)
        assert len({image for image, _ in found} & {601, 603}) == 0
        assert {image for image, _ in found} >= {602, 604, 605}
    for number in range(1000, 1005):
        other.images.remove(number - 999 + 600)
    for metric in METRICS:
        assert nearest(storage, question, 3, metric=metric) == before[metric]
    storage.close()
    other.close()


def test_searches_are_right_while_others_write(postgres_url):
    vectors = photo_like(500, DIMENSION)
    storage, other = (filled(postgres_url, vectors, DIMENSION) for _ in range(2))
    bounds_of(storage)
    question, errors, apart, over = vectors[200], [], [np.inf], threading.Event()
    length = float(np.linalg.norm(question))

    def ask(metric):
        try:
            while not over.is_set():
                least = apart[-1]
                (first, second) = nearest(storage, question, 2, metric=metric)
                assert first == (201, 0.0)
                chord = second[1] if metric == "euclidean" else length * np.sqrt(2 * second[1])
                assert chord <= 1.01 * least, "what was written before it asked is found"
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=ask, args=(metric,)) for metric in METRICS for _ in range(2)]
    for thread in threads:
        thread.start()
    direction = RANDOM.normal(size=DIMENSION)
    direction *= length / np.linalg.norm(direction)
    for step in range(25):
        numbers = [1000 + 2 * step, 1001 + 2 * step]
        names = [identity_of(number) for number in numbers]
        new = np.stack([question + 0.1 * 0.8**step * direction, -question]).astype(np.float32)
        other.add([image_of(number, name) for number, name in zip(numbers, names)], (names, new))
        apart.append(0.1 * 0.8**step * length)
    over.set()
    for thread in threads:
        thread.join()
    assert not errors, errors[0]
    storage.close()
    other.close()


def test_bounds_that_are_far_behind_are_completed_beside_the_searches(postgres_url, monkeypatch):
    monkeypatch.setattr(table_bounds, "_AT_ONCE", 50)
    vectors = photo_like(600, DIMENSION)
    storage, other = filled(postgres_url, vectors[:300], DIMENSION), None
    bounds = bounds_of(storage, "cosine")
    kept = bounds._kept["cosine"]
    other = filled(postgres_url, vectors, DIMENSION)
    assert nearest(storage, vectors[500], 5, metric="cosine") == nearest(other, vectors[500], 5, metric="cosine")
    until(lambda: len(kept) >= 590 and "cosine" not in bounds._making)
    with without_the_table(monkeypatch):
        assert nearest(storage, vectors[500], 5, metric="cosine")[0][1] == 0
    storage.close()
    other.close()


def test_when_the_collection_has_grown_directions_are_chosen_again(postgres_url, monkeypatch):
    vectors = photo_like(700, DIMENSION)
    storage = filled(postgres_url, vectors[:120], DIMENSION)
    bounds = bounds_of(storage, "cosine")
    first = bounds._kept["cosine"]
    other = filled(postgres_url, vectors, DIMENSION)
    assert nearest(storage, vectors[500], 5, metric="cosine") == nearest(other, vectors[500], 5, metric="cosine")
    until(lambda: bounds._kept["cosine"] is not first)
    with without_the_table(monkeypatch):
        assert nearest(storage, vectors[650], 5, metric="cosine")[0][1] == 0
    storage.close()
    other.close()


def test_a_table_that_was_emptied_and_filled_anew_has_new_bounds(postgres_url):
    vectors = photo_like(300, DIMENSION)
    storage = filled(postgres_url, vectors, DIMENSION)
    bounds_of(storage, "cosine")
    with storage.database.transaction() as session:
        session.rows("TRUNCATE kinframe_features_1 RESTART IDENTITY")
        for start in range(0, 300, 100):
            names = [identity_of(n) for n in range(start, start + 100)]
            storage.vectors.add(session, names, vectors[start : start + 100][::-1])
    mirrored = np.concatenate([vectors[start : start + 100][::-1] for start in (0, 100, 200)])
    assert nearest(storage, vectors[5], 5, metric="cosine") == by_hand(
        mirrored, vectors[5], 5, "cosine", lambda n: True
    )
    bounds_of(storage, "cosine")
    assert nearest(storage, vectors[5], 5, metric="cosine") == by_hand(
        mirrored, vectors[5], 5, "cosine", lambda n: True
    )
    storage.close()


def test_a_database_that_was_put_back_to_an_earlier_state_has_new_bounds(postgres_url):
    vectors = photo_like(300, DIMENSION)
    storage = filled(postgres_url, vectors, DIMENSION)
    bounds_of(storage, "cosine")
    with storage.database.transaction() as session:  # as a copy of the server's files does: all files keep their names
        session.rows("DELETE FROM kinframe_features_1 WHERE number > 280")
        session.rows("ALTER TABLE kinframe_features_1 ALTER number RESTART WITH 281")
        names = [identity_of(n) for n in range(900, 910)]
        new = vectors[:10] + np.float32(1e-4)
        storage.vectors.add(session, names, new)
        storage.images.put(session, [image_of(n, identity_of(n)) for n in range(900, 910)])
    for n in range(10):
        found = nearest(storage, vectors[n], 3, metric="cosine")
        assert 301 + n in {image for image, _ in found}, "it came after the database was put back"
    storage.close()


def test_rows_that_were_taken_away_and_put_in_again_are_found_once(postgres_url, monkeypatch):
    monkeypatch.setattr(table_bounds, "enough", lambda wanted: 10_000)
    monkeypatch.setattr("helpers.database.interface.parts.__defaults__", (100,))
    vectors = photo_like(300, DIMENSION)
    storage = filled(postgres_url, vectors, DIMENSION)
    bounds_of(storage, "cosine")
    names = [identity_of(n) for n in range(200)]
    with storage.database.transaction() as session:  # by hand, as no program does
        session.rows("DELETE FROM kinframe_features_1 WHERE identity = ANY(?)", names)
        storage.vectors.add(session, names, vectors[:200])
    found = nearest(storage, vectors[70], 150, metric="cosine")
    assert found == by_hand(vectors, vectors[70], 150, "cosine", lambda n: True)
    storage.close()


def test_a_table_of_before_is_numbered_by_one_of_two_and_written_by_programs_of_before(postgres_url, monkeypatch):
    vectors = photo_like(400, DIMENSION)
    storage = filled(postgres_url, vectors, DIMENSION)
    as_before(storage)
    assert "number" not in columns(storage)
    other = open_storage(postgres_url, key=f"net {DIMENSION}", dimension=DIMENSION)
    threads = [threading.Thread(target=one.vectors._table.give_numbers) for one in (storage, other)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert columns(storage)[-1] == "number"
    for one in (storage, other):
        bounds_of(one)
    new = vectors[200] + np.float32(1e-4)
    from helpers.database.feature_table import checksum

    with other.database.transaction() as session:  # the statement of before
        session.rows(
            "INSERT INTO kinframe_features_1 VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
            identity_of(900), new.tobytes(), checksum(identity_of(900), new), other.vectors._table.vector(new),
        )  # fmt: skip
        other.images.put(session, [image_of(900, identity_of(900))])
    with without_the_table(monkeypatch):
        for one in (storage, other):
            for metric in METRICS:
                assert [image for image, _ in nearest(one, vectors[200], 2, metric=metric)] == [201, 401]
    for query in vectors[[0, 10, 300]]:
        expected = by_hand(vectors, query, 9, "euclidean", lambda n: True)
        assert nearest(storage, query, 9, metric="euclidean", without=401) == expected
    storage.close()
    other.close()


def test_the_first_search_numbers_a_table_of_before(postgres_url):
    vectors = photo_like(300, DIMENSION)
    storage = filled(postgres_url, vectors, DIMENSION)
    as_before(storage)
    assert nearest(storage, vectors[0], 5, metric="cosine") == by_hand(vectors, vectors[0], 5, "cosine", lambda n: True)
    bounds_of(storage, "cosine")
    assert columns(storage)[-1] == "number"
    assert nearest(storage, vectors[0], 5, metric="cosine") == by_hand(vectors, vectors[0], 5, "cosine", lambda n: True)
    storage.close()


def test_who_may_not_change_the_table_searches_all_of_it(postgres_server, postgres_url, caplog):
    vectors = photo_like(300, DIMENSION)
    storage = filled(postgres_url, vectors, DIMENSION)
    as_before(storage)
    postgres_server.sql("CREATE ROLE visitor LOGIN")
    name = postgres_url.rsplit("/", 1)[1]
    try:
        postgres_server.sql("GRANT SELECT ON ALL TABLES IN SCHEMA public TO visitor", name)
        guest = open_storage(postgres_url.replace("kinframe@", "visitor@"), key=f"net {DIMENSION}", dimension=DIMENSION)
        bounds = guest.vectors._shared._bounds
        for query in vectors[:3]:
            expected = by_hand(vectors, query, 5, "cosine", lambda n: True)
            assert nearest(guest, query, 5, metric="cosine") == expected
            until(lambda: "cosine" not in bounds._making)
        assert not bounds.ready("cosine")
        assert [record.getMessage() for record in caplog.records if "whole table" in record.getMessage()]
        assert "number" not in columns(storage)
        storage.vectors._table.give_numbers()
        again = open_storage(postgres_url.replace("kinframe@", "visitor@"), key=f"net {DIMENSION}", dimension=DIMENSION)
        bounds_of(again, "cosine")
        assert nearest(again, vectors[0], 5, metric="cosine") == nearest(storage, vectors[0], 5, metric="cosine")
        guest.close()
        again.close()
    finally:
        postgres_server.sql("DROP OWNED BY visitor", name)
        postgres_server.sql("DROP ROLE visitor")
    storage.close()


@pytest.mark.parametrize("limit", ["MANY", "_MOST"])
def test_small_tables_and_very_large_ones_are_searched_there(postgres_url, monkeypatch, limit):
    monkeypatch.setattr(table_bounds, limit, 10**9 if limit == "MANY" else 1000)
    vectors = photo_like(200, DIMENSION)
    storage = filled(postgres_url, vectors, DIMENSION)
    as_before(storage)
    bounds = storage.vectors._shared._bounds
    assert nearest(storage, vectors[0], 5, metric="cosine") == by_hand(vectors, vectors[0], 5, "cosine", lambda n: True)
    until(lambda: not bounds._making)
    assert not bounds.ready("cosine") and not bounds._making
    assert "number" not in columns(storage)
    storage.close()


def test_bounds_that_grow_too_large_go(postgres_url, monkeypatch):
    vectors = photo_like(300, DIMENSION)
    storage = filled(postgres_url, vectors, DIMENSION)
    bounds = bounds_of(storage, "cosine")
    monkeypatch.setattr(table_bounds, "_MOST", 1000)
    assert nearest(storage, vectors[0], 5, metric="cosine") == by_hand(vectors, vectors[0], 5, "cosine", lambda n: True)
    assert "cosine" not in bounds._kept
    storage.close()
