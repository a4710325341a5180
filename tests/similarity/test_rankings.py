import csv
import json
import os
import pickle
import shutil
import tracemalloc
from types import SimpleNamespace

import numpy as np
import pytest

from helpers import tc
from helpers.errors import FrameError, ModelError
from helpers.features.hnsw import Hnsw
from helpers.features.index import Index
from helpers.photos.load import load_photos
from helpers.similarity import rankings
from helpers.similarity.build import create
from helpers.similarity.rankings import Rankings, write
from tests.support.pictures import folder_of, tiny_network


def model_of(vectors, labels=None, metric="euclidean"):
    vectors = np.asarray(vectors, np.float32)
    return SimpleNamespace(
        vectors=vectors,
        index=Index(vectors, metric),
        metric=metric,
        labels=list(range(len(vectors))) if labels is None else labels,
        names=[f"{row}.jpg" for row in range(len(vectors))],
        network=SimpleNamespace(name="tiny"),
        key="tiny fp32",
    )


def scattered(count, dimension=6):
    return np.random.default_rng(0).standard_normal((count, dimension))


@pytest.fixture
def model():
    """Some with copies, so that there are equals."""
    return model_of(np.concatenate([scattered(40), scattered(10), scattered(5)]))


@pytest.fixture
def real(tmp_path):
    data, _ = load_photos(folder_of(tmp_path / "photos"), progress=False)
    return create(data, label="path", model=tiny_network(tmp_path / "tiny.onnx"), verbose=False)


def without_itself(model, k=None, metric=None):
    """What the index says of each photo, the photo itself taken out of it: rows and distances of each."""
    rows, distances = Index(model.vectors, metric or model.metric).search(model.vectors, None)
    for row, near, apart in zip(range(len(rows)), rows, distances):
        yield near[near != row][:k].tolist(), apart[near != row][:k].tolist()


def cells(frame):
    return [(row["query_label"], row["reference_label"], row["distance"], row["rank"]) for row in frame]


def everything(folder):
    return sorted(path.name for path in folder.iterdir())


# A folder


@pytest.mark.parametrize("metric", [None, "cosine"])
@pytest.mark.parametrize("k", [None, 1, 7, 1000])
def test_a_folder_holds_what_the_index_says(model, tmp_path, k, metric, monkeypatch):
    monkeypatch.setattr("helpers.features.nearest._BLOCK", 16 * 56 * 8)  # several blocks
    found = write(model, tmp_path / "all", k, metric=metric, progress=False)
    expected = list(without_itself(model, k, metric))
    assert found.rows.shape == found.distances.shape == (55, min(k or 54, 54))
    assert found.rows.tolist() == [rows for rows, _ in expected]
    assert np.array_equal(found.distances, np.array([apart for _, apart in expected], np.float32))
    assert (found.metric, found.network, found.key) == (metric or "euclidean", "tiny", "tiny fp32")
    assert everything(tmp_path / "all") == ["distances.npy", "rankings.json", "rows.npy"]
    assert everything(tmp_path) == ["all"]


def test_a_ranking_reads_as_the_answer_to_a_query(real, tmp_path):
    found = real.rankings(tmp_path / "all", progress=False)
    assert isinstance(found, Rankings) and len(found) == 6
    assert repr(found) == "Rankings of 6 photos, 5 each: tiny.onnx, euclidean distance"
    for label in real.labels:
        query = [row for row in cells(real.query(photo(real, label), k=None, verbose=False)) if row[1] != label]
        ranking = found.of(label)
        assert ranking.column_names() == ["query_label", "reference_label", "distance", "rank"]
        assert ranking.column_types() == [str, str, float, int]
        for place, (expected, got) in enumerate(zip(query, cells(ranking))):
            assert got == (label, expected[1], pytest.approx(expected[2], rel=1e-6), place + 1)
        assert cells(found.of(label, 2)) == cells(ranking)[:2] and cells(found.of(label, None)) == cells(ranking)
    assert [row[:2] for row in cells(real.similarity_graph(k=None, verbose=False))] == [
        row[:2] for label in real.labels for row in cells(found.of(label))
    ]


def photo(model, label):
    return tc.SFrame({"image": [tc.Image(model.photo(label))]})


