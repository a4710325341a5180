"""Frames: what they are made of, their columns, their rows, groups and joins."""

import datetime
from array import array

import numpy as np
import pandas as pd
import pytest

pytest.importorskip("turicreate", reason="Turi Create is not in this environment (environment.yml describes one)")

NAN = float("nan")


def photos(tc):
    return tc.SFrame(
        {
            "id": [3, 1, 2, None],
            "name": ["c", "a", "b", "a"],
            "x": [1.5, None, NAN, 2.0],
            "v": [[1, 2], [3, 4], None, [5, 6]],
        }
    )


MADE = {
    "nothing": lambda tc: tc.SFrame(),
    "None": lambda tc: tc.SFrame(None),
    "empty dict": lambda tc: tc.SFrame({}),
    "empty list": lambda tc: tc.SFrame([]),
    "dict": photos,
    "dict, not in order": lambda tc: tc.SFrame({"b": [1], "a": ["x"]}),
    "dict of SArrays": lambda tc: tc.SFrame({"b": tc.SArray([1]), "a": tc.SArray(["x"])}),
    "dict of both": lambda tc: tc.SFrame({"b": [1], "a": tc.SArray(["x"]), "0": tc.SArray([2])}),
    "dict of an empty list": lambda tc: tc.SFrame({"a": []}),
    "dict of a number": lambda tc: tc.SFrame({"a": 5}),
    "dict of a text": lambda tc: tc.SFrame({"a": "abc"}),
    "dict of a range": lambda tc: tc.SFrame({"a": range(3)}),
    "dict of a tuple": lambda tc: tc.SFrame({"a": (1, 2)}),
    "dict of a dict": lambda tc: tc.SFrame({"a": {"x": 1}}),
    "dict of numpy": lambda tc: tc.SFrame({"a": np.array([1, 2])}),
    "dict of a Series": lambda tc: tc.SFrame({"a": pd.Series([1, None])}),
    "dict of mixed values": lambda tc: tc.SFrame({"a": [1, "x"]}),
    "dict of two lengths": lambda tc: tc.SFrame({"a": [1, 2], "b": [1]}),
    "SArrays of two lengths": lambda tc: tc.SFrame({"a": tc.SArray([1, 2]), "b": [1]}),
    "DataFrame": lambda tc: tc.SFrame(pd.DataFrame({"b": [1, 2], "a": ["x", None]})),
    "DataFrame of floats": lambda tc: tc.SFrame(pd.DataFrame({"b": [1.5, None], "a": [True, False]})),
    "a number as name": lambda tc: tc.SFrame({1: [1]}),
    "None as name": lambda tc: tc.SFrame({None: [1]}),
    "bytes as name": lambda tc: tc.SFrame({b"a": [1]}),
    "a tuple as name": lambda tc: tc.SFrame({("a",): [1]}),
    "a number as a second name": lambda tc: tc.SFrame({"a": [1], 2: [2]}),
    "a number as name of nothing": lambda tc: tc.SFrame({1: None}),
    "rename of a number": lambda tc: tc.SFrame({"a": [1]}).rename({1: "b"}),
    "remove_column of a number": lambda tc: tc.SFrame({"a": [1]}).remove_column(1),
    "add_column with a number as name": lambda tc: tc.SFrame({"a": [1]}).add_column(tc.SArray([1]), 1),
    "a column by a number": lambda tc: tc.SFrame({"a": [1]}).__setitem__(1, tc.SArray([1])),
    "DataFrame with a number as name": lambda tc: tc.SFrame(pd.DataFrame({0: [1]})),
    "DataFrame of lists": lambda tc: tc.SFrame(pd.DataFrame({"v": [[1, 2], [3]]})),
    "empty DataFrame": lambda tc: tc.SFrame(pd.DataFrame()),
    "SFrame": lambda tc: tc.SFrame(photos(tc)),
    "SArray": lambda tc: tc.SFrame(tc.SArray([1, 2])),
    "list of numbers": lambda tc: tc.SFrame([1, 2, 3]),
    "list of texts": lambda tc: tc.SFrame(["a", "b"]),
    "list of SArrays": lambda tc: tc.SFrame([tc.SArray([1, 2]), tc.SArray(["a", "b"])]),
    "SArrays and lists": lambda tc: tc.SFrame([tc.SArray([1, 2]), [1, 2]]),
    "SArrays that differ in length": lambda tc: tc.SFrame([tc.SArray([1, 2]), tc.SArray(["a"])]),
    "list of dicts": lambda tc: tc.SFrame([{"a": 1}, {"b": 2}]),
    "list of lists": lambda tc: tc.SFrame([[1, 2], [3, 4]]),
    "tuple of tuples": lambda tc: tc.SFrame(((1, 2), (3, 4))),
    "numpy": lambda tc: tc.SFrame(np.array([1, 2])),
    "numpy, two dimensions": lambda tc: tc.SFrame(np.zeros((2, 2))),
    "a number": lambda tc: tc.SFrame(5),
    "a generator": lambda tc: tc.SFrame(x for x in [1, 2]),
    "no file": lambda tc: tc.SFrame("/nowhere/frame"),
    "no CSV file": lambda tc: tc.SFrame("/nowhere/frame.csv"),
    "format": lambda tc: tc.SFrame({"a": [1]}, format="dict"),
    "unknown format": lambda tc: tc.SFrame({"a": [1]}, format="foo"),
}


