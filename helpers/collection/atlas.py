"""The whole collection as a map: photos that look alike are near each other."""

import os
from typing import Any, List, NamedTuple, Tuple, Union

import numpy as np

from helpers.arguments import check_whole, takes
from helpers.collection import atlas_file
from helpers.collection.layouts import LAYOUTS, Layout, check_method
from helpers.collection.partition import drawn
from helpers.errors import FrameError, ModelError, PhotoError
from helpers.features.blocks import blocks
from helpers.features.distance import Distance
from helpers.files.progress import progress_bar
from helpers.files.spelling import expanded, printable
from helpers.frames import Image
from helpers.similarity.members import CollectionModel
from helpers.similarity.search import SearchQuery

_WIDTH = 50  # principal components that a layout is made of
_PLACED = 2_000  # photos that are placed at once


class Atlas:
    """A map of a model's photos.

    Parameters
    ----------
    model : SimilarityModel
    method : {"tsne", "umap", "pca"}
        t-SNE, UMAP (an optional package), or the first two principal
        components. Each starts from the first 50 principal components of the
        features; for `cosine`, of features of length 1. Up to four photos, and
        photos that are all the same, are laid out by their components.
    landmarks : int
        If there are more photos than this, so many are drawn at random; the map
        is made of them, and the others are placed on it in blocks.
    seed : int
        The same seed gives the same map, on the same machine and with the same
        libraries.
    progress : bool

    Attributes
    ----------
    positions : float32 [photos, 2]
        From left to right and from top to bottom, both within 0 and 1, in the
        proportions of the map; a row for each photo of the model.
    note : str
        One line for people: the method, the number of photos, and the sample.

    Raises
    ------
    FrameError
        For arguments that do not fit, and a model without photos.
    ModelError
        Where UMAP is not installed.

    Examples
    --------
    >>> from helpers.photos.load import load_photos
    >>> from helpers.similarity.build import create
    >>> data, bad = load_photos("data/robots/tarn")
    >>> atlas = Atlas(create(data, model="efficientnet-lite0", verbose=False), method="pca")
    >>> atlas.positions.shape, atlas.note
    ((80, 2), 'principal components of 80 photos')
    """

    @takes(model="model")
    def __init__(
        self,
        model: CollectionModel,
        method: str = "tsne",
        landmarks: int = 10_000,
        seed: int = 0,
        progress: bool = True,
    ) -> None:
        check_whole("landmarks", landmarks)
        if not isinstance(seed, (int, np.integer)) or not 0 <= seed < 2**32:
            raise FrameError(f"seed is a whole number from 0 to 4294967295, not {seed!r}")
        check_method(method)
        photos = len(model.vectors)
        if not photos:
            raise FrameError("there are no photos to make a map of: the model is empty")
        self.model, self.method, self.seed = model, method, int(seed)
        rows = drawn(photos, landmarks, seed)
        points = _points(model.vectors[rows], model.metric)
        self._axes = _Axes.of(points, self.seed)
        self._layout, self.note = _lay_out(method, self._axes.reduced(points), self.seed, progress)
        others = np.setdiff1d(np.arange(photos), rows)
        raw = np.empty((photos, 2))
        raw[rows] = self._layout.positions
        raw[others] = self._placed(others, progress)
        if len(others):
            self.note += f", drawn at random from {photos:,}; the other {len(others):,} were placed among them"
        low, high = raw.min(axis=0), raw.max(axis=0)
        self._middle, self._span = (low + high) / 2, float(np.max(high - low))
        self.positions = self._scaled(raw)

    def __len__(self) -> int:
        return len(self.positions)

    def __repr__(self) -> str:
        return f"Atlas: {self.note}"

    def place(self, photos: Any, progress: bool = True) -> np.ndarray:
        """The positions of photos from outside on the map, which stays as it is: float32 [n, 2].

        `photos` are what `like=` of `model.search` takes: Paths, Images or the
        bytes of photo files, one or several. A photo of the model keeps its
        position; one beyond the map is set at its edge; one that cannot be read
        has nan twice, and the reason is printed. Raises `FrameError` for what is
        not a photo, and `PhotoError` where none can be read.
        """
        queries = [SearchQuery.of(self.model.collection, [photo], (), None).like[0] for photo in _listed(photos)]
        positions = np.full((len(queries), 2), np.nan, np.float32)
        outside = []
        for place, query in enumerate(queries):
            if query.row is None:
                outside.append(place)
            else:
                positions[place] = self.positions[query.row]
        if outside:
            done = self.model.embed([queries[place].image for place in outside], progress)
            if len(done.bad) == len(queries):
                raise PhotoError(f"{queries[outside[done.bad[0][0]]].name}: {done.bad[0][1]}")
            for row, reason in done.bad:
                print(printable(f"not on the map: {queries[outside[row]].name}: {reason}"))
            if len(done.rows):
                points = self._axes.reduced(_points(done.vectors, self.model.metric))
                positions[[outside[row] for row in done.rows]] = self._scaled(self._layout.place(points))
        return positions

    def save(self, path: Union[str, "os.PathLike[str]"]) -> None:
        """Write the map to a file, whole or not at all; without the model, and without pickle.

        An older map is replaced. Raises `ModelError` where another file is
        there, or where the file cannot be written.
        """
        about = {"method": self.method, "layout": _name_of(self._layout), "seed": self.seed, "note": self.note}
        about.update(key=self.model.key, metric=self.model.metric, span=self._span)
        arrays = {
            "positions": self.positions,
            "identities": atlas_file.digests(self.model.collection.identities),
            "points": self._layout.points,
            "laid": self._layout.positions,
            "middle": self._middle,
            "origin": self._axes.origin,
            "components": self._axes.components,
        }
        atlas_file.write(expanded(path).absolute(), about, arrays)

    @classmethod
    def load(cls, path: Union[str, "os.PathLike[str]"], model: CollectionModel, progress: bool = True) -> "Atlas":
        """Open what `save` wrote, for the same photos or others.

        A photo is known by its bytes, and keeps its position. Photos that the
        map does not have are placed on it, photos that the model does not have
        are left out; `note` counts both. Raises `ModelError` where the file is
        damaged or not a map, or was made with other features or another metric.
        """
        place = expanded(path).absolute()
        about, arrays = atlas_file.read(place)
        if (about["key"], about["metric"]) != (model.key, model.metric):
            raise ModelError(
                f"{place}: this map is of {about['metric']} distances between features of {about['key'].split()[0]}, "
                f"the model has {model.metric} and {model.key.split()[0]}, or another version or precision of it; "
                "Atlas(model) makes another map"
            )
        check_method(about["method"])
        self = cls.__new__(cls)
        self.model, self.method, self.seed, self.note = model, about["method"], about["seed"], about["note"]
        self._axes = _Axes(arrays["origin"], arrays["components"])
        self._layout = LAYOUTS[about["layout"]](arrays["points"], self.seed, arrays["laid"])
        self._middle, self._span = arrays["middle"], about["span"]
        rows = atlas_file.rows_among(atlas_file.digests(model.collection.identities), arrays["identities"])
        new = np.flatnonzero(rows < 0)
        self.positions = arrays["positions"][rows]
        self.positions[new] = self._scaled(self._placed(new, progress))
        gone = len(arrays["positions"]) - (len(rows) - len(new))
        self.note += f"; placed since: {len(new):,}" if len(new) else ""
        self.note += f"; no longer there: {gone:,}" if gone else ""
        return self

    def _placed(self, rows: np.ndarray, progress: bool) -> np.ndarray:
        """Positions, before scaling, of photos that the layout was not made of: float64 [rows, 2]."""
        placed = np.empty((len(rows), 2))
        with progress_bar(total=len(rows), show=progress) as shown:
            for start in range(0, len(rows), _PLACED):
                part = slice(start, start + _PLACED)
                points = _points(self.model.vectors[rows[part]], self.model.metric)
                placed[part] = self._layout.place(self._axes.reduced(points))
                shown.update(len(points))
        return placed

    def _scaled(self, raw: np.ndarray) -> np.ndarray:
        if not self._span:
            return np.full(raw.shape, 0.5, np.float32)
        return np.clip(0.5 + (raw - self._middle) / self._span, 0, 1).astype(np.float32)


