"""Frames drawn at random: built, sliced, masked, applied to, sorted, grouped, joined, written to CSV and read, on both.

Each seed is one frame; a failure names its seed, which draws it again.
"""

import datetime

import numpy as np
import pytest

pytest.importorskip("turicreate", reason="Turi Create is not in this environment (environment.yml describes one)")

SEEDS = range(60)
LETTERS = list("abcé日 ,;\"'\\[]{}:#|\t1-.")
WORDS = ["", "a", "b", "NA", "nan", "1", "1.5", "true", "[1]", "{}", "it's"]


def drawn(seed):
    """The names and values of a frame's columns."""
    random = np.random.default_rng(seed)
    rows = int(random.integers(0, 12))
    few = random.random() < 0.5

    def text():
        if random.random() < 0.5:
            return str(random.choice(WORDS))
        return "".join(random.choice(LETTERS) for _ in range(random.integers(1, 6))).strip()

    make = {
        "int": lambda: int(random.integers(-3, 4) if few else random.integers(-(2**62), 2**62)),
        "float": lambda: float(random.choice([0.0, 0.5, -1.25, 1e300, float("inf"), float("nan"), random.normal()])),
        "text": text,
        "date": lambda: datetime.datetime(2020, 1, 1) + datetime.timedelta(seconds=int(random.integers(0, 10**9))),
        "numbers": lambda: [float(value) for value in random.integers(-3, 4, 2)],
        "list": lambda: ["x", int(random.integers(0, 3)), None][: random.integers(1, 4)],
        "dict": lambda: {str(random.choice(list("pqr"))): int(random.integers(0, 3))},
    }
    kinds = ["int", "text", *random.choice(list(make), int(random.integers(1, 4)))]
    return [
        (f"{kind} {place}", [None if random.random() < 0.2 else make[kind]() for _ in range(rows)])
        for place, kind in enumerate(kinds)
    ]


def frame(tc, seed):
    kinds = {"int": int, "float": float, "text": str, "date": datetime.datetime, "list": list, "dict": dict}
    result = tc.SFrame()
    for name, values in drawn(seed):
        result = result.add_column(tc.SArray(values, kinds.get(name.split()[0])), name)
    return result


def numbers_of(seed):
    return [name for name, _ in drawn(seed) if name.split()[0] in ("int", "float")]


def sortable(seed):
    return [name for name, _ in drawn(seed) if name.split()[0] in ("int", "text", "date")]


def sliced(f, tc, seed):
    start, stop, step = (int(value) for value in np.random.default_rng(seed).integers([0, 0, 1], [8, 14, 4]))
    return [f[start:stop:step], f[-stop:] if stop <= len(f) else None, f.head(step), f.tail(step)]


def masked(f, tc, seed):
    whole, text = f["int 0"], f["text 1"]
    return [f[whole > 0], f[(whole <= 0) | (text == "a")], f[text != None], f.dropna(), f.filter_by([0, 1], "int 0")]  # noqa: E711


def applied(f, tc, seed):
    return [f.apply(lambda row: str(row["text 1"]) + "!", str), f["int 0"].apply(lambda value: value / 2, float)]


def computed(f, tc, seed):
    return [[f[name] + 1, f[name] * 2.5, -f[name], f[name] > 0, f[name].clip(-1, 1)] for name in numbers_of(seed)]


def in_order(f, tc, seed):
    """The keys only: the order of rows with equal keys is open in Turi Create."""
    names = sortable(seed)
    return [f.sort([(name, bool((seed + place) % 2)) for place, name in enumerate(names)])[names]]


def grouped(f, tc, seed):
    a = tc.aggregate
    made = f.groupby(
        "text 1", {"c": a.COUNT(), "s": a.SUM("int 0"), "m": a.MAX("int 0"), "d": a.COUNT_DISTINCT("int 0")}
    )
    return made.sort("text 1")


def joined(f, tc, seed):
    how = ("inner", "left", "right", "outer")[seed % 4]
    other = f[["int 0", "text 1"]].rename({"int 0": "other"})
    columns = ["text 1", "int 0", "other"]
    return f.join(other, on="text 1", how=how)[columns].sort(columns)


def appended(f, tc, seed):
    return f.append(f)[[name for name, _ in drawn(seed)]]


WORK = (frame, sliced, masked, applied, computed, in_order, grouped, joined, appended)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("work", WORK)
def test_the_same_on_both(agree, work, seed):
    agree(lambda tc: frame(tc, seed) if work is frame else work(frame(tc, seed), tc, seed))


@pytest.mark.parametrize("seed", SEEDS)
def test_csv_that_one_wrote_is_read_by_both(agree, tmp_path, seed):
    """Of whole numbers, texts, lists and dicts; Turi Create writes fractions in six digits."""
    exact = [name for name, _ in drawn(seed) if name.split()[0] not in ("float", "date")]
    for writer in ("turicreate", "stand_in"):

        def back(tc, writer=writer):
            path = tmp_path / f"{writer}.csv"
            if tc.__name__.endswith(writer):
                frame(tc, seed)[exact].export_csv(str(path))
            return path

        agree(lambda tc, back=back: str(back(tc)))
        agree(lambda tc, writer=writer: tc.SFrame.read_csv(str(tmp_path / f"{writer}.csv"), verbose=False))
