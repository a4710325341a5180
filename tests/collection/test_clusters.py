"""Clusters of a collection, how many there may be, and their figures."""

import numpy as np
import pytest
from PIL import Image

from helpers import tc
from helpers.collection.clusters import cluster, show_clusters, suggest_k
from helpers.collection.partition import by_density, components, k_means
from helpers.errors import FrameError
from helpers.features.index import Index
from helpers.photos.load import load_photos
from helpers.similarity.build import create, load_model
from helpers.similarity.members import Collection
from tests.support.pictures import folder_of, picture, tiny_network


class Model:
    """What clusters ask of a model, with features of one's own."""

    def __init__(self, vectors, names=None, data=None, metric="euclidean", sources=None):
        self.vectors = np.asarray(vectors, np.float32)
        count = len(self.vectors)
        self.names = names or [f"{number:03d}.png" for number in range(count)]
        self.labels, self.data, self.index = list(range(count)), data, Index(self.vectors, metric)
        self.collection = Collection(self.labels, self.names, sources or [b"no photo"] * count, [None] * count)


def crowds(sizes=(30, 20, 10), dimension=80, seed=0, apart=10.0):
    """Features of so many crowds, and the crowd of each, mixed."""
    random = np.random.default_rng(seed)
    own = random.permutation(np.repeat(np.arange(len(sizes)), sizes))
    middles = random.normal(0, apart, (len(sizes), dimension))
    return (middles[own] + random.normal(0, 1, (len(own), dimension))).astype(np.float32), own


@pytest.fixture
def model():
    vectors, own = crowds()
    return Model(vectors, names=[f"{'abc'[one]}/{number}.png" for number, one in enumerate(own)])


def texts(figure):
    return [text.get_text() for text in figure.axes[0].texts]


@pytest.mark.parametrize("arguments", [{"k": 3}, {}, {"method": "hdbscan"}, {"metric": "cosine"}])
@pytest.mark.once("one of each method is in both", but=["arguments0", "arguments2"])
def test_crowds_are_found_and_numbered_by_their_size(model, arguments):
    found = cluster(model, progress=False, **arguments)
    assert found.numbers.dtype == np.int64 and found.sizes == [30, 20, 10]
    assert np.bincount(found.numbers).tolist() == [30, 20, 10]
    scores = found.scores()
    assert (scores.rand, scores.information, scores.purity) == (pytest.approx(1), pytest.approx(1), 1)
    assert "60 photos" in found.note and "3 clusters" in repr(found)


def test_equal_sizes_are_numbered_by_their_first_photo():
    vectors, own = crowds((15, 15))
    found = cluster(Model(vectors), 2, progress=False)
    assert found.numbers[0] == 0 and (found.numbers == found.numbers[0]).tolist() == (own == own[0]).tolist()


@pytest.mark.parametrize("method, k", [("kmeans", 5), ("hdbscan", None)])
def test_the_same_seed_gives_the_same_numbers(method, k):
    vectors = np.random.default_rng(1).normal(0, 1, (150, 70))
    first, again = (cluster(Model(vectors), k, method=method, progress=False) for _ in range(2))
    assert first.numbers.tolist() == again.numbers.tolist() and first.note == again.note


def test_cosine_looks_at_directions_alone():
    vectors, own = crowds()
    lengths = np.random.default_rng(2).uniform(0.01, 100, len(vectors))[:, None]
    found = cluster(Model(vectors * lengths), 3, metric="cosine", progress=False)
    assert found.scores(own.tolist()).rand == pytest.approx(1)
    assert "cosine" in found.note


def test_the_most_central_photo_comes_first():
    vectors = np.array([[0.0], [4], [1], [100], [101], [2]])
    found = cluster(Model(vectors), 2, progress=False)
    assert found.central(0) == [5, 2, 0, 1] and found.central(0, k=2) == [5, 2]
    assert sorted(found.central(1, k=None)) == [3, 4]
    for number in (2, -1, True, "0"):
        with pytest.raises(FrameError, match="there are 2, from 0 on"):
            found.central(number)


def test_what_is_in_no_crowd_is_in_no_cluster():
    vectors, _ = crowds((20, 20), dimension=5, apart=20)
    far = np.array([[500.0] * 5, [-900.0] * 5])
    found = cluster(Model(np.concatenate([vectors, far])), method="hdbscan", progress=False)
    assert found.numbers[-2:].tolist() == [-1, -1] and found.sizes == [20, 20]
    assert found.note.endswith("2 of 42 photos in none")
    assert list(found.frame["cluster"])[-2:] == [None, None]
    scores = found.scores(["x", "y"] * 21)
    assert scores.photos + scores.left_out == 42 and scores.left_out == 2
    assert "2 left out" in str(scores)


def test_photos_without_a_label_do_not_count(model):
    labels = [name[0] for name in model.names]
    labels[:3] = [None, "", float("nan")]
    found = cluster(model, 3, progress=False)
    scores = found.scores(labels)
    assert (scores.photos, scores.left_out, scores.purity) == (57, 3, 1)
    assert scores.frame.column_names() == ["cluster", "size", "labelled", "label", "share"]
    assert list(scores.frame["size"]) == [30, 20, 10] and sum(scores.frame["labelled"]) == 57