class _Axes(NamedTuple):
    """Principal components: the mean, float32 [dimension], and the directions, float32 [width, dimension]."""

    origin: np.ndarray
    components: np.ndarray

    @classmethod
    def of(cls, points: np.ndarray, seed: int) -> "_Axes":
        from sklearn.decomposition import PCA

        if (points == points[0]).all():  # they differ in no direction
            return cls(points[0], np.zeros((1, points.shape[1]), np.float32))
        pca = PCA(min(_WIDTH, *points.shape), random_state=seed).fit(points)
        return cls(pca.mean_.astype(np.float32), pca.components_.astype(np.float32))

    def reduced(self, points: np.ndarray) -> np.ndarray:
        return (points - self.origin) @ self.components.T


def _points(vectors: np.ndarray, metric: str) -> np.ndarray:
    """Features where Euclidean distances are those of the metric, as far as their order goes: float32."""
    distance, points = Distance(vectors, metric), np.empty(vectors.shape, np.float32)
    for part in blocks(len(vectors), 8 * vectors.shape[1]):
        points[part] = distance.points(vectors[part])
    return points


def _lay_out(method: str, points: np.ndarray, seed: int, progress: bool) -> Tuple[Layout, str]:
    wanted = LAYOUTS[method]
    if not points.any():
        return Layout(points, seed), f"{len(points):,} photos that are all the same" if len(points) > 1 else "1 photo"
    if len(points) < wanted.fewest:
        return Layout(points, seed), f"principal components of {len(points)} photos, too few for {wanted.title}"
    return wanted(points, seed, progress=progress), f"{wanted.title} of {len(points):,} photos"


def _listed(photos: Any) -> List[Any]:
    return [photos] if isinstance(photos, (str, bytes, os.PathLike, Image)) else list(photos)


def _name_of(layout: Layout) -> str:
    return next(name for name, kind in LAYOUTS.items() if kind is type(layout))