@pytest.mark.parametrize("call", MADE.values(), ids=MADE)
def test_made(agree, call):
    agree(call)


def changed(change):
    def call(frame, tc):
        change(frame, tc)
        return frame

    return call


def assign(name, value):
    """A call that sets a column and answers with the frame."""

    def call(frame, tc):
        frame[name] = value(tc) if callable(value) else value
        return frame

    return call


COLUMNS = {
    "column_names": lambda f, tc: f.column_names(),
    "column_types": lambda f, tc: f.column_types(),
    "dtype": lambda f, tc: f.dtype,
    "shape": lambda f, tc: f.shape,
    "num_rows": lambda f, tc: f.num_rows(),
    "num_columns": lambda f, tc: f.num_columns(),
    "len": lambda f, tc: len(f),
    "bool": lambda f, tc: bool(f),
    "column": lambda f, tc: f["id"],
    "no column": lambda f, tc: f["nope"],
    "columns": lambda f, tc: f[["name", "id"]],
    "columns, one missing": lambda f, tc: f[["id", "nope"]],
    "columns, one twice": lambda f, tc: f[["id", "id"]],
    "columns in a tuple": lambda f, tc: f[("id", "name")],
    "no columns": lambda f, tc: f[[]],
    "columns of a type": lambda f, tc: f[int],
    "columns of types": lambda f, tc: f[[int, str]],
    "select_column": lambda f, tc: f.select_column("id"),
    "select no column": lambda f, tc: f.select_column("nope"),
    "select a number": lambda f, tc: f.select_column(5),
    "select_columns": lambda f, tc: f.select_columns(["x", "id"]),
    "select_columns by text": lambda f, tc: f.select_columns("id"),
    "select_columns twice": lambda f, tc: f.select_columns(["x", "x"]),
    "select_columns by number": lambda f, tc: f.select_columns([5]),
    "set one value": assign("n", 5),
    "set a text": assign("n", "abc"),
    "set None": assign("n", None),
    "set a date": assign("n", datetime.datetime(2020, 1, 1)),
    "set a list": assign("n", [1, 2, 3, 4]),
    "set a range": assign("n", range(4)),
    "set a tuple": assign("n", (1, 2, 3, 4)),
    "set numpy": assign("n", np.arange(4)),
    "set a column": assign("n", lambda tc: tc.SArray([1, 2, 3, 4])),
    "set a dict": assign("n", {"a": 1}),
    "set too few": assign("n", [1, 2]),
    "set a short column": assign("n", lambda tc: tc.SArray([1, 2])),
    "replace": assign("id", [4, 3, 2, 1]),
    "replace by one value": assign("name", 7),
    "replace by too few": assign("name", [1]),
    "set by number": assign(5, 7),
    "set without a name": assign("", [1, 2, 3, 4]),
    "set several": assign(["p", "q"], lambda tc: [tc.SArray([1, 2, 3, 4])] * 2),
    "set several, one taken": assign(["id", "q"], lambda tc: [tc.SArray([1, 2, 3, 4])] * 2),
    "delete": changed(lambda f, tc: f.__delitem__("id")),
    "delete nothing": changed(lambda f, tc: f.__delitem__("nope")),
    "add_column": lambda f, tc: f.add_column(tc.SArray([1, 2, 3, 4]), "n"),
    "add_column without a name": lambda f, tc: f.add_column(tc.SArray([1, 2, 3, 4])).add_column([1, 2, 3, 4]),
    "add_column without a name, taken": lambda f, tc: (
        f.rename({"v": "X5"}).add_column(tc.SArray([1, 2, 3, 4])).add_column(tc.SArray([1, 2, 3, 4]))
    ),
    "add_column, a list": lambda f, tc: f.add_column([1, 2, 3, 4], "n"),
    "add_column, one value": lambda f, tc: f.add_column(5, "n"),
    "add_column, taken": lambda f, tc: f.add_column([1, 2, 3, 4], "id"),
    "add_column, too short": lambda f, tc: f.add_column(tc.SArray([1, 2]), "n"),
    "add_column, a number as name": lambda f, tc: f.add_column(tc.SArray([1, 2, 3, 4]), 5),
    "add_column changes nothing": changed(lambda f, tc: f.add_column(5, "n")),
    "add_column in place": changed(lambda f, tc: f.add_column(5, "n", inplace=True)),
    "add_columns": lambda f, tc: f.add_columns([tc.SArray([1, 2, 3, 4])], ["q"]),
    "add_columns of a frame": lambda f, tc: f.add_columns(tc.SFrame({"q": [1, 2, 3, 4], "r": [1, 2, 3, 4]})),
    "add_columns, taken": lambda f, tc: f.add_columns([tc.SArray([1, 2, 3, 4])], ["id"]),
    "add_columns of a frame, taken": lambda f, tc: f.add_columns(tc.SFrame({"id": [1, 2, 3, 4]})),
    "add_columns, lists": lambda f, tc: f.add_columns([[1, 2, 3, 4]], ["q"]),
    "add_columns without names": lambda f, tc: f.add_columns([tc.SArray([1, 2, 3, 4])]),
    "add_columns, too short": lambda f, tc: f.add_columns([tc.SArray([1, 2])], ["q"]),
    "add_columns, one name twice": lambda f, tc: f.add_columns([tc.SArray([1, 2, 3, 4])] * 2, ["q", "q"]),
    "add_columns in place": changed(lambda f, tc: f.add_columns([tc.SArray([1, 2, 3, 4])], ["q"], inplace=True)),
    "remove_column": lambda f, tc: f.remove_column("id"),
    "remove_column in place": changed(lambda f, tc: f.remove_column("id", inplace=True)),
    "remove no column": lambda f, tc: f.remove_column("nope"),
    "remove_columns": lambda f, tc: f.remove_columns(["id", "x"]),
    "remove_columns, one missing": lambda f, tc: f.remove_columns(["id", "nope"]),
    "swap_columns": lambda f, tc: f.swap_columns("id", "x"),
    "swap_columns in place": changed(lambda f, tc: f.swap_columns("id", "x", inplace=True)),
    "swap no column": lambda f, tc: f.swap_columns("id", "nope"),
    "rename": lambda f, tc: f.rename({"id": "ID"}),
    "rename two": lambda f, tc: f.rename({"id": "ID", "x": "y"}),
    "rename in place": changed(lambda f, tc: f.rename({"id": "ID"}, inplace=True)),
    "rename no column": lambda f, tc: f.rename({"nope": "ID"}),
    "rename to one that is taken": lambda f, tc: f.rename({"id": "name"}),
    "rename with a list": lambda f, tc: f.rename(["id"]),
    "add_row_number": lambda f, tc: f.add_row_number("n"),
    "add_row_number from 5": lambda f, tc: f.add_row_number("n", start=5),
    "add_row_number, taken": lambda f, tc: f.add_row_number(),
    "add_row_number, a number as name": lambda f, tc: f.add_row_number(5),
    "add_row_number from a float": lambda f, tc: f.add_row_number("n", start=1.0),
    "add_row_number changes nothing": changed(lambda f, tc: f.add_row_number("n")),
    "add_row_number in place": changed(lambda f, tc: f.add_row_number("n", inplace=True)),
    "copy": lambda f, tc: f.copy(),
    "a copy is another": changed(lambda f, tc: f.copy().remove_column("id", inplace=True)),
    "equal": lambda f, tc: f == f,
    "unequal": lambda f, tc: f != f,
    "no such name": lambda f, tc: f.foo,
    "materialize": lambda f, tc: f.materialize(),
    "is_materialized": lambda f, tc: f.is_materialized(),
}


