"""Frames and columns: what `tests/conformance` cannot compare, because Turi Create does otherwise or not at all."""

import copy
import datetime
import doctest
import sys
import types
from array import array

import numpy as np
import pandas as pd
import pytest

from helpers.errors import FrameError
from helpers.photos import image_analysis
from helpers.sframe import Image, SArray, SFrame
from helpers.sframe.array import sarray as array_module
from helpers.sframe.errors import NoSuchColumn, OutOfRange, SizeMismatch, Unsupported
from helpers.sframe.frame import aggregate
from helpers.sframe.frame import sframe as frame_module

NAN = float("nan")


@pytest.fixture
def photos():
    return SFrame({"photo": ["c.jpg", "a.jpg", "b.jpg"], "size": [3, None, 2]})


@pytest.mark.parametrize("module", [array_module, frame_module], ids=["array", "frame"])
def test_the_examples_in_the_docstrings(module):
    assert doctest.testmod(module, raise_on_error=True).attempted


def test_slices_share_memory():
    column = SArray(range(1000))
    assert np.shares_memory(column._values, column[10:900:3]._values)
    assert np.shares_memory(column._values, SFrame({"n": column}).head(5)["n"]._values)


def test_numpy_handed_out_or_taken_in_is_a_copy():
    numbers = np.arange(3)
    column = SArray(numbers)
    numbers[0] = 99
    column.to_numpy()[1] = 99
    table = SFrame({"n": column}).to_dataframe()
    table.loc[2, "n"] = 99
    assert list(column) == [0, 1, 2]


def test_a_changed_copy_leaves_the_frame_alone(photos):
    for twin in (photos.copy(), copy.copy(photos), copy.deepcopy(photos), SFrame(photos)):
        twin["size"] = 0
        del twin["photo"]
        assert list(photos["size"]) == [3, None, 2]


def test_apply_calls_once_for_each_value_in_order():
    seen = []
    SArray([3, None, 1]).apply(seen.append)
    SFrame({"n": [3, None]}).apply(lambda row: seen.append(row["n"]))
    assert seen == [3, 1, 3, None]


def test_apply_never_cuts_off_a_fraction():
    """Turi Create decides on int after a hundred values, and makes 1.5 a 1."""
    column = SArray(range(200)).apply(lambda value: value if value < 150 else 1.5)
    assert column.dtype is float and column[199] == 1.5


def test_sort_is_stable_and_nan_is_last():
    frame = SFrame({"key": [2, 1, 2, 1], "row": [0, 1, 2, 3]})
    assert list(frame.sort("key")["row"]) == [1, 3, 0, 2]
    assert list(frame.sort("key", ascending=False)["row"]) == [0, 2, 1, 3]
    assert repr(list(SArray([3.0, NAN, None, 1.0]).sort())) == "[None, 1.0, 3.0, nan]"
    assert repr(list(SArray([3.0, NAN, None, 1.0]).sort(False))) == "[nan, 3.0, 1.0, None]"


def test_groups_come_in_order_of_first_appearance():
    frame = SFrame({"site": ["b", "a", None, "b"]})
    assert list(frame.groupby("site", aggregate.COUNT)["site"]) == ["b", "a", None]
    assert list(frame["site"].unique()) == ["b", "a", None]


def test_aggregates_that_turi_create_gets_wrong():
    frame = SFrame({"g": [1, 1, 1], "n": [1, None, 6], "s": ["p", None, "q"]})
    assert frame.groupby("g", {"d": aggregate.CONCAT("n", "s")})[0]["d"] == {1: "p", 6: "q"}
    assert frame.groupby("g", {"d": aggregate.CONCAT("g", "n")})[0]["d"] == {1: 1}  # the first of equal keys
    assert SArray([None, 2, 4]).argmax() == 2
    nan = float("nan")
    floats = SArray([nan, None, -7.5, 7.5])  # the row that max() is in, which Turi Create finds now and then
    assert (floats.argmax(), floats.argmin()) == (3, 2)
    assert (SArray([None, nan]).argmax(), SArray([None, nan]).argmin()) == (1, 1)
    assert list(SArray([7])[0] / SArray([[2.0, 4.0]])) == [array("d", [3.5, 1.75])]


