"""Searching features: beside reading them once, and beside NumPy.

The features are made: clusters of similar photos, of few directions that matter
more than the others, nothing below 0, as real networks give them. What has to
be compared is timed in turn, and the best of several rounds counts.

python -m benchmarks.index                    its small rows, on the screen
"""

import os
import shutil
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Callable, Dict, Iterator, List, Tuple

import numpy as np

from benchmarks.machine import total_memory
from benchmarks.table import Row, row, text
from helpers.features.hnsw import Hnsw
from helpers.features.index import Index

SIZES = (10_000, 20_000, 100_000)
MILLION = 1_000_000
BRUTE = "NumPy float32 brute force"
READING = "reading the features once in 16 bits"
_BLOCK = 1000  # rows that are worked on at a time
_ROUNDS, _FEW = 9, 3  # the second of a million, through which NumPy takes seconds
_K = 10


def rows() -> Iterator[Row]:
    """Up to 100,000 features."""
    for count in SIZES:
        yield from one_query(count, 2048)
    yield from many_queries(100_000, 2048, 100)
    yield all_pairs(20_000, 1280)
    yield hnsw(20_000, 1280)


def million() -> Iterator[Row]:
    """The same query of ten times as many, which take minutes to make."""
    yield from one_query(MILLION, 2048)


def one_query(count: int, dimension: int) -> List[Row]:
    """One query with a photo of the collection: beside reading the features, and beside NumPy."""
    work = f"one query, exact, {count:,} x {dimension}"
    lacking = _lacking(count, dimension)
    if lacking:
        return [row(work, None, "ms", READING, None, note=f"not run: {lacking}")]
    with tempfile.TemporaryDirectory() as folder:
        return _one_query(work, features(count, dimension, folder))


def _one_query(work: str, vectors: np.ndarray) -> List[Row]:
    start = time.perf_counter()
    index = Index(vectors)
    rounds = _ROUNDS if len(vectors) < MILLION else _FEW
    note = f"best of {rounds}; the index was made in {time.perf_counter() - start:.1f} s"
    small = np.empty(vectors.shape, np.float16)
    for block in range(0, len(small), _BLOCK):
        small[block : block + _BLOCK] = vectors[block : block + _BLOCK]
    asked, squares = vectors[np.linspace(0, len(vectors) - 1, rounds).astype(int)], _squares(vectors)
    cores = os.cpu_count() or 1
    parts = np.array_split(small.reshape(-1).view(np.uint8), cores)
    with ThreadPoolExecutor(cores) as pool:
        best, answers = timed(
            {
                "ours": lambda turn: index.search(asked[turn : turn + 1], _K)[0],
                # The largest byte: the fastest that NumPy has to touch them all.
                READING: lambda turn: np.array(list(pool.map(np.max, parts))),
                BRUTE: lambda turn: brute_force(vectors, squares, asked[turn : turn + 1], _K),
            },
            rounds,
        )
    ours, same = best["ours"] * 1e3, agreement(answers["ours"], answers[BRUTE])
    return [
        row(work, ours, "ms", READING, best[READING] * 1e3, note=f"{note}; {cores} threads read"),
        row(work, ours, "ms", BRUTE, best[BRUTE] * 1e3, agreement=same, note=note),
    ]


def many_queries(count: int, dimension: int, queries: int) -> Iterator[Row]:
    """Queries at once: beside NumPy, and beside asking one by one."""
    vectors = features(count, dimension)
    index, squares = Index(vectors), _squares(vectors)
    asked = vectors[np.linspace(0, count - 1, queries).astype(int)]
    one_by_one = "the same one by one"
    best, answers = timed(
        {
            "ours": lambda turn: index.search(asked, _K)[0],
            one_by_one: lambda turn: np.concatenate([index.search(query[None], _K)[0] for query in asked]),
            BRUTE: lambda turn: brute_force(vectors, squares, asked, _K),
        },
        rounds=3,
    )
    for peer in (one_by_one, BRUTE):
        same = agreement(answers["ours"], answers[peer])
        work = f"{queries} queries at once, exact, {count:,} x {dimension}"
        yield row(work, best["ours"] * 1e3, "ms", peer, best[peer] * 1e3, agreement=same, note="best of 3")


def all_pairs(count: int, dimension: int) -> Row:
    """The nearest of every photo, as `similarity_graph` wants them."""
    vectors = features(count, dimension)
    index, squares = Index(vectors), _squares(vectors)

    def in_parts(turn: int) -> np.ndarray:
        parts = range(0, count, _BLOCK)
        return np.concatenate([brute_force(vectors, squares, vectors[at : at + _BLOCK], _K) for at in parts])

    best, answers = timed({"ours": lambda turn: index.search(vectors, _K)[0], BRUTE: in_parts}, rounds=2)
    same = agreement(answers["ours"], answers[BRUTE])
    work = f"the nearest {_K} of every photo, exact, {count:,} x {dimension}"
    return row(work, best["ours"], "s", BRUTE, best[BRUTE], agreement=same, note="best of 2")