@pytest.mark.parametrize("call", COLUMNS.values(), ids=COLUMNS)
def test_columns(agree, call):
    agree(lambda tc: call(photos(tc), tc))


ROWS = {
    "first": lambda f, tc: f[0],
    "last": lambda f, tc: f[-1],
    "numpy index": lambda f, tc: f[np.int64(1)],
    "bool index": lambda f, tc: f[True],
    "past the end": lambda f, tc: f[4],
    "before the start": lambda f, tc: f[-5],
    "float index": lambda f, tc: f[1.0],
    "None": lambda f, tc: f[None],
    "slice": lambda f, tc: f[1:3],
    "step": lambda f, tc: f[::2],
    "slice and step": lambda f, tc: f[1:4:2],
    "from the end": lambda f, tc: f[-2:],
    "backwards": lambda f, tc: f[::-1],
    "empty slice": lambda f, tc: f[2:1],
    "past": lambda f, tc: f[100:],
    "start too far": lambda f, tc: f[-10:2],
    "mask": lambda f, tc: f[f["id"] > 1],
    "mask of None": lambda f, tc: f[f["id"] == None],  # noqa: E711
    "mask of a text": lambda f, tc: f[f["name"] == "a"],
    "mask of two": lambda f, tc: f[(f["name"] == "a") & (f["id"] == 1)],
    "mask of either": lambda f, tc: f[(f["name"] == "c") | (f["id"] == 1)],
    "mask of another length": lambda f, tc: f[tc.SArray([1, 0])],
    "mask of numbers": lambda f, tc: f[tc.SArray([2, 0, -1, None])],
    "mask of texts": lambda f, tc: f[tc.SArray(["a", "", "b", None])],
    "mask in a list": lambda f, tc: f[[True, False, True, True]],
    "mask in numpy": lambda f, tc: f[np.array([True, False, True, True])],
    "head": lambda f, tc: f.head(2),
    "head of 0": lambda f, tc: f.head(0),
    "head of 10": lambda f, tc: f.head(),
    "negative head": lambda f, tc: f.head(-1),
    "tail": lambda f, tc: f.tail(2),
    "iterated": lambda f, tc: list(f),
    "append": lambda f, tc: f.append(f),
    "plus": lambda f, tc: f + f,
    "append, other order": lambda f, tc: f.append(f[["x", "v", "name", "id"]]),
    "append, other type": lambda f, tc: f[["id"]].append(tc.SFrame({"id": [1.5]})),
    "append, other empty type": lambda f, tc: f[["id"]].append(tc.SFrame({"id": []})),
    "append, other name": lambda f, tc: f[["id"]].append(tc.SFrame({"b": [1]})),
    "append, more columns": lambda f, tc: f[["id"]].append(tc.SFrame({"id": [1], "b": [2]})),
    "append nothing": lambda f, tc: f.append(tc.SFrame()),
    "append to nothing": lambda f, tc: tc.SFrame().append(f),
    "append a list": lambda f, tc: f.append([1]),
    "apply": lambda f, tc: f.apply(lambda row: row["name"] + "!"),
    "apply to missing": lambda f, tc: f.apply(lambda row: row["id"]),
    "apply to None": lambda f, tc: f.apply(lambda row: None),
    "apply as float": lambda f, tc: f.apply(lambda row: row["id"], float),
    "apply to lists": lambda f, tc: f.apply(lambda row: [1, "a"]),
    "apply to dicts": lambda f, tc: f.apply(lambda row: {"a": 1}),
    "apply fails": lambda f, tc: f.apply(lambda row: row["nope"]),
    "apply no function": lambda f, tc: f.apply(5),
    "apply sees arrays": lambda f, tc: f.apply(lambda row: type(row["v"]).__name__),
    "filter_by": lambda f, tc: f.filter_by([1, 2], "id"),
    "filter_by a column": lambda f, tc: f.filter_by(tc.SArray([1, 2]), "id"),
    "filter_by one": lambda f, tc: f.filter_by(1, "id"),
    "filter_by a text": lambda f, tc: f.filter_by("a", "name"),
    "filter_by exclude": lambda f, tc: f.filter_by(["a", "c"], "name", exclude=True),
    "filter_by other type": lambda f, tc: f.filter_by([1.0], "id"),
    "filter_by texts among ints": lambda f, tc: f.filter_by(["a"], "id"),
    "filter_by None": lambda f, tc: f.filter_by([None], "id"),
    "filter_by None exclude": lambda f, tc: f.filter_by([None], "id", exclude=True),
    "filter_by with None": lambda f, tc: f.filter_by([1, None], "id"),
    "filter_by nothing": lambda f, tc: f.filter_by([], "id"),
    "filter_by nothing exclude": lambda f, tc: f.filter_by([], "id", exclude=True),
    "filter_by NaN": lambda f, tc: f.filter_by([NAN], "x"),
    "filter_by arrays": lambda f, tc: f.filter_by([[1, 2]], "v"),
    "filter_by twice the same": lambda f, tc: f.filter_by([1, 1, 1], "id"),
    "filter_by a range": lambda f, tc: f.filter_by(range(3), "id"),
    "filter_by a tuple": lambda f, tc: f.filter_by((1, 2), "id"),
    "filter_by numpy": lambda f, tc: f.filter_by(np.array([1, 2]), "id"),
    "filter_by a set": lambda f, tc: f.filter_by({1, 2}, "id"),
    "filter_by a dict": lambda f, tc: f.filter_by({1: 2}, "id"),
    "filter_by no column": lambda f, tc: f.filter_by([1], "nope"),
    "filter_by a number as name": lambda f, tc: f.filter_by([1], 5),
    "sort": lambda f, tc: f.sort("id"),
    "sort downwards": lambda f, tc: f.sort("id", ascending=False),
    "sort by two": lambda f, tc: f.sort(["name", "id"]),
    "sort by two downwards": lambda f, tc: f.sort(["name", "id"], ascending=False),
    "sort by pairs": lambda f, tc: f.sort([("name", True), ("id", False)]),
    "sort by other pairs": lambda f, tc: f.sort([("name", False), ("id", True)]),
    "sort by lists": lambda f, tc: f.sort("v"),
    "sort by no column": lambda f, tc: f.sort("nope"),
    "sort by nothing": lambda f, tc: f.sort([]),
    "sort by names and pairs": lambda f, tc: f.sort(["name", ("id", True)]),
    "sort by a number": lambda f, tc: f.sort(5),
    "sort by a tuple": lambda f, tc: f.sort(("name", "id")),
    "sort with a list of directions": lambda f, tc: f.sort(["name", "id"], ascending=[True, False]),
    "topk": lambda f, tc: f.topk("id", 2),
    "topk reverse": lambda f, tc: f.topk("id", 2, reverse=True),
    "topk of texts": lambda f, tc: f.topk("name", 2),
    "topk of no column": lambda f, tc: f.topk("nope", 2),
    "topk of a number": lambda f, tc: f.topk(5),
    "topk of lists": lambda f, tc: f.topk("v"),
    "unique": lambda f, tc: f.append(f).unique(),
    "dropna": lambda f, tc: f.dropna(),
    "dropna of one": lambda f, tc: f.dropna("id"),
    "dropna of a list": lambda f, tc: f.dropna(["id"]),
    "dropna of an empty list": lambda f, tc: f.dropna([]),
    "dropna all": lambda f, tc: f[["id", "x"]].dropna(how="all"),
    "dropna foo": lambda f, tc: f.dropna(how="foo"),
    "dropna of no column": lambda f, tc: f.dropna("nope"),
    "dropna of a number": lambda f, tc: f.dropna(5),
    "dropna of numbers": lambda f, tc: f.dropna([5]),
    "dropna_split": lambda f, tc: f.dropna_split("id"),
    "dropna_split of nothing": lambda f, tc: f.dropna_split([]),
    "fillna": lambda f, tc: f.fillna("id", 5),
    "fillna of floats": lambda f, tc: f.fillna("x", 5),
    "fillna by text": lambda f, tc: f.fillna("id", "a"),
    "fillna of no column": lambda f, tc: f.fillna("nope", 5),
    "fillna of a number": lambda f, tc: f.fillna(5, 5),
    "sample too many": lambda f, tc: f.sample(2),
    "sample all": lambda f, tc: f.sample(1),
    "split too many": lambda f, tc: f.random_split(1.5),
    "split with a text as seed": lambda f, tc: f.random_split(0.5, seed="a"),
    "split": lambda f, tc: sum(map(len, f.random_split(0.5, seed=1))),
    "split nothing": lambda f, tc: tc.SFrame().random_split(0.5),
    "split exactly": lambda f, tc: [
        len(part) for part in tc.SFrame({"a": range(101)}).random_split(0.33, seed=1, exact=True)
    ],
    "sample exactly": lambda f, tc: len(tc.SFrame({"a": range(101)}).sample(0.333, seed=1, exact=True)),
    "shuffle": lambda f, tc: f.shuffle().shape,
    "to_numpy": lambda f, tc: tc.SFrame({"a": [1, 2], "b": [1.5, 2.5]}).to_numpy(),
    "to_numpy of both": lambda f, tc: tc.SFrame({"a": [1], "b": ["x"]}).to_numpy(),
}
OPEN_ORDER = {"unique"}


