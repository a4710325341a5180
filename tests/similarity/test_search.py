import numpy as np
import pytest

import helpers.similarity.query_features
from helpers import tc
from helpers.errors import FrameError, PhotoError
from helpers.features.distance import METRICS, Distance
from helpers.features.hnsw import Hnsw
from helpers.features.index import Index
from helpers.features.subset import SubsetSearch
from helpers.frames.images import image_array, image_of
from helpers.photos.load import load_photos
from helpers.similarity.build import create, load_model
from helpers.similarity.grid import show_matches
from helpers.similarity.search import feedback
from tests.similarity.test_build import image, references, rows
from tests.support.pictures import folder_of, picture

RANDOM = np.random.default_rng(4)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return folder_of(tmp_path_factory.mktemp("photos") / "photos", count=12)


@pytest.fixture(scope="module")
def data(folder):
    return load_photos(folder, progress=False)[0]


@pytest.fixture(scope="module", params=METRICS)
def model(data, network, request):
    return create(data, model=network, metric=request.param, verbose=False, store=False)


def other(path, seed=99):
    picture(seed).save(path)
    return path


# One photo


def test_one_photo_is_answered_as_a_query_is(model, data):
    asked = model.query(data[3:4], k=7, verbose=False)
    for like in (3, [3], (3,), np.array([3]), tc.SArray([3]), [3, 3]):
        found = model.search(like, k=7)
        assert [row[1:] for row in rows(found)] == [row[1:] for row in rows(asked)], "to the last bit"
        assert found.column_names() == asked.column_names() and found.column_types() == asked.column_types()
        assert set(found["query_label"]) == {3}
    assert len(model.search(3, k=None)) == 12 and len(model.search(3)) == 10


def test_a_photo_from_outside_whatever_it_is_given_as(model, tmp_path, monkeypatch):
    path = other(tmp_path / "heron.png")
    asked = rows(model.query(image_of(path), k=4, verbose=False))
    monkeypatch.chdir(tmp_path)
    for like in (path, path.relative_to(tmp_path), path.read_bytes(), image_of(path), image_array([image_of(path)])):
        assert [row[1:] for row in rows(model.search(like, k=4))] == [row[1:] for row in asked]
    assert set(model.search(path, k=2)["query_label"]) == {"heron.png"}
    assert set(model.search(path.read_bytes(), k=2)["query_label"]) == {"photo from outside"}


def test_a_photo_from_outside_that_is_in_the_collection_is_looked_up(model, folder, monkeypatch):
    monkeypatch.setattr(helpers.similarity.query_features, "embed", None)
    row = model.names.index("odd/3.jpg")
    for like in (folder / "odd" / "3.jpg", (folder / "odd" / "3.jpg").read_bytes()):
        found = model.search(like, k=2)
        assert found["query_label"][0] == found["reference_label"][0] == row
    assert row not in references(model.search(folder / "odd" / "3.jpg", k=None, hide=True))


def test_the_other_metric(data, network):
    ours, theirs = (create(data, model=network, metric=metric, verbose=False, store=False) for metric in METRICS)
    assert rows(ours.search(2, metric="cosine")) == rows(theirs.search(2))
    assert rows(ours.search(2, metric="euclidean")) == rows(ours.search(2))
    assert ours.searcher("cosine") is ours.searcher("cosine") and ours.metric == "euclidean"
    with pytest.raises(FrameError, match="metric='manhattan' is not known"):
        ours.search(2, metric="manhattan")


# Several photos


def test_the_point_of_several_photos():
    like, unlike = np.array([[1, 3], [3, 5]], np.float32), np.array([[7, 4], [7, 2]], np.float32)
    np.testing.assert_allclose(feedback(like, unlike[:0], "euclidean"), [2, 4])
    np.testing.assert_allclose(feedback(like, unlike, "euclidean"), [2 + (2 - 7) / 2, 4 + (4 - 3) / 2])
    moved = feedback(like + 100, unlike + 100, "euclidean")
    np.testing.assert_allclose(moved, feedback(like, unlike, "euclidean") + 100, rtol=1e-6)
    units = [each / np.linalg.norm(each, axis=1, keepdims=True) for each in (like, unlike)]
    wanted = 1.5 * units[0].mean(axis=0) - 0.5 * units[1].mean(axis=0)
    np.testing.assert_allclose(feedback(like, unlike, "cosine"), wanted, rtol=1e-6)
    np.testing.assert_allclose(feedback(like * 9, unlike, "cosine"), wanted, rtol=1e-6)
    assert feedback(like[:1], unlike[:0], "cosine") is not None
    np.testing.assert_array_equal(feedback(like[:1], unlike[:0], "cosine"), like[0])