def test_rankings_are_opened_again(model, tmp_path):
    write(model, tmp_path / "all", 3, progress=False)
    again = Rankings.open(str(tmp_path / "all"))
    assert isinstance(again.rows, np.memmap) and isinstance(again.distances, np.memmap)
    assert (again.labels, again.names, again.path) == (model.labels, model.names, tmp_path / "all")
    assert cells(again.of(np.int64(7))) == cells(again.of(7))


def test_few_photos(tmp_path):
    one = write(model_of([[1.0]]), tmp_path / "one", progress=False)
    assert len(one) == 1 and len(one.of(0)) == 0
    assert write(model_of([[1.0]]), tmp_path / "one.csv", progress=False).read_text() == rankings._HEADER
    two = write(model_of([[1.0], [4.0]], ["a", "b"]), tmp_path / "two", progress=False)
    assert cells(two.of("a")) == [("a", "b", 3.0, 1)]


def test_an_approximate_index(model, tmp_path):
    expected = write(model, tmp_path / "exact", progress=False).rows.tolist()
    model.index = Hnsw(model.vectors)
    assert write(model, tmp_path / "all", progress=False).rows.tolist() == expected
    assert write(model, tmp_path / "few", 3, progress=False).rows.shape == (55, 3)


def test_labels_that_are_no_photo_or_several(model, tmp_path):
    found = write(model, tmp_path / "all", progress=False)
    with pytest.raises(FrameError, match="99 is not the label"):
        found.of(99)
    with pytest.raises(FrameError, match="k is a whole number, 1 or more, or None for all, not 0"):
        found.of(3, 0)
    model.labels = ["same"] * 55
    with pytest.raises(FrameError, match="'same' stands for 55 photos"):
        write(model, tmp_path / "all", progress=False).of("same")
    model.labels = [object()] * 55
    with pytest.raises(ModelError, match="labels must be numbers or text"):
        write(model, tmp_path / "all", progress=False)


# A CSV


@pytest.mark.parametrize("k", [None, 4])
def test_a_csv_has_every_pair_and_every_digit(model, tmp_path, k):
    place = write(model, tmp_path / "all.csv", k, progress=False)
    assert place == tmp_path / "all.csv"
    with place.open(newline="") as file:
        header, *lines = csv.reader(file)
    assert header == ["query_label", "reference_label", "distance", "rank"]
    expected = [
        (query, row, distance, place + 1)
        for query, (rows, distances) in enumerate(without_itself(model, k))
        for place, (row, distance) in enumerate(zip(rows, distances))
    ]
    assert [(int(a), int(b), float(c), int(d)) for a, b, c, d in lines] == expected
    frame = tc.SFrame.read_csv(str(place), verbose=False)
    assert frame.column_types() == [int, int, float, int]
    assert cells(frame) == [(a, b, pytest.approx(c, rel=1e-12), d) for a, b, c, d in expected]
    assert everything(tmp_path) == ["all.csv"]


def test_text_in_a_csv(tmp_path):
    labels = ["a,b", 'say "owl"', "=1+2", "été", "two\nlines", "two\rlines", ""]
    place = write(model_of(scattered(7), labels), tmp_path / "ALL.CSV", progress=False)
    with place.open(encoding="utf-8", newline="") as file:
        lines = list(csv.reader(file))[1:]
    assert {line[0] for line in lines} == {line[1] for line in lines} == {*labels[:2], "'=1+2", *labels[3:]}
    plain = write(model_of(scattered(4), labels[:4]), tmp_path / "plain.csv", progress=False)
    assert set(tc.SFrame.read_csv(str(plain), verbose=False)["query_label"]) == {*labels[:2], "'=1+2", "été"}


# Whole or not at all


@pytest.mark.parametrize("name", ["all", "all.csv"])
def test_older_rankings_are_replaced(model, tmp_path, name):
    write(model, tmp_path / name, 2, progress=False)
    kept = Rankings.open(tmp_path / name) if name == "all" else None
    write(model, tmp_path / name, 5, progress=False)
    assert everything(tmp_path) == [name]
    if kept is not None:
        assert Rankings.open(tmp_path / name).rows.shape == (55, 5)
        if os.name != "nt":
            assert len(kept.of(0)) == 2, "what was open is still there"