@pytest.mark.parametrize("name", ROWS)
def test_rows(agree, name):
    agree(lambda tc: ROWS[name](photos(tc), tc), any_order=name in OPEN_ORDER)


NOTHING = {
    "first": lambda f: f[0],
    "slice": lambda f: f[0:1],
    "column": lambda f: f["a"],
    "shape": lambda f: f.shape,
    "bool": lambda f: bool(f),
    "head": lambda f: f.head(),
    "apply": lambda f: f.apply(lambda row: 1),
    "add_row_number": lambda f: f.add_row_number(),
    "add_column": lambda f: f.add_column([1], "a"),
    "add one value": lambda f: f.add_column(5, "a"),
    "text": lambda f: str(f),
    "repr": lambda f: repr(f),
    "dropna": lambda f: f.dropna(),
}


@pytest.mark.parametrize("call", NOTHING.values(), ids=NOTHING)
def test_frame_of_nothing(agree, call):
    agree(lambda tc: call(tc.SFrame()))


def test_to_dataframe(agree):
    def dataframe(frame):
        table = frame.to_dataframe()
        return [str(kind).replace("datetime64[us]", "datetime64[ns]") for kind in table.dtypes], [
            [None if value is None or value != value else value for value in column]
            for column in (table[name].tolist() for name in table)
        ]

    agree(lambda tc: dataframe(photos(tc)))
    agree(lambda tc: dataframe(tc.SFrame({"a": [1], "b": [1.5], "c": ["x"], "d": [{"k": 1}], "e": [[1, "a"]]})))
    agree(lambda tc: dataframe(tc.SFrame({"t": [datetime.datetime(2020, 1, 1), None]})))
    for dtype in (None, int, float, str, datetime.datetime, list):
        agree(lambda tc, dtype: dataframe(tc.SFrame({"a": tc.SArray([None, None], dtype)})), dtype)
    agree(lambda tc: dataframe(tc.SFrame({"a": tc.SArray([], str), "b": tc.SArray([], int), "c": []})))