def hnsw(count: int, dimension: int) -> Row:
    """One query to the approximate index, beside the exact one."""
    vectors = features(count, dimension)
    start = time.perf_counter()
    graph = Hnsw(vectors)
    made = time.perf_counter() - start
    index, asked = Index(vectors), vectors[np.linspace(0, count - 1, 50).astype(int)]
    best, answers = timed(
        {
            "ours": lambda turn: graph.search(asked[turn : turn + 1], _K)[0],
            "exact": lambda turn: index.search(asked[turn : turn + 1], _K)[0],
        },
        rounds=len(asked),
    )
    note = f"{graph.note}; made in {made:.0f} s"
    work = f"one query, hnsw, {count:,} x {dimension}"
    same = agreement(answers["ours"], answers["exact"])
    return row(work, best["ours"] * 1e3, "ms", "our exact index", best["exact"] * 1e3, agreement=same, note=note)


def features(count: int, dimension: int, folder: str = "") -> np.ndarray:
    """Made features, float32: the same every time. In a file in `folder`, if there is one."""
    random = np.random.default_rng(5)
    inner = dimension // 4
    directions = random.standard_normal((inner, dimension), dtype=np.float32)
    directions /= np.sqrt(1 + np.arange(inner, dtype=np.float32))[:, None]
    centres = random.standard_normal((max(1, count // 50), inner), dtype=np.float32)
    shape = (count, dimension)
    if folder:
        vectors: np.ndarray = np.memmap(os.path.join(folder, "features"), np.float32, "w+", shape=shape)  # noqa: PTH118
    else:
        vectors = np.empty(shape, np.float32)

    def fill(start: int) -> None:
        chance = np.random.default_rng((5, start))
        some = centres[chance.integers(0, len(centres), min(_BLOCK, count - start))]
        some += 0.5 * chance.standard_normal(some.shape, dtype=np.float32)
        made = 0.1 * chance.standard_normal((len(some), dimension), dtype=np.float32)
        made += some @ directions
        made -= 0.3
        np.maximum(made, 0, out=vectors[start : start + _BLOCK])

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(fill, range(0, count, _BLOCK)))
    return vectors


def brute_force(vectors: np.ndarray, squares: np.ndarray, queries: np.ndarray, k: int) -> np.ndarray:
    """The rows of the nearest, as one writes it in NumPy; `squares` are the squared lengths of `vectors`."""
    distances = squares - 2 * (queries @ vectors.T)
    nearest = np.argpartition(distances, k, axis=1)[:, :k]
    order = np.argsort(np.take_along_axis(distances, nearest, axis=1), axis=1)
    return np.take_along_axis(nearest, order, axis=1)


def agreement(ours: List[np.ndarray], theirs: List[np.ndarray]) -> float:
    """The share of neighbours in common."""
    pairs = [pair for answers in zip(ours, theirs) for pair in zip(*answers)]
    return float(np.mean([len(np.intersect1d(*pair)) / len(pair[0]) for pair in pairs]))


def timed(
    work: Dict[str, Callable[[int], np.ndarray]], rounds: int = _ROUNDS
) -> Tuple[Dict[str, float], Dict[str, List[np.ndarray]]]:
    """Seconds, the best of the rounds, and the answers of each round; each takes its turn in every round."""
    seconds: Dict[str, float] = {}
    answers: Dict[str, List[np.ndarray]] = {name: [] for name in work}
    for turn in range(rounds):
        for name, do in work.items():
            start = time.perf_counter()
            answers[name].append(do(turn))
            taken = time.perf_counter() - start
            seconds[name] = min(taken, seconds.get(name, taken))
    return seconds, answers


def _squares(vectors: np.ndarray) -> np.ndarray:
    parts = [vectors[start : start + _BLOCK] for start in range(0, len(vectors), _BLOCK)]
    return np.concatenate([np.einsum("ij,ij->i", part, part) for part in parts])


def _lacking(count: int, dimension: int) -> str:
    """What this machine lacks for that many features, a quarter of them again, and half of them in 16 bits."""
    size = 4 * count * dimension / 1e9
    if size < 1:
        return ""
    memory = total_memory()
    if memory is not None and memory < 2.2 * size:
        return f"memory, {2.2 * size:.0f} GB"
    free = shutil.disk_usage(tempfile.gettempdir()).free / 1e9
    return f"disk, {2 * size:.0f} GB" if free < 2 * size else ""


if __name__ == "__main__":
    print(text(list(rows())))
