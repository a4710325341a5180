import hashlib
import hmac
import json

import numpy as np
import pytest

from helpers.errors import FrameError, ModelError
from helpers.features.distance import METRICS
from helpers.features.hnsw import Hnsw
from helpers.features.index import Index
from helpers.features.open_index import open_index

RANDOM = np.random.default_rng(11)


def photo_like(rows, dimension=48, clusters=60):
    """Groups of similar photos, nothing below 0."""
    places = RANDOM.standard_normal((clusters, dimension))[RANDOM.integers(0, clusters, rows)]
    return np.maximum(places + 0.4 * RANDOM.standard_normal((rows, dimension)), 0).astype(np.float32)


@pytest.mark.parametrize("metric", METRICS)
def test_nearly_all_neighbours_are_found_at_their_exact_distances(metric):
    vectors, queries = photo_like(3000), photo_like(100)
    index, exact = Hnsw(vectors, metric), Index(vectors, metric)
    rows, distances = index.search(queries, 10)
    wanted, exact_distances = exact.search(queries, 10)
    assert (rows == wanted).mean() > 0.9 and index.recall > 0.95
    np.testing.assert_array_equal(distances[rows == wanted], exact_distances[rows == wanted])
    assert (np.diff(distances) >= 0).all() and (distances >= exact_distances).all()
    assert rows.dtype == np.int64 and distances.dtype == np.float64


@pytest.mark.parametrize("metric", METRICS)
def test_a_photo_of_the_collection_is_found_first(metric):
    vectors = photo_like(2500)
    rows, distances = Hnsw(vectors, metric).search(vectors, 3)
    assert rows[:, 0].tolist() == list(range(2500)) and not distances[:, 0].any()


def test_even_where_the_graph_does_not_lead_to_it():
    vectors = photo_like(400)
    index = Hnsw(vectors)
    index._graph.remove(np.arange(0, 400, 2, dtype=np.uint64))
    rows, distances = index.search(vectors, 2)
    assert rows[:, 0].tolist() == list(range(400)) and not distances[:, 0].any()


def test_equals_come_by_their_row_however_many_they_are():
    vectors = photo_like(1000)
    places = np.sort(RANDOM.choice(1000, 500, replace=False))
    vectors[places] = vectors[places[0]]
    rows, distances = Hnsw(vectors).search(vectors[places[-1:]], 4)
    assert rows[0].tolist() == places[:4].tolist() and not distances.any()


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("scale", [1e-30, 1, 1e30])
def test_features_of_any_size(metric, scale):
    vectors = photo_like(600) * np.float32(scale)
    vectors[5] = 0
    index = Hnsw(vectors, metric)
    rows, _ = index.search(vectors, 4)
    assert rows[:, 0].tolist() == list(range(600)) and index.recall > 0.95


def test_k_of_more_than_the_graph_is_for_and_nothing_at_all():
    vectors = photo_like(60)
    index, exact = Hnsw(vectors), Index(vectors)
    for k in (16, 60, 1000, None):
        for ours, theirs in zip(index.search(vectors[:3], k), exact.search(vectors[:3], k)):
            np.testing.assert_array_equal(ours, theirs)
    assert index.search(vectors[:0], 3)[0].shape == (0, 3)
    assert Hnsw(vectors[:0]).search(vectors[:2], 3)[0].shape == (2, 0)
    assert Hnsw(vectors[:1]).search(vectors[:2], 3)[0].tolist() == [[0], [0]]


def test_it_says_what_it_finds():
    index = Hnsw(photo_like(500))
    assert index.note == f"hnsw: recall@10 {index.recall:.2f} on 200 photos"
    assert 0.9 < index.recall <= 1
    assert Hnsw(photo_like(30)).note == "hnsw: recall@10 1.00 on 30 photos"


def test_recall_is_of_the_true_neighbours():
    vectors = photo_like(2000)
    index = Hnsw(vectors)
    index._graph.remove(np.arange(1000, 2000, dtype=np.uint64))
    exact = Index(vectors).search(vectors[np.linspace(0, 1999, 200).astype(int)], 11)[0]
    assert index._measured() == pytest.approx((exact[:, 1:] < 1000).mean(), abs=0.02)