def groups(tc):
    return tc.SFrame(
        {
            "g": ["a", "b", "a", None, "b", "a"],
            "h": [1, 1, 2, 2, 1, 1],
            "n": [1, 2, None, 4, 5, 6],
            "x": [1.0, 2.5, NAN, None, 5.0, 6.0],
            "s": ["p", "q", None, "s", "q", "p"],
            "v": [[1, 2], [3, 4], [5, 6], [7, 8], None, [1, 1]],
            "l": [["a", 1], ["b"], ["c"], ["d"], ["e"], ["a"]],
            "d": [{"a": 1}] * 6,
        }
    )


AGGREGATES = {
    "COUNT": lambda a: a.COUNT,
    "COUNT()": lambda a: a.COUNT(),
    **{
        f"{name} {column}": lambda a, name=name, column=column: getattr(a, name)(column)
        for name in ("SUM", "MEAN", "AVG", "MIN", "MAX", "STD", "STDV", "VAR", "VARIANCE", "COUNT_DISTINCT")
        for column in ("n", "x", "s", "v")
    },
    "SELECT_ONE g": lambda a: a.SELECT_ONE("g"),
    # Not CONCAT n s: after a missing key Turi Create loses the other pairs of the group.
    "CONCAT x s": lambda a: a.CONCAT("x", "s"),
    "CONCAT v s": lambda a: a.CONCAT("v", "s"),
    "ARGMAX n s": lambda a: a.ARGMAX("n", "s"),
    "ARGMIN n s": lambda a: a.ARGMIN("n", "s"),
    "ARGMAX x n": lambda a: a.ARGMAX("x", "n"),
    "ARGMAX n v": lambda a: a.ARGMAX("n", "v"),
    "ARGMAX s n": lambda a: a.ARGMAX("s", "n"),
    "QUANTILE": lambda a: a.QUANTILE("n", 0.5),
    "QUANTILE of a list": lambda a: a.QUANTILE("n", [0, 0.5, 1]),
    "QUANTILE of two": lambda a: a.QUANTILE("n", 0, 1),
    "QUANTILE of texts": lambda a: a.QUANTILE("s", 0.5),
    "FREQ_COUNT s": lambda a: a.FREQ_COUNT("s"),
    "FREQ_COUNT n": lambda a: a.FREQ_COUNT("n"),
    "FREQ_COUNT v": lambda a: a.FREQ_COUNT("v"),
    "SUM of no column": lambda a: a.SUM("nope"),
    "no aggregate": lambda a: "COUNT",
}


