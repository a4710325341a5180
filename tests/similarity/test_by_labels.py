import tracemalloc
from types import SimpleNamespace

import numpy as np
import pytest

from helpers import tc
from helpers.errors import FrameError
from helpers.features.hnsw import Hnsw
from helpers.features.index import Index
from helpers.photos.load import load_photos
from helpers.similarity.build import create, load_model
from helpers.similarity.evaluation.by_labels import (
    confusion,
    evaluate,
    folders,
    judge,
    mean_average_precision,
    neighbours,
    precision_at,
    recall_at,
)
from helpers.similarity.evaluation.intervals import intervals
from tests.support.pictures import folder_of, tiny_network


def model_of(places, names=None, metric="euclidean"):
    vectors = np.array(places, np.float32).reshape(len(places), -1)
    names = [f"{row}.jpg" for row in range(len(vectors))] if names is None else names
    return SimpleNamespace(vectors=vectors, index=Index(vectors, metric), names=names, num_examples=len(names))


def scattered(count, seed=0, dimension=3):
    return np.random.default_rng(seed).standard_normal((count, dimension)).astype(np.float32)


def by_hand(vectors, k, groups=None):
    """Each photo's nearest others, one photo at a time."""
    groups = np.arange(len(vectors)) if groups is None else groups
    found = np.full((len(vectors), k), -1, np.int64)
    for row, vector in enumerate(vectors.astype(float)):
        apart = np.sqrt(((vectors - vector) ** 2).sum(axis=1))
        order = np.argsort(apart, kind="stable")
        near = order[groups[order] != groups[row]][:k]
        found[row, : len(near)] = near
    return found


OWLS = ["owl/1", "owl/2", "owl/3", "fox/1", "fox/2"]


@pytest.fixture
def line():
    """Owls at 0, 1 and 10, foxes at 12 and 13."""
    return model_of([0, 1, 10, 12, 13], OWLS)


def test_folders():
    assert folders(["a/b/1.jpg", "a/2.jpg", "3.jpg"]) == ["a/b", "a", "."]


# Precision


def test_worked_by_hand(line):
    """Nearest two of   0: 1 and 10, both owls: 2 of 2.
     1: 0 and 10, both owls: 2 of 2.
    10: 12 and 13, both foxes: 0 of 2.
    12: 13 and 10, one fox: 1 of 2.
    13: 12 and 10, one fox: 1 of 2.
    """
    assert precision_at(line, 2) == pytest.approx((1 + 1 + 0 + 0.5 + 0.5) / 5)
    assert precision_at(line, 1) == pytest.approx((1 + 1 + 0 + 1 + 1) / 5)
    assert precision_at(line, 2, labels=["x", "x", "y", "y", "y"]) == pytest.approx((0.5 + 0.5 + 1 + 1 + 1) / 5)


def test_fewer_photos_than_k():
    model = model_of([0, 1, 10], ["a/1", "a/2", "b/1"])
    assert precision_at(model, 10) == pytest.approx((0.5 + 0.5 + 0) / 3)


def test_a_copy_counts_the_photo_itself_does_not():
    model = model_of([0, 0, 0, 9, 9, 9], ["a/1", "a/2", "b/1", "b/2", "b/3", "b/4"])
    assert precision_at(model, 1) == pytest.approx((1 + 1 + 0 + 1 + 1 + 1) / 6)


@pytest.mark.parametrize("measure", [precision_at, recall_at, mean_average_precision])
def test_nothing_to_tell_apart(measure):
    assert measure(model_of([0, 1], ["a/1", "a/2"])) is None
    assert measure(model_of([0], ["a/1"])) is None
    assert measure(model_of([0, 1])) is None
    assert measure(model_of([0, 1], ["a/1", "b/1"]), groups=["one", "one"]) is None
    assert measure(model_of([0, 1]), labels=["a", None]) is None


# Recall and average precision


def test_recall_worked_by_hand(line):
    """Among the nearest one: 0 and 1 have one of two owls, 10 none, the foxes all; among two, 0 and 1 have both."""
    assert recall_at(line, 1) == pytest.approx((0.5 + 0.5 + 0 + 1 + 1) / 5)
    assert recall_at(line, 2) == pytest.approx((1 + 1 + 0 + 1 + 1) / 5)
    assert recall_at(line, 4) == 1