@pytest.mark.parametrize("metric", METRICS)
def test_what_was_saved_gives_the_same_answers(metric, tmp_path):
    vectors = photo_like(800)
    index = Hnsw(vectors, metric)
    index.save(tmp_path / "deep" / "kin.usearch")
    again = Hnsw.load(tmp_path / "deep" / "kin.usearch", vectors, metric)
    assert again.recall == index.recall and again.note == index.note and again.metric == metric and len(again) == 800
    for ours, theirs in zip(again.search(vectors, 5), index.search(vectors, 5)):
        np.testing.assert_array_equal(ours, theirs)
    names = sorted(path.name for path in (tmp_path / "deep").iterdir())
    assert names == ["kin.usearch", "kin.usearch.json"]


def cut_short(path):
    path.write_bytes(path.read_bytes()[:-1000])


def emptied(path):
    path.write_bytes(b"")


def one_bit_changed(path):
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(bytes(data))


def other_bytes(path):
    path.write_bytes(bytes(range(256)) * 40)


def without_its_json(path):
    path.with_name(path.name + ".json").unlink()


def json_of_something_else(path):
    path.with_name(path.name + ".json").write_text("[1, 2]", encoding="utf-8")


def json_that_is_none(path):
    path.with_name(path.name + ".json").write_bytes(b"\xff{")


def built_by_a_stranger(path):
    """As whole as can be, but for a key that only this machine has."""
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(bytes(data))
    about = path.with_name(path.name + ".json")
    signed = hmac.new(b"a stranger's key".ljust(32), bytes(data), "sha256").hexdigest()
    changed = {"signature": signed, "sha256": hashlib.sha256(data).hexdigest()}
    about.write_text(json.dumps({**json.loads(about.read_text(encoding="utf-8")), **changed}), encoding="utf-8")


def of_another_format(path):
    about = path.with_name(path.name + ".json")
    about.write_text(json.dumps({**json.loads(about.read_text(encoding="utf-8")), "format": 99}), encoding="utf-8")


def without_recall(path):
    about = path.with_name(path.name + ".json")
    about.write_text(json.dumps({**json.loads(about.read_text(encoding="utf-8")), "recall": None}), encoding="utf-8")


DAMAGE = [
    cut_short,
    emptied,
    one_bit_changed,
    other_bytes,
    without_its_json,
    json_of_something_else,
    json_that_is_none,
    built_by_a_stranger,
    of_another_format,
    without_recall,
]


@pytest.mark.parametrize("damage", DAMAGE)
@pytest.mark.once("what is saved is checked by us; one of each file is in both", but=["cut_short", "json_that_is_none"])
def test_a_damaged_file_is_not_used(damage, tmp_path):
    vectors, path = photo_like(300), tmp_path / "kin.usearch"
    Hnsw(vectors).save(path)
    damage(path)
    with pytest.raises(ModelError, match=r"kin\.usearch.*build"):
        Hnsw.load(path, vectors)
    assert open_index("hnsw", vectors, path=path).search(vectors, 1)[0].ravel().tolist() == list(range(300))
    assert len(Hnsw.load(path, vectors)) == 300


def test_an_index_of_other_features_is_not_used(tmp_path):
    vectors, path = photo_like(300), tmp_path / "kin.usearch"
    Hnsw(vectors).save(path)
    changed = vectors.copy()
    changed[299, 3] += 1
    for others, metric in ((changed, "euclidean"), (vectors[:299], "euclidean"), (vectors, "cosine")):
        with pytest.raises(ModelError, match="other features"):
            Hnsw.load(path, others, metric)
    with pytest.raises(ModelError, match="cannot be read"):
        Hnsw.load(tmp_path / "absent", vectors)


def test_it_is_built_once(tmp_path, monkeypatch):
    vectors, path = photo_like(300), tmp_path / "kin.usearch"
    first = open_index("hnsw", vectors, "cosine", path=path)
    monkeypatch.setattr(Hnsw, "__init__", None)
    again = open_index("hnsw", vectors, "cosine", path=path)
    assert isinstance(again, Hnsw) and again.recall == first.recall


def test_where_it_cannot_be_kept_it_says_so_and_works(tmp_path, capsys):
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    vectors = photo_like(100)
    index = open_index("hnsw", vectors, path=tmp_path / "file" / "kin.usearch")
    assert index.search(vectors[7:8], 1)[0].tolist() == [[7]]
    assert "could not be kept" in capsys.readouterr().out


def test_another_metric_is_refused():
    with pytest.raises(FrameError, match=r"'manhattan'.*euclidean and cosine"):
        Hnsw(photo_like(5), "manhattan")
