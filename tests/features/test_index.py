import tracemalloc

import numpy as np
import pytest
from threadpoolctl import threadpool_info

from benchmarks import index as bench
from helpers.errors import FrameError
from helpers.features import bounds
from helpers.features.bounds import FullBound, ShortBound, Shortening, products
from helpers.features.distance import METRICS, Distance
from helpers.features.index import Index
from helpers.features.open_index import open_index

RANDOM = np.random.default_rng(7)


def features(rows, dimension=24):
    return RANDOM.standard_normal((rows, dimension)).astype(np.float32)


def photo_like(rows, dimension=256, clusters=300, noise=0.3):
    """As a network gives them: groups of similar photos, few directions that matter, nothing below 0."""
    directions = RANDOM.standard_normal((40, dimension)) / np.sqrt(1 + np.arange(40))[:, None]
    places = RANDOM.standard_normal((clusters, 40))[RANDOM.integers(0, clusters, rows)]
    vectors = (places + noise * RANDOM.standard_normal((rows, 40))) @ directions
    return np.maximum(vectors + 0.05 * RANDOM.standard_normal(vectors.shape) - 0.3, 0).astype(np.float32)


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


LARGE = 5000  # rows: enough for all the ways there are to search


def hard_cases():
    """Collections by name, each with its queries."""
    vectors = photo_like(LARGE)
    outside = photo_like(10)
    yield "photos", vectors, np.concatenate([vectors[::700], outside])
    yield "noise", features(LARGE, 256), features(5, 256)
    yield "near equals", photo_like(1)[0] + np.float32(1e-4) * features(LARGE, 256), vectors[:5]
    copies = vectors.copy()
    copies[100:900] = copies[99]
    copies[-400:] = copies[0]
    yield "copies", copies, copies[[0, 99, 500, 4700, 3000]]
    with_odd = vectors.copy()
    with_odd[[7, 4444]] = 0
    with_odd[70] *= 1e17
    with_odd[71] = 1e-42 * with_odd[80]
    yield "odd ones", with_odd, np.concatenate([with_odd[[0, 7, 70, 71, 4444, 80]], outside * np.float32(1e12)])
    yield "large", vectors * np.float32(1e18), vectors[:6] * np.float32(1e18)
    yield "small", vectors * np.float32(1e-18), vectors[:6] * np.float32(1e-18)
    yield "small and far", vectors * np.float32(1e-30), outside * np.float32(1e-16)
    yield "far from 0", vectors + 1000, vectors[:6] + 1000
    yield (
        "one alone",
        np.concatenate([np.ones((LARGE, 200)), vectors[:, :1]], axis=1).astype(np.float32),
        np.ones((5, 201), np.float32),
    )


@pytest.mark.slow("so many rows that brute force takes seconds")
@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.once("distances are NumPy's in both; a metric of each is in both", but=["cosine"])
def test_many_queries_at_once_get_the_answers_of_one_by_one_which_are_those_of_brute_force(metric):
    for name, vectors, queries in hard_cases():
        index = Index(vectors, metric)
        everything, exact = index.search(queries, None)
        for k in (1, 10, 300):
            rows, distances = index.search(queries, k)
            for place, query in enumerate(queries):
                alone = index.search(query[None], k)
                np.testing.assert_array_equal(rows[place], alone[0][0], err_msg=name)
                np.testing.assert_array_equal(distances[place], alone[1][0], err_msg=name)
            np.testing.assert_array_equal(rows, everything[:, :k], err_msg=name)
            np.testing.assert_array_equal(distances, exact[:, :k], err_msg=name)


@pytest.mark.slow("so many rows that brute force takes seconds")
@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.once("distances are NumPy's in both; a metric of each is in both", but=["euclidean"])
def test_all_against_all(metric):
    vectors = photo_like(LARGE)
    rows, distances = Index(vectors, metric).search(vectors, 5)
    some = RANDOM.choice(LARGE, 12, replace=False)
    wanted, exact = by_brute_force(vectors, vectors[some], 5, metric)
    np.testing.assert_array_equal(rows[some], wanted)
    np.testing.assert_allclose(distances[some], exact, atol=1e-6)
    assert rows[:, 0].tolist() == list(range(LARGE)) and not distances[:, 0].any()


@pytest.mark.parametrize("metric", METRICS)
def test_a_row_has_the_same_distance_whatever_others_are_asked_for(metric):
    for dimension in (1, 7, 1280, 9000):
        distance = Distance(features(40, dimension), metric)
        point = distance.points(features(1, dimension))[0]
        every = distance.to(point)
        for rows in ([0], [39], [5, 3], list(range(30))):
            np.testing.assert_array_equal(distance.to(point, np.array(rows)), every[rows])


@pytest.mark.parametrize("metric", METRICS)
def test_distances_need_little_memory_beside_the_features(metric):
    """What is in memory at once stays in the processor's cache: otherwise a search takes four times as long."""
    distance = Distance(features(4000, 512), metric)  # 16 MB in 64 bits
    point = distance.points(features(1, 512))[0]
    for rows in (None, np.arange(4000)):
        tracemalloc.start()
        distance.to(point, rows)
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert most < 5 * 2**20