@pytest.mark.parametrize("name", ["all", "all.csv"])
@pytest.mark.parametrize("error", [KeyboardInterrupt, OSError(28, "No space left on device")])
def test_what_is_interrupted_leaves_nothing(model, tmp_path, name, error, monkeypatch):
    monkeypatch.setattr("helpers.features.nearest._PHOTOS", 10)
    whole, asked = model.index.search, []

    def search(queries, k):
        asked.append(len(queries))
        if len(asked) == 3:
            raise error
        return whole(queries, k)

    expected = KeyboardInterrupt if error is KeyboardInterrupt else ModelError
    for before in ([], [name]):
        monkeypatch.setattr(model.index, "search", search)
        asked.clear()
        with pytest.raises(expected):
            write(model, tmp_path / name, 4, progress=False)
        assert everything(tmp_path) == before
        if not before:
            monkeypatch.setattr(model.index, "search", whole)
            write(model, tmp_path / name, 2, progress=False)
    if name == "all":
        assert Rankings.open(tmp_path / name).rows.shape == (55, 2)


def test_a_full_disk_is_told(model, tmp_path, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(rankings, "_write_folder", full)
    with pytest.raises(ModelError, match=r"all: the rankings could not be written \(No space left .*; make room"):
        write(model, tmp_path / "all", progress=False)
    assert everything(tmp_path) == []


def test_an_interrupt_between_old_and_new_brings_the_old_back(model, tmp_path, monkeypatch):
    write(model, tmp_path / "all", 2, progress=False)
    rename = rankings.Path.rename

    def interrupted(path, target):
        if not path.name.endswith(".old") and not str(target).endswith(".old"):
            raise KeyboardInterrupt
        return rename(path, target)

    monkeypatch.setattr(type(tmp_path), "rename", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write(model, tmp_path / "all", 4, progress=False)
    monkeypatch.undo()
    assert everything(tmp_path) == ["all"] and Rankings.open(tmp_path / "all").rows.shape == (55, 2)


@pytest.mark.parametrize("name, needed", [("all", "2.46e-05"), ("all.csv", "8")])
def test_a_disk_without_room_is_refused_before_the_work(model, tmp_path, name, needed, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=20_000))
    monkeypatch.setattr(model.index, "search", None)
    with pytest.raises(
        ModelError, match=rf"{name}: these rankings take {needed}.* GB, and 2e-05 GB are free there; ask"
    ):
        write(model, tmp_path / "new" / name, progress=False)
    assert everything(tmp_path) == []


def test_the_room_that_is_asked_for_is_the_room_that_is_taken(tmp_path, monkeypatch):
    asked = []
    monkeypatch.setattr(rankings, "_check_room", lambda _, needed: asked.append(needed))
    model = model_of(scattered(300), [f"photos/ä {row}.jpg" for row in range(300)])
    write(model, tmp_path / "all", progress=False)
    taken = sum(path.stat().st_size for path in (tmp_path / "all").iterdir())
    assert asked[0] <= taken <= asked[0] + 512
    taken = write(model, tmp_path / "all.csv", progress=False).stat().st_size
    assert 0.9 * asked[1] < taken < 1.1 * asked[1]


def test_something_else_is_never_replaced(model, tmp_path, monkeypatch):
    monkeypatch.setattr(model.index, "search", None)  # refused before the work
    for name in ("all", "all.csv"):
        (tmp_path / name).write_text("mine")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "mine.txt").write_text("mine")
    (tmp_path / "folder.csv").mkdir()
    for name in ("all", "all.csv", "folder", "folder.csv"):
        with pytest.raises(ModelError, match=f"{name}: there is something else already; choose another name"):
            write(model, tmp_path / name, progress=False)
    monkeypatch.undo()
    write(model, tmp_path / "ours", progress=False)
    (tmp_path / "ours" / "mine.txt").write_text("mine")
    with pytest.raises(ModelError, match="there is something else already"):
        write(model, tmp_path / "ours", progress=False)
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty" / ".DS_Store").write_text("")
    assert len(write(model, tmp_path / "empty", progress=False)) == 55