def test_several_photos_are_ranked_by_their_point(model):
    found = model.search([0, 4], [7], k=None)
    point = feedback(model.vectors[[0, 4]], model.vectors[[7]], model.metric)
    distance = Distance(model.vectors, model.metric)
    apart = distance.to(distance.points(point[None])[0])
    assert references(found) == np.argsort(apart, kind="stable").tolist()
    assert list(found["distance"]) == sorted(apart.tolist())
    assert list(found["rank"]) == list(range(1, 13))


def test_unlike_moves_a_photo_down(model):
    nearest = references(model.search(0, k=2))[1]
    assert references(model.search(0, [nearest], k=None)).index(nearest) > 1


def test_photos_of_the_collection_and_from_outside_together(model, tmp_path):
    path = other(tmp_path / "heron.png")
    found = model.search([1, path], [path.read_bytes(), 2], k=3)
    outside = model.embed([path]).vectors
    point = feedback(
        np.concatenate([model.vectors[[1]], outside]), np.concatenate([outside, model.vectors[[2]]]), model.metric
    )
    wanted, distances = model.index.search(point[None], 3)
    assert references(found) == wanted[0].tolist() and list(found["distance"]) == distances[0].tolist()


@pytest.mark.parametrize(
    ("like", "unlike", "label"),
    [
        ([3, 7], [9], "3, 7, not 9"),
        ([3], [9, 1], "3, not 9, not 1"),
        ([3, 3], [], 3),
        ([1, 2, 3, 4, 5], [6, 7, 8, 9], "1, 2, 3, 2 more, not 6, not 7, not 8, not 1 more"),
    ],
)
def test_what_stands_for_a_question(model, like, unlike, label):
    assert set(model.search(like, unlike, k=2)["query_label"]) == {label}
    assert model.search(like, unlike, k=2, where=[False] * 12).column_types() == [type(label), int, float, int]


def test_the_asked_photos_are_hidden_and_others_come(model):
    found = model.search([0, 4], [7], k=9, hide=True)
    assert sorted(references(found)) == [1, 2, 3, 5, 6, 8, 9, 10, 11]
    everything = [row for row in references(model.search([0, 4], [7], k=None)) if row not in (0, 4, 7)]
    assert references(found) == everything
    assert references(model.search(0, k=3, hide=True)) == references(model.search(0, k=4))[1:]


def test_an_answer_can_be_shown(model, tmp_path):
    path = other(tmp_path / "heron.png")
    found = model.search([4, 0], [7], k=3)
    assert model.asked(found) == {"4, 0, not 7": (model.names[4], model.photo(4), None)}
    assert model.asked(model.search([path], [7], k=3)) == {"heron.png, not 7": ("heron.png", str(path), None)}
    show_matches(model, found)
    show_matches(model, model.search(1, where=[False] * 12))


# Only some photos


@pytest.mark.parametrize("kind", ["list", "numpy", "ints", "SArray", "column", "floats"])
def test_only_some_rows_count(model, data, kind):
    odd = np.array([folder == "odd" for folder in data["folder"]])
    where = {
        "list": odd.tolist(),
        "numpy": odd,
        "ints": odd.astype(int).tolist(),
        "SArray": tc.SArray(odd.astype(int).tolist()),
        "column": data["folder"] == "odd",
        "floats": np.where(odd, 1.0, np.nan),
    }[kind]
    found = model.search([0, 4], [7], where=where, k=4)
    everything = [row for row in rows(model.search([0, 4], [7], k=None)) if odd[row[1]]][:4]
    assert [row[1:3] for row in rows(found)] == [row[1:3] for row in everything]
    assert list(found["rank"]) == [1, 2, 3, 4]
    assert len(model.search(0, where=where, k=100)) == len(model.search(0, where=where, k=None)) == odd.sum()
    hidden = model.search(int(np.flatnonzero(odd)[0]), where=where, k=None, hide=True)
    assert len(hidden) == odd.sum() - 1


