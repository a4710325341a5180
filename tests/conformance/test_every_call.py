"""Every public call of Turi Create's classes, with an ordinary, an empty and an odd input, on both.

The names are counted from Turi Create's own classes: one that is neither tried here nor in the list of what is left
out fails the test. The other modules here try many of them with more inputs.
"""

import datetime

import numpy as np
import PIL.Image
import pytest

from helpers.sframe.left_out import LEFT_OUT

turicreate = pytest.importorskip(
    "turicreate", reason="Turi Create is not in this environment (environment.yml describes one)"
)

NAN, INF = float("nan"), float("inf")
DAY = datetime.datetime(2020, 1, 2, 3, 4, 5)
KINDS = ("ordinary", "empty", "odd")
# These draw on the screen: what they draw has no answer to compare. tests/sframe/test_display.py looks at ours.
ON_THE_SCREEN = {"SFrame.explore", "SFrame.show", "SArray.explore", "SArray.show", "Image.show"}

COLUMNS = {
    "ordinary": {
        "k": ["b", "a", "b", "c", "a"],
        "n": [3, 1, 2, 5, 4],
        "x": [0.5, 1.5, -2.0, 8.25, 3.0],
        "v": [[1, 2], [3, 4], [5, 6], [7, 8], [9, 10]],
        "t": [DAY + datetime.timedelta(days=days) for days in (4, 1, 3, 0, 2)],
        "d": [{"p": 1}, {"q": 2}, {}, {"p": 3, "q": 4}, {"r": "s"}],
        "l": [["a", 1], ["b"], [], ["c", None], [[1, 2], "d"]],
    },
    "odd": {
        "k": ["é", "", None, "é", "日 本\n"],
        "n": [2**62, -(2**62), None, 0, 0],
        "x": [NAN, INF, None, 1e-300, 0.0],
        "v": [[NAN, 0], [1e300, -1], None, [0, 0], [1, 2]],
        "t": [None, datetime.datetime(1826, 1, 1), datetime.datetime(9999, 12, 31), DAY, DAY],
        "d": [{}, None, {1: [1, 2], "ü": {"x": None}}, {"": ""}, {"a": NAN}],
        "l": [[], None, [None], ["", 'q"'], [{"a": 1}, [2, "b"]]],
    },
}


def column(tc, name, kind):
    made = tc.SArray(COLUMNS["ordinary" if kind == "empty" else kind][name])
    return made[0:0] if kind == "empty" else made


def frame(tc, kind, names="kntvx"):
    result = tc.SFrame()
    for name in names:
        result = result.add_column(column(tc, name, kind), name)
    return result


def changed(change):
    def call(f, tc):
        change(f, tc)
        return f

    return call


def written(method, *values, **named):
    """What a call that writes a file has written."""

    def call(f, tc, path):
        getattr(f, method)(str(path), *values, **named)
        return path.read_text() if path.is_file() else tc.load_sframe(str(path))

    return call


