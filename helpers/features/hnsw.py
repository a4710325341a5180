"""Nearest neighbours among features, nearly always: for collections too large to be searched exactly.

A graph of near neighbours (usearch) is followed from photo to photo. See Malkov and Yashunin, Efficient and Robust
Approximate Nearest Neighbor Search Using Hierarchical Navigable Small World Graphs (2018).
"""

import hashlib
import hmac
import json
import os
from pathlib import Path
from typing import Any, Dict, List, Optional, Tuple, Union

import numpy as np

from helpers.errors import ModelError
from helpers.features.blocks import blocks
from helpers.features.distance import Distance, squared_lengths
from helpers.features.index import Index
from helpers.files.cache import machine_key
from helpers.files.json_file import read_json
from helpers.files.progress import progress_bar
from helpers.files.reading import read_regular
from helpers.files.replacing import replacing

_CONNECTIVITY, _EXPANSION_ADD, _EXPANSION_SEARCH = 16, 128, 128  # of the paper: M, efConstruction, ef
_FORMAT = 2
_MORE = 16  # rows beyond k: in 16 bits their order may be another
_ROWS = 1024  # that are added, or searched for, at a time
_LARGEST = 60_000.0  # 16 bits end at 65504
_RECALL = 10  # neighbours, and
_SAMPLE = 200  # photos, by which recall is measured


