import numpy as np
import pytest

from helpers.errors import FrameError
from helpers.index import METRICS, Index

RANDOM = np.random.default_rng(7)


def features(rows, dimension=24):
    return RANDOM.standard_normal((rows, dimension)).astype(np.float32)


def by_brute_force(vectors, queries, k, metric):
    """What `Index.search` answers, in the fewest words and 64 bits."""
    vectors, queries = vectors.astype(np.float64), queries.astype(np.float64)
    if metric == "cosine":
        unit = [each / np.linalg.norm(each, axis=1, keepdims=True) for each in (vectors, queries)]
        distances = 1 - unit[1] @ unit[0].T
    else:
        distances = np.linalg.norm(queries[:, None] - vectors[None], axis=2)
    rows = np.argsort(distances, axis=1, kind="stable")[:, :k]
    return rows, np.take_along_axis(distances, rows, axis=1)


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize(("rows", "k"), [(1, 1), (5, 3), (300, 10), (1500, 40), (200, None)])
def test_the_neighbours_are_those_of_brute_force(metric, rows, k):
    vectors, queries = features(rows), features(4)
    found, distances = Index(vectors, metric).search(queries, k)
    wanted, exact = by_brute_force(vectors, queries, k, metric)
    np.testing.assert_array_equal(found, wanted)
    np.testing.assert_allclose(distances, exact, atol=1e-6)
    assert found.dtype == np.int64 and distances.dtype == np.float64


@pytest.mark.parametrize("metric", METRICS)
def test_near_equals_that_16_bits_cannot_tell_apart_are_in_the_right_order(metric):
    middle = features(1, 64)
    vectors = middle + np.float32(1e-4) * features(3000, 64)
    found, distances = Index(vectors, metric).search(vectors[:3], 10)
    wanted, _ = by_brute_force(vectors, vectors[:3], 10, "euclidean")
    assert (np.diff(distances) >= 0).all()
    if metric == "euclidean":
        np.testing.assert_array_equal(found, wanted)
    assert found[:, 0].tolist() == [0, 1, 2]


@pytest.mark.parametrize("metric", METRICS)
def test_a_photo_is_at_distance_0_from_itself(metric):
    vectors = features(500) * 37
    rows, distances = Index(vectors, metric).search(vectors, 1)
    assert rows[:, 0].tolist() == list(range(500))
    assert (distances == 0).all()


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("copies", [3, 40, 700])
def test_equals_come_by_their_row_however_many_they_are(metric, copies):
    vectors = features(1000)
    places = np.sort(RANDOM.choice(1000, copies, replace=False))
    vectors[places] = vectors[places[0]]
    rows, distances = Index(vectors, metric).search(vectors[places[-1:]], 3)
    assert rows[0].tolist() == places[:3].tolist()
    assert distances[0].tolist() == [0, 0, 0]


def test_equals_at_the_edge_of_the_answer_come_by_their_row():
    """One near photo, then 500 at the same distance: far more than the scan takes at first."""
    vectors = np.zeros((900, 16), np.float32)
    vectors[np.arange(900), np.arange(900) % 16] = 9
    ring = RANDOM.choice(899, 500, replace=False)
    vectors[ring] = 0
    vectors[ring, ring % 16] = 2
    vectors[899] = 0.5 * np.eye(16, dtype=np.float32)[0]
    rows, distances = Index(vectors).search(np.zeros((1, 16), np.float32), 6)
    assert rows[0].tolist() == [899, *sorted(ring.tolist())[:5]]
    assert distances[0].tolist() == [0.5, 2, 2, 2, 2, 2]


def test_k_larger_than_the_collection_gives_all_of_it():
    vectors = features(7)
    for k in (7, 8, 1000, None):
        rows, distances = Index(vectors).search(vectors[:2], k)
        assert rows.shape == distances.shape == (2, 7)
        assert sorted(rows[1].tolist()) == list(range(7))