def test_groupby_without_keys_makes_one_row():
    frame = SFrame({"n": [1, 2, None]})
    assert list(frame.groupby([], {"c": aggregate.COUNT(), "s": aggregate.SUM("n")})) == [{"c": 3, "s": 3}]
    assert len(frame.head(0).groupby([], {"c": aggregate.COUNT()})) == 0


@pytest.fixture(scope="module")
def large():
    random = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "key": random.integers(0, 500, 20_000),
            "site": random.choice(list("abcdefgh"), 20_000),
            "x": random.normal(size=20_000),
        }
    )


def test_groupby_agrees_with_pandas(large):
    operations = {
        "n": aggregate.COUNT(),
        "sum": aggregate.SUM("x"),
        "var": aggregate.VAR("x"),
        "max": aggregate.MAX("x"),
    }
    ours = SFrame(large).groupby(["site", "key"], operations).sort(["site", "key"])
    theirs = large.groupby(["site", "key"])["x"]
    assert ours["n"].to_numpy().tolist() == theirs.size().tolist()
    assert np.allclose(ours["sum"].to_numpy(), theirs.sum())
    assert np.allclose(ours["var"].to_numpy(), theirs.var(ddof=0))
    assert ours["max"].to_numpy().tolist() == theirs.max().tolist()


@pytest.mark.parametrize("how", ["inner", "left", "right", "outer"])
def test_join_agrees_with_pandas(large, how):
    one, other = large.head(1000), large.tail(300)[["key", "x"]].rename(columns={"x": "y"})
    ours = SFrame(one).join(SFrame(other), on="key", how=how).sort(["key", "x", "y"]).to_dataframe()
    theirs = one.merge(other, on="key", how=how).sort_values(["key", "x", "y"], na_position="first")
    assert ours["key"].tolist() == theirs["key"].tolist()
    for name in ("x", "y"):
        assert np.array_equal(ours[name], theirs[name], equal_nan=True)


def test_none_is_not_zero():
    frame = SFrame({"n": [0, None, 0, None]})
    assert {row["n"]: row["c"] for row in frame.groupby("n", {"c": aggregate.COUNT()})} == {0: 2, None: 2}
    assert list(frame.filter_by(0, "n")["n"]) == [0, 0]
    assert list(frame.sort("n")["n"]) == [None, None, 0, 0]
    assert len(frame.join(SFrame({"n": [0], "m": [1]}), on="n")) == 2


def test_outer_join_has_the_left_rows_first_and_in_order():
    frame = SFrame({"key": [3, 1, 3], "row": [0, 1, 2]})
    other = SFrame({"key": [0, 1, 2], "m": [10, 11, 12]})
    assert list(frame.join(other, on="key", how="outer")["key"]) == [3, 1, 3, 0, 2]


def test_left_join_keeps_the_order_of_the_rows():
    frame = SFrame({"key": [3, 1, 2], "row": [0, 1, 2]})
    other = SFrame({"key": [1, 2, 3], "name": ["one", "two", "three"]})
    assert list(frame.join(other, on="key", how="left")["name"]) == ["three", "one", "two"]


def test_filter_by_and_sort_agree_with_pandas(large):
    frame = SFrame(large)
    wanted = [1, 5, 7, 1000]
    assert frame.filter_by(wanted, "key")["x"].to_numpy().tolist() == large[large.key.isin(wanted)].x.tolist()
    by_two = large.sort_values(["site", "x"], ascending=[True, False], kind="stable")
    assert frame.sort([("site", True), ("x", False)])["x"].to_numpy().tolist() == by_two.x.tolist()


def test_random_parts_are_repeatable_disjoint_and_whole():
    frame = SFrame({"n": range(1000)})
    first, second = frame.random_split(0.7, seed=3)
    assert sorted([*first["n"], *second["n"]]) == list(range(1000))
    assert list(first["n"]) == list(frame.random_split(0.7, seed=3)[0]["n"]) == sorted(first["n"])
    assert 600 < len(first) < 800
    assert list(frame.sample(0.1, seed=1)["n"]) != list(frame.sample(0.1, seed=2)["n"])
    assert sorted(frame.shuffle()["n"]) == list(range(1000))