SFRAME = {
    "add_column": lambda f, tc: f.add_column(f["n"] + 1, "m"),
    "add_columns": lambda f, tc: f.add_columns(f[["n", "x"]].rename({"n": "p", "x": "q"})),
    "add_row_number": lambda f, tc: f.add_row_number("row", 7),
    "append": lambda f, tc: f.append(f),
    "apply": lambda f, tc: f.apply(lambda row: str(row["k"]) + str(row["n"]), str),
    "column_names": lambda f, tc: f.column_names(),
    "column_types": lambda f, tc: f.column_types(),
    "copy": changed(lambda f, tc: f.copy().remove_column("k", inplace=True)),
    "drop_duplicates": lambda f, tc: f[["k"]].drop_duplicates("k"),
    "dropna": lambda f, tc: f.dropna(),
    "dropna_split": lambda f, tc: f.dropna_split(["n", "x"]),
    "dtype": lambda f, tc: f.dtype,
    "fillna": lambda f, tc: f.fillna("n", 9).fillna("k", "none"),
    "filter_by": lambda f, tc: f.filter_by([1, 0, 5, 2**62], "n"),
    "groupby": lambda f, tc: f.groupby("k", {"n": tc.aggregate.COUNT(), "sum": tc.aggregate.SUM("n")}),
    "head": lambda f, tc: f.head(2),
    "is_materialized": lambda f, tc: f.copy().is_materialized() in (True, False),
    "join": lambda f, tc: f.join(f[["k", "n"]].rename({"n": "m"}), on="k", how="left"),
    "materialize": lambda f, tc: f.materialize(),
    "num_columns": lambda f, tc: f.num_columns(),
    "num_rows": lambda f, tc: f.num_rows(),
    "random_split": lambda f, tc: sum(map(len, f.random_split(0.5, seed=1))),
    "remove_column": lambda f, tc: f.remove_column("n"),
    "remove_columns": lambda f, tc: f.remove_columns(["n", "k"]),
    "rename": lambda f, tc: f.rename({"n": "ñ"}),
    "sample": lambda f, tc: (f.sample(1), len(f.sample(0.5, seed=1, exact=True))),
    "select_column": lambda f, tc: f.select_column("t"),
    "select_columns": lambda f, tc: f.select_columns(["x", "k"]),
    "shape": lambda f, tc: f.shape,
    "shuffle": lambda f, tc: f.shuffle(),
    "sort": lambda f, tc: f.sort([("k", False), ("n", True)])["k"],
    "swap_columns": lambda f, tc: f.swap_columns("n", "x"),
    "tail": lambda f, tc: f.tail(2),
    "to_numpy": lambda f, tc: [[repr(cell) for cell in row] for row in f[["k", "n"]].to_numpy().tolist()],
    "to_dataframe": lambda f, tc: [repr(cell) for cell in f["k"].dropna()] + list(f[["k", "n"]].to_dataframe().columns),
    "topk": lambda f, tc: f.topk("n", 2)["n"],
    # Not of lists with NaN: they are never equal to Turi Create, though NaN alone is equal to itself.
    "unique": lambda f, tc: f[["k", "n", "x", "t"]].append(f[["k", "n", "x", "t"]]).unique(),
    "unstack": lambda f, tc: [sorted(map(repr, cell)) for cell in f[["k", "n"]].unstack("n", "all").sort("k")["all"]],
}
ANY_ORDER = {"drop_duplicates", "groupby", "join", "shuffle", "unique", "filter_by", "value_counts"}
SFRAME_FILES = {
    "export_csv": written("export_csv"),
    "export_json": written("export_json"),
    "save": written("save"),
    "read_csv": lambda f, tc, path: (f.export_csv(str(path)), tc.SFrame.read_csv(str(path), verbose=False))[1],
    "read_json": lambda f, tc, path: (f.export_json(str(path)), tc.SFrame.read_json(str(path)))[1],
}
# On purpose: JSON and CSV keep all digits, null stands for NaN, and floats stay floats (docs/names.md).
OTHERWISE = {("export_json", "ordinary"), ("export_json", "odd"), ("read_json", "odd"), ("read_json", "ordinary")}


def public(owner):
    return {name for name in dir(getattr(turicreate, owner)) if not name.startswith("_")} - set(LEFT_OUT[owner])


def test_no_call_is_forgotten():
    tried = {
        "SFrame": {*SFRAME, *SFRAME_FILES, "print_rows"},
        "SArray": set(SARRAY),
        "Image": {"channels", "height", "width", "pixel_data", "save"},
        "image_analysis": {"load_images", "resize", "get_deep_features"},
        "aggregate": set(AGGREGATES),
    }
    for owner, names in tried.items():
        on_screen = {name.partition(".")[2] for name in ON_THE_SCREEN if name.startswith(f"{owner}.")}
        assert names | on_screen == public(owner), owner


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", SFRAME)
def test_frames(agree, name, kind):
    agree(lambda tc: SFRAME[name](frame(tc, kind), tc), any_order=name in ANY_ORDER)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", SFRAME_FILES)
def test_frames_and_files(agree, tmp_path, name, kind):
    names = "kn" if (name, kind) in OTHERWISE else "kntvx" if name == "save" else "knt"
    agree(lambda tc: SFRAME_FILES[name](frame(tc, kind, names), tc, tmp_path / tc.__name__))


@pytest.mark.parametrize("kind", KINDS)
def test_print_rows(agree, capsys, kind):
    def printed(tc):
        frame(tc, kind, "kndl").print_rows(3, 3)
        return capsys.readouterr().out

    agree(printed)