def test_average_precision_worked_by_hand(line):
    """The owl at 10 has its owls at places 3 and 4 (12, 13, 1, 0): (1/3 + 2/4) / 2. The others have theirs first."""
    assert mean_average_precision(line) == pytest.approx((1 + 1 + (1 / 3 + 2 / 4) / 2 + 1 + 1) / 5)


def test_the_depth_of_average_precision(line):
    """Within 3 places the owl at 10 finds one of two; within one place nobody can find more than one."""
    assert mean_average_precision(line, 3) == pytest.approx((1 + 1 + (1 / 3) / 2 + 1 + 1) / 5)
    assert mean_average_precision(line, 1) == pytest.approx((1 + 1 + 0 + 1 + 1) / 5)
    assert evaluate(line, depth=3, progress=False).mean_average_precision == mean_average_precision(line, 3)
    assert evaluate(line, progress=False).depth == 100


def test_against_scikit_learn():
    metrics = pytest.importorskip("sklearn.metrics", reason="scikit-learn is not in this environment")
    vectors = scattered(80)
    labels = np.random.default_rng(1).integers(5, size=80)
    found = evaluate(model_of(vectors), labels, k=(1, 10, 79), depth=79, progress=False)
    precision, average, recall = [], [], []
    for row in range(80):
        other = np.delete(np.arange(80), row)
        right = (labels[other] == labels[row]).astype(int)
        apart = np.sqrt(((vectors[other].astype(float) - vectors[row]) ** 2).sum(axis=1))
        first = (apart <= np.sort(apart)[9]).astype(int)
        average.append(metrics.average_precision_score(right, -apart))
        precision.append(metrics.precision_score(right, first))
        recall.append(metrics.recall_score(right, first))
    assert found.mean_average_precision == pytest.approx(np.mean(average), abs=1e-12)
    assert found.precision[10] == pytest.approx(np.mean(precision), abs=1e-12)
    assert found.recall[10] == pytest.approx(np.mean(recall), abs=1e-12)
    assert found.recall[79] == 1


# Labels


def test_a_label_that_no_other_photo_has():
    """The hen at 3: nobody can be right for it. Precision counts it with 0, recall and average precision not at all."""
    model = model_of([0, 1, 3, 12, 13], ["owl/1", "owl/2", "hen/1", "fox/1", "fox/2"])
    assert precision_at(model, 1) == pytest.approx(4 / 5)
    assert recall_at(model, 1) == mean_average_precision(model) == 1
    found = evaluate(model, k=1, progress=False)
    assert (found.photos, found.findable) == (5, 4)
    alone = evaluate(model, labels=list("abcde"), k=1, progress=False)
    assert (alone.precision, alone.recall, alone.mean_average_precision) == ({1: 0.0}, {1: None}, None)
    assert alone.interval["recall_at_1"] is None and alone.interval["precision_at_1"] == (0, 0)
    assert "none" in str(alone) and "none" in repr(alone)
    assert recall_at(model, 1, labels=list("abcde")) is None


@pytest.mark.parametrize("none", [None, "", float("nan"), np.float32("nan")])
def test_photos_without_a_label_take_up_places(none):
    """Of 0 the nearest are 1 (no label) and 2 (right); 1 is not asked about."""
    model, labels = model_of([0, 1, 2.5, 10]), ["a", none, "a", "b"]
    found = evaluate(model, labels, k=(1, 2), progress=False)
    assert found.photos == 3
    assert found.precision == {1: 0, 2: pytest.approx((0.5 + 0.5 + 0) / 3)}
    assert found.recall == {1: 0, 2: 1}
    assert found.mean_average_precision == pytest.approx((0.5 + 0.5) / 2)


def test_labels_may_be_numbers_and_arrays(line):
    for labels in (
        np.array([7, 7, 7, 8, 8]),
        [7, 7, 7, 8, 8],
        (True, True, True, False, False),
        tc.SArray([1, 1, 1, 0, 0]),
    ):
        assert precision_at(line, 2, labels) == precision_at(line, 2)


def test_there_is_a_label_for_each_photo():
    with pytest.raises(FrameError, match="3 labels for 2 photos"):
        precision_at(model_of([0, 1], ["a/1", "b/1"]), 1, labels=["a", "b", "c"])
    with pytest.raises(FrameError, match="1 groups for 2 photos"):
        precision_at(model_of([0, 1], ["a/1", "b/1"]), 1, groups=["a"])


