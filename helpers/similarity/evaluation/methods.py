"""How each method finds similar photos, on the same photos: for `helpers.similarity.evaluation.comparison`."""

import os
import time
from collections import Counter
from pathlib import Path
from typing import Any, Dict, Iterator, List, NamedTuple, Optional, Sequence, Tuple, Union

import numpy as np

from helpers.errors import KinframeError
from helpers.features.embedding import embed
from helpers.features.nearest import neighbours
from helpers.frames import Frame
from helpers.frames.neighbours import edge_frame
from helpers.frames.per_photo import entries_of, group_numbers
from helpers.frames.photo_paths import row_paths, shown_names
from helpers.networks.descriptors import DESCRIPTORS
from helpers.networks.hub.repository import PREFIX
from helpers.networks.load import load_network
from helpers.similarity.build import create
from helpers.similarity.evaluation import turi
from helpers.similarity.evaluation.by_labels import folders, judge
from helpers.similarity.evaluation.relevance import Relevance
from helpers.similarity.model import SimilarityModel

_DEPTH = 100  # places that count for the mean average precision
_SECONDS = 0.3  # for which a network is timed, about; half a second was no steadier
_FEWEST, _MOST = 32, 512  # photos with which it is timed
_SHOWN = 5  # matches of each method in the panel

Method = Union[str, "os.PathLike[str]"]


class MethodResult(NamedTuple):
    """How one method did."""

    row: Dict[str, Any]  # of the frame
    matches: Optional[Frame] = None  # the query's, as `model.query` gives them; None where the method is not available


class Methods:
    """The photos, what they are judged by, and the result of each kind of method."""

    def __init__(self, data: Frame, feature: str, labels: Any, groups: Any, query: int, store: Any) -> None:
        self.data, self.feature, self.query, self.store = data, feature, query, store
        paths, _ = row_paths(data)
        names = shown_names(paths, list(range(len(data))))
        self.labels = _column(data, folders(names) if labels is None else labels, "labels")
        self.groups = None if groups is None else _column(data, groups, "groups")
        self.group = group_numbers(None if self.groups is None else list(self.groups), len(data))
        self._model: Optional[SimilarityModel] = None  # the last one that was made

    def results(
        self, method: Method, metrics: Sequence[str], precisions: Sequence[str], progress: bool
    ) -> Iterator[MethodResult]:
        """One for each metric in each precision; where a method is not available, one with the reason."""
        try:
            if name_of(method).startswith(turi.PREFIX):
                yield self._turi_creates(name_of(method))
                return
            load_network(method, progress=progress)
        except KinframeError as error:
            yield _missing(error)
            return
        for precision in ("fp32",) if name_of(method) in DESCRIPTORS else precisions:
            try:
                yield from self._ours(method, precision, metrics, progress)
            except KinframeError as error:
                yield _missing(error, precision)

    def shown(self) -> Tuple[SimilarityModel, int]:
        """A model whose photos can be drawn, and the query: the first photo, where the query itself cannot be read."""
        self._model = self._model or self._create("colour", "fp32", progress=False)
        labels = self._model.labels
        return self._model, self.query if self.query in labels else labels[0]

    def chance(self) -> Optional[float]:
        """The precision of neighbours that are drawn at random; None where there is nothing to tell apart."""
        rows = np.arange(len(self.data)) if self._model is None else self._model.rows
        groups = None if self.groups is None else self.groups[rows]
        relevance = Relevance.of(self.labels[rows], groups, len(rows))
        if not relevance.can_be_judged:
            return None
        return float(np.mean(relevance.relevant[relevance.queries] / relevance.others[relevance.queries]))

    def _create(self, method: Method, precision: str, progress: bool) -> SimilarityModel:
        return create(self.data, None, self.feature, method, progress, precision=precision, store=self.store)

    def _ours(self, method: Method, precision: str, metrics: Sequence[str], progress: bool) -> List[MethodResult]:
        model = self._model = self._create(method, precision, progress)
        rows = model.rows  # of the frame, that could be read
        row = {
            "precision": model.precision,
            "dimension": model.network.dimension,
            "photos_per_second": speed_of(model),
            "agreement": model.agreement,
        }
        groups = None if self.groups is None else self.groups[rows]
        _, query = self.shown()
        where = self.group != self.group[query]  # without groups each photo is one
        results = []
        for metric in metrics:
            near = neighbours(model, _DEPTH, groups=groups, metric=metric, progress=progress)
            figures = _figures(near, self.labels[rows], groups)
            matches = model.search(like=query, k=_SHOWN, where=where, metric=metric)
            results.append(MethodResult({**row, "metric": metric, **figures}, matches))
        return results

    def _turi_creates(self, name: str) -> MethodResult:
        """Turi Create's neighbours, by our measures."""
        largest = 1 if self.groups is None else Counter(self.groups).most_common(1)[0][1]
        near, distances, seconds = turi.nearest(self.data, self.feature, name, _DEPTH + largest - 1)
        row = {
            "precision": "fp32",
            "metric": "euclidean",
            "dimension": turi.NETWORKS[name[len(turi.PREFIX) :]],
            "photos_per_second": len(self.data) / seconds,
            **_figures(near, self.labels, self.groups),
        }
        query = self.query
        good = np.flatnonzero((near[query] >= 0) & (self.group[near[query]] != self.group[query]))[None, :_SHOWN]
        matches, apart = near[query][good], distances[query][good]
        return MethodResult(row, edge_frame([query], matches, apart, list(range(len(self.data))), None))


def _missing(error: KinframeError, precision: Optional[str] = None) -> MethodResult:
    return MethodResult({"precision": precision, "note": str(error).splitlines()[0]})


def speed_of(model: SimilarityModel) -> float:
    """Photos a second, from the files to their features: some of the model's photos, computed once more."""
    sources = model.collection.sources
    network = model.opened()
    embed(sources[:1], network, progress=False)  # what happens once happens now
    count, rate = _FEWEST, 0.0
    for _ in range(2):  # the first shows how many photos the second needs to last
        places = np.linspace(0, len(sources), count, endpoint=False).astype(int)
        start = time.perf_counter()
        embedded = embed([sources[place] for place in places], network, progress=False)
        rate = len(embedded.rows) / (time.perf_counter() - start)
        if count > _SECONDS * rate:  # or none of them can be read any more
            break
        count = int(min(_MOST, max(_FEWEST, _SECONDS * rate)))
    return rate


def _figures(near: np.ndarray, labels: np.ndarray, groups: Optional[np.ndarray]) -> Dict[str, Any]:
    """How good the neighbours are; nothing where no two photos have different labels."""
    if not Relevance.of(labels, groups, len(near)).can_be_judged:
        return {}
    judged = judge(near, labels, k=(1, 5, 10), groups=groups, depth=_DEPTH)
    low, high = judged.interval["precision_at_10"] or (None, None)
    precisions = {f"precision_at_{k}": share for k, share in judged.precision.items()}
    return {**precisions, "low": low, "high": high, "mAP": judged.mean_average_precision}


def _column(data: Frame, values: Any, name: str) -> np.ndarray:
    """One entry a row of the frame, of a column by its name or as given."""
    values = entries_of(data, values, len(data), name)
    array = np.empty(len(values), object)
    array[:] = values
    return array


def name_of(method: Method) -> str:
    """A method by its name, or by that of its file."""
    if isinstance(method, str):
        return Path(method).name if method.lower().endswith(".onnx") and not method.startswith(PREFIX) else method
    return str(getattr(method, "name", Path(os.fspath(method)).name))