@pytest.mark.parametrize("aggregate", AGGREGATES.values(), ids=AGGREGATES)
def test_aggregated(agree, aggregate):
    """Each aggregate under a name, and under the name that it gives itself."""
    agree(lambda tc: groups(tc).groupby("g", {"out": aggregate(tc.aggregate)}), any_order=True)
    agree(lambda tc: groups(tc).groupby("g", aggregate(tc.aggregate)), any_order=True)


@pytest.mark.parametrize("column", ["n", "x", "s", "v", "l", "d"])
@pytest.mark.parametrize("name", ["CONCAT", "DISTINCT"])
def test_gathered(agree, name, column):
    """Turi Create leaves the order within the lists open, too."""

    def gathered(tc):
        frame = groups(tc).groupby("g", getattr(tc.aggregate, name)(column))
        out = frame.column_names()[1]
        return frame.column_types(), out, {row["g"]: sorted(row[out], key=repr) for row in frame}

    agree(gathered)


@pytest.mark.parametrize("name", [None, "nn"])
def test_unstack(agree, name):
    def unstacked(tc):
        frame = groups(tc)[["g", "n"]].unstack("n", name)
        out = frame.column_names()[1]
        return frame.column_types(), out, {row["g"]: sorted(row[out]) for row in frame}

    agree(unstacked)