def test_missing_values_do_not_count(model):
    for missing in (tc.SArray([1, None] * 6, dtype=int), [True, None] * 6):
        assert sorted(references(model.search(0, where=missing))) == [0, 2, 4, 6, 8, 10]


@pytest.mark.parametrize(
    ("where", "said"),
    [
        ([True] * 11, "each of the 12 rows of the frame .*; these are 11"),
        ([], "these are 0"),
        (True, "these are 0"),
        ("yes", "these are 0"),
        (np.ones((12, 2)), "12 rows"),
        (list(range(12)), "made of 0 and 1"),
        (["a"] * 12, "made of 0 and 1"),
        ([0.5] * 12, "made of 0 and 1"),
    ],
)
def test_what_is_no_mask(model, where, said):
    with pytest.raises(FrameError, match=f"where= .*{said}"):
        model.search(0, where=where)


def test_rows_are_those_of_the_frame_also_where_photos_are_bad(data, network, tmp_path):
    frame = data[["path", "image"]]
    blank = tc.SFrame({"path": ["none.jpg"], "image": image_array([None])})[["path", "image"]]
    frame = frame[0:2].append(blank).append(frame[2:12])
    model = create(frame, label="path", model=network, verbose=False, store=False)
    assert model.rows.tolist() == [0, 1, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12] and model.rows.dtype == np.int64
    found = model.search(model.labels[0], where=[row in (1, 2, 3) for row in range(13)])
    assert sorted(references(found)) == sorted([frame["path"][1], frame["path"][3]])
    assert list(model.data["path"]) == model.labels and len(frame) == 13
    photos = np.arange(12) % 2 == 0
    assert model.where(photos).tolist() == [row in model.rows[photos] for row in range(13)]
    assert model.photos_where(model.where(photos)).tolist() == photos.tolist()


def test_the_frame_behind_a_model(model, data, network):
    assert model.data.column_names() == data.column_names() and len(model.data) == 12
    mine = data[["image"]]
    model = create(mine, model=network, verbose=False, store=False)
    mine["more"] = tc.SArray([0] * 12)
    assert model.data.column_names() == ["image"], "as it was when the model was made"


# Large collections