def test_what_is_no_label(line):
    with pytest.raises(FrameError, match="labels have to be numbers or text"):
        precision_at(line, labels=[["a"]] * 5)
    with pytest.raises(FrameError, match="labels have to be numbers or text"):
        precision_at(line, labels=[np.zeros(2)] * 5)
    with pytest.raises(FrameError, match="labels='species' names a column, but a model from disk has no frame"):
        evaluate(line, "species")
    with pytest.raises(FrameError, match="nothing to tell apart: give labels="):
        evaluate(line, ["owl"] * 5)
    with pytest.raises(FrameError, match="no photo has another one outside its own group"):
        evaluate(line, groups=[1] * 5)


def test_columns_of_the_frame(tmp_path):
    data, _ = load_photos(folder_of(tmp_path / "photos"), progress=False)
    data["night"] = tc.SArray([1, 1, 2, 2, 3, 3])
    model = create(data, model=tiny_network(tmp_path / "tiny.onnx"), verbose=False)
    assert precision_at(model, 2, "folder") == precision_at(model, 2, list(data["folder"]))
    by_column = evaluate(model, "folder", k=2, groups="night", progress=False)
    assert by_column == evaluate(model, list(data["folder"]), k=2, groups=[1, 1, 2, 2, 3, 3], progress=False)
    with pytest.raises(FrameError, match="no column 'species' for labels=; it has"):
        evaluate(model, "species")
    model.save(tmp_path / "kin")
    with pytest.raises(FrameError, match="groups='night' names a column, but a model from disk"):
        evaluate(load_model(tmp_path / "kin"), groups="night")


# k


@pytest.mark.parametrize("k", [0, -1, 2.5])
@pytest.mark.parametrize("measure", [precision_at, recall_at, mean_average_precision])
def test_k_is_a_number_of_photos(k, measure):
    with pytest.raises(FrameError, match="is a whole number"):
        measure(model_of([0, 1], ["a/1", "b/1"]), k)


def test_k_goes_to_100(line):
    assert precision_at(line, 100) == pytest.approx((2 + 2 + 2 + 1 + 1) / 4 / 5)
    for call in (precision_at, neighbours):
        with pytest.raises(FrameError, match="k is 100 at most, not 101"):
            call(line, 101)
    with pytest.raises(FrameError, match="k is 100 at most"):
        confusion(line, k=101)
    with pytest.raises(FrameError, match="k is 100 at most"):
        evaluate(line, k=(1, 101))
    with pytest.raises(FrameError, match="depth is 100 at most"):
        evaluate(line, depth=101)
    with pytest.raises(FrameError, match="k is empty"):
        evaluate(line, k=())
    assert list(evaluate(line, k=[5, 1, 5], progress=False).precision) == [1, 5]


# Neighbours


@pytest.mark.parametrize("metric", [None, "cosine"])
def test_neighbours_are_those_of_the_index(metric):
    vectors = scattered(50, dimension=8)
    rows, _ = Index(vectors, metric or "euclidean").search(vectors, 6)
    found = neighbours(model_of(vectors), 5, metric=metric)
    assert found.dtype == np.int64
    assert np.array_equal(found, rows[:, 1:])


def test_copies_of_a_photo_are_neighbours():
    found = neighbours(model_of([0] * 30 + [1]), 3)
    assert found[20].tolist() == [0, 1, 2] and found[1].tolist() == [0, 2, 3] and found[30].tolist() == [0, 1, 2]


def test_fewer_than_k():
    assert neighbours(model_of([0, 1, 5]), 4).tolist() == [[1, 2, -1, -1], [0, 2, -1, -1], [1, 0, -1, -1]]
    assert neighbours(model_of([3]), 2).tolist() == [[-1, -1]]


def test_groups_stay_out():
    """A photo without a group is alone in its own."""
    model = model_of([0, 1, 2, 3, 4])
    assert neighbours(model, 2, groups=["x", "x", None, None, "x"]).tolist() == [
        [2, 3], [2, 3], [1, 3], [2, 4], [3, 2]
    ]  # fmt: skip