def test_pandas_there_and_back():
    table = pd.DataFrame(
        {
            "n": pd.array([1, None], dtype="Int64"),
            "s": ["x", None],
            "c": pd.Categorical(["p", "q"]),
            "t": pd.to_datetime(["2020-01-02", None]),
            "mixed": pd.Series(["x", NAN], dtype=object),
        }
    )
    frame = SFrame(table)
    assert frame.column_types() == [int, str, str, datetime.datetime, str]
    assert frame[0] == {"n": 1, "s": "x", "c": "p", "t": datetime.datetime(2020, 1, 2), "mixed": "x"}
    assert frame[1] == {"n": None, "s": None, "c": "q", "t": None, "mixed": None}
    back = frame.to_dataframe()
    assert back["s"].tolist() == ["x", None] and back["t"].isna().tolist() == [False, True]
    assert SFrame(back[["s", "t"]])[1] == {"s": None, "t": None}


def test_values_of_numpy_and_pandas_on_the_right():
    assert list(SArray([np.array([1, 2]), np.array([1, 3])]) == np.array([1, 2])) == [1, 0]
    assert list(SArray([1, None]) == pd.NA) == [0, 1]


def test_numpy_numbers_on_the_left():
    assert list(np.float64(2) * SArray([1, None])) == [2.0, None]
    assert list(np.int64(3) > SArray([1, 5])) == [1, 0]


def test_errors_say_what_to_do(photos):
    with pytest.raises(NoSuchColumn, match="no column 'photos'; did you mean 'photo'"):
        photos["photos"]
    with pytest.raises(NoSuchColumn, match="it has photo, size"):
        photos.remove_column("xyz")
    with pytest.raises(SizeMismatch, match="the column 'n' has 2 rows, the frame 3"):
        photos["n"] = [1, 2]
    with pytest.raises(OutOfRange, match="row 7 of 3; rows go from 0 to 2"):
        photos[7]
    with pytest.raises(OutOfRange, match="forwards only"):
        photos[::-1]
    with pytest.raises(Unsupported, match=r"str \+ int is not defined"):
        photos["photo"] + 1
    with pytest.raises(TypeError, match="one type, not int, str together"):
        SArray([1, "a"])
    with pytest.raises(OutOfRange, match="64 bits"):
        SArray([2**63])


@pytest.mark.parametrize("error", [KeyError, RuntimeError, ValueError, FrameError])
def test_a_missing_column_is_whatever_a_notebook_catches(photos, error):
    with pytest.raises(error):
        photos["nope"]


def test_a_failed_change_leaves_the_frame_as_it_was(photos):
    for change in (
        lambda: photos.add_columns([SArray([1, 2, 3]), SArray([1])], ["p", "q"], inplace=True),
        lambda: photos.rename({"photo": "p", "size": "p"}, inplace=True),
        lambda: photos.remove_columns(["photo", "nope"], inplace=True),
        lambda: photos.swap_columns("photo", "nope", inplace=True),
    ):
        with pytest.raises(FrameError):
            change()
        assert photos.column_names() == ["photo", "size"]


@pytest.fixture
def embed(monkeypatch):
    """A stand-in for `helpers.features.embedding`: the second image is bad."""
    calls = []

    def embed(images, *, model, precision, batch_size, progress):
        assert precision == "fp32"
        calls.append((model, batch_size, progress))
        rows = np.array([row for row in range(len(images)) if row != 1])
        return types.SimpleNamespace(vectors=np.ones((len(rows), 4), np.float32) * rows[:, None], rows=rows, bad=[1])

    module = types.ModuleType("helpers.features.embedding")
    module.embed = embed
    monkeypatch.setitem(sys.modules, "helpers.features.embedding", module)
    return calls


def test_deep_features(embed):
    images = SArray([Image.from_array(np.zeros((2, 2), np.uint8))] * 3)
    features = image_analysis.get_deep_features(images, verbose=False)
    assert list(features) == [array("d", [0] * 4), None, array("d", [2] * 4)]
    assert features.dtype is array and embed == [("resnet-50", 64, False)]


def test_deep_features_of_nothing(embed):
    with pytest.raises(TypeError):
        image_analysis.get_deep_features(["a.jpg"])
    with pytest.raises(Unsupported):
        image_analysis.get_deep_features(SArray([], Image))
    with pytest.raises(ValueError):
        image_analysis.get_deep_features(SArray([Image()]), batch_size=0)
    assert not embed
