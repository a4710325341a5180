"""Several queries in one pass over a table of PostgreSQL: the same answers, in fewer passes."""

import contextlib
import hashlib
import threading

import numpy as np
import pytest

from helpers.errors import Unavailable
from helpers.features.distance import METRICS, Distance
from helpers.service.records import SearchOptions
from tests.service.test_vectors import by_hand, filled, identity_of, nearest, photo_like
from tests.support.until import until

pytestmark = pytest.mark.once("only the server has many who ask at once, and it runs on Python 3.10 and newer")

shared_scan = pytest.importorskip("helpers.database.shared_scan")
RANDOM = np.random.default_rng(5)


@contextlib.contextmanager
def counting(scan, monkeypatch):
    """Yields the numbers of queries of each pass."""
    passes = []
    near = scan.near

    def counted(session, queries, wanted, metric):
        passes.append(len(queries))
        return near(session, queries, wanted, metric)

    with monkeypatch.context() as patch:
        patch.setattr(scan, "near", counted)
        yield passes


def ask_together(storage, queries, monkeypatch, **options):
    """Ask for all at once, while two that came before hold up the others; answers, and the queries of each pass."""
    shared = storage.vectors._shared
    answers = [None] * len(queries)

    def ask(place):
        answers[place] = nearest(storage, queries[place], **options)

    threads = [threading.Thread(target=ask, args=(place,)) for place in range(len(queries))]
    with counting(shared._scan, monkeypatch) as passes, contextlib.ExitStack() as before:
        for _ in range(shared_scan._PASSES):
            before.enter_context(shared.near(queries[0], 1, "euclidean"))
        for thread in threads:
            thread.start()
        until(lambda: len(shared._waiting) == len(queries))
        before.close()
        for thread in threads:
            thread.join()
    assert not shared._waiting
    assert not shared._at_work
    return answers, passes


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("dimension", [24, 2048])
def test_those_who_wait_share_a_pass_and_get_what_each_would_get_alone(postgres_url, monkeypatch, metric, dimension):
    vectors = photo_like(300, dimension)
    storage = filled(postgres_url, vectors, dimension)
    odd = RANDOM.normal(size=(3, dimension)).astype(np.float32) * np.float32([[1], [1e9], [1e-20]])
    queries = [*vectors[[0, 10, 50, 70, 80, 90]], *odd, *vectors[100:110]]
    for k in (1, 10, 200):
        answers, passes = ask_together(storage, queries, monkeypatch, k=k, metric=metric, without=3)
        for query, answer in zip(queries, answers):
            assert answer == by_hand(vectors, query, k, metric, lambda n: n != 2)
        assert sum(passes) >= len(queries) - 1, "each but the last was in a pass with others"
        assert len(passes) <= 3
    storage.close()


def test_queries_by_two_metrics_that_wait_together_each_get_their_own_answer(postgres_url):
    vectors = photo_like(200, 24)
    storage = filled(postgres_url, vectors, 24)
    shared, answers = storage.vectors._shared, {}

    def ask(metric, place):
        answers[metric, place] = nearest(storage, vectors[place], 5, metric=metric)

    threads = [threading.Thread(target=ask, args=(metric, place)) for metric in METRICS for place in range(4)]
    with contextlib.ExitStack() as before:
        for _ in range(shared_scan._PASSES):
            before.enter_context(shared.near(vectors[0], 1, "euclidean"))
        for thread in threads:
            thread.start()
        until(lambda: len(shared._waiting) == len(threads))
    for thread in threads:
        thread.join()
    for (metric, place), answer in answers.items():
        assert answer == by_hand(vectors, vectors[place], 5, metric, lambda n: True)
    assert len(answers) == len(threads)
    storage.close()


def test_where_a_pass_fails_each_goes_on_alone(postgres_url, monkeypatch):
    vectors = photo_like(200, 24)
    storage = filled(postgres_url, vectors, 24)

    def refuse(*_):
        raise Unavailable("away")

    monkeypatch.setattr(storage.vectors._shared._scan, "_sampled", refuse)
    answers, passes = ask_together(storage, list(vectors[:6]), monkeypatch, k=5, metric="cosine")
    assert max(passes) > 1
    assert answers == [by_hand(vectors, vector, 5, "cosine", lambda n: True) for vector in vectors[:6]]
    storage.close()


@pytest.mark.parametrize("share", [1e-9, 1.0])
def test_a_sample_that_is_wrong_costs_time_and_no_photo(postgres_url, monkeypatch, share):
    vectors = photo_like(300, 24)
    storage = filled(postgres_url, vectors, 24)
    wrong = shared_scan._Sample(vectors[200:260] * 100, share)
    monkeypatch.setattr(storage.vectors._shared._scan, "_sample", wrong)
    near = shared_scan._Sample(vectors[:8] / 100, share)
    for sample in (wrong, near):
        storage.vectors._shared._scan._sample = sample
        answers, _ = ask_together(storage, list(vectors[:6]), monkeypatch, k=7, metric="euclidean")
        assert answers == [by_hand(vectors, vector, 7, "euclidean", lambda n: True) for vector in vectors[:6]]
    storage.close()


def test_the_sample_is_taken_again_once_the_table_has_grown(postgres_url, monkeypatch):
    monkeypatch.setattr(shared_scan, "_SAMPLE", 100)
    vectors = RANDOM.normal(size=(3000, 8)).astype(np.float32)
    storage = filled(postgres_url, vectors[:80], 8)
    scan, table = storage.vectors._shared._scan, storage.vectors._table
    distance = Distance(vectors, "euclidean")

    def found(wanted):
        with storage.database.transaction(write=False) as session:
            return scan.near(session, vectors[:20], wanted, "euclidean")

    found(5)
    first = scan._sample
    assert first.share == 1
    with storage.database.transaction() as session:
        table.add(session, [hashlib.sha256(b"%d" % n).hexdigest() for n in range(3000)], vectors)
    found(5)
    near = found(5)
    assert scan._sample is not first
    assert scan._sample.share == pytest.approx(100 / 3000, rel=0.5)
    counts = [len(one.candidates) for one in near]
    assert np.mean([count >= 5 for count in counts]) > 0.8
    assert max(counts) < 1000
    for query, one in zip(vectors, near):
        apart = distance.to(distance.points(query[None])[0])
        expected = {identity_of(n) for n in np.flatnonzero(apart <= one.last * (1 - 1e-6))}
        assert expected <= {identity for identity, _ in one.candidates}
    storage.close()


def test_one_that_asks_alone_has_a_search_of_its_own(postgres_url, monkeypatch):
    vectors = photo_like(100, 24)
    storage = filled(postgres_url, vectors, 24)
    with counting(storage.vectors._shared._scan, monkeypatch) as passes:
        assert storage.vectors.search(vectors[0], SearchOptions(1, "euclidean"))[0] == (1, 0.0)
    assert passes == []
    storage.close()