@pytest.mark.parametrize("crowd", [1024, 20])
@pytest.mark.parametrize("k", [1, 7, 60])
def test_groups_of_all_sizes(k, crowd, monkeypatch):
    """Groups of 1 to 250 photos; the large ones lie together, so that nobody else is near."""
    monkeypatch.setattr("helpers.features.nearest._CROWD", crowd)
    monkeypatch.setattr("helpers.features.nearest._PIECE", 4 * 3 * 70)
    monkeypatch.setattr("helpers.features.nearest._PHOTOS", 64)
    sizes = [1] * 20 + [3] * 10 + [40, 60, 250]
    groups = np.repeat(np.arange(len(sizes)), sizes)
    vectors = np.round(scattered(len(groups)) + np.where(groups >= 30, 3 * groups - 60, 0)[:, None], 1)  # with ties
    order = np.random.default_rng(3).permutation(len(groups))
    vectors, groups = vectors[order].astype(np.float32), groups[order]
    found = neighbours(model_of(vectors), k, groups=groups)
    assert np.array_equal(found, by_hand(vectors, k, groups))


@pytest.mark.slow("many photos")
@pytest.mark.once("it counts rows and memory of NumPy's")
def test_a_group_of_nearly_everything():
    vectors = scattered(3000, dimension=2)
    groups = np.where(np.arange(3000) < 2990, "one night", "another")
    assert np.array_equal(neighbours(model_of(vectors), 12, groups=groups), by_hand(vectors, 12, groups))


def test_an_approximate_index():
    vectors = scattered(600, dimension=16)
    model = model_of(vectors)
    model.index = Hnsw(vectors)
    exact = by_hand(vectors, 5)
    found = neighbours(model, 5)
    assert found.shape == exact.shape and (found == exact).mean() > 0.9
    assert not (found == np.arange(600)[:, None]).any()
    assert np.array_equal(neighbours(model, 5, metric="euclidean", groups=range(600)), found)


def test_an_unknown_metric(line):
    with pytest.raises(FrameError, match="metric='manhattan' is not known"):
        evaluate(line, metric="manhattan", progress=False)


# Groups


def test_groups_worked_by_hand():
    """Frames of an owl at 0, 0.1 and 0.2 (night 1) and at 5 (night 2); foxes at 4 (night 1) and 9 (night 2).

    Among other nights' photos the nearest of   0, 0.1, 0.2: the owl at 5, and all their owls with it.
                                                5: the fox at 4, then the owls at 0.2, 0.1, 0: 1/2, 2/3, 3/4.
                                                4: the owl at 5, then the fox at 9: 1/2.
                                                9: the fox at 4.
    """
    model = model_of([0, 0.1, 0.2, 5, 4, 9])
    labels, nights = ["owl"] * 4 + ["fox"] * 2, [1, 1, 1, 2, 1, 2]
    found = evaluate(model, labels, k=(1, 2), groups=nights, progress=False)
    assert found.precision[1] == pytest.approx((1 + 1 + 1 + 0 + 0 + 1) / 6)
    assert found.precision[2] == pytest.approx((0.5 + 0.5 + 0.5 + 0.5 + 0.5 + 0.5) / 6)
    assert found.recall[1] == pytest.approx((1 + 1 + 1 + 0 + 0 + 1) / 6)
    assert found.recall[2] == pytest.approx((1 + 1 + 1 + 1 / 3 + 1 + 1) / 6)
    average = (3 + (1 / 2 + 2 / 3 + 3 / 4) / 3 + 1 / 2 + 1) / 6
    assert found.mean_average_precision == pytest.approx(average)
    assert precision_at(model, 1, labels, groups=nights) == found.precision[1]
    assert recall_at(model, 2, labels, groups=nights) == found.recall[2]
    assert mean_average_precision(model, 100, labels, groups=nights) == pytest.approx(average)


def test_a_label_that_only_the_own_group_has():
    model = model_of([0, 1, 2, 3, 4])
    found = evaluate(model, list("aabbb"), k=1, groups=[1, 1, 2, 3, 4], progress=False)
    assert found.precision == {1: pytest.approx((0 + 0 + 0 + 1 + 1) / 5)}  # 1 comes before 3, which is as near
    assert (found.recall, found.findable) == ({1: pytest.approx((0 + 0.5 + 0.5) / 3)}, 3)


# Neighbours that others found