@pytest.mark.slow("so many rows that brute force takes seconds")
@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("kind", [FullBound, ShortBound])
@pytest.mark.once(
    "distances are NumPy's in both; a metric of each is in both", but=["FullBound-cosine", "ShortBound-euclidean"]
)
def test_no_row_is_farther_by_a_bound_than_it_is(kind, metric):
    for name, vectors, queries in hard_cases():
        distance = Distance(vectors, metric)
        bound = kind(distance)
        points = distance.points(queries)
        asked = bound.queries(points)
        for place, point in enumerate(points):
            if asked.squares[place] == -np.inf:
                continue
            scores = bound.scores(asked.factors[place], slice(None))
            far = distance.to(point)
            order = np.argsort(far)
            for row in (*order[:200], *order[-200:]):
                assert scores[row] >= bound.least(asked.squares[place], distance.squared(far[row])), (name, place, row)


@pytest.mark.parametrize("metric", METRICS)
def test_rows_are_as_far_as_their_score_shows(metric):
    vectors = photo_like(500)
    distance = Distance(vectors, metric)
    short = Shortening(vectors[::2], metric)
    matrix, beside, total = short.short(vectors)
    assert matrix.shape == (500, short.width) and 0 <= beside <= total
    points = distance.points(np.concatenate([vectors[:3], 5 * vectors[9:10], -vectors[3:4]]))
    asked = short.queries(points)
    for point, square, scores in zip(points, asked.squares, products(asked.factors, matrix)):
        apart = np.array([short.apart(square, score) for score in scores.tolist()])
        far = np.array([distance.squared(one) for one in distance.to(point)])
        assert (apart <= far).all()
        assert short.apart(square, -np.inf) == np.inf and (apart > 0.1 * far).mean() > 0.5
        for score, one in zip(scores[::50], apart[::50]):  # `least` is the same border, from the other side
            assert one == 0 or short.least(square, one * (1 - 1e-6)) > score


def test_a_bound_rules_out_most_photos():
    """Or it would be right, and useless."""
    vectors = photo_like(LARGE)
    distance = Distance(vectors, "euclidean")
    point = distance.points(vectors[:1])
    tenth = np.sort(distance.to(point[0]))[10]
    for bound in (FullBound(distance), ShortBound(distance)):
        asked = bound.queries(point)
        least = bound.least(asked.squares[0], distance.squared(tenth))
        assert 11 <= (bound.scores(asked.factors[0], slice(None)) >= least).sum() < 100


def test_features_in_a_file_are_searched_where_they_are(tmp_path):
    np.save(tmp_path / "features.npy", photo_like(LARGE))
    vectors = np.load(tmp_path / "features.npy", mmap_mode="r")
    for metric in METRICS:
        index = Index(vectors, metric)
        assert np.shares_memory(index._distance.vectors, vectors)
        rows, distances = index.search(vectors[100:110], 3)
        assert rows[:, 0].tolist() == list(range(100, 110)) and not distances[:, 0].any()


@pytest.mark.slow("so many rows that brute force takes seconds")
@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.once("distances are NumPy's in both; a metric of each is in both", but=["euclidean"])
def test_memory_is_a_part_of_what_the_features_take(metric):
    vectors = photo_like(30_000)
    tracemalloc.start()
    try:
        index = Index(vectors, metric)
        assert tracemalloc.get_traced_memory()[0] < 0.35 * vectors.nbytes
        index.search(vectors[:2000], 10)
        assert tracemalloc.get_traced_memory()[1] < 200e6  # all distances would take 480e6
    finally:
        tracemalloc.stop()


def test_progress_is_shown_of_what_takes_long(monkeypatch):
    import tqdm.auto

    seen = []

    class Bar(tqdm.auto.tqdm):
        def __init__(self, *arguments, **options):
            seen.append(options)
            super().__init__(*arguments, **options)

        def close(self):
            if not self.disable:
                seen[-1]["n"] = self.n
            super().close()

    monkeypatch.setattr(tqdm.auto, "tqdm", Bar)
    vectors = features(300)
    Index(vectors).search(vectors, 3, progress=True)
    [bar] = seen
    assert (bar["total"], bar["n"], bar["disable"]) == (300, 300, False)


def test_an_index_by_its_name():
    vectors = features(50)
    index = open_index("exact", vectors, "cosine")
    assert isinstance(index, Index) and index.metric == "cosine" and index.note == "exact" and len(index) == 50
    with pytest.raises(FrameError, match=r"'annoy'.*exact and hnsw"):
        open_index("annoy", vectors)


def test_the_benchmark_compares_answers_and_says_what_it_could_not_run(monkeypatch):
    """Not how fast anything is: no test looks at a clock."""
    rows = [*bench.one_query(300, 64), *bench.many_queries(300, 64, 20), bench.all_pairs(300, 64), bench.hnsw(300, 64)]
    assert [row["agreement"] for row in rows[1:]] == pytest.approx([1] * 5, abs=0.05)
    assert rows[0]["peer"] == "reading the features once in 16 bits" and rows[0]["agreement"] is None
    assert all(row["ratio"] > 0 for row in rows)
    monkeypatch.setattr(bench, "total_memory", lambda: 4.0)
    [row] = bench.one_query(1_000_000, 2048)
    assert row["ours"] is None and row["note"] == "not run: memory, 18 GB"


def test_the_threads_of_blas_are_as_they_were(monkeypatch):
    """While an index is made, each thread multiplies by itself."""
    before, within = threadpool_info(), []
    directions = bounds._directions

    def watched(*arguments):
        within.extend(pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas")
        return directions(*arguments)

    monkeypatch.setattr(bounds, "_directions", watched)
    ShortBound(Distance(photo_like(300), "euclidean"))
    assert within and set(within) == {1}
    assert threadpool_info() == before