def photo_like(count, dimension=64, clusters=40):
    centres = np.maximum(RANDOM.standard_normal((clusters, dimension)), 0)
    vectors = centres[np.arange(count) * clusters // count] + 0.3 * RANDOM.standard_normal((count, dimension))
    return np.maximum(vectors, 0).astype(np.float32)


@pytest.fixture(scope="module")
def many():
    return photo_like(5000, dimension=160)


@pytest.fixture(scope="module", params=METRICS)
def index(many, request):
    return Index(many, request.param)


@pytest.mark.parametrize("few", [1 << 22, 0, 40_000])  # compared one by one; by the bounds; either
def test_the_nearest_among_some_are_exact(many, index, few, monkeypatch):
    monkeypatch.setattr("helpers.features.subset._FEW", few)
    search, distance = SubsetSearch(index, many), Distance(many, index.metric)
    masks = {
        "half, anywhere": RANDOM.random(5000) < 0.5,
        "half, far from the query": np.arange(5000) > 2500,
        "few": np.arange(5000) % 100 == 3,
        "all but one": np.arange(5000) != 17,
        "all": np.ones(5000, bool),
        "one": np.arange(5000) == 800,
        "none": np.zeros(5000, bool),
    }
    for query in (many[17], np.zeros(160, np.float32)):
        exact = distance.to(distance.points(query[None])[0])
        order = np.argsort(exact, kind="stable")
        for name, allowed in masks.items():
            for k in (1, 10):
                found, apart = search.search(query, k, allowed)
                wanted = order[allowed[order]][:k]
                np.testing.assert_array_equal(found, wanted, err_msg=name)
                np.testing.assert_array_equal(apart, exact[wanted], err_msg=name)
                assert found.dtype == np.int64 and apart.dtype == np.float64
    found, _ = search.search(query, None, masks["few"])
    assert len(found) == 50


@pytest.mark.parametrize("metric", METRICS)
def test_equals_among_some_come_by_their_row(metric, monkeypatch):
    monkeypatch.setattr("helpers.features.subset._FEW", 0)
    vectors = photo_like(600)
    vectors[100:400] = vectors[50]
    allowed = np.arange(600) % 2 == 1
    found, apart = SubsetSearch(Index(vectors, metric), vectors).search(vectors[50], 5, allowed)
    assert found.tolist() == [101, 103, 105, 107, 109] and not apart.any()


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("scale", [1e-30, 1e30])
def test_features_of_any_size(metric, scale, monkeypatch):
    monkeypatch.setattr("helpers.features.subset._FEW", 0)
    vectors = photo_like(600) * np.float32(scale)
    vectors[7] = 0
    allowed = np.arange(600) % 3 > 0
    found, apart = SubsetSearch(Index(vectors, metric), vectors).search(vectors[31], 5, allowed)
    distance = Distance(vectors, metric)
    wanted, exact = distance.nearest(distance.points(vectors[31:32])[0], np.flatnonzero(allowed), 5)
    assert found.tolist() == wanted.tolist() and apart.tolist() == exact.tolist()


@pytest.mark.parametrize("metric", METRICS)
def test_an_approximate_index_can_be_asked_among_some(metric, monkeypatch):
    monkeypatch.setattr("helpers.features.subset._FEW", 64 * 300)
    vectors = photo_like(2000)
    search, exact = (SubsetSearch(index(vectors, metric), vectors) for index in (Hnsw, Index))
    for allowed in (np.arange(2000) % 2 == 0, np.arange(2000) > 1000, np.arange(2000) % 50 == 0):
        for row in range(0, 2000, 400):
            found, apart = search.search(vectors[row], 10, allowed)
            wanted, distances = exact.search(vectors[row], 10, allowed)
            assert allowed[found].all() and len(set(found.tolist())) == 10 and (np.diff(apart) >= 0).all()
            assert len(set(found.tolist()) & set(wanted.tolist())) >= 8
            assert (apart >= distances).all()


@pytest.mark.parametrize("collection", ["usual", "huge"])
def test_an_approximate_index_is_not_asked_for_ever(monkeypatch, collection):
    """What is near among half of the photos is found at once; for what is far, all are looked at in the end."""
    monkeypatch.setattr("helpers.features.subset._FEW", 500 * 64)
    if collection == "huge":
        monkeypatch.setattr("helpers.features.subset._ALL", 0)
    vectors, calls = photo_like(2000), []
    index = Hnsw(vectors)
    original = index.search
    monkeypatch.setattr(index, "search", lambda queries, k: calls.append(k) or original(queries, k))
    search, exact = SubsetSearch(index, vectors), SubsetSearch(Index(vectors), vectors)
    search.search(vectors[17], 10, np.arange(2000) % 2 == 0)
    assert len(calls) == 1 and calls[0] < 100
    del calls[:]
    far = np.arange(2000) > 1000
    found, wanted = (each.search(vectors[17], 10, far)[0].tolist() for each in (search, exact))
    if collection == "usual":
        assert len(calls) == 1 and found == wanted
    else:
        assert calls == sorted(calls) and 1 < len(calls) < 6 and calls[-1] <= 500
        assert len(set(found) & set(wanted)) >= 8


# A part of a photo


class Regions:
    """What `helpers.similarity.regions` does, as far as a model sees it."""

    def __init__(self, photos):
        self.photos, self.asked = photos, []

    def search(self, source, box, k, allowed=None):
        self.asked.append((source, box, k, None if allowed is None else allowed.tolist()))
        found = np.flatnonzero(allowed)[:k]
        return found, found / 10, np.tile([[0.0, 0.25, 0.5, 1.0]], (len(found), 1))


def test_a_part_of_a_photo_is_compared_with_whole_photos(model, monkeypatch, tmp_path):
    asked = []

    def feature(source, box, settled):
        asked.append((source, box, settled.loaded.name))
        return model.vectors[5]

    monkeypatch.setattr("helpers.similarity.regions.region_feature", feature)
    box = (0.1, 0.2, 0.5, 0.9)
    found = model.search(region=(2, box), k=3, hide=True)
    assert asked == [(model.photo(2), box, "tiny.onnx")]
    assert references(found) == [row for row in references(model.search(5, k=4)) if row != 2][:3]
    assert set(found["query_label"]) == {2} and len(found.column_names()) == 4
    assert model.asked(found) == {2: (model.names[2], model.photo(2), box)}
    path = other(tmp_path / "heron.png")
    assert set(model.search(region=(path, box), like=[], unlike=None)["query_label"]) == {"heron.png"}


def test_a_part_of_a_photo_is_compared_with_parts(data, network):
    model = create(data, model=network, verbose=False, store=False)
    model.regions = Regions(12)
    odd = data["folder"] == "odd"
    found = model.search(region=(2, [0, 0, 1, 1]), k=3, where=odd)
    assert found.column_names()[4:] == ["left", "top", "right", "bottom"]
    assert found.column_types() == [int, int, float, int, float, float, float, float]
    assert dict(found[1]) == {
        "query_label": 2,
        "reference_label": 7,
        "distance": 0.7,
        "rank": 2,
        "left": 0.0,
        "top": 0.25,
        "right": 0.5,
        "bottom": 1.0,
    }
    assert model.regions.asked == [(model.photo(2), (0, 0, 1, 1), 3, list(odd))]
    empty = model.search(region=(2, [0, 0, 1, 1]), where=[0] * 12)
    assert len(empty) == 0 and empty.column_types() == found.column_types()
    assert len(model.search(region=(2, [0, 0, 1, 1]), k=None)) == 12
    show_matches(model, found)


def test_regions_are_of_the_same_network_and_kept_in_the_same_file(data, network, tmp_path, monkeypatch, capsys):
    asked = []

    class Made:
        note = "regions of 12 photos"

        @classmethod
        def of(cls, sources, identities, loaded, *, store, progress):
            asked.append((sources, identities, loaded.identity, store, progress))
            return cls()

    monkeypatch.setattr("helpers.similarity.regions.Regions", Made)
    model = create(data, model=network, verbose=False, store=tmp_path / "kept.kinframe")
    assert model.regions is None
    model.add_regions()
    model.save(tmp_path / "saved")
    again = load_model(tmp_path / "saved")
    again.add_regions(progress=False)
    collection = model.collection
    first, second = asked
    identity = model.network.identity
    assert first == (collection.sources, collection.identities, identity, tmp_path / "kept.kinframe", True)
    assert second[:3] == first[:3] and second[3:] == (again.store_path, False)
    assert isinstance(again.regions, Made)
    assert capsys.readouterr().out == "regions of 12 photos\n"


# What is no question


def test_what_is_no_question(model, tmp_path, monkeypatch):
    def told(message, *args, error=FrameError, **named):
        with pytest.raises(error, match=message):
            model.search(*args, **named)

    told("mark at least one photo as like this")
    told("mark at least one photo as like this", [], [3])
    told("3 is marked as like and as unlike", [3, 4], [3])
    told("99 is not the label of a photo", [99])
    told("a label of the model, or from outside a Path, .* not list", [[1, 2]])
    told("k is a whole number, 1 or more, or None for all", 3, k=0)
    told("cannot be averaged: give region= without", [3], region=(3, (0, 0, 1, 1)))
    told("cannot be averaged: give region= without", [], [3], region=(3, (0, 0, 1, 1)))
    told("region is a photo and a box|region= is a photo and a box", region=3)
    told("box", region=(3, (0, 0, 2, 2)))
    told("99 is not the label", region=(99, (0, 0, 1, 1)))
    (tmp_path / "note.txt").write_text("no photo")
    told("note.txt: not a photo", tmp_path / "note.txt", error=PhotoError)
    told("gone.jpg: no such file", tmp_path / "gone.jpg", error=PhotoError)
    told("photo from outside: ", b"no photo", error=PhotoError)
    other(tmp_path / "heron.png")
    told(r"given as Path\('.*heron.png'\)", str(tmp_path / "heron.png"))


def test_a_model_from_disk_can_be_searched(data, network, tmp_path):
    model = create(data, model=network, verbose=False, store=False)
    assert model.store_path is None
    model.save(tmp_path / "kin")
    again = load_model(tmp_path / "kin")
    assert again.data is None and again.rows.tolist() == list(range(12)) and again.store_path is not None
    query = image(picture(50))
    where = data["folder"] == "odd"
    assert rows(again.search([query, 3], [5], where=where)) == rows(model.search([query, 3], [5], where=where))


def test_a_photo_from_outside_goes_through_the_network_once(model, tmp_path, monkeypatch):
    content = other(tmp_path / "other.jpg").read_bytes()
    first = model.search(like=content, k=3)
    monkeypatch.setattr(model, "embed", None)
    again = model.search(like=content, k=3)
    assert list(again["distance"]) == list(first["distance"])
    assert len(model.search(like=content, k=2)) == 2
