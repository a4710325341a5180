import numpy as np
import pytest

from helpers.features.distance import METRICS
from helpers.features.index import Index
from helpers.service.storage import live_index
from helpers.service.storage.live_index import LiveIndex

pytestmark = pytest.mark.once("the server runs on Python 3.10 and newer")

RANDOM = np.random.default_rng(5)


def features(rows, dimension=24):
    return RANDOM.standard_normal((rows, dimension)).astype(np.float32)


@pytest.fixture(autouse=True)
def _small(monkeypatch):
    monkeypatch.setattr(live_index, "_PIECE", 50)
    monkeypatch.setattr(live_index, "_BESIDE", (120, 0.25))


def state(index, metric):
    """The kind of the base by this metric, as it is now."""
    parts = index._parts.get(metric)
    return parts[0].searcher.kind if parts else "exact"


def settle(index):
    """Wait for what is made in the background."""
    for thread in list(index._making.values()):
        thread.join()


@pytest.mark.parametrize("kind", ["exact", "hnsw"])
@pytest.mark.parametrize("metric", METRICS)
def test_whatever_is_added_is_found_as_an_index_of_all_finds_it(kind, metric, tmp_path):
    index = LiveIndex(24, kind, lambda name: str(tmp_path / name))
    vectors = features(1000)
    vectors[300:310] = vectors[5]
    queries = features(3)
    end = 0
    for step in (0, 30, 30, 200, 3, 1, 400, 10, 326):
        index.add(vectors[end : end + step])
        end += step
        whole = Index(vectors[:end], metric)
        for query in (*queries, vectors[5]):
            rows, distances = index.search(query, 10, metric=metric, count=end)
            expected = whole.search(query[None], 10)
            if state(index, metric) == "exact":
                np.testing.assert_array_equal(rows, expected[0][0])
            np.testing.assert_array_equal(np.sort(distances), distances)
            assert len(rows) == min(10, end)
            if len(rows) and kind == "exact":
                np.testing.assert_array_equal(distances, expected[1][0])
    settle(index)
    index.search(queries[0], 1, metric=metric, count=end)
    assert state(index, metric) == kind
    assert len(index) == 1000


@pytest.mark.parametrize("metric", METRICS)
def test_only_rows_that_are_allowed_are_found_and_none_that_came_later(metric):
    index = LiveIndex(24)
    vectors = features(600)
    index.add(vectors[:400])
    index.search(vectors[0], 3, metric=metric, count=400)
    index.add(vectors[400:])
    index.search(vectors[0], 3, metric=metric, count=600)
    for count in (100, 400, 450, 600):
        allowed = RANDOM.random(count) < 0.3
        chosen = np.flatnonzero(allowed)
        rows, distances = index.search(vectors[500], 7, metric=metric, count=count, allowed=allowed)
        expected, apart = Index(vectors[chosen], metric).search(vectors[500:501], 7)
        np.testing.assert_array_equal(rows, chosen[expected[0]])
        np.testing.assert_array_equal(distances, apart[0])
        rows, _ = index.search(vectors[500], count, metric=metric, count=count)
        assert sorted(rows) == list(range(count))
    assert len(index.search(vectors[0], 5, metric=metric, count=600, allowed=np.zeros(600, bool))[0]) == 0


def test_a_new_base_takes_the_place_of_pieces_and_lets_go_of_the_old_array():
    index = LiveIndex(24)
    vectors = features(5000)
    for start in range(0, 5000, 60):
        index.add(vectors[start : start + 60])
        index.search(vectors[0], 1, metric="cosine", count=len(index))
    for _ in range(3):
        settle(index)
        index.search(vectors[0], 1, metric="cosine", count=len(index))
    parts = index._parts["cosine"]
    assert len(parts) < 10
    assert not parts[0].is_rough
    assert all(part.vectors is index._vectors for part in parts)
    assert [part.start for part in parts[1:]] == [part.end for part in parts[:-1]]


def test_an_index_that_cannot_be_made_leaves_the_one_that_is_there(monkeypatch, caplog):
    def refuse(*_, **__):
        raise MemoryError

    monkeypatch.setattr(live_index, "open_index", refuse)
    index = LiveIndex(24, "hnsw")
    vectors = features(100)
    index.add(vectors)
    for _ in range(3):
        rows, _ = index.search(vectors[7], 1, metric="cosine", count=100)
        settle(index)
        assert rows.tolist() == [7]
    assert [record.message for record in caplog.records] == ["a new index could not be made; the old one stays in use"]