GROUPED = {
    "by nothing but the key": lambda g, a: g.groupby("g", {}),
    "by two, not in order": lambda g, a: g.groupby(["h", "g"], {"c": a.COUNT()}),
    "by two, not in order, once each": lambda g, a: g[["h", "g"]].drop_duplicates(["h", "g"]),
    "different rows": lambda g, a: g[["h", "n", "g"]].unique(),
    "by two": lambda g, a: g.groupby(["g", "h"], {"c": a.COUNT(), "m": a.MAX("n")}),
    "in a list": lambda g, a: g.groupby("h", [a.COUNT(), a.MAX("n")]),
    "one after the other": lambda g, a: g.groupby("h", a.COUNT(), a.MAX("n"), {"q": a.MIN("n")}),
    "the same twice": lambda g, a: g.groupby("h", a.COUNT(), a.COUNT()),
    "under the name of the key": lambda g, a: g.groupby("h", {"h": a.COUNT()}),
    "by floats": lambda g, a: g.groupby("x", {"c": a.COUNT()}),
    "by arrays": lambda g, a: g.groupby("v", {"c": a.COUNT()}),
    "by lists": lambda g, a: g.groupby("l", {"c": a.COUNT()}),
    "by dicts": lambda g, a: g.groupby("d", {}),
    "by no column": lambda g, a: g.groupby("nope", {}),
    "by a number": lambda g, a: g.groupby(5, {}),
    "by a list of numbers": lambda g, a: g.groupby([5], {}),
    "by one twice": lambda g, a: g.groupby(["g", "g"], {}),
    "no aggregate": lambda g, a: g.groupby("g", {"c": "COUNT"}),
    "several ARGMAX": lambda g, a: g.groupby("g", {("a", "b"): a.ARGMAX(("n", "x"), "s")}),
    "several ARGMAX without names": lambda g, a: g.groupby("g", a.ARGMAX(("n", "x"), "s")),
    "several names for one ARGMAX": lambda g, a: g.groupby("g", {("a", "b"): a.ARGMAX("n", "s")}),
    "unique": lambda g, a: g[["g", "h"]].unique(),
    "unique of dicts": lambda g, a: g.unique(),
    "drop_duplicates": lambda g, a: g[["g", "h"]].add_column(g["h"], "i").drop_duplicates(["g", "h"]),
    "drop_duplicates of no column": lambda g, a: g.drop_duplicates(["nope"]),
    "unstack of two": lambda g, a: g[["h", "n", "s"]].dropna().unstack(["n", "s"], "ns"),
}


@pytest.mark.parametrize("call", GROUPED.values(), ids=GROUPED)
def test_grouped(agree, call):
    agree(lambda tc: call(groups(tc), tc.aggregate), any_order=True)


SMALL = {
    "nothing": lambda tc: tc.SFrame({"g": [], "n": []}).groupby("g", {"s": tc.aggregate.SUM("n")}),
    "ragged lists": lambda tc: tc.SFrame({"g": [1, 1], "v": [[1], [1, 2]]}).groupby("g", {"s": tc.aggregate.SUM("v")}),
    "only missing": lambda tc: tc.SFrame({"g": [1, 1], "n": tc.SArray([None, None], int)}).groupby(
        "g",
        {
            name: getattr(tc.aggregate, name)("n")
            for name in ("SUM", "MEAN", "MAX", "STD", "CONCAT", "COUNT_DISTINCT", "SELECT_ONE")
        },
    ),
    "one row": lambda tc: tc.SFrame({"g": [1], "n": [5]}).groupby(
        "g", {"s": tc.aggregate.STD("n"), "v": tc.aggregate.VAR("n")}
    ),
    "ties": lambda tc: tc.SFrame({"k": [1] * 4, "v": [1, 3, 3, 1], "i": [1, 2, 3, 4]}).groupby(
        "k", {"v": tc.aggregate.MAX("v"), "c": tc.aggregate.COUNT()}
    ),
    "drop gaps in lists": lambda tc: tc.SFrame({"l": [[1, None], [1, 2], ["a"]]}).dropna(recursive=True),
    "keep gaps in lists": lambda tc: tc.SFrame({"l": [[1, None], [1, 2], ["a"]]}).dropna(),
}