class Hnsw:
    """The features of a collection as a graph. An answer may lack a neighbour, see `recall`.

    `vectors`, float32 [N, dimension], and `metric` are those of `helpers.features.distance.Distance`. The features are
    not copied, but the graph holds them in 16 bits. All cores build it at once, never twice in the same order: another
    graph of the same features may lack other neighbours.

    `recall` is the share of the true ten nearest that are found, the photo itself not counted, for 200 photos of the
    collection, or all if it has fewer.

    `progress` shows a bar where building takes more than two seconds. Raises `FrameError` for another metric.
    """

    kind = "hnsw"

    def __init__(self, vectors: np.ndarray, metric: str = "euclidean", progress: bool = False) -> None:
        self._prepare(vectors, metric)
        with progress_bar(total=len(self), show=progress) as bar:
            for start in range(0, len(self), _ROWS):
                rows = self._distance.vectors[start : start + _ROWS]
                self._graph.add(np.arange(start, start + len(rows), dtype=np.uint64), self._small(rows))
                bar.update(len(rows))
        self.recall = self._measured()

    @classmethod
    def load(cls, path: Union[str, "os.PathLike[str]"], vectors: np.ndarray, metric: str = "euclidean") -> "Hnsw":
        """What `save` wrote, for the same features.

        Raises `ModelError` where a file is missing or damaged, belongs to other features, or was not built here:
        usearch reads memory that is not its own where a graph was changed, so nothing of a graph is used that this
        machine has not signed.
        """
        index = cls.__new__(cls)
        index._prepare(vectors, metric)
        try:
            about = read_json(_about(path))
            graph = read_regular(path, most=None)
            signed = _signature(graph)
        except (OSError, ValueError) as error:
            raise ModelError(f"{path} cannot be read: {error}; build the index again") from error
        if not isinstance(about, dict) or not hmac.compare_digest(str(about.get("signature")), signed):
            raise ModelError(f"{path} is damaged, or was built on another machine; build the index again")
        if about != index._facts(graph, about.get("recall")):
            raise ModelError(f"{path} is an index of other features; build it again")
        try:
            index._graph.load(graph)
            index.recall = float(about["recall"])
        except (RuntimeError, TypeError, ValueError) as error:
            raise ModelError(f"{path} cannot be used here: {error}; build the index again") from error
        return index

    def save(self, path: Union[str, "os.PathLike[str]"]) -> None:
        """Write the graph to a file, whole or not at all, and `path` + `.json` beside it. Raises `OSError`."""
        with replacing(Path(path)) as half:
            self._graph.save(str(half))
            facts = self._facts(half.read_bytes(), self.recall)
        with replacing(_about(path)) as half:
            half.write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")

    @property
    def metric(self) -> str:
        return self._distance.metric

    @property
    def note(self) -> str:
        """A line for people: how good it is."""
        return f"hnsw: recall@{_RECALL} {self.recall:.2f} on {min(_SAMPLE, len(self))} photos"

    def __len__(self) -> int:
        return len(self._distance)

    def search(self, queries: np.ndarray, k: Optional[int], progress: bool = False) -> Tuple[np.ndarray, np.ndarray]:
        """As `helpers.features.index.Index.search`, but other rows may stand where some of the nearest should.

        Distances are exact, and features that are in the collection are always found, at distance 0. Where `k` is more
        than a quarter of the collection, the answer is exact.
        """
        queries = np.ascontiguousarray(queries, dtype=np.float32)
        wanted = len(self) if k is None else min(k, len(self))
        rows, distances = np.empty((len(queries), wanted), np.int64), np.empty((len(queries), wanted))
        with progress_bar(total=len(queries), show=progress) as bar:
            for start in range(0, len(queries) if wanted else 0, _ROWS):
                some = queries[start : start + _ROWS]
                candidates = self._candidates(some, wanted)
                for place, point in enumerate(self._distance.points(some)):
                    answer = self._distance.nearest(point, candidates[place], wanted)
                    rows[start + place], distances[start + place] = answer
                    bar.update()
        return rows, distances

    def _candidates(self, queries: np.ndarray, wanted: int) -> List[Optional[np.ndarray]]:
        """For each query the rows among which its answer is; `None` for all rows."""
        if wanted > len(self) // 4:
            return [None] * len(queries)
        matches: Any = self._graph.search(self._small(queries), wanted + _MORE)
        hashes = _hashes(queries, self._weights)
        first, last = (np.searchsorted(self._hashes, hashes, side) for side in ("left", "right"))
        candidates: List[Optional[np.ndarray]] = []
        for place in range(len(queries)):
            keys = (matches if len(queries) == 1 else matches[place]).keys.astype(np.int64)
            same = self._by_hash[first[place] : last[place]][:wanted]  # the graph need not lead to these
            rows = np.union1d(keys, same)
            candidates.append(rows if len(rows) >= wanted else None)
        return candidates

    def _prepare(self, vectors: np.ndarray, metric: str) -> None:
        """All but the rows of the graph, and recall."""
        from usearch.index import Index as Graph

        self._distance = Distance(vectors, metric)
        count, dimension = self._distance.vectors.shape
        self._graph = Graph(
            ndim=dimension,
            metric="l2sq",
            dtype="f16",
            connectivity=_CONNECTIVITY,
            expansion_add=_EXPANSION_ADD,
            expansion_search=_EXPANSION_SEARCH,
        )
        self._weights = np.random.default_rng(0).integers(1 << 63, size=(dimension,), dtype=np.uint64)
        lengths, hashes = np.empty(count), np.empty(count, np.uint64)
        for part in blocks(count, 8 * dimension):
            hashes[part] = _hashes(self._distance.vectors[part], self._weights)
            points = self._distance.points(self._distance.vectors[part])
            lengths[part] = np.sqrt(squared_lengths(points))
        lengths = lengths[np.isfinite(lengths) & (lengths > 0)]
        self._scale = dimension**0.5 / float(np.median(lengths)) if len(lengths) else 1.0  # numbers of about 1
        self._by_hash = np.argsort(hashes, kind="stable")
        self._hashes = hashes[self._by_hash]
        self._fingerprint = hashlib.sha256(hashes.tobytes()).hexdigest()

    def _small(self, vectors: np.ndarray) -> np.ndarray:
        with np.errstate(all="ignore"):
            points = np.nan_to_num(self._distance.points(vectors) * self._scale)
        return np.clip(points, -_LARGEST, _LARGEST).astype(np.float16)

    def _measured(self) -> float:
        rows = np.linspace(0, len(self) - 1, min(_SAMPLE, len(self))).astype(np.int64)
        queries = self._distance.vectors[rows]
        k = min(_RECALL, len(self) - 1)
        if k < 1:
            return 1.0
        exact, ours = Index(self._distance.vectors, self.metric).search(queries, k + 1), self.search(queries, k + 1)
        # By distance, for one of several equals is as good as another.
        farthest = np.where(exact[0] == rows[:, None], -1, exact[1]).max(axis=1)
        return float(((ours[1] <= farthest[:, None]) & (ours[0] != rows[:, None])).sum(axis=1).clip(max=k).mean() / k)

    def _facts(self, graph: bytes, recall: Any) -> Dict[str, Any]:
        return {
            "format": _FORMAT,
            "signature": _signature(graph),
            "features": self._fingerprint,
            "photos": len(self),
            "metric": self.metric,
            "connectivity": _CONNECTIVITY,
            "expansion_add": _EXPANSION_ADD,
            "expansion_search": _EXPANSION_SEARCH,
            "recall": recall,
        }


def _signature(graph: bytes) -> str:
    return hmac.new(machine_key(), graph, hashlib.sha256).hexdigest()


def _about(path: Union[str, "os.PathLike[str]"]) -> Path:
    return Path(f"{os.fspath(path)}.json")


def _hashes(vectors: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """A number for each vector, uint64: the same for the same vectors, and hardly ever for others."""
    bits = (np.ascontiguousarray(vectors) + np.float32(0)).view(np.uint32)  # -0 is 0
    return (bits * weights).sum(axis=1, dtype=np.uint64)