def test_a_cluster_has_its_most_common_label_and_its_share(model):
    labels = [1 if name[0] == "a" else 2 for name in model.names]
    first = next(row for row, name in enumerate(model.names) if name[0] == "a")
    labels[first] = 2
    rows = list(cluster(model, 3, progress=False).scores(np.array(labels)).frame)
    assert [row["label"] for row in rows] == [1, 2, 2]
    assert [row["share"] for row in rows] == [pytest.approx(29 / 30), 1, 1]


def test_one_label_for_all_tells_nothing_apart(model):
    found = cluster(model, 3, progress=False)
    with pytest.raises(FrameError, match="give labels="):
        found.scores(["x"] * 60)
    with pytest.raises(FrameError, match="3 labels for 60 photos"):
        found.scores([1, 2, 3])


@pytest.mark.parametrize(
    "arguments, said",
    [
        ({"k": 61}, "k=61 is more than the 60 photos there are"),
        ({"k": 0}, "k is a whole number"),
        ({"k": 2.5}, "k is a whole number"),
        ({"method": "dbscan"}, "kmeans and hdbscan"),
        ({"method": "hdbscan", "k": 2}, "leave k out"),
        ({"smallest": 5}, "for method='hdbscan'"),
        ({"method": "hdbscan", "smallest": 1}, "2 or more"),
        ({"metric": "manhattan"}, "euclidean and cosine"),
    ],
)
def test_what_cannot_be_asked_is_refused(model, arguments, said):
    with pytest.raises(FrameError, match=said):
        cluster(model, progress=False, **arguments)


@pytest.mark.parametrize("count", [1, 2, 3])
@pytest.mark.parametrize("method", ["kmeans", "hdbscan"])
@pytest.mark.parametrize("metric", ["euclidean", "cosine"])
def test_a_few_photos(count, method, metric):
    found = cluster(Model(np.eye(count, 70)), method=method, metric=metric, progress=False)
    assert len(found.numbers) == count
    assert found.sizes == ([] if method == "hdbscan" else [count] if count < 3 else [2, 1])
    show_clusters(found)


@pytest.mark.parametrize("vector", [0.0, 1.0])
@pytest.mark.parametrize("metric", ["euclidean", "cosine"])
@pytest.mark.once("one of each method is in both", but=["euclidean-0.0", "cosine-0.0"])
def test_photos_that_are_all_equal(vector, metric):
    model = Model(np.full((80, 70), vector))
    assert cluster(model, metric=metric, progress=False).sizes == [80]
    found = cluster(model, 3, metric=metric, progress=False)
    assert found.sizes == [80] and "3 were asked for, but fewer photos differ" in found.note
    assert len(cluster(model, method="hdbscan", metric=metric, progress=False).numbers) == 80
    with pytest.raises(FrameError, match="k of your own"):
        suggest_k(model, progress=False)


def test_as_many_clusters_as_photos():
    assert cluster(Model(np.eye(6)), 6, progress=False).sizes == [1] * 6


@pytest.mark.slow("hundreds of partitions")
def test_the_number_of_crowds_is_suggested(model):
    found = suggest_k(model, progress=False)
    assert found.k == 3 and list(found.silhouettes) == list(range(2, 13))
    assert found.silhouettes[3] == max(found.silhouettes.values()) > 0.5
    assert found.note.startswith("k = 3 by silhouette, 0.") and "nearly" not in found.note
    assert (found.candidates, found.certainty) == ([3], "sure") and found.stability[3] == pytest.approx(1)
    assert found.figure._repr_png_().startswith(b"\x89PNG")
    assert cluster(model, progress=False).suggestion.silhouettes == found.silhouettes


def test_crowds_in_crowds_have_several_candidates():
    """Two crowds far from each other, each of two that are nearer: two and four are right, and the note has both."""
    random = np.random.default_rng(0)
    middles = np.repeat([[0.0, 0], [0, 7], [12, 0], [12, 7]], 30, axis=0)
    found = suggest_k(Model(middles + random.normal(0, 1, middles.shape)), range(2, 8), progress=False)
    assert 4 in found.candidates and found.k == found.candidates[0]
    assert all(str(k) in found.note for k in found.candidates)


def test_two_crowds_may_be_several_and_are_not_sure():
    random = np.random.default_rng(0)
    middles = np.repeat([[0.0, 0], [0, 3], [40, 0], [40, 3]], 20, axis=0)
    found = suggest_k(Model(middles + random.normal(0, 0.7, middles.shape)), range(2, 6), progress=False)
    assert (found.k, found.candidates, found.certainty) == (2, [2], "fair") and found.stability[2] == pytest.approx(1)


