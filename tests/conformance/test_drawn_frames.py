"""Frames that Hypothesis draws: built, sliced, masked, applied to, sorted, grouped, joined, written to CSV and read.

The same on both. What fails is made as small as it can be and shown. Nothing is left to chance: it fails again.
"""

import datetime
import tempfile
from pathlib import Path

import pytest

pytest.importorskip("turicreate", reason="Turi Create is not in this environment (environment.yml describes one)")
pytest.importorskip("hypothesis", reason="hypothesis is not installed: the extra `test`")

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

LETTERS = "abcABC019é日ß\u0301\U0001f438 ,;\"'\\[]{}()<>:#|@%&=*?!/_\t1-+.\u00a0"
WORDS = (
    "",
    "NA",
    "nan",
    "None",
    "null",
    "1",
    "01",
    "1.5",
    "-0",
    "1e5",
    "true",
    "[1]",
    "[]",
    "{}",
    "it's",
    "2020-01-01",
)
DATES = (datetime.datetime(1970, 1, 1), datetime.datetime(2037, 12, 31, 23, 59, 59))
FLOATS = st.floats(-(2.0**40), 2.0**40, width=32, allow_subnormal=False) | st.sampled_from(
    [0.0, -0.0, 0.1, 1e300, float("inf"), float("nan")]
)
TEXTS = st.sampled_from(WORDS) | st.text(LETTERS, max_size=6)
KINDS = {
    "int": (int, st.integers(-3, 3) | st.integers(-(2**63) + 1, 2**63 - 1)),
    "float": (float, FLOATS),
    "text": (str, TEXTS),
    "date": (datetime.datetime, st.datetimes(*DATES).map(lambda date: date.replace(microsecond=0))),
    "numbers": (None, st.lists(st.integers(-3, 3).map(float), min_size=2, max_size=2)),
    "list": (list, st.lists(st.sampled_from(["x", "it's", 0, 7, None]), max_size=3)),
    "dict": (dict, st.dictionaries(st.sampled_from("pqr"), st.integers(0, 3), max_size=2)),
}


@st.composite
def frames(draw, least=0):
    """A frame as plain values: a name, `kind place`, and a list for each column; always `int 0` and `text 1`."""
    rows = draw(st.integers(least, 6))
    kinds = ["int", "text", *draw(st.lists(st.sampled_from(sorted(KINDS)), max_size=2))]
    columns = []
    for place, kind in enumerate(kinds):
        values = st.none() | KINDS[kind][1] if draw(st.booleans()) else KINDS[kind][1]
        columns.append((f"{kind} {place}", draw(st.lists(values, min_size=rows, max_size=rows))))
    return columns


def kind_of(name):
    return name.split()[0]


def build(tc, columns):
    result = tc.SFrame()
    for name, values in columns:
        result = result.add_column(tc.SArray(values, KINDS[kind_of(name)][0]), name)
    return result


def names_of(columns, *kinds):
    return [name for name, _ in columns if kind_of(name) in kinds]


drawn = settings(
    max_examples=25, derandomize=True, database=None, deadline=None, suppress_health_check=list(HealthCheck)
)


@drawn
@given(frames())
def test_built(agree, columns):
    agree(lambda tc: build(tc, columns))


@drawn
@given(frames(), *[st.none() | st.integers(-8, 8)] * 2, st.integers(1, 4))
def test_sliced(agree, columns, start, stop, step):
    agree(lambda tc: build(tc, columns)[start:stop:step])
    agree(lambda tc: [build(tc, columns).head(step), build(tc, columns).tail(step)])


@drawn
@given(frames(), st.integers(-3, 3), TEXTS)
def test_masked(agree, columns, number, word):
    def masked(tc):
        f = build(tc, columns)
        whole, text = f["int 0"], f["text 1"]
        return [
            f[whole > number],
            f[(whole <= number) | (text == word)],
            f[text != None],  # noqa: E711
            f.dropna(),
            f.filter_by([number, 0], "int 0"),
            f.filter_by([word], "text 1", exclude=True),
        ]

    agree(masked)


@drawn
@given(frames())
def test_applied(agree, columns):
    def applied(tc):
        f = build(tc, columns)
        return [f.apply(lambda row: f"{row['text 1']}!", str), f["int 0"].apply(lambda value: value / 2, float)]

    agree(applied)


@drawn
@given(frames(), st.integers(-3, 3))
def test_computed(agree, columns, number):
    def computed(tc):
        f = build(tc, columns)
        numbers = [f[name] for name in names_of(columns, "int", "float")]
        return [[a + number, a * 2.5, a - a, -a, a > number, a == number, a.clip(-1, 1), a.abs()] for a in numbers]

    agree(computed)


@drawn
@given(frames())
def test_summed_up(agree, columns):
    def summed(tc):
        f = build(tc, columns)
        return [[f[name].min(), f[name].max(), f[name].countna()] for name in names_of(columns, "int", "date")]

    agree(summed)


@drawn
@given(frames(), st.booleans())
def test_sorted(agree, columns, first):
    """The keys only: the order of rows with equal keys is open in Turi Create."""
    names = names_of(columns, "int", "text", "date")
    agree(lambda tc: build(tc, columns).sort([(name, first ^ bool(place)) for place, name in enumerate(names)])[names])


@drawn
@given(frames())
def test_grouped(agree, columns):
    def grouped(tc):
        a = tc.aggregate
        made = {"c": a.COUNT(), "m": a.MAX("int 0"), "n": a.MIN("int 0"), "d": a.COUNT_DISTINCT("int 0")}
        return build(tc, columns).groupby("text 1", made).sort("text 1")

    agree(grouped)


@drawn
@given(frames(), frames(), st.sampled_from(["inner", "left", "right", "outer"]), st.sampled_from(["text 1", "int 0"]))
def test_joined(agree, columns, others, how, key):
    def joined(tc):
        other = build(tc, others)[["int 0", "text 1"]].add_row_number("row")
        made = build(tc, columns)[["int 0", "text 1"]].join(other, on=key, how=how)
        return made[["text 1", "int 0", "row"]].sort(["row", "text 1", "int 0"])

    agree(joined)


@drawn
@given(frames())
def test_appended_and_unique(agree, columns):
    names = names_of(columns, "int", "text", "date")
    agree(lambda tc: build(tc, columns).append(build(tc, columns)))
    agree(lambda tc: build(tc, columns).append(build(tc, columns))[names].unique(), any_order=True)


@drawn
@given(frames(least=1), st.sampled_from(["turicreate", "stand_in"]))
def test_csv_that_one_wrote_is_read_by_both(agree, columns, writer):
    """Of whole numbers, texts, lists and dicts; Turi Create writes fractions in six digits."""
    exact = names_of(columns, "int", "text", "numbers", "list", "dict")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "frame.csv"

        def write(tc):
            if tc.__name__.endswith(writer):
                build(tc, columns)[exact].export_csv(str(path))

        agree(write)
        agree(lambda tc: tc.SFrame.read_csv(str(path), verbose=False))