def test_judge_is_what_evaluate_says():
    vectors = scattered(120)
    labels, groups = np.random.default_rng(2).integers(6, size=(2, 120))
    model = model_of(vectors)
    for own in (None, groups):
        expected = evaluate(model, labels, groups=own, progress=False)
        assert judge(neighbours(model, 100, groups=own), labels, groups=own) == expected
        with_itself = Index(vectors).search(vectors, None)[0]  # and with its own group
        assert judge(with_itself.astype(np.int32), labels, groups=own) == expected


def test_neighbours_that_are_missing_are_not_right():
    rows = [[1, -1], [0, 2], [-1, -1], [2, -1]]
    found = judge(rows, list("aabb"), k=(1, 2))
    assert found.precision == {1: (1 + 1 + 0 + 1) / 4, 2: (0.5 + 0.5 + 0 + 0.5) / 4}
    assert found.recall == {1: 3 / 4, 2: 3 / 4}


def test_rows_that_are_none():
    labels = ["a", "a", "b"]
    with pytest.raises(FrameError, match="the same row stands twice"):
        judge([[1, 1], [0, 2], [0, 1]], labels, k=1)
    with pytest.raises(FrameError, match="rows go from 0 to 2, and -1 is none; there is 3"):
        judge([[1, 3], [0, 2], [0, 1]], labels, k=1)
    with pytest.raises(FrameError, match="there is -2"):
        judge([[1, -2], [0, 2], [0, 1]], labels, k=1)
    with pytest.raises(FrameError, match="k=10 takes 2 neighbours a photo; there are 1"):
        judge([[1], [0], [0]], labels)
    for rows in ([[0.5]], [1, 2], [["a"]]):
        with pytest.raises(FrameError, match="rows are whole numbers, a line for each photo"):
            judge(rows, labels)
    with pytest.raises(FrameError, match="3 labels for 1 photos"):
        judge([[-1]], labels)


# Intervals


def test_an_interval_holds_its_value_and_comes_again():
    vectors = scattered(200)
    labels = (vectors[:, 0] > 0).astype(int)
    found = evaluate(model_of(vectors), labels, progress=False)
    assert set(found.interval) == {
        *(f"{measure}_at_{k}" for measure in ("precision", "recall") for k in (1, 5, 10)),
        "mean_average_precision",
    }
    values = {f"precision_at_{k}": value for k, value in found.precision.items()}
    values["mean_average_precision"] = found.mean_average_precision
    for name, value in values.items():
        low, high = found.interval[name]
        assert low < value < high
    assert evaluate(model_of(vectors), labels, progress=False) == found
    other = evaluate(model_of(vectors), labels, seed=1, progress=False)
    assert other.precision == found.precision and other.interval != found.interval


def test_what_is_certain_has_no_width():
    found = evaluate(model_of([0, 1, 10, 11], ["a/1", "a/2", "b/1", "b/2"]), k=1, progress=False)
    assert found.interval == {"precision_at_1": (1, 1), "recall_at_1": (1, 1), "mean_average_precision": (1, 1)}


def test_an_interval_is_as_wide_as_statistics_says():
    """Of 400 fair coins: 1.96 standard errors of 0.025 on either side; of 40 groups of ten alike, √10 times that."""
    coins = np.arange(400) % 2.0
    ((low, high),) = intervals(coins[:, None], np.arange(400), 0)
    assert (low, high) == (pytest.approx(0.451, abs=0.006), pytest.approx(0.549, abs=0.006))
    ((low, high),) = intervals(np.repeat(np.arange(40) % 2.0, 10)[:, None], np.repeat(np.arange(40), 10), 0)
    assert (low, high) == (pytest.approx(0.5 - 0.155, abs=0.02), pytest.approx(0.5 + 0.155, abs=0.02))


@pytest.mark.slow("hundreds of intervals")
def test_most_intervals_hold_the_truth():
    random = np.random.default_rng(0)
    held = 0
    for seed in range(60):
        ((low, high),) = intervals((random.random(150) < 0.7).astype(float)[:, None], np.arange(150), seed)
        held += low <= 0.7 <= high
    assert held >= 52


def test_what_stays_out_does_not_widen_the_interval():
    values = np.array([[1.0, np.nan], [0.0, 0.5], [1.0, np.nan]])
    first, second = intervals(values, np.arange(3), 0)
    assert first == (0, 1) and second == (0.5, 0.5)


# What is shown