@pytest.mark.slow("hundreds of partitions")
@pytest.mark.once("the measure is arithmetic of ours")
def test_where_there_are_no_crowds_the_answer_is_not_sure():
    for seed in range(3):
        vectors = np.random.default_rng(seed).normal(0, 1, (120, 20))
        found = suggest_k(Model(vectors), range(2, 9), progress=False)
        assert found.certainty != "sure" and found.stability[found.k] < 0.9


def test_a_suggestion_at_the_end_of_the_range_says_so(model):
    found = suggest_k(model, [2, 3], progress=False)
    assert found.k == 3 and "far from sure; it is the last that was tried, so try larger ones too" in found.note
    assert found.certainty == "unsure"  # though it is right, and all else says so
    four = Model(np.repeat(np.eye(4), 2, axis=0))
    found = suggest_k(four, progress=False)
    assert (found.k, found.certainty) == (4, "unsure") and found.note.endswith("tried, as no more photos differ")
    assert "try larger" not in suggest_k(model, [3], progress=False).note
    assert list(suggest_k(model, [70, 4, 4], progress=False).silhouettes) == [4]


@pytest.mark.parametrize("ks", [[], [1, 2], [2.5], [0]])
def test_ks_that_cannot_be_are_refused(model, ks):
    with pytest.raises(FrameError, match="ks"):
        suggest_k(model, ks, progress=False)


def test_components_are_those_of_all_features():
    vectors, _ = crowds((40, 40, 40), dimension=120)
    found = components(vectors, "euclidean", 20, 0)
    centred = vectors - vectors.mean(axis=0)
    lengths = np.linalg.svd(centred, compute_uv=False)[:20]
    assert found.shape == (120, 20) and found.dtype == np.float64
    assert np.linalg.norm(found[:, :2], axis=0) == pytest.approx(lengths[:2], rel=1e-3)


def test_many_photos_go_in_batches_and_by_a_sample(monkeypatch):
    monkeypatch.setattr("helpers.collection.partition.MANY", 300)
    vectors, own = crowds((300, 200, 150), dimension=60)
    points = components(vectors, "euclidean", 20, 0)
    for numbers in (k_means(points, 3, 0), by_density(points, 20, 0)):
        assert len({(one, other) for one, other in zip(own.tolist(), numbers.tolist())}) == 3
    assert by_density(points, 20, 0).tolist() == by_density(points, 20, 0).tolist()


def test_a_sheet_has_a_strip_for_each_cluster(tmp_path, model):
    sources = []
    for number in range(60):
        picture(number).save(tmp_path / f"{number}.png")
        sources.append(str(tmp_path / f"{number}.png"))
    (tmp_path / "0.png").unlink()
    model.collection.sources = sources
    found = cluster(model, 3, progress=False)
    figure = show_clusters(found, photos=60 // 5)
    shown = texts(figure)
    assert [text for text in shown if text.startswith("cluster")] == [
        "cluster 0: 30 photos, 100 % a",
        "cluster 1: 20 photos, 100 % b",
        "cluster 2: 10 photos, 100 % c",
    ]
    assert shown[1] == model.names[found.central(0)[0]].rpartition("/")[2]
    assert len(figure.axes[0].images) >= 12 + 12 + 10 - 1
    titles = [text for text in texts(show_clusters(found, 1, labels=["$x^2$", "<b>"] * 30)) if "cluster 0" in text]
    assert "%" in titles[0] and ("$x^2$" in titles[0] or "<b>" in titles[0])
    assert "cluster 0: 30 photos" in texts(show_clusters(found, 1, labels=["x"] * 60))
    with pytest.raises(FrameError, match="20 of each"):
        show_clusters(found, 21)


def test_more_clusters_than_twenty_are_counted():
    found = cluster(Model(np.eye(23)), 23, progress=False)
    assert texts(show_clusters(found, 1))[-1] == "20 of 23 clusters shown, the largest"


def test_a_model_of_photos_from_the_frame_and_from_disk(tmp_path):
    folder = folder_of(tmp_path / "photos", 8, "png")
    (folder / "broken.png").write_bytes(b"\x89PNG")
    Image.new("RGB", (24, 24)).save(folder / "cluster.png")
    data = load_photos(folder, progress=False)[0]
    data = data.add_column(tc.SArray(["own"] * len(data), dtype=str), "cluster")
    model = create(data, model=str(tiny_network(tmp_path / "tiny.onnx")), store=False, verbose=False)
    found = cluster(model, 2, progress=False)
    frame = found.frame
    assert list(frame["cluster"]) == found.numbers.tolist() and list(frame["path"]) == list(data["path"])
    assert list(data["cluster"]) == ["own"] * len(data)
    assert found.scores("folder").photos == len(data)
    assert set(frame[frame["cluster"] == 0]["id"]) == set(found.central(0, k=None))
    model.save(tmp_path / "kept")
    kept = cluster(load_model(tmp_path / "kept"), 2, progress=False)
    assert kept.numbers.tolist() == found.numbers.tolist()
    assert kept.frame.column_names() == ["label", "name", "cluster"]