@pytest.mark.parametrize("call", SMALL.values(), ids=SMALL)
def test_small_groups(agree, call):
    agree(call, any_order=True)


def left(tc):
    return tc.SFrame({"k": [1, 2, 3, 2, None], "a": ["x", "y", "z", "w", "n"]})


def right(tc):
    return tc.SFrame({"k": [2, 3, 4, 2, None], "b": [20, 30, 40, 21, 50], "a": ["p", "q", "r", "s", "t"]})


JOINED = {
    "on all names": lambda a, b, tc: a.join(b),
    **{how: lambda a, b, tc, how=how: a.join(b, on="k", how=how) for how in ("inner", "left", "right", "outer")},
    "on a list": lambda a, b, tc: a.join(b, on=["k"]),
    "on a dict": lambda a, b, tc: a.join(b, on={"k": "b"}),
    "on a dict, outer": lambda a, b, tc: a.join(b, on={"k": "b"}, how="outer"),
    "on two": lambda a, b, tc: a.join(b, on={"a": "a", "k": "k"}, how="right"),
    "on a text": lambda a, b, tc: a.join(b, on={"a": "a"}, how="outer"),
    "on no column": lambda a, b, tc: a.join(b, on="nope"),
    "on no column there": lambda a, b, tc: a.join(b, on={"k": "nope"}),
    "in no way": lambda a, b, tc: a.join(b, on="a", how="foo"),
    "on a number": lambda a, b, tc: a.join(b, on=5),
    "on numbers": lambda a, b, tc: a.join(b, on=[5]),
    "with a number": lambda a, b, tc: a.join(5),
    "with nothing": lambda a, b, tc: a.join(tc.SFrame(), on="k"),
    "other type": lambda a, b, tc: a.join(tc.SFrame({"k": ["1"]}), on="k"),
    "alter_name": lambda a, b, tc: a.join(b, on="k", alter_name={"a": "other"}),
    "alter_name, taken": lambda a, b, tc: a.join(b, on="k", alter_name={"a": "k"}),
    "alter_name of no column": lambda a, b, tc: a.join(b, on="k", alter_name={"zz": "y"}),
    "alter_name to itself": lambda a, b, tc: a.join(b, on="k", alter_name={"a": "a"}),
    "alter_name of a free name": lambda a, b, tc: a.join(b, on="k", alter_name={"b": "other"}),
    "alter_name of both": lambda a, b, tc: a.join(b, on="k", alter_name={"a": "z", "b": "y"}),
    "alter_name of a key": lambda a, b, tc: a.join(b, on="k", alter_name={"k": "y"}),
    "alter_name to a name here": lambda a, b, tc: a.join(b, on="k", alter_name={"b": "a"}),
    "alter_name to a name there": lambda a, b, tc: a.join(b, on="k", alter_name={"a": "b"}),
    "a suffix there": lambda a, b, tc: a.join(b.rename({"a": "a.1"}), on="k"),
    "a suffix here": lambda a, b, tc: a.rename({"a": "a.1"}).add_column(a["a"], "a").join(b, on="k"),
    "NaN": lambda a, b, tc: tc.SFrame({"k": [1.0, NAN]}).join(tc.SFrame({"k": [1.0, NAN], "z": [1, 2]}), on="k"),
    "arrays": lambda a, b, tc: tc.SFrame({"k": [[1, 2]]}).join(tc.SFrame({"k": [[1, 2]], "z": [1]}), on="k"),
    "dicts": lambda a, b, tc: tc.SFrame({"k": [{"a": 1}]}).join(tc.SFrame({"k": [{"a": 1}], "z": [1]}), on="k"),
    "no names in common": lambda a, b, tc: tc.SFrame({"a": [1]}).join(tc.SFrame({"b": [1]})),
    "no names in common, left": lambda a, b, tc: tc.SFrame({"a": [1, 2]}).join(tc.SFrame({"b": [1]}), how="left"),
    "with no rows": lambda a, b, tc: a.join(tc.SFrame({"k": tc.SArray([], int), "z": tc.SArray([], str)}), how="left"),
    "arrays on the side": lambda a, b, tc: a.join(
        tc.SFrame({"k": [1, 9], "v": [array("d", [1, 2]), None]}), on="k", how="outer"
    ),
}


@pytest.mark.parametrize("call", JOINED.values(), ids=JOINED)
def test_joined(agree, call):
    agree(lambda tc: call(left(tc), right(tc), tc), any_order=True)