def test_how_it_reads(line):
    found = evaluate(line, k=(1, 2), progress=False)
    assert repr(found) == "Evaluation of 5 photos: precision@2 0.600, mean average precision 0.883"
    lines = str(found).splitlines()
    assert lines[0].startswith("precision_at_1          0.800  (") and lines[-1].startswith("5 photos")
    frame = found.as_frame()
    assert frame.column_names() == ["measure", "value", "low", "high", "photos"]
    assert frame.column_types() == [str, float, float, float, int]
    assert list(frame["measure"]) == [
        "precision_at_1",
        "precision_at_2",
        "recall_at_1",
        "recall_at_2",
        "mean_average_precision",
    ]
    assert frame[0]["value"] == found.precision[1] and frame[4]["low"] == found.interval["mean_average_precision"][0]


def test_a_frame_of_measures_that_there_are_not():
    frame = evaluate(model_of([0, 1, 2]), list("abc"), k=1, progress=False).as_frame()
    assert list(frame["value"]) == [0.0, None, None] and list(frame["photos"]) == [3, 0, 0]


def cells(frame):
    return [(row["label"], row["neighbour_label"], row["count"], row["share"]) for row in frame]


def test_confusion_worked_by_hand(line):
    frame = confusion(line, k=2)
    assert frame.column_names() == ["label", "neighbour_label", "count", "share"]
    assert frame.column_types() == [str, str, int, float]
    assert cells(frame) == [
        ("fox", "fox", 2, 0.5),
        ("fox", "owl", 2, 0.5),
        ("owl", "owl", 4, pytest.approx(2 / 3)),
        ("owl", "fox", 2, pytest.approx(1 / 3)),
    ]


def test_confusion_with_what_has_no_label_and_with_groups():
    model = model_of([0, 1, 2, 3, 30])
    assert cells(confusion(model, [10, None, 9, 9, 10], 1)) == [
        (9, 9, 1, 0.5),
        (9, None, 1, 0.5),
        (10, 9, 1, 0.5),
        (10, None, 1, 0.5),
    ]
    assert cells(confusion(model, list("abbba"), 1, groups=list("xyyxz"))) == [
        ("a", "b", 2, 1.0),
        ("b", "b", 2, pytest.approx(2 / 3)),
        ("b", "a", 1, pytest.approx(1 / 3)),
    ]
    assert cells(confusion(model, [1, "a", 1, "a", None], 1, metric="cosine")) == [
        ("1", "a", 2, 1.0),
        ("a", "1", 1, 0.5),
        ("a", "a", 1, 0.5),
    ]
    with pytest.raises(FrameError, match="nothing to tell apart"):
        confusion(model, ["a"] * 5)


def test_shares_add_up_to_1():
    labels = np.random.default_rng(5).integers(7, size=90)
    frame = confusion(model_of(scattered(90)), labels, k=100)
    for label in range(7):
        assert sum(row["share"] for row in frame if row["label"] == label) == pytest.approx(1)


# Memory


@pytest.mark.slow("many photos")
@pytest.mark.once("it counts rows and memory of NumPy's")
def test_memory_does_not_grow_with_the_square():
    """6,000 photos have 36 million pairs, 288 MB of distances."""
    model = model_of(scattered(6000, dimension=8))
    tracemalloc.start()
    found = evaluate(model, np.arange(6000) // 1500, groups=np.arange(6000) // 5, progress=False)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert found.photos == 6000
    assert peak < 150e6


@pytest.mark.parametrize("kind", [np.uint64, np.uint32, np.int16])
def test_rows_of_any_whole_type_are_judged(kind):
    """usearch gives them without a sign."""
    rows = [[1, 2], [0, 2], [1, 0]]
    labels = ["owl", "owl", "fox"]
    assert judge(np.array(rows, kind), labels, k=1) == judge(rows, labels, k=1)
    with pytest.raises(FrameError, match="rows go from 0 to 2"):
        judge(np.array([[2**64 - 1]] * 3, np.uint64), labels, k=1)


def test_labels_that_look_the_same_are_counted_together():
    model = model_of([0, 1, 2.1, 3], ["1", "2", "3", "4"])
    found = list(confusion(model, labels=[1, "1", 2.5, 2.5], k=1))
    assert [(row["label"], row["neighbour_label"], row["count"]) for row in found] == [("1", "1", 2), ("2.5", "2.5", 2)]