def test_a_collection_of_one():
    rows, distances = Index(np.ones((1, 4), np.float32)).search(np.zeros((1, 4), np.float32), 5)
    assert rows.tolist() == [[0]] and distances.tolist() == [[2.0]]


def test_nothing_in_nothing_out():
    vectors = features(5)
    assert Index(vectors).search(vectors[:0], 3)[0].shape == (0, 3)
    assert Index(vectors[:0]).search(vectors, 3)[0].shape == (5, 0)
    assert len(Index(vectors[:0])) == 0


@pytest.mark.parametrize("scale", [1e-42, 1e-30, 1e-6, 1e3, 70000, 1e30])
@pytest.mark.parametrize("metric", METRICS)
def test_features_of_any_size(metric, scale):
    vectors = features(400) * np.float32(scale)
    rows, distances = Index(vectors, metric).search(vectors[:5], 6)
    wanted, exact = by_brute_force(vectors, vectors[:5], 6, metric)
    np.testing.assert_array_equal(rows, wanted)
    np.testing.assert_allclose(distances, exact, rtol=1e-5, atol=1e-6 if metric == "cosine" else 0)


@pytest.mark.parametrize("metric", METRICS)
def test_one_photo_far_from_all_others_does_not_blur_them(metric):
    vectors = features(600)
    vectors[77] *= 1e7  # to 16 bits, the others are all 0 beside it
    rows, _ = Index(vectors, metric).search(vectors[:5], 6)
    np.testing.assert_array_equal(rows, by_brute_force(vectors, vectors[:5], 6, metric)[0])


@pytest.mark.parametrize("metric", METRICS)
def test_a_query_far_beyond_the_collection(metric):
    vectors, queries = features(600), features(3) * np.float32(1e9)
    rows, _ = Index(vectors, metric).search(queries, 4)
    np.testing.assert_array_equal(rows, by_brute_force(vectors, queries, 4, metric)[0])


def test_features_of_zero_have_a_distance():
    vectors = features(200)
    vectors[[3, 150]] = 0
    rows, distances = Index(vectors).search(np.zeros((1, 24), np.float32), 3)
    assert rows[0, :2].tolist() == [3, 150] and distances[0, :2].tolist() == [0, 0]
    assert not Index(np.zeros((50, 4), np.float32)).search(np.zeros((1, 4), np.float32), 3)[1].any()


def test_features_of_zero_have_no_direction():
    vectors = features(200)
    vectors[[3, 150]] = 0
    index = Index(vectors, "cosine")
    rows, distances = index.search(np.zeros((1, 24), np.float32), None)
    assert rows[0, :2].tolist() == [3, 150] and distances[0, :2].tolist() == [0, 0]
    assert set(distances[0, 2:].tolist()) == {1.0}
    rows, distances = index.search(vectors[:1], None)
    at = {int(row): float(distance) for row, distance in zip(rows[0], distances[0])}
    assert at[0] == 0 and at[3] == at[150] == 1
    nearest = index.search(vectors[:1], 10)[0][0]  # with all of 200 photos nearer than 1 apart, not before them
    assert 3 not in nearest and 150 not in nearest


def test_cosine_is_of_the_angle_alone():
    east = np.array([[1, 0]], np.float32)
    vectors = np.array([[5, 0], [0, 2], [-3, 0], [1, 1]], np.float32)
    rows, distances = Index(vectors, "cosine").search(east, None)
    assert rows[0].tolist() == [0, 3, 1, 2]
    np.testing.assert_allclose(distances[0], [0, 1 - 0.5**0.5, 1, 2], atol=1e-7)


def test_numbers_that_are_none_do_not_hang_the_search():
    vectors = features(300)
    vectors[5, 0], vectors[6, 0] = np.nan, np.inf
    with np.errstate(invalid="ignore"):
        rows, _ = Index(vectors).search(vectors[:1], 3)
    assert rows[0, 0] == 0


def test_another_metric_is_refused():
    with pytest.raises(FrameError, match=r"'manhattan'.*euclidean and cosine"):
        Index(features(2), "manhattan")