SARRAY = {
    "abs": ("nvk", lambda a, tc: a.abs()),
    "all": ("nkv", lambda a, tc: a.all()),
    "any": ("nkv", lambda a, tc: a.any()),
    "append": ("nktv", lambda a, tc: a.append(a)),
    "apply": ("nkt", lambda a, tc: a.apply(str)),
    "argmax": ("n", lambda a, tc: a.dropna().argmax()),
    "argmin": ("n", lambda a, tc: a.dropna().argmin()),
    "astype": ("nxk", lambda a, tc: a.astype(str)),
    "clip": ("nx", lambda a, tc: a.clip(0, 3)),
    "clip_lower": ("nx", lambda a, tc: a.clip_lower(1)),
    "clip_upper": ("nx", lambda a, tc: a.clip_upper(1)),
    "contains": ("kdl", lambda a, tc: a.contains("a")),
    "countna": ("nktvdl", lambda a, tc: a.countna()),
    "cumulative_max": ("n", lambda a, tc: a.cumulative_max()),
    "cumulative_mean": ("n", lambda a, tc: a.cumulative_mean()),
    "cumulative_min": ("n", lambda a, tc: a.cumulative_min()),
    "cumulative_std": ("n", lambda a, tc: (a // 2**60).cumulative_std()),
    "cumulative_sum": ("n", lambda a, tc: a.cumulative_sum()),
    "cumulative_var": ("n", lambda a, tc: (a // 2**60).cumulative_var()),
    "datetime_to_str": ("tn", lambda a, tc: a.datetime_to_str("%Y/%m/%d %H")),
    "dropna": ("nxktvdl", lambda a, tc: a.dropna()),
    "dtype": ("nxktvdl", lambda a, tc: a.dtype),
    "element_slice": ("kvl", lambda a, tc: a.element_slice(0, 1)),
    "fillna": ("nx", lambda a, tc: a.fillna(7)),
    "filter": ("nk", lambda a, tc: a.filter(lambda value: value)),
    "filter_by": ("n", lambda a, tc: a.filter_by([0, 1])),
    "from_const": ("nkt", lambda a, tc: tc.SArray.from_const(a[0] if len(a) else None, len(a))),
    "from_sequence": ("n", lambda a, tc: tc.SArray.from_sequence(len(a))),
    "head": ("nktvdl", lambda a, tc: a.head(2)),
    "is_in": ("nk", lambda a, tc: a.is_in([0, 1] if a.dtype is int else ["a", ""])),
    "is_materialized": ("nk", lambda a, tc: a.is_materialized() in (True, False)),
    "is_topk": ("nx", lambda a, tc: a.is_topk(1)),
    "item_length": ("vdl", lambda a, tc: a.item_length()),
    "materialize": ("nk", lambda a, tc: a.materialize()),
    "max": ("nt", lambda a, tc: a.max()),
    "mean": ("nvk", lambda a, tc: a.mean()),
    "median": ("n", lambda a, tc: a.median()),
    "min": ("nt", lambda a, tc: a.min()),
    "nnz": ("nkv", lambda a, tc: a.nnz()),
    "random_split": ("nk", lambda a, tc: sum(map(len, a.random_split(0.5, seed=1)))),
    "sample": ("nk", lambda a, tc: (a.sample(1), len(a.sample(0.5, seed=1, exact=True)))),
    "shape": ("nk", lambda a, tc: a.shape),
    "shuffle": ("nk", lambda a, tc: a.shuffle()),
    "sort": ("nkt", lambda a, tc: a.sort()),
    "std": ("n", lambda a, tc: (a // 2**60).std()),
    "str_to_datetime": ("k", lambda a, tc: a.str_to_datetime("%Y")),
    "sum": ("nvk", lambda a, tc: a.sum()),
    "tail": ("nktvdl", lambda a, tc: a.tail(2)),
    "to_numpy": ("n", lambda a, tc: [repr(cell) for cell in a.to_numpy().tolist()]),
    "unique": ("nkt", lambda a, tc: a.unique()),
    "value_counts": ("nk", lambda a, tc: a.value_counts()),
    "var": ("n", lambda a, tc: (a // 2**60).var()),
    "vector_slice": ("vl", lambda a, tc: a.vector_slice(0)),
    "where": ("nx", lambda a, tc: tc.SArray.where(a > 1, a, a)),
}


BETTER = {
    ("element_slice", "odd", "k"),  # Turi Create cuts bytes, and a letter in two
    ("sample", "empty", "n"),  # its empty sample has lost the type
    ("sample", "empty", "k"),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", SARRAY)
def test_columns(agree, name, kind):
    columns, call = SARRAY[name]
    for each in columns:
        if (name, kind, each) in BETTER:
            continue
        agree(lambda tc, each: call(column(tc, each, kind), tc), each, any_order=name in {*ANY_ORDER, "shuffle"})


AGGREGATES = {
    **{
        name: lambda a, name=name: getattr(a, name)("n")
        for name in (
            "AVG",
            "MAX",
            "MEAN",
            "MIN",
            "STD",
            "STDV",
            "SUM",
            "VAR",
            "VARIANCE",
            "COUNT_DISTINCT",
            "FREQ_COUNT",
        )
    },
    "COUNT": lambda a: a.COUNT(),
    "ARGMAX": lambda a: a.ARGMAX("n", "x"),
    "ARGMIN": lambda a: a.ARGMIN("n", "x"),
    "CONCAT": lambda a: a.CONCAT("n"),
    "DISTINCT": lambda a: a.DISTINCT("n"),
    "QUANTILE": lambda a: a.QUANTILE("m", 0.5),  # of nothing NaN; Turi Create has 0 there
    "SELECT_ONE": lambda a: a.SELECT_ONE("h"),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", AGGREGATES)
def test_aggregates(agree, name, kind):
    def grouped(tc):
        f = frame(tc, kind, "knx")
        f["h"], f["m"] = f["k"], f["n"].fillna(1)
        made = f.groupby("k", {"out": AGGREGATES[name](tc.aggregate)}).sort("k")
        if name in ("CONCAT", "DISTINCT"):  # their order within the lists is open
            return made.column_types(), [sorted(map(repr, cell)) for cell in made["out"]]
        return made

    agree(grouped)


PICTURES = {"ordinary": (40, 30), "empty": None, "odd": (1, 1)}


@pytest.fixture(scope="module")
def picture_paths(tmp_path_factory):
    root = tmp_path_factory.mktemp("pictures")
    for kind, size in PICTURES.items():
        if size:
            pixels = np.random.default_rng(1).integers(0, 256, (size[1], size[0], 3), np.uint8)
            PIL.Image.fromarray(pixels).save(root / f"{kind}.png")
    return root


def image(tc, root, kind):
    return tc.Image() if PICTURES[kind] is None else tc.Image(str(root / f"{kind}.png"))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", ["channels", "height", "width", "pixel_data"])
def test_images(agree, picture_paths, name, kind):
    agree(lambda tc: getattr(image(tc, picture_paths, kind), name))


@pytest.mark.parametrize("ending", ["png", "bmp", "nothing"])
def test_images_saved(agree, picture_paths, tmp_path, ending):
    def saved(tc):
        path = tmp_path / f"{tc.__name__}.{ending}"
        image(tc, picture_paths, "ordinary").save(str(path))
        return np.asarray(PIL.Image.open(path))

    agree(saved)


@pytest.mark.parametrize("kind", KINDS)
def test_images_resized(agree, picture_paths, kind):
    size = (1, 1) if kind == "odd" else (7, 5)  # Turi Create enlarges one pixel to what lies beside it in memory
    agree(lambda tc: tc.image_analysis.resize(image(tc, picture_paths, kind), *size, 3).pixel_data)


@pytest.mark.parametrize("name", ["", "none", "ordinary.png"])
def test_images_loaded(agree, picture_paths, name):
    (picture_paths / "none").mkdir(exist_ok=True)
    agree(lambda tc: tc.image_analysis.load_images(str(picture_paths / name)))


def test_deep_features_of_what_has_none(agree):
    """What they are of photos, tests/conformance/test_image_similarity.py compares."""
    agree(lambda tc: tc.image_analysis.get_deep_features([1, 2], "resnet-50"))
    agree(lambda tc: tc.image_analysis.get_deep_features(tc.SArray([], tc.Image), "resnet-50"))
    agree(lambda tc: tc.image_analysis.get_deep_features(tc.SArray([tc.Image()]), "resnet-50", batch_size=0))
    agree(lambda tc: tc.image_analysis.get_deep_features(tc.SArray([tc.Image()]), "no such network"))
