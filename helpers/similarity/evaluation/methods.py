"""What each way to find similar photos answers, on the same photos: for `helpers.similarity.evaluation.comparison`."""

import os
import time
from collections import Counter
from pathlib import Path
from typing import Any, Dict, Iterator, List, NamedTuple, Optional, Sequence, Tuple, Union

import numpy as np

from helpers.errors import KinframeError
from helpers.features.embedding import embed
from helpers.features.nearest import neighbours
from helpers.frames.neighbours import edge_frame
from helpers.frames.per_photo import Sides, entries_of, group_numbers
from helpers.frames.photo_paths import row_paths, shown_names
from helpers.networks.descriptors import DESCRIPTORS
from helpers.networks.hub.repository import PREFIX
from helpers.networks.load import load_network
from helpers.similarity.build import create
from helpers.similarity.evaluation import turi
from helpers.similarity.evaluation.by_labels import folders, judge
from helpers.similarity.model import SimilarityModel

_DEPTH = 100  # places that count for the mean average precision
_SECONDS = 2.0  # for which a network is timed
_FEWEST, _MOST = 32, 512  # photos with which it is timed
_SHOWN = 5  # matches of each method in the panel

Method = Union[str, "os.PathLike[str]"]


class Answer(NamedTuple):
    """What one method has to say."""

    row: Dict[str, Any]  # of the frame
    found: Any = None  # the query's neighbours, as `model.query` gives them; None where the method cannot be had


class Methods:
    """The photos, what they are judged by, and how each kind of method answers."""

    def __init__(self, data: Any, feature: str, labels: Any, groups: Any, query: int, store: Any) -> None:
        self.data, self.feature, self.query, self.store = data, feature, query, store
        paths, _ = row_paths(data)
        names = shown_names(paths, list(range(len(data))))
        self.labels = _column(data, folders(names) if labels is None else labels, "labels")
        self.groups = None if groups is None else _column(data, groups, "groups")
        self.own = group_numbers(None if self.groups is None else list(self.groups), len(data))
        self._album: Optional[SimilarityModel] = None

    def answers(
        self, method: Method, metrics: Sequence[str], precisions: Sequence[str], progress: bool
    ) -> Iterator[Answer]:
        """One for each metric in each precision; where there is none, one that says why."""
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
        """A model from which photos can be drawn, and the one that was asked with: another, where that is a bad one."""
        self._album = self._album or self._create("colour", "fp32", progress=False)
        labels = self._album.labels
        return self._album, self.query if self.query in labels else labels[0]

    def chance(self) -> Optional[float]:
        """The precision of neighbours that are drawn by lot; None where there is nothing to tell apart."""
        rows = self._rows(self._album)
        groups = None if self.groups is None else self.groups[rows]
        sides = Sides.of(self.labels[rows], groups, len(rows))
        return float(np.mean(sides.kin[sides.asked] / sides.others[sides.asked])) if sides.differ else None

    def _rows(self, model: Optional[SimilarityModel]) -> np.ndarray:
        """The rows of the frame that could be read."""
        return np.arange(len(self.data)) if model is None or model.rows is None else model.rows

    def _create(self, method: Method, precision: str, progress: bool) -> SimilarityModel:
        return create(self.data, None, self.feature, method, progress, precision=precision, store=self.store)

    def _ours(self, method: Method, precision: str, metrics: Sequence[str], progress: bool) -> List[Answer]:
        model = self._album = self._create(method, precision, progress)
        rows = self._rows(model)
        row = {
            "precision": model.precision,
            "dimension": model.network.dimension,
            "photos_per_second": speed_of(model),
            "agreement": model.agreement,
        }
        groups = None if self.groups is None else self.groups[rows]
        _, query = self.shown()
        where = self.own != self.own[query]  # without groups each photo is one
        answers = []
        for metric in metrics:
            near = neighbours(model, _DEPTH, groups=groups, metric=metric, progress=progress)
            figures = _figures(near, self.labels[rows], groups)
            found = model.search(like=query, k=_SHOWN, where=where, metric=metric)
            answers.append(Answer({**row, "metric": metric, **figures}, found))
        return answers

    def _turi_creates(self, name: str) -> Answer:
        """Its neighbours, our judgement."""
        own = 1 if self.groups is None else Counter(self.groups).most_common(1)[0][1]
        near, distances, seconds = turi.nearest(self.data, self.feature, name, _DEPTH + own - 1)
        row = {
            "precision": "fp32",
            "metric": "euclidean",
            "dimension": turi.NETWORKS[name[len(turi.PREFIX) :]],
            "photos_per_second": len(self.data) / seconds,
            **_figures(near, self.labels, self.groups),
        }
        query = self.query
        good = np.flatnonzero((near[query] >= 0) & (self.own[near[query]] != self.own[query]))[None, :_SHOWN]
        found, apart = near[query][good], distances[query][good]
        return Answer(row, edge_frame([query], found, apart, list(range(len(self.data))), None))


def _missing(error: KinframeError, precision: Optional[str] = None) -> Answer:
    return Answer({"precision": precision, "note": str(error).splitlines()[0]})


def speed_of(model: SimilarityModel) -> float:
    """Photos a second, from the files to their features: some of the model's photos, computed once more."""
    sources = model.collection.sources
    network = model.opened()
    embed(sources[:1], network, progress=False)  # whatever is made once is made now
    count, rate = _FEWEST, 0.0
    for _ in range(2):  # the first shows how many photos the second needs to last
        places = np.linspace(0, len(sources), count, endpoint=False).astype(int)
        start = time.perf_counter()
        done = embed([sources[place] for place in places], network, progress=False)
        rate = len(done.rows) / (time.perf_counter() - start)
        if count / rate > _SECONDS:
            break
        count = int(min(_MOST, max(_FEWEST, _SECONDS * rate)))
    return rate


def _figures(near: np.ndarray, labels: np.ndarray, groups: Optional[np.ndarray]) -> Dict[str, Any]:
    """What the neighbours are worth; nothing where no two photos have different labels."""
    if not Sides.of(labels, groups, len(near)).differ:
        return {}
    judged = judge(near, labels, k=(1, 5, 10), groups=groups, depth=_DEPTH)
    low, high = judged.interval["precision_at_10"] or (None, None)
    precisions = {f"precision_at_{k}": share for k, share in judged.precision.items()}
    return {**precisions, "low": low, "high": high, "mAP": judged.mean_average_precision}


def _column(data: Any, values: Any, name: str) -> np.ndarray:
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