def test_what_cannot_be_asked_for(model, tmp_path):
    with pytest.raises(FrameError, match="k is a whole number, 1 or more, or None for all, not 0"):
        write(model, tmp_path / "all", 0)
    with pytest.raises(FrameError, match="metric='manhattan' is not known"):
        write(model, tmp_path / "all", metric="manhattan")
    with pytest.raises(FrameError, match="name a place for the rankings"):
        write(model, "")
    assert everything(tmp_path) == []


# Damage


def test_no_rankings(tmp_path):
    (tmp_path / "file").write_text("")
    for name in ("none", "file", "."):
        with pytest.raises(ModelError, match=r"no rankings; model.rankings\(path\) writes them again"):
            Rankings.open(tmp_path / name)


def shorter(folder):
    (folder / "rows.npy").write_bytes((folder / "rows.npy").read_bytes()[:-40])


def pickled(folder):
    (folder / "distances.npy").write_bytes(pickle.dumps(np.zeros((55, 54))))


def objects(folder):
    np.save(folder / "rows.npy", np.array([[None]]), allow_pickle=True)


def of_another_shape(folder):
    np.save(folder / "rows.npy", np.zeros((55, 3), np.int32))


def of_another_type(folder):
    np.save(folder / "rows.npy", np.zeros((55, 54), np.int64))


def about(**changed):
    def damage(folder):
        told = {**json.loads((folder / "rankings.json").read_text()), **changed}
        (folder / "rankings.json").write_text(json.dumps({k: v for k, v in told.items() if v is not None}))

    return damage


@pytest.mark.parametrize(
    "damage",
    [
        shorter,
        pickled,
        objects,
        of_another_shape,
        of_another_type,
        about(names=None),
        about(labels=3),
        about(labels=[1, 2]),
        about(kinframe_rankings=None),
        lambda folder: (folder / "rankings.json").write_text("{"),
        lambda folder: (folder / "rankings.json").write_text("[]"),
        lambda folder: (folder / "distances.npy").unlink(),
        lambda folder: (folder / "distances.npy").write_bytes(b""),
    ],
)
def test_damaged_rankings(model, tmp_path, damage):
    write(model, tmp_path / "all", progress=False)
    damage(tmp_path / "all")
    with pytest.raises(ModelError, match=r"all: the rankings are damaged \(.*\); model.rankings\(path\) writes them"):
        Rankings.open(tmp_path / "all")


def test_another_format_and_rows_that_there_are_not(model, tmp_path):
    write(model, tmp_path / "all", progress=False)
    np.save(tmp_path / "all" / "rows.npy", np.full((55, 54), 55, np.int32))
    with pytest.raises(ModelError, match="there is no such row"):
        Rankings.open(tmp_path / "all").of(3)


def test_distances_that_are_no_numbers(model, tmp_path):
    write(model, tmp_path / "all", progress=False)
    np.save(tmp_path / "all" / "distances.npy", np.full((55, 54), np.nan, np.float32))
    with pytest.raises(ModelError, match="a distance is no finite number"):
        Rankings.open(tmp_path / "all").of(3)
    about(kinframe_rankings=2)(tmp_path / "all")
    with pytest.raises(ModelError, match="rankings of another version of Kinframe"):
        Rankings.open(tmp_path / "all")


# Memory


def test_the_pairs_are_never_in_memory_together(tmp_path, monkeypatch):
    """1,200 photos have 1.4 million pairs: 23 MB as rows and distances."""
    monkeypatch.setattr("helpers.features.nearest._BLOCK", 1 << 20)
    model = model_of(scattered(1200, 2))
    tracemalloc.start()
    write(model, tmp_path / "all", progress=False)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 8e6


def test_json_that_is_too_deep_is_damage(tmp_path):
    model = create(load_photos("data/robots/tarn")[0][:5], model="colour", store=False, verbose=False)
    model.rankings(tmp_path / "ranked", progress=False)
    (tmp_path / "ranked" / "rankings.json").write_text("[" * 200_000)
    with pytest.raises(ModelError, match="damaged"):
        Rankings.open(tmp_path / "ranked")
    with pytest.raises(ModelError, match="something else already"):
        model.rankings(tmp_path / "ranked", progress=False)
